/**
 * Does the work for each item, at most `lanes` at once and at least one, in the order of the items; answers the results in that order. Rejects
 * with the first failure; what other lanes have begun goes on. `onDone` hears how many are done after each.
 * p-map would
 * be a dependency in the place of ten lines, and counts nothing: each caller would wrap it.
 */
export async function inLanes<Item, Result>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item) => Promise<Result>,
  onDone: (done: number) => void = () => {},
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  let done = 0;
  const lane = async (): Promise<void> => {
    // The lanes share one iterator: each takes the next item.
    for (const [index, item] of entries) {
      results[index] = await work(item);
      done += 1;
      onDone(done);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(lanes, items.length)) }, lane));
  return results;
}
