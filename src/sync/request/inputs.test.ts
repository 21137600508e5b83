import { describe, expect, it } from "vitest";
import type { CreateInputs, CreateSettings } from "../../domain/settings.ts";
import { inEnglish } from "../texts/say.ts";
import { collectInputs, inputsHash, type Resolution, resolveInputs } from "./inputs.ts";
import type { Lookups } from "./lookups.ts";

const none: CreateInputs = {
  subTypeId: null,
  productId: null,
  problemTypeId: null,
  regionId: null,
  severityId: null,
  extends: {},
};
const makeSettings = (more: Partial<CreateSettings> = {}): CreateSettings => ({
  jql: 'labels = "huawei-case"',
  defaults: { ...none, problemTypeId: "p1" },
  fields: none,
  template: null,
  templateField: null,
  ...more,
});

function makeLookups(more: Partial<Lookups> = {}): Lookups {
  return {
    regions: async () => Array.from({ length: 14 }, (_unused, n) => ({ id: `r${n}`, name: `Region ${n}` })),
    categories: async () => [{ id: "t1", name: "Technical", products: [{ id: "ecs", name: "Elastic Cloud Server" }] }],
    problemTypes: async () => [
      { id: "p1", name: "Question", caseType: "0", canUseSupportPlan: false },
      { id: "p5", name: "Fault", caseType: "5", canUseSupportPlan: true },
    ],
    severities: async () => ({ shown: true, severities: [{ id: "s1", name: "General" }] }),
    templates: async () => [{ id: "tp", name: "T", content: "Expected result:" }],
    extraParameters: async () => [],
    refresh: async () => 0,
    ...more,
  };
}

const resolve = (labels: readonly string[], settings = makeSettings(), lookups = makeLookups(), isPlain = false) =>
  resolveInputs(lookups, collectInputs({ labels }, {}, settings), { isPlain, guard: { mode: "mask" } }, "live").then(
    worded,
  );

/** What is wrong is told in English here. */
function worded(found: Resolution) {
  return found.kind === "problem" ? { kind: found.kind, text: inEnglish(found.text) } : found;
}

describe("inputs of a new case", () => {
  it.each([["hw-product:ecs"], ["hw-product:Elastic-Cloud-Server"], ["HW-PRODUCT:elastic_cloud_server"]])(
    "takes the label %s by id or name",
    async (label) => {
      const found = await resolve([label]);

      expect(found).toMatchObject({
        kind: "inputs",
        inputs: { productId: "ecs", subTypeId: "t1", problemTypeId: "p1" },
      });
    },
  );

  it("prefers fields to labels, and labels to defaults", () => {
    const settings = makeSettings({ defaults: { ...none, regionId: "d" }, fields: { ...none, regionId: "cf" } });

    const read = (labels: string[], field: string | null) =>
      collectInputs({ labels }, { cf: field }, settings).named.regionId?.text;

    expect([read(["hw-region:l"], "f"), read(["hw-region:l"], " "), read([], null)]).toEqual(["f", "l", "d"]);
  });

  it.each([
    [["hw-product:toaster"], "toaster", "Elastic Cloud Server (ecs)"],
    [["hw-problem:x"], '"x"', "Fault (p5)"],
    [["hw-problem:p5"], "No region", "and 4 more"],
    [["hw-problem:p5", "hw-region:moon"], '"moon"', "Region 9 (r9)"],
    [["hw-severity:s1"], "no product", "hw-product:"],
    [["hw-product:ecs", "hw-severity:dire"], '"dire"', "General (s1)"],
    [["hw-extra-disk:1"], '"disk"', "none"],
  ])("says of %j what is wrong and what is allowed", async (labels, wrong, allowed) => {
    const found = await resolve(labels);

    expect(found.kind === "problem" ? found.text : "").toContain(wrong);
    expect(found.kind === "problem" ? found.text : "").toContain(allowed);
  });

  it("does not guess between problem types of one name", async () => {
    const twins = [
      { id: "p1", name: "Usage", caseType: null, canUseSupportPlan: true },
      { id: "p2", name: "Usage", caseType: null, canUseSupportPlan: true },
    ];
    const lookups = makeLookups({
      problemTypes: async ({ productId }) => (productId === null ? twins : twins.slice(0, 1)),
    });
    const settings = makeSettings({ defaults: none });

    const named = await resolve(["hw-problem:usage"], settings, lookups);
    const byId = await resolve(["hw-problem:p2"], settings, lookups);
    const withProduct = await resolve(["hw-problem:usage", "hw-product:ecs"], settings, lookups);

    expect(named).toMatchObject({ text: expect.stringContaining("Usage (p1); Usage (p2). Name the product too") });
    expect(byId).toMatchObject({ inputs: { problemTypeId: "p2" } });
    expect(withProduct).toMatchObject({ inputs: { problemTypeId: "p1" } });
  });

  it("takes neither a severity nor extra parameters where the API version has none", async () => {
    const settings = makeSettings({
      defaults: { ...none, productId: "ecs", problemTypeId: "p1", severityId: "s1", extends: { disk: "1" } },
    });
    const read = (labels: readonly string[]) => resolve(labels, settings, makeLookups(), true);

    expect(await read([])).toMatchObject({ kind: "inputs", inputs: { severityId: null, extras: [] } });
    expect(await read(["hw-severity:s1"])).toMatchObject({
      text: expect.stringContaining('severity "s1" cannot be set'),
    });
    expect(await read(["hw-extra-disk:1"])).toMatchObject({ text: expect.stringContaining('"disk" cannot be set') });
  });

  it("leaves out defaults that do not apply", async () => {
    const settings = makeSettings({
      defaults: { ...none, productId: "ecs", problemTypeId: "p1", severityId: "s1", extends: { disk: "1" } },
      template: "other",
    });
    const lookups = makeLookups({ severities: async () => ({ shown: false, severities: [] }) });

    const found = await resolve([], settings, lookups);

    expect(found).toMatchObject({ kind: "inputs", inputs: { severityId: null, extras: [], template: null } });
  });

  it("takes the template that the issue names, by id or name, before the default, and tells what is allowed", async () => {
    const settings = makeSettings({ template: "tq", templateField: "cf" });
    const lookups = makeLookups({
      templates: async () => [
        { id: "tp", name: "How to report", content: "Expected result:" },
        { id: "tq", name: "Other", content: "Steps:" },
      ],
    });
    const textOf = async (labels: readonly string[], field: string | null = null) => {
      const given = collectInputs({ labels }, { cf: field }, settings);
      const found = await resolveInputs(lookups, given, { isPlain: false, guard: { mode: "mask" } }, "live");
      return found.kind === "inputs" ? found.inputs.template : inEnglish(found.text);
    };

    expect(await textOf([])).toBe("Steps:");
    expect(await textOf(["hw-template:how-to-report"])).toBe("Expected result:");
    expect(await textOf(["hw-template:tq"], "tp")).toBe("Expected result:");
    expect(await textOf(["hw-template:none"])).toMatch(
      /"none" does not belong to .* Allowed: How to report \(tp\); Other \(tq\)/,
    );
  });

  it("asks for a required extra parameter, takes its default, and minds its length", async () => {
    const parameter = {
      id: "disk",
      name: "Disk",
      required: true,
      lengthMax: 3,
      choices: null,
      defaultValue: null,
      sensitive: false,
    };
    const bare = makeLookups({ extraParameters: async () => [parameter] });
    const withDefault = makeLookups({ extraParameters: async () => [{ ...parameter, defaultValue: "c" }] });

    expect(await resolve([], makeSettings(), bare)).toMatchObject({ text: expect.stringContaining("hw-extra-disk:") });
    expect(await resolve(["hw-extra-disk:long"], makeSettings(), bare)).toMatchObject({ kind: "problem" });
    expect(await resolve(["hw-extra-Disk:d"], makeSettings(), bare)).toMatchObject({
      inputs: { extras: [{ id: "disk", value: "d" }] },
    });
    expect(await resolve([], makeSettings(), withDefault)).toMatchObject({
      inputs: { extras: [{ id: "disk", value: "c" }] },
    });
  });

  it("asks once more for a fresh answer before it says that a value is unknown", async () => {
    const ages: number[] = [];
    const lookups = makeLookups({
      regions: async (maxAgeMs) => {
        ages.push(maxAgeMs);
        return maxAgeMs < 100_000 ? [{ id: "new", name: "New" }] : [];
      },
    });

    expect(await resolve(["hw-region:new"], makeSettings(), lookups)).toMatchObject({ inputs: { regionId: "new" } });
    expect(ages).toHaveLength(2);
  });

  it("knows by its hash whether a person changed something", () => {
    const settings = makeSettings();
    const issue = {
      summary: "s",
      labels: ["a", "hw:vip"],
      priorityId: "3",
      category: "new",
      securityLevelId: null,
      restriction: "none",
      stamp: null,
    } as const;
    const hash = (more: Partial<typeof issue> | object = {}, text = "t") => {
      const changed = { ...issue, ...more };
      return inputsHash(changed, text, collectInputs(changed, {}, settings));
    };

    expect(hash({ labels: ["hw:other", "a"] })).toBe(hash());
    for (const other of [hash({ summary: "x" }), hash({ labels: ["b"] }), hash({}, "x"), hash({ category: "done" })])
      expect(other).not.toBe(hash());
  });
});
