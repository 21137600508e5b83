import { describe, expect, it } from "vitest";
import { type Mirror, mirrorId } from "../../domain/rows/mirror.ts";
import type { PlanInput } from "./action.ts";
import { planRelations, relationsHash, relationsRead, relationsRow, wantsRelations } from "./relations.ts";

type World = {
  readonly related?: readonly { caseId: string; issueId: string; made?: boolean }[];
  readonly linked?: readonly string[];
  readonly mirrors?: readonly Partial<Mirror>[];
  readonly unread?: boolean;
};

function planned(world: World): string[] {
  const related = (world.related ?? []).map((entry) => ({ made: false, ...entry }));
  const input = {
    mirrors: world.mirrors ?? [],
    observed: {
      issue: { issueId: "1", linkedIssueIds: world.linked ?? [] },
      relations: world.unread === true ? null : { hash: "h2", related },
    },
  } as unknown as PlanInput;
  return planRelations(input).map((action) => {
    switch (action.kind) {
      case "link_issues":
        return `link ${action.issueId}`;
      case "remember":
        return action.what === relationsRead
          ? `read ${action.step.mirrors?.[0]?.sourceHash}`
          : `remember ${action.step.mirrors?.[0]?.sourceId}`;
      default:
        return action.kind;
    }
  });
}

describe("related cases", () => {
  const other = { caseId: "TT2", issueId: "2" };
  const row = (state: Mirror["state"]): Partial<Mirror> => ({ ...mirrorId.relation("TT2"), state });
  const read = relationsRow("h2");
  it.each<{ name: string; world: World; expected: string[] }>([
    { name: "that were not read", world: { unread: true, related: [other] }, expected: [] },
    { name: "none at all, which is remembered", world: {}, expected: ["read h2"] },
    { name: "none at all, as before", world: { mirrors: [read] }, expected: [] },
    { name: "whose issue is not linked", world: { related: [other] }, expected: ["link 2", "read h2"] },
    {
      name: "whose issue a person has linked",
      world: { related: [other], linked: ["2"] },
      expected: ["remember TT2", "read h2"],
    },
    {
      name: "whose own pair made the link, which may be gone by now",
      world: { related: [{ ...other, made: true }] },
      expected: ["remember TT2", "read h2"],
    },
    { name: "that were linked once", world: { related: [other], mirrors: [row("live")] }, expected: ["read h2"] },
    {
      name: "that Jira did not take before",
      world: { related: [other], mirrors: [row("placeholder")] },
      expected: ["link 2", "read h2"],
    },
    {
      name: "that Jira did not take, of a case that shows nothing new",
      world: { related: [other], mirrors: [row("placeholder"), read] },
      expected: [],
    },
    { name: "that share its issue", world: { related: [{ ...other, issueId: "1" }] }, expected: ["read h2"] },
  ])("$name", ({ world, expected }) => {
    const result = planned(world);

    expect(result).toEqual(expected);
  });

  it("are not read again because messages of one second came in another order", () => {
    const at = new Date("2026-03-01T10:00:00Z");
    const message = (content: string, ms: number) =>
      ({ content, createdAt: new Date(at.getTime() + ms), authorKind: "engineer", authorId: "e1", files: [] }) as never;
    const [early, one, other] = [message("a", -5_000), message("b", 100), message("c", 700)];
    const hashes = [
      [early, one, other],
      [early, other, one],
      [other, early, one],
    ].map((messages) => relationsHash({ status: 1 } as never, messages));

    expect(new Set(hashes).size).toBe(1);
    expect(relationsHash({ status: 1 } as never, [early, one])).not.toBe(hashes[0]);
    expect(relationsHash({ status: 1 } as never, [])).not.toBe(hashes[0]);
  });

  it("are read once for whatever the case shows", () => {
    const mirrors = [relationsRow("h1")] as unknown as Mirror[];

    expect([wantsRelations(mirrors, "h1"), wantsRelations(mirrors, "h2"), wantsRelations([], "h1")]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
