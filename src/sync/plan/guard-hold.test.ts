import { describe, expect, it } from "vitest";
import { type GuardWord, guardHeld } from "../../domain/guard-word.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import { patchMirrors } from "../apply-step.ts";
import type { OpenFailure } from "../state.ts";
import { findReleased, guardRow, guardVerdict, holdStep, Kept, planGuardEnds, type Said } from "./guard-hold.ts";
import { remember } from "./remember.ts";

const at = new Date("2026-05-04T10:00:00Z");
const later = new Date("2026-05-04T10:05:00Z");
const item = "comment:10042";

function say(text: string, more: Partial<Said> = {}): Said {
  return { item, texts: [text], at, what: () => "The comment", ...more };
}

type Mode = ConnectionSettings["guard"]["mode"];
function ask(
  said: Said,
  rows: readonly Mirror[] = [],
  more: { mode?: Mode; failure?: string; author?: "name" | "role" } = {},
) {
  const failures: OpenFailure[] =
    more.failure === undefined
      ? []
      : [{ item, reason: guardHeld, state: more.failure, direction: "to-huawei", firstAt: at, attempts: 1 }];
  return guardVerdict(
    {
      mirrors: rows,
      failures,
      settings: {
        languages: ["en"],
        guard: { mode: more.mode ?? "hold", patterns: [], kinds: [] },
        comments: {
          toHuawei: "all",
          holdSeconds: 10,
          authorName: more.author ?? "name",
          allowSecurityLevels: [],
          allowAppAccounts: [],
        },
      },
    },
    said,
  );
}

/** The row of an item that waits, and of one that a person has let go. */
function rowsOf(said: Said, word?: GuardWord): readonly Mirror[] {
  const verdict = ask(said);
  if (verdict.kind !== "waits") throw new Error("nothing is found in it");
  const held = guardRow(said.item, { state: "held", hash: verdict.hash, at: said.at });
  return patchMirrors([], word === undefined ? [held] : [held, guardRow(said.item, { word })], at);
}

const secret = say("call 13800138001");

describe("what the guard keeps", () => {
  it("waits only in mode hold, and only with a find", () => {
    expect(ask(secret)).toMatchObject({ kind: "waits", masked: [{ name: "phone number", count: 1 }], known: false });
    expect(ask(say("call the desk"))).toEqual({ kind: "goes", asIs: false });
    for (const mode of ["mask", "off"] as const)
      expect(ask(secret, [], { mode })).toEqual({ kind: "goes", asIs: false });
  });

  it.each([
    ["the author's name", say("x", { author: "Li Lei 13800138001" })],
    ["the name of a file", say("x", { files: ["log_13800138001.txt"] })],
    ["what was found elsewhere", say("x", { found: { masked: [{ name: "password", count: 1 }], from: "{}" } })],
  ])("looks at %s as well", (_where, said) => {
    expect(ask(said)).toMatchObject({ kind: "waits" });
  });

  it("does not look at a name that is not told", () => {
    expect(ask(say("x", { author: "Li Lei 13800138001" }), [], { author: "role" })).toMatchObject({ kind: "goes" });
  });

  it("is known while it waits, and told again once somebody had it tried again", () => {
    const rows = rowsOf(secret);

    expect(ask(secret, rows, { failure: "open" })).toMatchObject({ kind: "waits", known: true });
    expect(ask(secret, rows, { failure: "retrying" })).toMatchObject({ kind: "waits", known: false });
  });

  it.each([["masked", false] as const, ["as_is", true] as const])("goes by the word %s", (word, asIs) => {
    const rows = rowsOf(secret, word);

    expect(ask(secret, rows)).toEqual({ kind: "goes", asIs });
    // Also where the mode was changed before it left.
    expect(ask(secret, rows, { mode: "mask" })).toEqual({ kind: "goes", asIs });
    // The word is about that text alone.
    for (const other of [
      say("call 13800138002"),
      say("call 13800138001", { files: ["13800138002.txt"] }),
      say("call 13800138001", { author: "Li Lei 13800138002" }),
    ])
      expect(ask(other, rows)).toMatchObject({ kind: "waits", known: false });
  });

  it("goes masked in another mode, unless it was given up", () => {
    const rows = rowsOf(secret);

    expect(ask(secret, rows, { mode: "mask", failure: "open" })).toEqual({ kind: "goes", asIs: false });
    expect(ask(secret, rows, { mode: "mask", failure: "discarded" })).toMatchObject({ kind: "waits", known: true });
    expect(ask(say("clean"), rows, { failure: "discarded" })).toEqual({ kind: "goes", asIs: false });
  });

  it("is told by kind, with what to write, once per text", () => {
    const tell = (said: Said) => {
      const verdict = ask(said);
      if (verdict.kind !== "waits") throw new Error("nothing is found in it");
      return holdStep({ languages: ["en"] }, said, { hold: verdict, comment: null });
    };

    const told = tell(secret);
    expect(told.text).toContain("phone number (1)");
    expect(told.text).toContain("/release as-is 10042");
    expect(told.text).not.toContain("13800138001");
    expect(tell(secret).cause).toBe(told.cause);
    expect(tell(say("call 13800138002")).cause).not.toBe(told.cause);
    expect(tell({ ...secret, item: "case" }).text).toContain("/release as-is to send");
    expect(tell({ ...secret, item: "changes" }).text).toContain("/release masked changes");
    expect(tell({ ...secret, item: "file:7" }).text).toContain("under another name");
  });

  it("ends where a plan keeps it no more", () => {
    const kept = new Kept();
    const rows = [
      ...rowsOf(secret),
      ...rowsOf({ ...secret, item: "file:7" }),
      ...rowsOf({ ...secret, item: "changes" }, "masked"),
    ];
    kept.keep(item);

    expect(planGuardEnds({ mirrors: rows, failures: [] }, kept)).toEqual([
      remember("end_guarded", { mirrors: [guardRow("file:7", "over")], resolvedFailures: [] }),
    ]);
  });
});

describe("/release", () => {
  const two = [...rowsOf(secret), ...rowsOf({ ...secret, item: "file:7" })];
  const hash = two[0]?.sourceHash;

  it.each([
    ["all that waits, masked", two, { word: "masked", item: null }, ["comment:10042", "file:7"]],
    ["one that is named", two, { word: "as_is", item: "7" }, ["file:7"]],
    ["the only one as it stands", two.slice(0, 1), { word: "as_is", item: null }, ["comment:10042"]],
    ["no second one as it stands", two, { word: "as_is", item: null }, "which"],
    ["nothing where nothing waits", [], { word: "masked", item: null }, "nothing"],
    ["nothing of another number", two, { word: "masked", item: "8" }, "nothing"],
    ["nothing of what was let go", rowsOf(secret, "masked"), { word: "as_is", item: null }, "nothing"],
  ] as const)("is about %s", (_what, rows, command, expected) => {
    const found = findReleased(rows, command, later);

    expect("refusal" in found ? found.refusal : found.items.map((one) => one.item)).toEqual(expected);
    if (!("refusal" in found)) expect(found.items[0]?.hash).toBe(hash);
  });

  it("says nothing of what was written or edited after it", () => {
    const before = new Date(at.getTime() - 1);

    expect(findReleased(two, { word: "masked", item: null }, before)).toEqual({ refusal: "changed" });
  });
});
