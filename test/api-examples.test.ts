/** The examples of docs/api.md are run: each request is made, and its answer has the shape and the words that stand there. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiWorld, startApi, viewerToken } from "./support/api.ts";

const text = readFileSync(new URL("../docs/api.md", import.meta.url), "utf8");
const examples: readonly { readonly command: string; readonly answer: unknown }[] = [
  ...text.matchAll(/```sh\n(curl [^\n]+)\n```\n```json\n([\s\S]*?)\n```/g),
].map(([, command = "", answer = ""]) => ({
  command,
  answer: JSON.parse(answer) as unknown,
}));

let world: ApiWorld;
beforeAll(async () => {
  world = await startApi();
});
afterAll(() => world.close());

/** A moment and a cursor are those of the day; everything else is told as it stands. */
function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, timeless(member)]));
  if (typeof value !== "string") return value;
  return value
    .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, "<moment>")
    .replace(/^(?:w-)?\d{13}-\d+$/, "<cursor>")
    .replace(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/, "<id>");
}

test("the document has an example of each thing that it tells", () => {
  expect(examples.length).toBeGreaterThanOrEqual(6);
  expect([...text.matchAll(/^curl /gm)]).toHaveLength(examples.length);
});

test.each(examples)("$command", async ({ command, answer }) => {
  const [, header = "", sent, address = ""] =
    /^curl -H "Authorization: Bearer ([^"]+)" (?:-H "X-Casebridge: 1" --json '([^']+)' )?"\$URL([^"]+)"$/.exec(
      command,
    ) ?? [];
  const response =
    sent === undefined
      ? await world.get(address, header === "$TOKEN" ? viewerToken : header)
      : await world.post(address, JSON.parse(sent));

  expect(timeless(await response.json())).toEqual(timeless(answer));
});
