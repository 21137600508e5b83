/**
 * Seeds of random tests. Each is printed, and `CASEBRIDGE_TEST_SEED=<number>` runs the same case again.
 */

/** A seed for the test of this name: the environment's, else a new one; printed. Throws on a seed that is no number. */
export function testSeed(name: string): number {
  const given = process.env.CASEBRIDGE_TEST_SEED;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`CASEBRIDGE_TEST_SEED must be a whole number, not "${given}"`);
  process.stdout.write(`${name}: CASEBRIDGE_TEST_SEED=${seed}\n`);
  return seed;
}
