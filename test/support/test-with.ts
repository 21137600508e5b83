/** Skips that name their reason. */
import { test } from "vitest";
import { doctorTexts } from "../../src/commands/doctor/texts/texts.ts";
import type { HuaweiCapability } from "../../src/sync/ports.ts";
import { apiVersion, can } from "./dialect.ts";

/** `test` where the API version of this run can do what is tested; else it is skipped under a name that says why, as `doctor` does. */
export function testWith(capability: HuaweiCapability): typeof test {
  if (can(capability)) return test;
  type Run = (name: string, ...rest: unknown[]) => void;
  const named =
    (run: Run): Run =>
    (name, ...rest) =>
      run(`${name}; SKIPPED in ${apiVersion}: ${doctorTexts.en.huawei.lacks[capability]}`, ...rest);
  const each = (...rows: unknown[]): Run => named((test.skip.each as unknown as (...all: unknown[]) => Run)(...rows));
  return Object.assign(named(test.skip as Run), { each }) as unknown as typeof test;
}
