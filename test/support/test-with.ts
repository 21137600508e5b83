/** Skips that name their reason. */
import { test } from "vitest";
import { lackMeanings } from "../../src/admin/doctor-huawei.ts";
import type { HuaweiCapability } from "../../src/sync/ports.ts";
import { apiVersion, can } from "./dialect.ts";

/** `test` where the API version of this run can do what is tested; else it is skipped under a name that says why, as `doctor` does. */
export function testWith(capability: HuaweiCapability): typeof test {
  if (can(capability)) return test;
  const skip = (name: string, ...rest: unknown[]): void =>
    (test.skip as (...all: unknown[]) => void)(
      `${name}; SKIPPED in ${apiVersion}: ${lackMeanings[capability]}`,
      ...rest,
    );
  return skip as typeof test;
}
