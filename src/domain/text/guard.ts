/**
 * The text guard: masks secrets and personal data in what leaves Jira for Huawei.
 *
 * Huawei's own rules ask for no passwords and no personal data in service tickets (huawei.md 11), and what was sent
 * cannot be taken back. Two traps shape this file. A guard that masks hashes, log lines and case ids makes tickets
 * useless, so each rule also looks at what stands around a value. And a guard over hostile text must be linear: every
 * expression is bounded or starts where its run starts. `guard-rules.ts` holds the rules of one line or token,
 * `guard-structure.ts` what only the shape of a text tells (tables, labels above their values, Kubernetes secrets).
 *
 * A mask is a wall: rules run only between masks, so a second run finds nothing new. File contents are not guarded.
 */

import { GUARD_RULES, type GuardRule, type Matcher, OPTIONAL_RULES } from "./guard-rules.ts";
import { type Found, findByStructure } from "./guard-structure.ts";
import { toReadable } from "./guard-view.ts";
import type { GuardedText } from "./guarded.ts";
import { toPlainText } from "./sanitize.ts";

/** A pattern of the operator: the whole match is masked. */
export type GuardPattern = { readonly name: string; readonly regex: Matcher };

/** What was masked: never the value, only its kind and how often. */
export type MaskedKind = { readonly name: string; readonly count: number };

/** Kinds of personal data that are masked only where the operator asks for it: operations texts are full of the first. */
export type OptionalKind = "email" | "bankCard" | "iban";

/** How to guard: `off` passes every text on as it is; `hold` masks as `mask` does, and who sends waits for a person where it found something. `kinds` switches further kinds on. */
export type GuardOptions = {
  readonly mode: "mask" | "hold" | "off";
  readonly patterns?: readonly GuardPattern[];
  readonly kinds?: readonly OptionalKind[];
};

/** What was masked in several texts of one item. Pure. */
export function addMasked(...found: readonly (readonly MaskedKind[])[]): readonly MaskedKind[] {
  const counts = new Map<string, number>();
  for (const { name, count } of found.flat()) counts.set(name, (counts.get(name) ?? 0) + count);
  return Array.from(counts, ([name, count]) => ({ name, count }));
}

/** What was masked, in words: `password (2), phone number (1)`; empty where nothing was. Pure. */
export function maskedInWords(masked: readonly MaskedKind[]): string {
  return masked.map(({ name, count }) => `${name} (${count})`).join(", ");
}

/** The same with nothing left out, as configuration and flows hold it. */
export type GuardSettings = Required<GuardOptions>;

const MASK = /\[masked: [^[\]\n]{1,60}\]/g;
const CONTEXT_CHARS = 100;
const PIECES_CHECKED = 8;
/** One run settles nearly every text; more are needed only when a mask lets another rule see a value. */
const RUNS_MAX = 12;

/** A stretch of the text that is masked: an earlier mask, or with `name` one that this run made. Half-open. */
type Wall = { readonly start: number; readonly end: number; readonly name: string | null };

/**
 * The text with secrets and personal data replaced by `[masked: name]`, and what was masked, by name. Unless `off`, the
 * text is also sanitised first. Invisible characters count as absent, and full-width letters as plain ones, while rules
 * look; what is not masked keeps them. Idempotent: guarding a guarded text changes nothing. Linear with the built-in
 * rules, whatever the text; `config` compiles the operator's patterns for a linear engine.
 *
 * Never throws.
 */
export function guardText(
  text: string,
  options: GuardOptions,
): { readonly text: GuardedText; readonly masked: readonly MaskedKind[] } {
  if (options.mode === "off") return { text: text as GuardedText, masked: [] };
  const wanted = new Set<string>(options.kinds ?? []);
  const optional = OPTIONAL_RULES.filter(({ kind }) => wanted.has(kind)).map(({ rule }) => rule);
  const rules = [...(options.patterns ?? []).map(toRule), ...GUARD_RULES, ...optional];
  const counts = new Map<string, number>();

  let guarded = toPlainText(text);
  for (let run = 0; run < RUNS_MAX; run += 1) {
    const next = maskOnce(guarded, rules, counts);
    if (next === guarded) break;
    guarded = next;
  }
  return { text: guarded as GuardedText, masked: Array.from(counts, ([name, count]) => ({ name, count })) };
}

/**
 * A value as the guard lets it out below its label, as of a field or a parameter: that of "root password" is one whatever it looks like.
 * The label is no part of the answer. Never throws.
 */
export function guardUnder(
  label: string,
  value: string,
  options: GuardOptions,
): { readonly text: GuardedText; readonly masked: readonly MaskedKind[] } {
  const start = `${toPlainText(label).replace(/\s+/g, " ").trim()}: `;
  const under = guardText(start + value, options);
  if (!under.text.startsWith(start)) return guardText(value, options);
  return { text: under.text.slice(start.length) as GuardedText, masked: under.masked };
}

function maskOnce(text: string, rules: readonly GuardRule[], counts: Map<string, number>): string {
  const view = toReadable(text);
  let walls: Wall[] = Array.from(view.text.matchAll(MASK), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    name: null,
  }));
  for (const rule of rules) walls = addWalls(view.text, walls, rule);
  walls = mergeWalls(view.text, walls, findByStructure(view.text));

  let out = "";
  let done = 0;
  for (const wall of walls) {
    if (wall.name === null) continue;
    counts.set(wall.name, (counts.get(wall.name) ?? 0) + 1);
    out += `${text.slice(done, view.sourceStart(wall.start))}[masked: ${wall.name}]`;
    done = view.sourceEnd(wall.end);
  }
  return out + text.slice(done);
}

/** The walls with what the rule finds between them, in order. */
function addWalls(text: string, walls: Wall[], rule: GuardRule): Wall[] {
  // Most rules find nothing: with many walls, one look at the whole is cheaper than one at each piece. What only a piece
  // shows, since a wall now stands before it, the next run finds.
  rule.regex.lastIndex = 0;
  if (walls.length > PIECES_CHECKED && !rule.regex.test(text)) return walls;
  const next: Wall[] = [];
  let start = 0;
  for (const wall of walls) {
    if (wall.start > start) searchPiece(text, start, wall.start, next, rule);
    next.push(wall);
    start = wall.end;
  }
  if (start < text.length) searchPiece(text, start, text.length, next, rule);
  return next;
}

/** Appends to `out` what the rule finds in `text` from `from` up to `to`. Sees nothing outside, so that masks are walls. */
function searchPiece(text: string, from: number, to: number, out: Wall[], rule: GuardRule): void {
  const piece = text.slice(from, to);
  const { regex } = rule;
  regex.lastIndex = 0;
  for (let match = regex.exec(piece); match !== null; match = regex.exec(piece)) {
    const before = rule.whole === true ? "" : (match[1] ?? "");
    const value = rule.whole === true ? match[0] : (match[2] ?? "");
    const start = match.index + before.length;
    const end = start + value.length;
    if (value === "" || !isAccepted(rule, text, out, { start: from + start, end, piece, label: before, value })) {
      // What was taken for a value may itself be the name of one: look again right after the name.
      regex.lastIndex =
        value === ""
          ? match.index + Math.max(1, match[0].length)
          : Math.max(match.index + 1, before === "" ? start + value.length : start);
      continue;
    }
    // Only now: finding the end of a long value again for each refused one would be quadratic.
    const close = rule.endOf?.(piece, end) ?? end;
    out.push({ start: from + start, end: from + close, name: rule.name });
    regex.lastIndex = close;
  }
}

type Candidate = {
  /** Where the value begins, in the whole text. */
  readonly start: number;
  /** Where it ends, in the piece. */
  readonly end: number;
  readonly piece: string;
  readonly label: string;
  readonly value: string;
};

function isAccepted(rule: GuardRule, text: string, walls: readonly Wall[], candidate: Candidate): boolean {
  if (rule.accept === undefined) return true;
  return rule.accept({
    value: candidate.value,
    label: candidate.label,
    before: contextBefore(text, walls, candidate.start),
    after: candidate.piece.slice(candidate.end, candidate.end + CONTEXT_CHARS),
  });
}

/** About 100 characters before `at`, as they will read once masked: a second run must see what the first one saw. */
function contextBefore(text: string, walls: readonly Wall[], at: number): string {
  let context = "";
  let end = at;
  for (let index = walls.length - 1; index >= 0 && context.length < CONTEXT_CHARS; index -= 1) {
    const wall = walls[index];
    if (wall === undefined) break;
    const mask = wall.name === null ? text.slice(wall.start, wall.end) : `[masked: ${wall.name}]`;
    context = mask + text.slice(Math.max(wall.end, end - CONTEXT_CHARS), end) + context;
    end = wall.start;
  }
  if (context.length < CONTEXT_CHARS) context = text.slice(Math.max(0, end - CONTEXT_CHARS), end) + context;
  return context.slice(-CONTEXT_CHARS);
}

/** Both lists in order; of what the structure shows, only what touches no wall. */
function mergeWalls(text: string, walls: readonly Wall[], found: readonly Found[]): Wall[] {
  if (found.length === 0) return [...walls];
  const merged: Wall[] = [];
  let next = 0;
  let end = 0;
  for (const wall of [...walls, { start: text.length, end: text.length, name: null }]) {
    for (let one = found[next]; one !== undefined && one.start < wall.start; one = found[next]) {
      next += 1;
      if (one.start >= end && one.end <= wall.start) {
        merged.push(one);
        end = one.end;
      }
    }
    if (wall.end > wall.start) merged.push(wall);
    end = Math.max(end, wall.end);
  }
  return merged;
}

function toRule(pattern: GuardPattern): GuardRule {
  const name =
    toPlainText(pattern.name)
      .replace(/[[\]\s]+/g, " ")
      .trim()
      .slice(0, 60)
      .toWellFormed() || "pattern";
  return { name, regex: pattern.regex, whole: true };
}
