import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorCodes, findErrorCode } from "./error-codes.ts";

const csv = new URL("../../test/fixtures/osm-error-codes.csv", import.meta.url);

test("the table holds every row of the collected codes and no other", () => {
  const rows = readFileSync(csv, "utf8").trim().split("\n").slice(1);

  const listed = rows.map((row) => row.split(",").slice(0, 2).join(" "));

  expect(errorCodes.map((row) => `${row.code} ${row.status}`)).toEqual(listed);
});

test("every row says what it means and what to do in both languages", () => {
  for (const { meaning, remedy } of errorCodes) {
    for (const text of [meaning.en, remedy.en]) expect(text).toMatch(/^[\x20-\x7e]{4,}$/);
    for (const text of [meaning.zh, remedy.zh]) expect(text).toMatch(/[\u4e00-\u9fff]/);
  }
});

test("one code with several statuses is told apart by its status", () => {
  expect(findErrorCode("APIGW.0201", 413)?.kind).toBe("rejected");
  expect(findErrorCode("APIGW.0201", 504)?.kind).toBe("unavailable");
  expect(findErrorCode("OSM.01010033", 200)?.code).toBe("OSM.010100xx");
  expect(findErrorCode("IAM.0001", 401)).toBeNull();
});
