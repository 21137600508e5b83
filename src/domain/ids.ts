/**
 * Branded identifiers. All are opaque text, never assumed to be numbers.
 * The brands exist only for the compiler, so that a case id cannot go where an issue id belongs.
 */
type Brand<Name extends string> = string & { readonly __brand: Name };

/** A Huawei case ("service ticket"), such as `TT2026…`. */
export type CaseId = Brand<"CaseId">;
/** A message of a case, as the case detail names it (`message_id`). */
export type MessageId = Brand<"MessageId">;
/** A file on the Huawei side (`accessory_id`; the wire's word stays inside `huawei/`). */
export type CaseFileId = Brand<"CaseFileId">;
/** A Jira issue; survives renames and moves, unlike the key. */
export type IssueId = Brand<"IssueId">;
/** What people see, such as `OPS-7`; shown, never stored as an identity. */
export type IssueKey = Brand<"IssueKey">;
/** A comment of an issue. */
export type CommentId = Brand<"CommentId">;
/** A file on the Jira side. */
export type AttachmentId = Brand<"AttachmentId">;
/** The durable pairing of one case with one issue, in our own database. */
export type LinkId = Brand<"LinkId">;

/** Marks a text that came from outside as an identifier. Throws on the empty text, since an empty id matches nothing. */
export function toId<Id extends Brand<string>>(text: string): Id {
  if (text === "") throw new RangeError("an identifier must not be empty");
  return text as Id;
}

/** Orders ids of one kind as their service gave them out, older first, where it counts upwards; else in some fixed order. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
