/** Lists over pages, with a bound on everything: an answer that never ends must not be read for ever. */
import type { CallFacts } from "./errors.ts";
import { contractError, makeError } from "./errors.ts";

/** One page of a list with a start position. `total` is `null` where the service does not give it. */
export type Page<Item> = { readonly items: readonly Item[]; readonly total: number | null };

const pagesMax = 200;
const searchPagesMax = 1_000;
const readingsMax = 3;

/**
 * All items of a list with start positions. When the total moves while the pages are read, an item may have slipped from
 * one page to another already read, and its absence would look like a deletion; so the list is then read again. Throws
 * `unavailable` when it keeps moving, `contract` when it does not end.
 */
export async function readPages<Item>(
  call: CallFacts,
  read: (startAt: number) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  for (let reading = 1; reading <= readingsMax; reading += 1) {
    const items = await readOnce(call, read);
    if (items !== null) return items;
  }
  throw makeError(call, { kind: "unavailable", detail: "the list kept changing while it was read" });
}

async function readOnce<Item>(
  call: CallFacts,
  read: (startAt: number) => Promise<Page<Item>>,
): Promise<readonly Item[] | null> {
  const items: Item[] = [];
  let total: number | null = null;
  for (let pageNumber = 1; pageNumber <= pagesMax; pageNumber += 1) {
    const page: Page<Item> = await read(items.length);
    if (pageNumber > 1 && page.total !== total) return null;
    total = page.total;
    items.push(...page.items);
    if (page.items.length === 0 || (total !== null && items.length >= total)) return items;
  }
  throw contractError(call, `a list of more than ${pagesMax} pages`);
}

/** All items of a search, which hands tokens from page to page (jira.md 3.2). Throws `contract` on a token that comes again. */
export async function readTokenPages<Item>(
  call: CallFacts,
  read: (
    token: string | null,
  ) => Promise<{ readonly items: readonly Item[]; readonly nextPageToken?: string | null | undefined }>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const seen = new Set<string>();
  let token: string | null = null;
  for (let pageNumber = 1; pageNumber <= searchPagesMax; pageNumber += 1) {
    const page: { readonly items: readonly Item[]; readonly nextPageToken?: string | null | undefined } =
      await read(token);
    items.push(...page.items);
    token = page.nextPageToken ?? null;
    if (token === null || token === "") return items;
    if (seen.has(token)) throw contractError(call, "a search page points back to an earlier one");
    seen.add(token);
  }
  throw contractError(call, `a search of more than ${searchPagesMax} pages`);
}
