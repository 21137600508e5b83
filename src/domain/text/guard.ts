/**
 * The text guard: masks secrets and personal data in what leaves Jira for Huawei.
 *
 * Huawei's own rules ask for no passwords and no personal data in service tickets (osm/NOTES 11), and what was sent
 * cannot be taken back. Two traps shape this file. A guard that masks hashes, log lines and case ids makes tickets
 * useless, so each rule also looks at what stands around a value. And a guard over hostile text must be linear: every
 * expression is bounded or starts where its run starts. The rules themselves are in `guard-rules.ts`.
 *
 * A mask is a wall: rules run only between masks, so a second run finds nothing new. File contents are not guarded.
 */

import { GUARD_RULES, type GuardRule } from "./guard-rules.ts";
import { toPlainText } from "./sanitize.ts";

/** A pattern of the operator. A text is compiled with the flag `g`; the whole match is masked. */
export type GuardPattern = { readonly name: string; readonly regex: string | RegExp };

/** What was masked: never the value, only its kind and how often. */
export type MaskedKind = { readonly name: string; readonly count: number };

/** How to guard: `off` passes every text on as it is. */
export type GuardOptions = { readonly mode: "mask" | "off"; readonly patterns?: readonly GuardPattern[] };

/** What was masked, in words: `password (2), phone number (1)`; empty where nothing was. Pure. */
export function maskedInWords(masked: readonly MaskedKind[]): string {
  return masked.map(({ name, count }) => `${name} (${count})`).join(", ");
}

const MASK = /(\[masked: [^[\]\n]{1,60}\])/;
const CONTEXT_CHARS = 100;
/** One run settles nearly every text; more are needed only when a mask lets another rule see a value. */
const RUNS_MAX = 12;

/**
 * The text with secrets and personal data replaced by `[masked: name]`, and what was masked, by name. With `mask` the
 * text is also sanitised first, so that an invisible character cannot hide a secret. Idempotent: guarding a guarded
 * text changes nothing. Linear with the built-in rules, whatever the text; a slow pattern of the operator is theirs.
 *
 * Throws `SyntaxError` when a pattern given as text is no regular expression; never because of the text.
 */
export function guardText(
  text: string,
  options: GuardOptions,
): { readonly text: string; readonly masked: readonly MaskedKind[] } {
  if (options.mode === "off") return { text, masked: [] };
  const rules = [...(options.patterns ?? []).map(toRule), ...GUARD_RULES];
  const counts = new Map<string, number>();

  let guarded = toPlainText(text);
  for (let run = 0; run < RUNS_MAX; run += 1) {
    const next = applyRules(guarded, rules, counts);
    if (next === guarded) break;
    guarded = next;
  }
  return { text: guarded, masked: Array.from(counts, ([name, count]) => ({ name, count })) };
}

function applyRules(text: string, rules: readonly GuardRule[], counts: Map<string, number>): string {
  // Even entries are text, odd ones are masks.
  let pieces = text.split(MASK);
  for (const rule of rules) {
    const next: string[] = [];
    for (const [index, piece] of pieces.entries()) {
      if (index % 2 === 1) next.push(piece);
      else maskPiece(piece, next, rule, counts);
    }
    pieces = next;
  }
  return pieces.join("");
}

/** Appends the piece to `out`, cut at what the rule finds: text, mask, text, ..., text. */
function maskPiece(piece: string, out: string[], rule: GuardRule, counts: Map<string, number>): void {
  let done = 0;
  const { regex } = rule;
  regex.lastIndex = 0;
  for (let match = regex.exec(piece); match !== null; match = regex.exec(piece)) {
    const before = rule.whole === true ? "" : (match[1] ?? "");
    const value = rule.whole === true ? match[0] : (match[2] ?? "");
    const start = match.index + before.length;
    const end = start + value.length;
    if (value === "" || !isAccepted(rule, { piece, out, start, end, done, before, value })) {
      // What was taken for a value may itself be the name of one: look again right after the name.
      regex.lastIndex =
        value === ""
          ? match.index + Math.max(1, match[0].length)
          : Math.max(match.index + 1, before === "" ? start + value.length : start);
      continue;
    }
    const name = rule.name;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    out.push(piece.slice(done, start), `[masked: ${name}]`);
    // Only now: finding the end of a long value again for each refused one would be quadratic.
    done = rule.endOf?.(piece, end) ?? end;
    regex.lastIndex = done;
  }
  out.push(piece.slice(done));
}

type Candidate = {
  readonly piece: string;
  readonly out: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly done: number;
  readonly before: string;
  readonly value: string;
};

function isAccepted(rule: GuardRule, candidate: Candidate): boolean {
  if (rule.accept === undefined) return true;
  const { piece, out, start, end, done } = candidate;
  const own = piece.slice(Math.max(done, start - CONTEXT_CHARS), start);
  const earlier =
    own.length < CONTEXT_CHARS
      ? out
          .slice(-4)
          .map((text) => text.slice(-CONTEXT_CHARS))
          .join("")
          .slice(own.length - CONTEXT_CHARS)
      : "";
  return rule.accept({
    value: candidate.value,
    label: candidate.before,
    before: earlier + own,
    after: piece.slice(end, end + CONTEXT_CHARS),
  });
}

function toRule(pattern: GuardPattern): GuardRule {
  const name =
    toPlainText(pattern.name)
      .replace(/[[\]\s]+/g, " ")
      .trim()
      .slice(0, 60)
      .toWellFormed() || "pattern";
  const source = typeof pattern.regex === "string" ? pattern.regex : pattern.regex.source;
  const flags = typeof pattern.regex === "string" ? "g" : pattern.regex.flags.replace(/[gy]/g, "").concat("g");
  return { name, regex: new RegExp(source, flags), whole: true };
}
