import { describe, expect, it } from "vitest";
import { anIntent } from "../../../test/support/rows.ts";
import { toId } from "../../domain/ids.ts";
import type { Issue, IssueChange } from "../../domain/issue.ts";
import type { Link } from "../../domain/link.ts";
import type { Intent } from "../../domain/rows/intent.ts";
import type { Mirror } from "../../domain/rows/mirror.ts";
import type { ConnectionSettings, CreateInputs } from "../../domain/settings.ts";
import { type PlanInput, Recheck } from "./action.ts";
import { issueState, planChanges, rememberedState, wantsChangelog } from "./changes.ts";
import { Kept } from "./guard-hold.ts";

const now = new Date("2026-05-04T12:00:00Z");
const ago = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);
const adfToText = (doc: unknown): string => (typeof doc === "string" ? doc : "");
const noFields = {
  subTypeId: null,
  productId: null,
  problemTypeId: null,
  regionId: null,
  severityId: null,
  extends: {},
} as const;

const base = {
  issueId: toId("10001"),
  issueKey: toId("OPS-7"),
  summary: "The server is down",
  description: "It does not answer",
  labels: ["huawei-cloud"],
  priorityId: "3",
  priorityName: "Medium",
  securityLevelId: null,
  restriction: "none",
  updatedRaw: ago(30).toISOString(),
} as unknown as Issue;

type World = {
  readonly issue?: Partial<Issue>;
  readonly link?: Partial<Link>;
  readonly fields?: Partial<CreateInputs>;
  readonly comments?: Partial<ConnectionSettings["comments"]>;
  readonly changes?: readonly Partial<IssueChange>[] | null;
  /** Rows after the first one. */
  readonly rows?: readonly Partial<Mirror>[];
  readonly intents?: readonly Partial<Intent>[];
  readonly failures?: PlanInput["failures"];
};

const person = { at: ago(2), authorId: "ann", authorType: "atlassian", fromText: null, toText: null, toId: null };

function toInput(world: World): { input: PlanInput; issue: Issue } {
  const issue = { ...base, updatedRaw: ago(2).toISOString(), ...world.issue };
  const settings = {
    guard: { mode: "mask", patterns: [], kinds: [] },
    comments: { toHuawei: "all", holdSeconds: 10, allowAppAccounts: [], allowSecurityLevels: [], ...world.comments },
    create: { fields: { ...noFields, ...world.fields } },
  } as unknown as ConnectionSettings;
  const link = {
    caseId: "TT1",
    origin: "jira",
    caseStatus: 1,
    createdAt: ago(60),
    outgoingSince: ago(60),
    ...world.link,
  } as unknown as Link;
  const reading = { settings, adfToText };
  const first = rememberedState(0, base, issueState(base, link.origin, reading));
  const mirrors = [{ ...first, updatedAt: ago(30) }, ...(world.rows ?? [])] as unknown as Mirror[];
  const input = {
    link,
    mirrors,
    intents: (world.intents ?? []).map((intent) => ({ payload: {}, ...intent })),
    failures: world.failures ?? [],
    settings,
    adfToText,
    ownAccountId: "casebridge",
    now,
    aheadMs: { huawei: 0, jira: 0 },
    observed: {
      issueReadAt: now,
      changes:
        world.changes === null
          ? null
          : (world.changes ?? [{ field: "description" }]).map((change) => ({ ...person, ...change })),
    },
  } as unknown as PlanInput;
  return { input, issue };
}

/** What is planned, in short, and when it is looked at again, in seconds from now. */
function planned(world: World): string {
  const { input, issue } = toInput(world);
  const recheck = new Recheck();
  const shown = planChanges(input, issue, { recheck, kept: new Kept() }).map((action) => {
    switch (action.kind) {
      case "tell_change":
        return `tell ${action.n} ${action.text.split("\n").slice(1).join("; ")}`.trim();
      case "remember": {
        const n = action.step.mirrors?.[0]?.sourceId;
        return `${action.what.split("_")[0]} ${n}`;
      }
      default:
        return action.kind;
    }
  });
  if (recheck.at !== null) shown.push(`again ${(recheck.at.getTime() - now.getTime()) / 1000}`);
  return shown.join(", ") || "nothing";
}

const edited = { description: "It answers slowly" };
const told = (
  n: number,
  more: Partial<Omit<Mirror<"change">, "kind" | "origin">> & { readonly of?: Partial<Issue> } = {},
): Partial<Mirror> => {
  const issue = { ...base, ...more.of };
  const reading = { settings: { create: { fields: noFields } } as unknown as ConnectionSettings, adfToText };
  return {
    ...rememberedState(n, issue, issueState(issue, "jira", reading)),
    state: "live",
    updatedAt: ago(20),
    ...more,
  };
};
const description = "Description / 描述:; It answers slowly";

describe("changes of an issue that its case hears of", () => {
  it.each<{ name: string; world: World; expected: string }>([
    { name: "an unchanged issue", world: {}, expected: "nothing" },
    { name: "an edited description", world: { issue: edited }, expected: `tell 1 ${description}` },
    {
      name: "an edited title",
      world: { issue: { summary: "Slow" }, changes: [{ field: "summary" }] },
      expected: "tell 1 Title / 标题: Slow",
    },
    {
      name: "a priority",
      world: { issue: { priorityId: "1", priorityName: "Highest" }, changes: [{ field: "priority" }] },
      expected: "tell 1 Severity / 严重程度: Highest",
    },
    {
      name: "a label that names the product",
      world: {
        issue: { labels: ["huawei-cloud", "hw-product:ECS"] },
        changes: [{ field: "labels", fromText: "huawei-cloud", toText: "huawei-cloud hw-product:ECS" }],
      },
      expected: "tell 1 Product / 产品: ECS",
    },
    {
      name: "a product that is taken away",
      world: {
        rows: [told(1, { of: { labels: ["hw-product:ECS"] } })],
        changes: [{ field: "labels", fromText: "hw-product:ECS", toText: "x" }],
      },
      expected: "tell 2 Product / 产品: none / 无",
    },
    {
      name: "labels that name nothing for Huawei",
      world: { issue: { labels: ["team-a"] }, changes: [{ field: "labels", toText: "team-a" }] },
      expected: "nothing",
    },
    {
      name: "a field that is mapped to the severity, which the priority then does not stand for",
      world: {
        fields: { severityId: "customfield_1" },
        issue: { fieldTexts: { customfield_1: "Fatal" }, priorityId: "1" },
        changes: [{ field: "customfield_1" }, { field: "priority" }],
      },
      expected: "tell 1 Severity / 严重程度: Fatal",
    },
    {
      name: "several at once, the long one last",
      world: {
        issue: { ...edited, priorityId: "1", priorityName: "Highest" },
        changes: [{ field: "description" }, { field: "priority" }],
      },
      expected: `tell 1 Severity / 严重程度: Highest; ${description}`,
    },
    {
      name: "the copy of a case's description is not told, its priority is",
      world: {
        link: { origin: "huawei" },
        issue: { ...edited, summary: "Mine", priorityId: "1", priorityName: "Highest" },
        changes: [{ field: "description" }, { field: "summary" }, { field: "priority" }],
      },
      expected: "tell 1 Severity / 严重程度: Highest",
    },
    {
      name: "what casebridge changed",
      world: { issue: edited, changes: [{ field: "description", authorId: "casebridge", authorType: "atlassian" }] },
      expected: "remember 0",
    },
    {
      name: "what an app changed",
      world: { issue: edited, changes: [{ field: "description", authorId: "bot", authorType: "app" }] },
      expected: "remember 0",
    },
    {
      name: "what an app changed that counts as a person",
      world: {
        comments: { allowAppAccounts: ["bot"] },
        issue: edited,
        changes: [{ field: "description", authorId: "bot", authorType: "app" }],
      },
      expected: `tell 1 ${description}`,
    },
    {
      name: "a person's edit that an app changed again",
      world: {
        issue: edited,
        changes: [
          { field: "description", at: ago(3) },
          { field: "description", authorType: "app" },
        ],
      },
      expected: "remember 0",
    },
    {
      name: "a person's title beside an app's description",
      world: {
        issue: { ...edited, summary: "Slow" },
        changes: [{ field: "summary" }, { field: "description", authorType: "app" }],
      },
      expected: "tell 1 Title / 标题: Slow",
    },
    { name: "a change that no changelog explains", world: { issue: edited, changes: [] }, expected: "remember 0" },
    {
      name: "a change from before what is remembered",
      world: { issue: edited, changes: [{ field: "description", at: ago(40) }] },
      expected: "remember 0",
    },
    {
      name: "a change from before anything may leave",
      world: { link: { outgoingSince: ago(1) }, issue: edited },
      expected: "remember 0",
    },
    { name: "a changelog that was not read", world: { issue: edited, changes: null }, expected: "again 0" },
    {
      name: "a change that has not rested",
      world: { issue: { ...edited, updatedRaw: new Date(now.getTime() - 4_000).toISOString() } },
      expected: "again 6",
    },
    {
      name: "a change four minutes after the last message",
      world: { issue: edited, rows: [told(1, { updatedAt: ago(4) })] },
      expected: "again 60",
    },
    {
      name: "a change five minutes after the last message",
      world: { issue: edited, rows: [told(1, { updatedAt: ago(5) })] },
      expected: `tell 2 ${description}`,
    },
    {
      name: "a change that was taken back within the five minutes",
      world: { rows: [told(1, { updatedAt: ago(4) })] },
      expected: "nothing",
    },
    {
      name: "a message that was dropped before it left",
      world: { issue: edited, rows: [told(1, { of: edited, state: "held", updatedAt: ago(1) })] },
      expected: `tell 2 ${description}`,
    },
    {
      name: "what Huawei refused",
      world: { issue: edited, rows: [told(1, { of: edited, state: "refused" })] },
      expected: "nothing",
    },
    {
      name: "what Huawei refused and a person released",
      world: {
        issue: edited,
        rows: [told(1, { of: edited, state: "refused" })],
        failures: [{ item: "changes", state: "retrying" }] as unknown as PlanInput["failures"],
      },
      expected: `tell 2 ${description}`,
    },
    {
      name: "where comments stay in Jira",
      world: { comments: { toHuawei: "none" }, issue: edited },
      expected: "remember 0",
    },
    {
      name: "where only commands leave",
      world: { comments: { toHuawei: "command" }, issue: edited },
      expected: "remember 0",
    },
    {
      name: "an issue with a security level, which is told once it is gone",
      world: { issue: { ...edited, securityLevelId: "10" } },
      expected: "nothing",
    },
    { name: "a closed case", world: { link: { caseStatus: 3 }, issue: edited }, expected: "nothing" },
    {
      name: "a row of a rebuilt database, which knows no state",
      world: { issue: edited, rows: [told(3, { sourceHash: null })] },
      expected: "remember 3",
    },
    { name: "an issue that was not read yet", world: { issue: { ...edited, updatedRaw: "" } }, expected: "nothing" },
  ])("$name: $expected", ({ world, expected }) => {
    const result = planned(world);

    expect(result).toBe(expected);
  });

  const open = anIntent("message:changed-1");
  it.each<{ name: string; world: World; expected: string }>([
    {
      name: "is sent while it is true",
      world: { issue: edited, rows: [told(1, { of: edited, state: "sending" })], intents: [open] },
      expected: "tell 1",
    },
    {
      name: "is dropped when the issue says something else by now",
      world: { rows: [told(1, { of: edited, state: "sending" })], intents: [open] },
      expected: "drop 1",
    },
    {
      name: "is dropped when the issue has a security level by now",
      world: {
        issue: { ...edited, securityLevelId: "10" },
        rows: [told(1, { of: edited, state: "sending" })],
        intents: [open],
      },
      expected: "drop 1",
    },
    {
      name: "is waited for once it was sent, whatever changed meanwhile",
      world: { rows: [told(1, { of: edited, state: "sending" })], intents: [{ ...open, state: "sent" }] },
      expected: "nothing",
    },
  ])("a message that was decided $name", ({ world, expected }) => {
    const result = planned(world);

    expect(result).toBe(expected);
  });

  it("asks for the changelog only when a change is due", () => {
    const asks = (world: World): boolean => {
      const { input, issue } = toInput(world);
      return wantsChangelog(input, issue);
    };

    expect(asks({})).toBe(false);
    expect(asks({ issue: edited })).toBe(true);
    expect(asks({ issue: edited, rows: [told(1, { updatedAt: ago(4) })] })).toBe(false);
    expect(asks({ issue: edited, comments: { toHuawei: "command" } })).toBe(false);
    expect(asks({ issue: edited, intents: [open] })).toBe(false);
  });
});
