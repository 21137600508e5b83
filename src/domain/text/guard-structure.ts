/**
 * What only the shape of a text tells: a label in a table's cell or header, a label with its value in the next line,
 * paragraph, quote or code block, the data of a Kubernetes secret, keys on lines of their own.
 *
 * The rules of `guard-rules.ts` see one line at a time, since a label on one line says little about the next. Here a label
 * counts only when it is a whole cell, or the end of a line that announces something, so that prose stays whole. Each pass
 * reads every line once and looks at most a constant number of lines ahead.
 */

import { isAccessKeyShape, isPlaceholder, isSecretKeyShape, isStrongPassword, isUnlikeAWord } from "./guard-values.ts";

/** A stretch that must be masked, half-open, in characters of the text. */
export type Found = { readonly start: number; readonly end: number; readonly name: string };

type Span = { readonly start: number; readonly end: number; readonly text: string };

const CELLS_MAX = 40;
const CELL_CHARS_MAX = 1000;
const LABEL_CHARS_MAX = 60;
const LINES_AHEAD_MAX = 4;
const FENCED_LINES_MAX = 30;

const PASSWORD_LABEL =
  /^(?:(?:[\p{L}\d'’._ /()（）-]{0,40}[^\p{L}\d]|[\p{Script=Han}\d]{0,12})?(?:pass ?(?:words?|wd|phrases?|codes?|w)|pass|pwd|pw|psk|pre-?shared[ -]key|kennwort|passwort)|[\p{L}\d'’._ /()（）-]{0,40}(?:密码|密碼|口令|账密|帐密|密匙|预共享密钥|提取码|解压码))$/iu;
const SECRET_LABEL =
  /^(?:[\p{L}\d'’._ /()（）-]{0,40}[^\p{L}\d]|[\p{Script=Han}\d]{0,12})?(?:(?:access|secret|api|private|account|signing|encryption|master|license)[ _-]?keys?(?:[ _-]?id)?|secret(?:[ _-]?access[ _-]?key)?|(?:access|auth|refresh|session|api|bearer|private)?[ _-]?tokens?|ak|sk|ak[ /]sk|credentials?|密钥|秘钥|令牌|访问密钥|凭证)$/iu;
/** Heads of other columns, and other things that stand beside a label: never the value of one. */
const OTHER_HEAD =
  /^(?:user(?:[ _-]?names?)?|login|logins?|accounts?|hosts?(?:[ _-]?names?)?|servers?|names?|roles?|ips?|ip[ _-]?address(?:es)?|address(?:es)?|ports?|urls?|e-?mails?|notes?|remarks?|comments?|descriptions?|types?|values?|status|states?|expir(?:es|y|ation)|owner|env(?:ironment)?|region|service|database|db|used|last[ _-]?(?:set|changed)|policy|length|用户(?:名)?|账号|帐号|账户|主机(?:名)?|服务器|名称|角色|地址|端口|备注|说明|描述|类型|值|状态|环境|区域|数据库)$/i;

/** Every label holds one of these, so that only lines with one are looked at closely. */
const LABEL_HINT =
  /pass|pw|psk|shared|密|令|提取码|解压码|kennwort|key|token|secret|[as]k(?![a-z])|credential|秘钥|凭证/gi;

/** Everything that the shape of the text shows, in order; stretches may overlap. Pure, linear, never throws. */
export function findByStructure(text: string): readonly Found[] {
  const labelled = linesWithLabels(text);
  const found = [
    ...inTables(text, labelled),
    ...labelled.flatMap((line) => belowLabel(text, line)),
    ...inKubernetesSecrets(text),
    ...inKeyPairs(text),
  ];
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

function linesWithLabels(text: string): Span[] {
  const lines: Span[] = [];
  LABEL_HINT.lastIndex = 0;
  for (let match = LABEL_HINT.exec(text); match !== null; match = LABEL_HINT.exec(text)) {
    const line = lineFrom(text, text.lastIndexOf("\n", match.index) + 1);
    lines.push(line);
    LABEL_HINT.lastIndex = line.end;
  }
  return lines;
}

/** The line that begins at `start`. */
function lineFrom(text: string, start: number): Span {
  const stop = text.indexOf("\n", start);
  const end = stop === -1 ? text.length : stop;
  return { start, end, text: text.slice(start, end) };
}

function lineAfter(text: string, line: Span): Span | null {
  return line.end >= text.length ? null : lineFrom(text, line.end + 1);
}

function lineBefore(text: string, line: Span): Span | null {
  if (line.start === 0) return null;
  const start = line.start === 1 ? 0 : text.lastIndexOf("\n", line.start - 2) + 1;
  return { start, end: line.start - 1, text: text.slice(start, line.start - 1) };
}

/** The name under which a value of this label is masked; `null` where the text is no label. */
function labelName(text: string): "password" | "secret" | null {
  if (text.length > LABEL_CHARS_MAX * 2) return null;
  const bare = text
    .replace(/[*_~`"'#>]{1,4}/g, " ")
    .replace(/[(（][^()（）]{0,40}[)）]/g, " ")
    .replace(/[:：=]\s*$/, "")
    .replace(/\s+/g, " ")
    .trim();
  // A path, such as /etc/passwd, is no label.
  if (bare === "" || bare.length > LABEL_CHARS_MAX || /(?:^| )[~.]{0,2}\/\S*$/.test(bare)) return null;
  if (PASSWORD_LABEL.test(bare)) return "password";
  return SECRET_LABEL.test(bare) ? "secret" : null;
}

/** A cell or line that can be the value of a label: one token that is neither empty, nor a label, nor a column's head. */
function isValue(text: string): boolean {
  const bare = text.replace(/^[`"'*]+|[`"'*]+$/g, "");
  if (bare === "" || bare.length > CELL_CHARS_MAX || bare.includes("[masked: ")) return false;
  // Chinese words alone say where the password is ("见附件"); nobody types one.
  if (/^[\p{Script=Han}，。、：；！？]+$/u.test(bare)) return false;
  return !/\s/.test(bare) && !isPlaceholder(bare) && !OTHER_HEAD.test(bare) && labelName(bare) === null;
}

// ---- tables -------------------------------------------------------------------------------------------------------

/** Cells that a separator divides, in the order in which separators are tried. A head of two short cells must stand there. */
const SEPARATORS: readonly { readonly pattern: RegExp; readonly isTable: boolean }[] = [
  // A bar behind a backslash belongs to its cell: so tables of Jira are written as text.
  { pattern: /(?<!\\)[|｜│]/g, isTable: true },
  { pattern: /\t/g, isTable: true },
  { pattern: / {2,40}/g, isTable: false },
  { pattern: /[,;，；]/g, isTable: false },
];

function inTables(text: string, labelled: readonly Span[]): Found[] {
  const found: Found[] = [];
  for (const { pattern, isTable } of SEPARATORS) {
    let seenUntil = -1;
    for (const line of labelled) {
      if (line.start <= seenUntil || toCells(line, pattern).length < 2) continue;
      const rows = rowsAround(text, line, pattern);
      seenUntil = rows.end;
      found.push(...inRows(rows.cells, isTable));
    }
  }
  return found;
}

/** The rows of the table that a line stands in: its neighbours, as long as they have cells. */
function rowsAround(text: string, line: Span, pattern: RegExp): { readonly cells: Span[][]; readonly end: number } {
  const cells: Span[][] = [];
  for (let above = lineBefore(text, line); above !== null; above = lineBefore(text, above)) {
    const row = toCells(above, pattern);
    if (row.length < 2) break;
    cells.push(row);
  }
  cells.reverse();
  let end = line.start;
  for (let below: Span | null = line; below !== null; below = lineAfter(text, below)) {
    const row = toCells(below, pattern);
    if (row.length < 2) break;
    cells.push(row);
    end = below.end;
  }
  return { cells, end };
}

/** The trimmed cells of a line. A border at either end makes no cell. */
function toCells(line: Span, pattern: RegExp): Span[] {
  if (line.text.search(pattern) === -1) return [];
  const cells: Span[] = [];
  let from = 0;
  for (const match of [...line.text.matchAll(pattern), null]) {
    const to = match?.index ?? line.text.length;
    cells.push(trimmed(line, from, to));
    from = to + (match?.[0].length ?? 0);
    if (cells.length > CELLS_MAX) return [];
  }
  if (cells[0]?.text === "" || cells[0]?.text === ">") cells.shift();
  if (cells.at(-1)?.text === "") cells.pop();
  return cells;
}

function trimmed(line: Span, from: number, to: number): Span {
  const raw = line.text.slice(from, to);
  const text = raw.trim();
  const start = line.start + from + (raw.length - raw.trimStart().length);
  return { start, end: start + text.length, text };
}

/** A rule line of Markdown or of a console: `---|---`, `+----+`. */
function isRuleLine(cells: readonly Span[]): boolean {
  return cells.every(({ text }) => /^[\s:+=-]*$/.test(text));
}

/** The cells that may stand in a column: an empty first or last cell is told from a border by nothing but the length of the row. */
function inColumn(cells: readonly Span[], column: number, columns: number, isTable: boolean): Span[] {
  const missing = columns - cells.length;
  if (missing !== 0 && (!isTable || missing < 0 || missing > 2)) return [];
  const [left, right] = [cells[column], cells[column - missing]];
  return [...(left === undefined ? [] : [left]), ...(right === undefined || right === left ? [] : [right])];
}

/** Labels in the first row speak for their columns, labels elsewhere for the cell beside them. */
function inRows(rows: readonly (readonly Span[])[], isTable: boolean): Found[] {
  const found: Found[] = [];
  const [head, ...body] = rows.filter((cells) => !isRuleLine(cells));
  if (head === undefined) return found;
  const heads = head.map(({ text }) => labelName(text));
  // Two cells whose second is a value: `password | x` is a pair, `password | user` the head of two columns.
  const isPair = (cells: readonly Span[], at: number): boolean =>
    isTable && at + 1 < cells.length && isValue(cells[at + 1]?.text ?? "");
  heads.forEach((name, column) => {
    if (name === null) return;
    const pair = isPair(head, column);
    for (const cells of body) {
      for (const cell of inColumn(cells, column, head.length, isTable)) {
        if (!isValue(cell.text)) continue;
        if ((pair || !isTable || cells.length !== head.length) && !isUnlikeAWord(cell.text)) continue;
        found.push({ start: cell.start, end: cell.end, name });
      }
    }
  });
  if (!isTable) return found;
  for (const cells of [head, ...body]) {
    cells.forEach(({ text }, at) => {
      const name = at + 1 < cells.length ? labelName(text) : null;
      const next = cells[at + 1];
      if (name !== null && next !== undefined && isPair(cells, at))
        found.push({ start: next.start, end: next.end, name });
    });
  }
  return found;
}

// ---- labels above their values ------------------------------------------------------------------------------------

const ANNOUNCES = /(?:[:：]|如下[:：]?|是[:：]|as follows[:.]?|below[:.]?)\s*$/i;
const FENCE = /^\s{0,12}(?:```|~~~)/;

/** A line without what quotes, lists and headings put before it, as a span of the line. */
function contentOf(line: Span): Span {
  const lead = /^(?:[ \t>*#•·]|[-+](?=\s)|\d{1,3}[.)](?=\s)){0,40}/.exec(line.text)?.[0].length ?? 0;
  return trimmed(line, lead, line.text.length);
}

function belowLabel(text: string, line: Span): Found[] {
  if (line.text.length > LABEL_CHARS_MAX * 3) return [];
  const content = contentOf(line).text;
  const announces = ANNOUNCES.test(content);
  const said = content.replace(ANNOUNCES, "");
  // "The password of the database:" announces less surely than "The password:".
  const bare = announces ? said.replace(/[ \t](?:of|for)[ \t].{1,40}$/i, "") : said;
  const isSure = announces && bare === said;
  const label = bare.replace(/(?:[,，]|\b(?:is|are)|[是为為])\s*$/i, "").trim();
  const name = labelName(label);
  if (name === null) return [];

  let below = lineAfter(text, line);
  for (let ahead = 0; below !== null && ahead < LINES_AHEAD_MAX; ahead += 1, below = lineAfter(text, below)) {
    const value = contentOf(below);
    if (FENCE.test(below.text)) return fencedBelow(text, below, name);
    if (value.text !== "") return isWanted(value.text, { announces, isSure }) ? [toFound(value, name)] : [];
  }
  return [];
}

/** Each line of a code block that is one token. */
function fencedBelow(text: string, fence: Span, name: string): Found[] {
  const found: Found[] = [];
  let line = lineAfter(text, fence);
  for (let ahead = 0; line !== null && ahead < FENCED_LINES_MAX; ahead += 1, line = lineAfter(text, line)) {
    if (FENCE.test(line.text)) break;
    const content = trimmed(line, 0, line.text.length);
    if (isValue(content.text)) found.push(toFound(content, name));
  }
  return found;
}

function isWanted(
  text: string,
  { announces, isSure }: { readonly announces: boolean; readonly isSure: boolean },
): boolean {
  if (!isValue(text)) return false;
  if (announces && !isSure) return isStrongPassword(text);
  return announces ? !/[:：]$/.test(text) : isUnlikeAWord(text);
}

function toFound({ start, end }: Span, name: string): Found {
  return { start, end, name };
}

// ---- Kubernetes secrets and keys on lines of their own ------------------------------------------------------------

const SECRET_KIND = /^[ \t>]{0,12}kind:[ \t]{1,4}["']?Secret["']?[ \t]*$/m;
const DOCUMENT_END = /^[ \t>]{0,12}(?:---|```|~~~)/;
const SECRET_KIND_JSON = /"kind"[ \t]{0,4}:[ \t]{0,4}"Secret"/;
const DATA_HEAD = /^([ \t>]{0,24})(?:data|stringData):[ \t]*$/;
const DATA_ENTRY = /^([ \t>]{0,40})[\w.-]{1,253}:[ \t]{1,4}(?!$)(?:[|>][-+]?[ \t]*$)?/;
const JSON_PAIR = /"[^"\n]{1,253}"[ \t]{0,4}:[ \t]{0,4}"([^"\n]{1,8192})"/g;
const JSON_DATA = /"(?:data|stringData)"[ \t]{0,4}:[ \t\n]{0,40}\{([^{}]{0,20000})\}/g;

/** Every value under `data` and `stringData` of a document of kind Secret, as YAML or JSON. */
function inKubernetesSecrets(text: string): Found[] {
  if (SECRET_KIND_JSON.test(text)) return Array.from(text.matchAll(JSON_DATA)).flatMap(inJsonData);
  if (!SECRET_KIND.test(text)) return [];
  const found: Found[] = [];
  let document: Span[] = [];
  for (let line: Span | null = lineFrom(text, 0); line !== null; line = lineAfter(text, line)) {
    if (!DOCUMENT_END.test(line.text)) {
      document.push(line);
      continue;
    }
    found.push(...dataOf(document));
    document = [];
  }
  return [...found, ...dataOf(document)];
}

function inJsonData(match: RegExpExecArray): Found[] {
  const body = match[1] ?? "";
  const at = match.index + match[0].length - 1 - body.length;
  return Array.from(body.matchAll(JSON_PAIR)).flatMap((pair) => {
    const value = pair[1] ?? "";
    const end = at + pair.index + pair[0].length - 1;
    return isMaskable(value) ? [{ start: end - value.length, end, name: "secret" }] : [];
  });
}

function isMaskable(value: string): boolean {
  return !isPlaceholder(value) && !value.includes("[masked: ");
}

function dataOf(document: readonly Span[]): Found[] {
  if (!document.some(({ text }) => SECRET_KIND.test(text))) return [];
  const found: Found[] = [];
  let depth: number | null = null;
  for (const line of document) {
    const head = DATA_HEAD.exec(line.text);
    const indent = /^[ \t>]{0,60}/.exec(line.text)?.[0].length ?? 0;
    if (head !== null) depth = head[1]?.length ?? 0;
    else if (depth !== null && indent <= depth && line.text.trim() !== "") depth = null;
    else if (depth !== null) {
      const value = trimmed(line, DATA_ENTRY.exec(line.text)?.[0].length ?? indent, line.text.length);
      if (value.text !== "" && !/^[\w.-]{1,253}:$/.test(value.text) && isMaskable(value.text))
        found.push(toFound(value, "secret"));
    }
  }
  return found;
}

const KEY_LINE = /^[ \t>*#•·-]{0,10}([A-Z0-9]{20}|[A-Za-z0-9+/]{40})[ \t]{0,10}$/gm;

/** An access key and a secret key, each alone on its line, one below the other: nothing else looks like both. */
function inKeyPairs(text: string): Found[] {
  const found: Found[] = [];
  let before: Found | null = null;
  for (const match of text.matchAll(KEY_LINE)) {
    const value = match[1] ?? "";
    const start = match.index + match[0].indexOf(value);
    const name = isAccessKeyShape(value) ? "access key" : isSecretKeyShape(value) ? "secret key" : null;
    const here = name === null ? null : { start, end: start + value.length, name };
    if (before !== null && here !== null && before.name !== here.name) {
      const between = text.slice(before.end, start);
      if (between.length <= 40 && /^[\s>*#•·-]*$/.test(between)) found.push(before, here);
    }
    before = here;
  }
  return found;
}
