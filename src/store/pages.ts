/** Lists in pages, newest first. */

/** A page of a list; `nextCursor` is null on the last one. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

const LIMIT_MAX = 1000;

/** One page: reads an entry more than asked for, to know whether there is another page. */
export async function page<Item extends { readonly id: string }>(
  limit: number,
  read: (take: number) => Promise<Item[]>,
): Promise<Page<Item>> {
  const size = clamp(limit);
  const rows = await read(size + 1);
  const items = rows.slice(0, size);
  return { items, nextCursor: rows.length > size ? (items.at(-1)?.id ?? null) : null };
}

/** A limit between 1 and 1,000. */
export function clamp(limit: number): number {
  return Math.max(1, Math.min(LIMIT_MAX, Math.floor(limit)));
}

/** At most 18 digits, so that it fits into PostgreSQL's bigint. */
export function toNumber(text: string | null | undefined): bigint | null {
  return text != null && /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}

/** Prisma's `contains` hands `%` and `_` to LIKE as they are. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}
