import { describe, expect, it } from "vitest";
import { requestLabels } from "./request.ts";

describe("labels of a request", () => {
  const labels = ["huawei-case", "network", "internal", "vip", "hwcase-TT1"];

  it.each([
    ['labels = "huawei-case"', ["huawei-case"]],
    ["labels=vip AND component = network", ["vip"]],
    ['project = OPS AND labels in ("huawei-case", vip) AND labels not in (internal)', ["huawei-case", "vip"]],
    ["labels != internal AND summary ~ network", []],
  ])("of %s are those that it asks for", (jql, expected) => {
    expect(requestLabels(jql, labels)).toEqual(expected);
  });
});
