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
  const union = new Map<string, Item>();
  for (let tries = 1; ; tries += 1) {
    const pass = await readOnce(getPage);
    const distinct = new Map(pass.items.map((item, index) => [idOf === null ? String(index) : idOf(item), item]));
    const steady = !pass.moved && (pass.total === null || distinct.size >= pass.total);
    if (steady) return { items: [...distinct.values()], total: pass.total, steady };
    if (idOf === null) union.clear();
    for (const [id, item] of distinct) union.set(id, item);
    if (tries >= triesMax) return { items: [...union.values()], total: pass.total, steady };
  }
}

async function readOnce<Item>(
  getPage: (offset: number) => Promise<Page<Item>>,
): Promise<{ items: Item[]; total: number | null; moved: boolean }> {
  const first = await getPage(0);
  const items = [...first.items];
  let moved = false;
  let lastCount = first.items.length;
  // The service may answer fewer than asked for: the offset moves by what came.
  while (lastCount > 0 && items.length <= offsetMax) {
    if (first.total === null ? lastCount < pageSize : items.length >= first.total) break;
    const page = await getPage(items.length);
    if (page.total !== first.total) moved = true;
    items.push(...page.items);
    lastCount = page.items.length;
  }
  return { items, total: first.total, moved };
}
