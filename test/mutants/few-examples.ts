/** Set up for each test file of a run of mutants: a property is tried on a few examples, always the same ones. */
import type fc from "fast-check";
import { vi } from "vitest";

vi.mock("fast-check", async (importOriginal) => {
  const original = await importOriginal<{ default: typeof fc }>();
  const assert = ((property: fc.IProperty<unknown>, options: object) =>
    original.default.assert(property, { ...options, numRuns: 20, seed: 1 })) as typeof fc.assert;
  return { ...original, assert, default: { ...original.default, assert } };
});
