/**
 * Reading a command off the start of a comment, as people type it: input methods write `／close`, `、close` and `５`, chats paste invisible
 * characters, sentences end in a full stop. What only looks like a command is told apart from a text, so that a slip of the
 * fingers is answered and never read by the vendor.
 */

import type { GuardWord } from "./guard-word.ts";

/** A rating. */
export type Stars = 1 | 2 | 3 | 4 | 5;

/** What a comment asks for. `usage`: the name is a command's and the rest is not as it must be, or no command has this name. */
export type Command =
  | { readonly name: "urge" | "close" | "cancel" }
  /** Answered on the issue; nothing of them reaches Huawei. */
  | { readonly name: "status" }
  | { readonly name: "resync" }
  /** A word about what the text guard keeps; `item`: its number, `changes` or `case`; `null` where none is named. */
  | { readonly name: "release"; readonly word: GuardWord; readonly item: string | null }
  | { readonly name: "rate"; readonly stars: Stars; readonly text: string }
  | { readonly name: "usage"; readonly of: string };

const commandNames = ["case", "urge", "close", "cancel", "rate", "status", "resync", "release"] as const;
type CommandName = (typeof commandNames)[number];

/** Format characters, fillers and variation selectors: nobody sees that they are there. */
const invisible = "\\p{Cf}\\u115F\\u1160\\u3164\\uFFA0\\uFE00-\\uFE0F";
const start = new RegExp(
  `^[\\s${invisible}]*([/／、])[${invisible}]*([\\p{L}\\p{N}_-](?:[\\p{L}\\p{N}_-]|[${invisible}])*)`,
  "u",
);
/** What may stand behind a command that is written alone. A question mark is no part of it: who asks does not order. */
const closing = new RegExp(`^[\\s${invisible}.。．!！…~～]*$`, "u");
const release = new RegExp(
  `^[\\s:：]*(masked|as[-\\u2010-\\u2015_ ]?is)(?:[\\s#]+(\\d{1,20}|changes|case))?${closing.source.slice(1)}`,
  "u",
);
const rating = new RegExp(`^[\\s${invisible}:：]*([1-5])(?:[\\s${invisible}.。．,，:：;；!！、]+([\\s\\S]*))?$`, "u");

/** Name, in small Latin letters, and what follows it; `null` for a text that does not begin like a command. */
function readStart(text: string): { readonly name: string; readonly rest: string; readonly isTyped: boolean } | null {
  const match = start.exec(text);
  if (match === null) return null;
  const [whole, slash, written = ""] = match;
  const name = written
    .normalize("NFKC")
    .replace(new RegExp(`[${invisible}]`, "gu"), "")
    .toLowerCase();
  // `/rate５`: a number needs no blank before it.
  const glued = /^(rate)([1-5])$/.exec(name);
  const rest = text.slice(whole.length);
  if (glued !== null) return { name: "rate", rest: ` ${glued[2]}${rest}`, isTyped: slash !== "、" };
  return { name, rest, isTyped: slash !== "、" };
}

function isCommandName(name: string): name is CommandName {
  return commandNames.some((known) => known === name);
}

/** The text behind `/case`, or `null` where a text is no `/case text`. */
function textOfCase(text: string): string | null {
  const read = readStart(text);
  if (read?.name !== "case") return null;
  const match = new RegExp(`^(?:[${invisible}]*[:：]|[${invisible}]*\\s)[\\s${invisible}]*(?=\\S)`, "u").exec(
    read.rest,
  );
  return match === null ? null : read.rest.slice(match[0].length);
}

/** Whether a text begins with `/case` and says something after it: what follows is a message. Pure. */
export function isCaseText(text: string): boolean {
  return textOfCase(text) !== null;
}

/** The text that a comment sends: that behind `/case`, or all of it. Pure. */
export function withoutCase(text: string): string {
  return textOfCase(text) ?? text;
}

/** The command at the start of a text; `null` for any other text, `/case text` among them. Pure. */
export function parseCommand(text: string): Command | null {
  const read = readStart(text);
  if (read === null) return null;
  const { name, rest } = read;
  if (!isCommandName(name)) return looksLikeCommand(read) ? { name: "usage", of: name } : null;
  // `/close/now` is a path, `/close-up` was a name of its own above.
  if (/^[/\\]/.test(rest)) return null;
  switch (name) {
    case "case":
      return textOfCase(text) === null ? { name: "usage", of: name } : null;
    case "rate": {
      const match = rating.exec(rest.normalize("NFKC"));
      if (match === null) return { name: "usage", of: name };
      return { name, stars: Number(match[1]) as Stars, text: (match[2] ?? "").trim() };
    }
    case "release": {
      const match = release.exec(
        rest
          .normalize("NFKC")
          .replace(new RegExp(`[${invisible}]`, "gu"), "")
          .toLowerCase(),
      );
      if (match === null) return { name: "usage", of: name };
      return { name, word: match[1] === "masked" ? "masked" : "as_is", item: match[2] ?? null };
    }
    default:
      return closing.test(rest) ? { name } : { name: "usage", of: name };
  }
}

/** Whether a name is a command's; what is answered to any other one must not repeat it where others cannot read it. Pure. */
export function isKnownCommand(name: string): boolean {
  return isCommandName(name);
}

/** Folders at the root of servers, which sentences begin with: `/var is full` is no slip. */
const folders = new Set(
  "bin boot data dev etc export home lib media mnt opt proc root run sbin srv sys tmp usr var".split(" "),
);

/** A word behind a slash at the start of a comment. Paths (`/var/log`), folders and addresses are text. */
function looksLikeCommand({ name, rest, isTyped }: { name: string; rest: string; isTyped: boolean }): boolean {
  if (!isTyped || !/^\p{L}{2,20}$/u.test(name) || /^[/\\._:=-]\S/.test(rest)) return false;
  // Other scripts write words without blanks: there a name is one that stands alone.
  return closing.test(rest) || (/^[a-z]+$/.test(name) && !folders.has(name));
}
