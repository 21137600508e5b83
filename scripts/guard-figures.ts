/**
 * `npm run guard:figures` measures the text guard on the corpora under test/corpus, prints what it misses and spoils, and
 * writes the figures into README.md and README.zh-CN.md. May be repeated; a test compares the READMEs with the figures.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { measureGuard, withGuardFigures } from "../test/corpus/guard-figures.ts";

for (const [name, figures] of Object.entries(measureGuard())) {
  process.stdout.write(
    `${name}: ${figures.secrets} secrets, ${figures.missed.length} missed; ${figures.harmless} harmless texts, ${figures.spoiled.length} spoiled\n`,
  );
  for (const text of figures.missed) process.stdout.write(`  missed: ${JSON.stringify(text)}\n`);
  for (const text of figures.spoiled) process.stdout.write(`  spoiled: ${JSON.stringify(text)}\n`);
}
for (const [name, language] of [
  ["README.md", "en"],
  ["README.zh-CN.md", "zh"],
] as const) {
  const url = new URL(`../${name}`, import.meta.url);
  writeFileSync(url, withGuardFigures(readFileSync(url, "utf8"), language));
}
