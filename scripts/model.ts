/**
 * `npm run model`: checks every interleaving of docs/model/write-once.pml with spin, and that each of its mutants is rejected. Exit 1 where
 * the model breaks its promise, where a mutant is accepted, or where the judge is never heard; exit 2 where spin or gcc is missing.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const model = resolve("docs/model/write-once.pml");
const rules = Array.from(readFileSync("docs/model/README.md", "utf8").matchAll(/^\| (\d+) \| ([^|]+) \|/gm), (row) => ({
  number: Number(row[1]),
  name: (row[2] ?? "").trim(),
}));

for (const tool of ["spin", "gcc"]) {
  if (spawnSync(tool, ["--version"]).error === undefined) continue;
  console.error(`${tool} is missing; on Debian: apt-get install spin gcc libc6-dev`);
  process.exit(2);
}

type Verdict = { readonly errors: number; readonly states: string; readonly judged: boolean; readonly what: string };

/** Checks the model with one rule broken; 0 = none. */
function check(mutant: number, folder: string): Verdict {
  execFileSync("spin", [`-DMUTANT=${mutant}`, "-a", model], { cwd: folder, stdio: "ignore" });
  execFileSync("gcc", ["-O2", "-w", "-DSAFETY", "-o", "pan", "pan.c"], { cwd: folder });
  const { stdout } = spawnSync(join(folder, "pan"), ["-E", "-m200000"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1024 ** 2,
  });
  const errors = Number(/errors: (\d+)/.exec(stdout)?.[1] ?? Number.NaN);
  if (Number.isNaN(errors) || stdout.includes("Search not completed")) {
    if (!(errors > 0)) throw new Error(`the search of mutant ${mutant} did not end: ${stdout.slice(0, 300)}`);
  }
  return {
    errors,
    states: /([\d.e+]+) states, stored/.exec(stdout)?.[1] ?? "?",
    judged: /unreached in proctype Judge\s+\(0 of/.test(stdout),
    what: stdout.includes("copies<=1") ? "a duplicate" : "a loss",
  };
}

const folder = mkdtempSync(join(tmpdir(), "casebridge-model-"));
try {
  const whole = check(0, folder);
  const holds = whole.errors === 0 && whole.judged;
  console.log(
    `${holds ? "holds " : "BROKEN"}     the model, ${Number(whole.states).toLocaleString("en")} states${whole.judged ? "" : ", but its judge never speaks"}`,
  );
  let accepted = 0;
  for (const { number, name } of rules) {
    const { errors, what } = check(number, folder);
    if (errors === 0) accepted += 1;
    console.log(
      `${errors === 0 ? "ACCEPTED" : "rejected"} ${String(number).padStart(3)} ${name}${errors === 0 ? "" : `: ${what}`}`,
    );
  }
  console.log(`${rules.length - accepted} of ${rules.length} mutants rejected`);
  process.exitCode = holds && accepted === 0 && rules.length >= 20 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
