/**
 * The screen on which a new issue is made: which field a name means, and which values it takes. One judgement for the create and for
 * `doctor`, so that they cannot differ.
 */

import { findByNameOrId } from "./named-id.ts";

/** A value that a field takes. */
export type AllowedValue = { readonly id: string; readonly name: string };

/** A field of a create screen; a required one without a default must be given. */
export type ScreenField = {
  readonly fieldId: string;
  readonly name: string;
  readonly required: boolean;
  readonly hasDefault: boolean;
  /** The values that it takes, where it takes only some. */
  readonly allowed: readonly AllowedValue[];
  /** Jira's name of the kind of value (`string`, `number`, `array`, `option` …); `null` = not told. */
  readonly type: string | null;
  /** Whether this is the field that makes an issue of a service project a request of some type. */
  readonly isRequestType?: boolean;
  /** Whether it takes formatted text; a plain one is formatted on its way. */
  readonly isRichText?: boolean;
  /** Of a list: the kind of its members; `null` = not told, or no list. */
  readonly items: string | null;
};

/** Which field of a screen a name or id means. */
export type FoundField =
  | { readonly kind: "one"; readonly field: ScreenField }
  | { readonly kind: "none" }
  | { readonly kind: "several"; readonly fields: readonly ScreenField[] };

/** The field with this id, else the one with this name, capitals aside. Pure. */
export function findScreenField(screen: readonly ScreenField[], nameOrId: string): FoundField {
  const wanted = nameOrId.trim();
  const byId = screen.find(({ fieldId }) => fieldId === wanted);
  if (byId !== undefined) return { kind: "one", field: byId };
  const named = screen.filter(({ name }) => name.trim().toLowerCase() === wanted.toLowerCase());
  const [first] = named;
  if (first === undefined) return { kind: "none" };
  return named.length === 1 ? { kind: "one", field: first } : { kind: "several", fields: named };
}

/** Why a name means no field, for people; `null` where it means one. Pure. */
export function fieldProblem(screen: readonly ScreenField[], nameOrId: string): string | null {
  const found = findScreenField(screen, nameOrId);
  if (found.kind === "one") return null;
  if (found.kind === "several")
    return `${nameOrId} is the name of several fields: ${found.fields.map(({ fieldId }) => fieldId).join(", ")}`;
  return `the create screen has no field ${nameOrId}`;
}

/** `Region (customfield_10050)`. */
export function fieldLabel({ name, fieldId }: Pick<ScreenField, "name" | "fieldId">): string {
  return name === fieldId ? name : `${name} (${fieldId})`;
}

const shownMax = 10;

/** The values that a field takes, for people: `10200 Elastic Cloud Server, …`; `null` where it takes any. */
export function allowedText({ allowed }: Pick<ScreenField, "allowed">): string | null {
  if (allowed.length === 0) return null;
  const { shown, more } = shortenAllowed({ allowed });
  return `${shown.join(", ")}${more === 0 ? "" : `, and ${more} more`}`;
}

/** The first values that a field takes, as `10200 Elastic Cloud Server`, and how many more there are. */
export function shortenAllowed({ allowed }: Pick<ScreenField, "allowed">): {
  readonly shown: readonly string[];
  readonly more: number;
} {
  const shown = allowed.slice(0, shownMax).map(({ id, name }) => (id === name ? id : `${id} ${name}`));
  return { shown, more: allowed.length - shown.length };
}

/** Kinds of value that are given as a mapping such as `{ id: "10200" }`. */
const mappedTypes: ReadonlySet<string> = new Set([
  "option",
  "option-with-child",
  "priority",
  "user",
  "group",
  "version",
  "component",
  "resolution",
  "securitylevel",
]);

/** Why a field does not take a value: it takes another kind, or not this one (`value` as JSON). */
export type ValueMisfit =
  | { readonly kind: "number" | "list" | "mapping" }
  | { readonly kind: "refused"; readonly value: string };

/** Why a field does not take a value; `null` where nothing speaks against it. Only what the screen's metadata tells is judged. Pure. */
export function findMisfit(field: ScreenField, value: unknown): ValueMisfit | null {
  if (field.type === "number" && typeof value !== "number") return { kind: "number" };
  if (field.type === "array" && !Array.isArray(value)) return { kind: "list" };
  const isNamed = typeof value === "string" && field.allowed.length > 0;
  if (field.type !== null && mappedTypes.has(field.type) && !isMapping(value) && !isNamed) return { kind: "mapping" };
  const [strange] = (Array.isArray(value) ? value : [value]).filter((item) => !isAllowed(field, item));
  if (strange === undefined) return null;
  return { kind: "refused", value: JSON.stringify(strange) };
}

/** The value as Jira takes it: one of those that the field takes may be named by its name or id alone. Pure. */
export function toNamedValue({ allowed }: Pick<ScreenField, "allowed">, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => toNamedValue({ allowed }, item));
  const found = typeof value === "string" ? findByNameOrId(allowed, value) : null;
  return found === null ? value : { id: found.id };
}

function isAllowed({ allowed }: ScreenField, value: unknown): boolean {
  if (typeof value === "string") return allowed.length === 0 || findByNameOrId(allowed, value) !== null;
  if (allowed.length === 0 || !isMapping(value)) return true;
  const { id, name, value: label } = value;
  const words = [id, name, label].filter((part) => typeof part === "string" || typeof part === "number").map(String);
  return (
    words.length === 0 ||
    allowed.some((one) => (id === undefined ? [name, label].includes(one.name) : one.id === String(id)))
  );
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
