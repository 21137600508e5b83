import { expect, expectTypeOf, test } from "vitest";
import { type CaseId, toId } from "../../domain/ids.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { Action } from "../plan/action.ts";
import { remember } from "../plan/remember.ts";
import { type ActionTable, actionTable, describe } from "./action-table.ts";

test("a kind of action without an entry does not compile", () => {
  type MadeUp = { readonly kind: "made_up"; readonly direction: "to-jira" };

  expectTypeOf(actionTable).toExtend<ActionTable<Action>>();
  expectTypeOf(actionTable).not.toExtend<ActionTable<Action | MadeUp>>();
});

test("an entry that forgets how its kind fails does not compile", () => {
  const { stops: _, ...forgetful } = actionTable.notice;

  expectTypeOf(actionTable.notice).toExtend<ActionTable<Action>["notice"]>();
  expectTypeOf(forgetful).not.toExtend<ActionTable<Action>["notice"]>();
});

test("what only adds to the mirror stops nothing, and what ends or creates something does", () => {
  const kinds = Object.entries(actionTable);

  const additions = kinds.filter(([, entry]) => entry.stops === "nothing").map(([kind]) => kind);

  expect(additions.sort()).toEqual(["change_labels", "drop_request_labels", "link_issues", "stamp_issue"]);
});

test("every write to Huawei reads the marks of both sides before the first one of a process", () => {
  const toHuawei = [
    "send_comment",
    "withdraw_comment",
    "send_file",
    "resume_message",
    "tell_change",
    "run_command",
    "release_guarded",
    "act_on_case",
    "ask_reopen",
  ] as const satisfies readonly Extract<Action, { readonly direction: "to-huawei" }>["kind"][];

  expectTypeOf<(typeof toHuawei)[number]>().toEqualTypeOf<
    Extract<Action, { readonly direction: "to-huawei" }>["kind"]
  >();
  expect(toHuawei.filter((kind) => !actionTable[kind].mayExist)).toEqual([]);
});

test("a step of our memory is filed under the failure that it tells", () => {
  const failures = [{ direction: "to-huawei", item: "message:m1", reason: "duplicate", detail: "twice" }] as const;

  expect(describe(remember("report_duplicate", { failures })).item).toBe("message:m1");
  expect(describe(remember("remember_facts", { link: { factsHash: "h" } })).item).toBe("remember_facts");
});

test("people read what an action writes, without identifiers of ours", () => {
  const { words } = describe({
    kind: "link_issues",
    direction: "to-jira",
    caseId: toId<CaseId>("TT2"),
    issueId: toId("9"),
  });

  expect(words({ settings: {} as ConnectionSettings, huawei: { capabilities: new Set() } })).toBe(
    "link the issue of the related case TT2",
  );
});
