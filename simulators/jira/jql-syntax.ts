// The grammar of a small JQL: enough for a mirror and for what an operator types, strict about the rest.

/** One operand: a literal (quoted or not), a function call, or EMPTY. */
export type JqlOperand =
  | { readonly kind: "value"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "function"; readonly name: string; readonly args: readonly string[] }
  | { readonly kind: "empty" };

/** A condition on one field; `in` and `not in` have several operands. */
export interface JqlCondition {
  readonly kind: "field";
  readonly field: string;
  readonly operator: string;
  readonly operands: readonly JqlOperand[];
}

/** A parsed condition. */
export type JqlClause =
  | { readonly kind: "and" | "or"; readonly clauses: readonly JqlClause[] }
  | { readonly kind: "not"; readonly clause: JqlClause }
  | JqlCondition;

/** A parsed query. */
export interface JqlQuery {
  readonly where: JqlClause | null;
  readonly orderBy: readonly { readonly field: string; readonly descending: boolean }[];
}

/** A query that is wrong; the message is what Jira puts into `errorMessages`. */
export class JqlError extends Error {}

interface Token {
  readonly kind: "word" | "string" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
}

function syntaxError(text: string, at: number): JqlError {
  return new JqlError(`Error in the JQL Query: ${text}. (line 1, character ${at + 1})`);
}

const TOKEN =
  /\s+|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|!~|>=|<=|[=<>~(),!]|&&|\|\||&|\|)|([^\s"'=<>~(),!&|]+)/gy;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function tokenize(jql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const [whole, double, single, symbol, word] of jql.matchAll(TOKEN)) {
    const quoted = double ?? single;
    if (quoted !== undefined)
      tokens.push({ kind: "string", text: quoted.replaceAll(/\\(.)/g, (_all, char) => ESCAPES[char] ?? char), at });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, at });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    at += whole.length;
  }
  const rest = jql.slice(at);
  if (/^["']/.test(rest)) throw syntaxError(`The quoted string '${rest.slice(1)}' has not been completed`, at);
  if (rest !== "") throw syntaxError(`The character '${rest.charAt(0)}' is a reserved JQL character`, at);
  return [...tokens, { kind: "end", text: "", at }];
}

/** Words and symbols that stand between a field and its operands, the longer ones first. */
const OPERATORS = [
  ["not", "in"],
  ["in"],
  ["is", "not"],
  ["is"],
  ...["=", "!=", ">", ">=", "<", "<=", "~", "!~"].map((s) => [s]),
];

/** Parses a query. Field names are not looked at yet. @throws JqlError for a syntax error. */
export function parseJql(jql: string): JqlQuery {
  const tokens = tokenize(jql);
  const [first] = tokens;
  let position = 0;
  const peek = (): Token => tokens[position] ?? { kind: "end", text: "", at: jql.length };
  const fail = (expected: string): JqlError => {
    const { kind, text, at } = peek();
    return syntaxError(`Expecting ${expected} but got ${kind === "end" ? "the end of the query" : `'${text}'`}`, at);
  };
  /** Passes over tokens that are no quoted text, if all of them are next. */
  const skip = (...texts: readonly string[]): boolean => {
    const isNext = texts.every((text, index) => {
      const token = tokens[position + index];
      return token !== undefined && token.kind !== "string" && token.text.toLowerCase() === text;
    });
    if (isNext) position += texts.length;
    return isNext;
  };
  const expect = (symbol: string): void => {
    if (!skip(symbol)) throw fail(`'${symbol}'`);
  };
  const readText = (expected: string): Token => {
    const token = peek();
    if (token.kind !== "word" && token.kind !== "string") throw fail(expected);
    position += 1;
    return token;
  };
  /** Things in parentheses, joined by commas. */
  const readList = <Item>(read: () => Item): Item[] => {
    const items: Item[] = [];
    while (!skip(")")) {
      if (items.length > 0) expect(",");
      items.push(read());
    }
    return items;
  };

  function readOperand(): JqlOperand {
    const { kind, text } = readText("either a value, list or function");
    if (kind === "string") return { kind: "value", text, quoted: true };
    if (/^(empty|null)$/i.test(text)) return { kind: "empty" };
    if (!skip("(")) return { kind: "value", text, quoted: false };
    return { kind: "function", name: text, args: readList(() => readText("a function argument").text) };
  }

  function readCondition(): JqlCondition {
    const field = readText("either a field name or '('").text;
    const operator = OPERATORS.find((words) => skip(...words))?.join(" ");
    if (operator === undefined) throw fail("operator");
    const isList = operator.endsWith("in") && skip("(");
    const operands = isList ? readList(readOperand) : [readOperand()];
    if (operands.length === 0) throw syntaxError("Expecting a value, list or function but got ')'", peek().at - 1);
    if (operator.startsWith("is") && operands[0]?.kind !== "empty")
      throw new JqlError(`The operator '${operator.toUpperCase()}' only supports EMPTY or NULL.`);
    return { kind: "field", field, operator, operands };
  }

  function readNot(): JqlClause {
    if (skip("not") || skip("!")) return { kind: "not", clause: readNot() };
    if (!skip("(")) return readCondition();
    const clause = readOr();
    expect(")");
    return clause;
  }

  function readChain(kind: "and" | "or", words: readonly string[], read: () => JqlClause): JqlClause {
    const clauses = [read()];
    while (words.some((word) => skip(word))) clauses.push(read());
    const [only] = clauses;
    return clauses.length === 1 && only !== undefined ? only : { kind, clauses };
  }
  const readAnd = (): JqlClause => readChain("and", ["and", "&&", "&"], readNot);
  const readOr = (): JqlClause => readChain("or", ["or", "||", "|"], readAnd);

  const isBounded =
    first?.kind !== "end" && !(first?.text.toLowerCase() === "order" && tokens[1]?.text.toLowerCase() === "by");
  const where = isBounded ? readOr() : null;
  const orderBy: { field: string; descending: boolean }[] = [];
  if (skip("order", "by"))
    do {
      const { text: field } = readText("a field name");
      const descending = skip("desc");
      if (!descending) skip("asc");
      orderBy.push({ field, descending });
    } while (skip(","));
  if (peek().kind !== "end") throw fail("either 'OR' or 'AND'");
  return { where, orderBy };
}
