/**
 * Reading a command off the start of a comment.
 */

/** A rating. */
export type Stars = 1 | 2 | 3 | 4 | 5;

/** What a comment asks for. `usage`: the name is a command's, the rest is not as it must be. */
export type Command =
  | { readonly name: "urge" | "close" | "cancel" }
  | { readonly name: "rate"; readonly stars: Stars; readonly text: string }
  | { readonly name: "usage"; readonly of: string };

/** Whether a text begins with `/case` and says something after it, capitals aside: what follows is a message. Pure. */
export function isCaseText(text: string): boolean {
  return /^\s*\/case\s+\S/i.test(text);
}

/** The command at the start of a text, capitals aside; `null` for any other text, `/case text` among them. Pure. */
export function parseCommand(text: string): Command | null {
  const match = /^\/(case|urge|close|cancel|rate)(?=\s|$)/i.exec(text.trimStart());
  if (match === null) return null;
  const name = (match[1] ?? "").toLowerCase();
  const rest = text.trimStart().slice(match[0].length).trim();
  if (name === "case") return rest === "" ? { name: "usage", of: name } : null;
  if (name === "rate") {
    const rating = /^([1-5])(?:\s+([\s\S]*))?$/.exec(rest);
    if (rating === null) return { name: "usage", of: name };
    return { name: "rate", stars: Number(rating[1]) as Stars, text: (rating[2] ?? "").trim() };
  }
  if (rest !== "") return { name: "usage", of: name };
  return { name: name as "urge" | "close" | "cancel" };
}
