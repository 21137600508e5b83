/**
 * Reading all pages of a list that moves meanwhile (huawei.md 7, 12.15): neither order nor stability is promised, so the reading is
 * checked by its own numbers and taken again when they do not fit.
 */

/** One page as it came. `total` is what the service says there is; `null` when it does not say. */
export type Page<Item> = { readonly total: number | null; readonly items: readonly Item[] };

/** A whole reading. */
type Reading<Item> = {
  readonly items: readonly Item[];
  /** Total of the first page. */
  readonly total: number | null;
  /** False when even the last try saw the list move; the items are then the union of all tries, or the last one without ids. */
  readonly steady: boolean;
};

/** Page size; the largest that every list takes. */
export const pageSize = 100;
/** Largest documented offset. */
export const offsetMax = 65_535;
const triesMax = 3;

/**
 * Reads all pages, and all of it again (at most 3 times) when the total changed on the way or fewer distinct items than the total
 * came. `idOf` tells items apart; `null` for lists without ids, where only the numbers are compared.
 */
export async function readPages<Item>(
  getPage: (offset: number) => Promise<Page<Item>>,
  idOf: ((item: Item) => string) | null,
): Promise<Reading<Item>> {
  if (idOf !== null) {
    const distinct = new Map<string, Item>();
    const walk = await walkPages(getPage, idOf, async (items) => {
      for (const item of items) distinct.set(idOf(item), item);
    });
    return { items: [...distinct.values()], total: walk.total, steady: walk.steady };
  }
  for (let tries = 1; ; tries += 1) {
    const items: Item[] = [];
    const pass = await walkOnce(getPage, async (page) => void items.push(...page));
    const steady = !pass.moved && (pass.total === null || items.length >= pass.total);
    if (steady || tries >= triesMax) return { items, total: pass.total, steady };
  }
}

/**
 * The same, page by page: `take` gets each page as it comes, so that nothing but ids is kept of a long list. A list that moves is walked
 * again, and its items come again, the later ones being the newer. Answers how many distinct items came; throws what `take` throws.
 */
export async function walkPages<Item>(
  getPage: (offset: number) => Promise<Page<Item>>,
  idOf: (item: Item) => string,
  take: (items: readonly Item[]) => Promise<void>,
): Promise<Omit<Reading<Item>, "items"> & { readonly count: number }> {
  for (let tries = 1; ; tries += 1) {
    const ids = new Set<string>();
    const pass = await walkOnce(getPage, async (items) => {
      for (const item of items) ids.add(idOf(item));
      await take(items);
    });
    const steady = !pass.moved && (pass.total === null || ids.size >= pass.total);
    if (steady || tries >= triesMax) return { count: ids.size, total: pass.total, steady };
  }
}

async function walkOnce<Item>(
  getPage: (offset: number) => Promise<Page<Item>>,
  take: (items: readonly Item[]) => Promise<void>,
): Promise<{ total: number | null; moved: boolean }> {
  const first = await getPage(0);
  await take(first.items);
  let moved = false;
  let lastCount = first.items.length;
  let count = lastCount;
  // The service may answer fewer than asked for: the offset moves by what came.
  while (lastCount > 0 && count <= offsetMax) {
    if (first.total === null ? lastCount < pageSize : count >= first.total) break;
    const page = await getPage(count);
    if (page.total !== first.total) moved = true;
    await take(page.items);
    lastCount = page.items.length;
    count += lastCount;
  }
  return { total: first.total, moved };
}
