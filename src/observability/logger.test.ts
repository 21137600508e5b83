import { expect, test } from "vitest";
import { Secret } from "../lib/secret.ts";
import { makeLogger } from "./logger.ts";
import { describeError, errorMessage, scrubLine } from "./scrub.ts";

function capture(level: "debug" | "info" = "debug", pretty = false) {
  const lines: string[] = [];
  const log = makeLogger({ level, pretty, colour: false, output: { write: (line) => void lines.push(line) } });
  return { log, lines, text: () => lines.join("") };
}

test.each([
  ["token"],
  ["apiToken"],
  ["API_TOKEN"],
  ["x-auth-token"],
  ["secret"],
  ["clientSecret"],
  ["password"],
  ["dbPassword"],
  ["authorization"],
  ["Authorization"],
  ["sk"],
  ["ak"],
  ["accessKeyId"],
  ["HUAWEICLOUD_SDK_SK"],
  ["content"],
  ["messageContent"],
  ["body"],
  ["rawBody"],
  ["text"],
  ["plainText"],
  ["cookie"],
])("a field named %s is never written, at any depth", (name) => {
  const { log, text } = capture();

  log.info({ [name]: "hunter2", deep: { list: [{ [name]: "hunter2", map: new Map([[name, "hunter2"]]) }] } }, "Said");
  log.child({ [name]: "hunter2" }).info({ error: Object.assign(new Error("x"), { [name]: "hunter2" }) }, "Said");

  expect(text()).not.toContain("hunter2");
  expect(text()).toContain("[redacted]");
});

test("numbers under names of contents are sizes and stay; words that only resemble are not redacted", () => {
  const { log, lines } = capture();

  log.info({ bodyBytes: 12, textGuard: true, task: "a", risk: "b", context: "c", disk: "d" }, "Said");

  const line = JSON.parse(lines[0] ?? "");
  expect(line).toMatchObject({
    bodyBytes: 12,
    textGuard: true,
    task: "a",
    risk: "b",
    context: "c",
    disk: "d",
    level: "info",
    msg: "Said",
  });
});

test("secrets, bytes, dates, cycles and giants are written safely", () => {
  const { log, lines } = capture();
  const cyclic: Record<string, unknown> = { id: 1 };
  cyclic.self = cyclic;

  log.info(
    {
      key: new Secret("hunter2"),
      bytes: Buffer.from("hunter2"),
      at: new Date(0),
      cyclic,
      long: "x".repeat(1e6),
      many: Array(5000).fill(1),
    },
    "Said",
  );

  const text = lines.join("");
  expect(text).not.toContain("hunter2");
  expect(text.length).toBeLessThan(10_000);
  expect(JSON.parse(text)).toMatchObject({ key: "[secret]", bytes: "[7 bytes]", at: "1970-01-01T00:00:00.000Z" });
});

test("an error is written with class, message, facts and cause, without what it quotes", () => {
  class ServiceLike extends Error {
    override name = "ServiceError";
    facts = {
      side: "jira",
      kind: "rejected",
      operation: "createComment",
      status: 400,
      code: null,
      requestId: "r1",
      detail: "hunter2",
      content: "hunter2",
    };
  }
  const { log, lines } = capture();
  const cause = (() => {
    try {
      return JSON.parse('hunter2 "x" hunter2');
    } catch (error) {
      return error;
    }
  })();

  log.error({ error: new ServiceLike("jira createComment: rejected", { cause }) }, "Failed");

  const line = JSON.parse(lines[0] ?? "");
  expect(line.error).toMatchObject({
    class: "ServiceError",
    message: "jira createComment: rejected",
    kind: "rejected",
    status: 400,
    requestId: "r1",
  });
  expect(line.error.cause.class).toBe("SyntaxError");
  expect(lines[0]).not.toContain("hunter2");
});

test("messages of libraries lose long quotes, call dumps, passwords in addresses and tokens", () => {
  const prisma = Object.assign(
    new Error('Invalid `prisma.link.create()`\n{ text: "hunter2" }\nUnique constraint failed'),
    { name: "PrismaClientKnownRequestError" },
  );

  expect(errorMessage(prisma)).toBe("Unique constraint failed");
  expect(errorMessage(new Error(`bad value "${"hunter2 ".repeat(10)}" given`))).not.toContain("hunter2");
  expect(scrubLine("connect redis://bot:hunter2@db:6379 failed")).toBe("connect redis://[redacted]@db:6379 failed");
  expect(scrubLine("sent Bearer hunter2hunter2 and ?token=hunter2&a=1, password: hunter2")).not.toContain("hunter2");
  expect(scrubLine("SDK-HMAC-SHA256 Access=hunter2, access_key_id: hunter2, ak=hunter2")).not.toContain("hunter2");
  const data = Object.assign(new Error('invalid input syntax for type bigint: "hunter2"'), { code: "22P02" });
  expect(errorMessage(data)).not.toContain("hunter2");
  expect(describeError("hunter2").message).not.toContain("hunter2");
});

test("levels are kept, and a child adds its fields to each line", () => {
  const { log, lines } = capture("info");

  log.debug({}, "Unseen");
  log.child({ runId: "r1" }).child({ linkId: "7" }).warn({ level: "odd" }, "Seen");

  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "warn",
    level_: "odd",
    runId: "r1",
    linkId: "7",
    msg: "Seen",
  });
});

test("pretty lines are for people, and redacted too", () => {
  const { log, text } = capture("info", true);

  log.info({ issueKey: "OPS-1", token: "hunter2" }, "Comment mirrored");

  expect(text()).toContain("INFO");
  expect(text()).toContain("Comment mirrored");
  expect(text()).toContain("OPS-1");
  expect(text()).not.toContain("hunter2");
  expect(text()).not.toContain("\u001b");
});
