/**
 * Makes a function that hands what it is called with to `work` in groups, one group at a time: whatever is asked for while a group is
 * under way is the next one. So a burst costs a few commits and not one each. All of a group get its answer, or its error.
 */
export function makeTogether<Item, Answer>(
  work: (items: readonly Item[]) => Promise<Answer>,
  sizeMax: number,
): (item: Item) => Promise<Answer> {
  type Waiting = { readonly item: Item; resolve(answer: Answer): void; reject(error: unknown): void };
  const waiting: Waiting[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, sizeMax);
      try {
        const answer = await work(group.map(({ item }) => item));
        for (const { resolve } of group) resolve(answer);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    isRunning = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!isRunning) void run();
    });
}
