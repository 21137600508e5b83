/** The property `casebridge` of comments, which says what each of ours is a copy of (rule 1). */
import type { IssueComment } from "../domain/issue.ts";
import type { Directory } from "./directory.ts";
import { propertyKey, toComment, toCommentStamp, type WireComment } from "./mapping.ts";
import type { CallContext, Transport } from "./transport.ts";
import { commentListSchema } from "./wire.ts";

const bulkMax = 1_000;

/** Reads comments by their ids, and gives readings the stamps that they lack. */
export function makeCommentStamps({
  transport,
  directory,
}: {
  readonly transport: Transport;
  readonly directory: Directory;
}) {
  /** Comments with their stamps. The stamps of `known` comments are not read: the caller remembers what they are. */
  async function withStamps(
    call: CallContext,
    wires: readonly WireComment[],
    known: ReadonlySet<string> = new Set(),
  ): Promise<IssueComment[]> {
    const { accountId } = await directory.myself(call);
    const own = wires.filter((wire) => wire.author?.accountId === accountId);
    const unread = own.filter((wire) => !Array.isArray(wire.properties) && !known.has(wire.id)).map((wire) => wire.id);
    const read = new Map(own.map((wire) => [wire.id, wire.properties]));
    for (let start = 0; start < unread.length; start += bulkMax) {
      for (const wire of await listByIds(call, unread.slice(start, start + bulkMax)))
        read.set(wire.id, wire.properties);
    }
    return wires.map((wire) => {
      if (!read.has(wire.id)) return toComment(wire, null);
      const properties = read.get(wire.id);
      // Still none: it is known anyway, the comment went away in between, or its list lags. That is not the same as having no stamp.
      if (!Array.isArray(properties)) return toComment(wire, undefined);
      return toComment(wire, toCommentStamp(properties.find(({ key }) => key === propertyKey)?.value));
    });
  }

  /** Those of the comments that can be read, in no order, with their properties. */
  async function listByIds(call: CallContext, commentIds: readonly string[]): Promise<readonly WireComment[]> {
    const ids = commentIds.map(Number).filter((id) => Number.isSafeInteger(id));
    if (ids.length === 0) return [];
    const { values } = await transport.client({ ...call, effect: "read" }).sendRequest({
      url: "/rest/api/3/comment/list",
      method: "POST",
      searchParams: { expand: "properties" },
      body: { ids },
      schema: commentListSchema,
    });
    return values;
  }

  return { withStamps, listByIds };
}
