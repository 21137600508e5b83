/** From Jira's answers to the domain. */
import type { z } from "zod";
import type { ScreenField } from "../domain/create-screen.ts";
import { type AttachmentId, type CommentId, compareIds, type IssueId, type IssueKey, toId } from "../domain/ids.ts";
import type {
  CommentStamp,
  Issue,
  IssueChange,
  IssueComment,
  IssueFile,
  IssueStamp,
  StatusCategory,
  Transition,
} from "../domain/issue.ts";
import { adfToText } from "./adf/to-text.ts";
import {
  type attachmentSchema,
  type changelogPageSchema,
  type commentSchema,
  commentStampSchema,
  type issueSchema,
  issueStampSchema,
  type screenFieldSchema,
  type transitionsSchema,
} from "./wire.ts";

/** Key of our properties on issues and comments (rule 1). */
export const propertyKey = "casebridge";

/** One comment as it came. */
export type WireComment = z.output<typeof commentSchema>;

/**
 * An issue; `stamp` is `null` when the property is missing or none of ours. `extraFields`: ids of those that it answers as texts.
 * `hasNoLevels`: it is known that the project has no security levels at all, so that a missing field hides none.
 */
export function toIssue(
  wire: z.output<typeof issueSchema>,
  extraFields: readonly string[] = [],
  hasNoLevels = false,
): Issue {
  const { fields } = wire;
  return {
    issueId: toId<IssueId>(wire.id),
    issueKey: toId<IssueKey>(wire.key),
    projectKey: fields.project.key,
    projectTypeKey: fields.project.projectTypeKey ?? null,
    summary: fields.summary ?? "",
    description: fields.description ?? null,
    statusId: fields.status.id,
    statusName: fields.status.name,
    category: toCategory(fields.status.statusCategory.key),
    labels: fields.labels ?? [],
    priorityId: fields.priority?.id ?? null,
    priorityName: fields.priority?.name ?? null,
    createdAt: fields.created,
    updatedRaw: fields.updated,
    securityLevelId: fields.security?.id ?? null,
    restriction: toRestriction(fields, hasNoLevels),
    reporterId: fields.reporter?.accountId ?? null,
    creatorId: fields.creator?.accountId ?? null,
    reporterName: fields.reporter?.displayName ?? "",
    files: (fields.attachment ?? []).map(toFile),
    linkedIssueIds: (fields.issuelinks ?? []).flatMap(({ inwardIssue, outwardIssue }) => {
      const other = inwardIssue ?? outwardIssue;
      return other == null ? [] : [toId<IssueId>(other.id)];
    }),
    stamp: toIssueStamp(wire.properties?.[propertyKey]),
    ...(extraFields.length === 0
      ? {}
      : {
          fieldTexts: Object.fromEntries(
            extraFields.map((field) => [field, toFieldText((fields as Readonly<Record<string, unknown>>)[field])]),
          ),
        }),
  };
}

/** Whether the answer leaves open if there is a security level: the field was asked for and is not there. */
export function lacksLevel(wire: z.output<typeof issueSchema>): boolean {
  return wire.fields.security === undefined && wire.fields.project.simplified !== true;
}

/**
 * Team-managed projects have no security levels; they restrict an issue by `issuerestriction`, whose filled shape is not documented:
 * anything in it is a restriction (jira.md 6). Other projects need not show that field, but show the level.
 */
function toRestriction(fields: z.output<typeof issueSchema>["fields"], hasNoLevels: boolean): Issue["restriction"] {
  const value = fields.issuerestriction;
  if (!isEmpty(value)) {
    // Another shape than the one that was seen is not understood.
    if (typeof value !== "object" || value === null || !("issuerestrictions" in value)) return "unknown";
    if (!isEmpty(value.issuerestrictions)) return "set";
  }
  if (fields.project.simplified === true) return value === undefined ? "unknown" : "none";
  return fields.security === undefined && !hasNoLevels ? "unknown" : "none";
}

function isEmpty(value: unknown): boolean {
  return value == null || (typeof value === "object" && Object.keys(value).length === 0);
}

/** A file; its author is unknown when the account was anonymous or is gone. */
export function toFile(wire: z.output<typeof attachmentSchema>): IssueFile {
  return {
    attachmentId: toId<AttachmentId>(wire.id),
    name: wire.filename,
    sizeBytes: wire.size,
    authorId: wire.author?.accountId ?? null,
    createdAt: wire.created,
  };
}

/**
 * A field's value as text: of an option its value or name, of a cascading one both levels (`Compute / ECS`), of a list all its entries, of a
 * person the name, of rich text the plain text; `null` for none.
 */
export function toFieldText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return joined(value.map(toFieldText), ", ");
  if (typeof value !== "object") return null;
  if ("type" in value && value.type === "doc") return adfToText(value);
  const option = value as Readonly<Record<string, unknown>>;
  const own = option.value ?? option.name ?? option.displayName ?? option.id ?? null;
  return joined([toFieldText(own), toFieldText(option.child)], " / ");
}

function joined(texts: readonly (string | null)[], separator: string): string | null {
  const present = texts.filter((text) => text !== null && text !== "");
  return present.length === 0 ? null : present.join(separator);
}

/** Our property of an issue; `null` for anything that does not look like one. */
export function toIssueStamp(value: unknown): IssueStamp | null {
  const parsed = issueStampSchema.safeParse(value);
  if (!parsed.success) return null;
  const { issueId, ...stamp } = parsed.data;
  return { ...stamp, ...(issueId === undefined ? {} : { issueId }) };
}

/** Our property of a comment; `null` for anything that does not look like one. */
export function toCommentStamp(value: unknown): CommentStamp | null {
  const parsed = commentStampSchema.safeParse(value);
  if (!parsed.success) return null;
  const { messageId, fingerprint, ...stamp } = parsed.data;
  return {
    ...stamp,
    ...(messageId === undefined ? {} : { messageId }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

/** A comment with the stamp that the caller found for it. */
export function toComment(wire: WireComment, stamp: CommentStamp | null | undefined): IssueComment {
  return {
    commentId: toId<CommentId>(wire.id),
    authorId: wire.author?.accountId ?? null,
    authorName: wire.author?.displayName ?? "",
    authorType: wire.author?.accountType ?? null,
    ...(wire.updateAuthor?.accountId == null ? {} : { editorId: wire.updateAuthor.accountId }),
    parentId: wire.parentId == null ? null : toId<CommentId>(wire.parentId),
    body: wire.body ?? null,
    createdAt: wire.created,
    updatedAt: wire.updated,
    restricted: wire.visibility !== undefined && wire.visibility !== null,
    jsdPublic: isMarkedInternal(wire) ? false : (wire.jsdPublic ?? null),
    stamp,
  };
}

/** `sd.public.comment` says the same as `jsdPublic` (jira.md 3.4); where the two disagree the comment stays inside. */
function isMarkedInternal(wire: WireComment): boolean {
  const value = wire.properties?.find(({ key }) => key === "sd.public.comment")?.value;
  return typeof value === "object" && value !== null && "internal" in value && value.internal === true;
}

/** Jira knows a fourth category, `undefined` ("No Category"): nothing is being done about such an issue. */
export function toCategory(key: string): StatusCategory {
  return key === "indeterminate" || key === "done" ? key : "new";
}

/** What a field of a screen takes. */
export function toFieldKind({
  schema,
  allowedValues,
}: Partial<Pick<z.output<typeof screenFieldSchema>, "schema" | "allowedValues">>): Pick<
  ScreenField,
  "type" | "items" | "allowed"
> {
  return {
    type: schema?.type ?? null,
    items: schema?.items ?? null,
    allowed: (allowedValues ?? []).flatMap(({ id, name, value }) =>
      id == null ? [] : [{ id, name: name ?? value ?? id }],
    ),
  };
}

/** The ways out of the present status that are open. */
export function toTransitions(wire: z.output<typeof transitionsSchema>): Transition[] {
  return wire.transitions
    .filter((transition) => transition.isAvailable !== false)
    .map((transition) => ({
      transitionId: transition.id,
      name: transition.name,
      toStatusId: transition.to.id,
      toStatusName: transition.to.name,
      toCategory: toCategory(transition.to.statusCategory.key),
      requiredFields: Object.entries(transition.fields ?? {})
        .filter(([, field]) => field.required === true && field.hasDefaultValue !== true)
        .map(([key, field]) => field.name ?? key),
      screen: Object.entries(transition.fields ?? {}).map(([key, field]) => ({
        fieldId: key,
        name: field.name ?? key,
        ...toFieldKind(field),
      })),
    }));
}

/** The changed fields of the entries of a changelog, in its order. */
export function toIssueChanges(
  values: readonly z.output<typeof changelogPageSchema>["values"][number][],
): IssueChange[] {
  return values.flatMap((entry) =>
    (entry.items ?? []).flatMap((item) => {
      const field = ownText(item, "fieldId") ?? ownText(item, "field");
      if (field === null) return [];
      return [
        {
          at: entry.created,
          authorId: entry.author?.accountId ?? null,
          authorType: entry.author?.accountType ?? null,
          field,
          fromText: ownText(item, "fromString"),
          toText: ownText(item, "toString"),
          toId: ownText(item, "to"),
        },
      ];
    }),
  );
}

/** The changes of these entries, oldest first, in whichever order they came. */
export function inOrder(entries: Parameters<typeof toIssueChanges>[0]): IssueChange[] {
  return toIssueChanges(
    entries.toSorted((a, b) => a.created.getTime() - b.created.getTime() || compareIds(a.id, b.id)),
  );
}

function ownText(item: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = Object.hasOwn(item, key) ? item[key] : null;
  return typeof value === "string" ? value : null;
}
