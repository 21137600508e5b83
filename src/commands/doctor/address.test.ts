import { expect, test } from "vitest";
import { ServiceError } from "../../domain/service-error.ts";
import { addressProblem, toAddressTrouble } from "./address.ts";
import { doctorTexts } from "./texts/texts.ts";

test.each<["jira" | "huawei", string, RegExp, RegExp]>([
  [
    "jira",
    "https://acme.atlassian.net/jira/software/projects/OPS/boards/1",
    /a page, not of the site$/,
    /to the site alone: https:\/\/acme\.atlassian\.net\.$/,
  ],
  ["jira", "https://jira.acme.example/browse/OPS-1", /a page/, /site alone: https:\/\/jira\.acme\.example\./],
  ["jira", "https://api.atlassian.com", /lacks the cloud id/, /ex\/jira\/<cloudId>/],
  ["jira", "https://osm.cn-south-1.myhuaweicloud.com", /of Huawei Cloud, not of Jira/, /atlassian\.net/],
  ["huawei", "https://acme.atlassian.net", /of Jira, not of Huawei Cloud/, /HUAWEI_OSM_ENDPOINT .*osm\./],
  ["huawei", "https://console.huaweicloud.com", /the console's address/, /osm\.<region>/],
  ["huawei", "https://console-intl.huaweicloud.com/ticket", /the console's address/, /osm\.<region>/],
  ["huawei", "https://ecs.cn-north-4.myhuaweicloud.com", /another service/, /osm\.<region>/],
])("%s at %s is told", (side, address, detail, remedy) => {
  const problem = addressProblem(side, address);

  expect(problem?.detail(doctorTexts.en)).toMatch(detail);
  expect(problem?.remedy(doctorTexts.en)).toMatch(remedy);
});

test.each([
  ["jira", "https://acme.atlassian.net"],
  ["jira", "https://acme.atlassian.net/"],
  ["jira", "https://api.atlassian.com/ex/jira/4a6c1f2e-6f0d-4b65-9a0e-0c5d3a1b7e42"],
  ["jira", "https://gateway.acme.example/atlassian"],
  ["jira", "http://127.0.0.1:8081"],
  ["huawei", "https://osm.cn-south-1.myhuaweicloud.com"],
  ["huawei", "https://osm-intl.ap-southeast-3.myhuaweicloud.com"],
  ["huawei", "https://osm.acme.example"],
] as const)("%s at %s may be right", (side, address) => {
  expect(addressProblem(side, address)).toBeNull();
});

const facts = {
  operation: "getMyself",
  code: null,
  requestId: null,
  retryAfterMs: null,
  outcomeUnknown: false,
  detail: "said",
} as const;

test("a call that everybody may make and that is not there, or answers a page, means a wrong address", () => {
  const trouble = (kind: "not_found" | "contract" | "forbidden", status: number) =>
    toAddressTrouble(
      new ServiceError({ ...facts, side: "jira", kind, status }),
      "https://wrong.example",
    ) as ServiceError;

  expect(trouble("not_found", 404)).toMatchObject({ kind: "unavailable" });
  expect(trouble("not_found", 404).message).toContain("nothing at https://wrong.example answers as Jira does (404)");
  expect(trouble("contract", 302).message).toContain("sends elsewhere, as log-in pages do (302)");
  expect(trouble("contract", 200).facts.remedy).toMatch(/a company's sign-in/);
  expect(trouble("contract", 500)).toMatchObject({ kind: "contract" });
  expect(trouble("forbidden", 403)).toMatchObject({ kind: "forbidden" });
});
