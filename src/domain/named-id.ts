/** The entry with this id, else the one with this name, capitals aside; `null` when there is none. Pure. */
export function findByNameOrId<Item extends { readonly id: string; readonly name: string }>(
  items: readonly Item[],
  nameOrId: string,
): Item | null {
  const wanted = nameOrId.trim().toLowerCase();
  return (
    items.find(({ id }) => id === nameOrId.trim()) ??
    items.find(({ name }) => name.trim().toLowerCase() === wanted) ??
    null
  );
}
