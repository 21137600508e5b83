import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureGuard, withGuardFigures } from "../../../test/corpus/guard-figures.ts";
import { GUARD_NEGATIVES, GUARD_POSITIVES } from "../../../test/corpus/guard-tuned.ts";
import { guardText } from "./guard.ts";
import { GUARD_RULES } from "./guard-rules.ts";

const guard = (text: string) => guardText(text, { mode: "mask" });

describe("the corpus", () => {
  it("is large enough to mean something", () => {
    expect(GUARD_POSITIVES.length).toBeGreaterThanOrEqual(60);
    expect(GUARD_NEGATIVES.length).toBeGreaterThanOrEqual(150);
    expect(new Set(GUARD_NEGATIVES).size).toBe(GUARD_NEGATIVES.length);
  });

  it("masks every secret, under its name", () => {
    const missed = GUARD_POSITIVES.filter(({ text, secret, name }) => {
      const { text: guarded, masked } = guard(text);
      return !text.includes(secret) || guarded.includes(secret) || !masked.some((kind) => kind.name === name);
    });
    expect(missed.map(({ text, name }) => ({ text, name, result: guard(text).text }))).toEqual([]);
    expect(1 - missed.length / GUARD_POSITIVES.length).toBe(1);
  });

  it("leaves everything else alone", () => {
    const changed = GUARD_NEGATIVES.filter((text) => guard(text).text !== text);
    expect(changed.map((text) => guard(text).text)).toEqual([]);
    expect(changed.length / GUARD_NEGATIVES.length).toBe(0);
  });

  it("leaves the text around a secret readable", () => {
    expect(guard("DB at 10.0.0.1, password: hunter2, since 10:00").text).toBe(
      "DB at 10.0.0.1, password: [masked: password] since 10:00",
    );
    expect(guard("psql postgres://app:pg-secret@10.0.0.5/db").text).toBe(
      "psql postgres://app:[masked: password]@10.0.0.5/db",
    );
    expect(guard("密码：Huawei@123，请处理。电话13800138000。").text).toBe(
      "密码：[masked: password]，请处理。电话[masked: phone number]。",
    );
  });
});

describe("guardText", () => {
  it("counts by name and never tells a value", () => {
    const { masked } = guard("13800138000 and 13900139001, password=abc");
    expect(masked).toEqual([
      { name: "phone number", count: 2 },
      { name: "password", count: 1 },
    ]);
  });

  it("does nothing when it is off", () => {
    expect(guardText("password=abc\0", { mode: "off" })).toEqual({ text: "password=abc\0", masked: [] });
  });

  it("masks a header value of any length whole", () => {
    expect(guard(`X-Auth-Token: MIIF1${"aB3-".repeat(3000)}\nnext`).text).toBe(
      "X-Auth-Token: [masked: authorization]\nnext",
    );
  });

  it("is not fooled by invisible characters", () => {
    expect(guard("1380\u202e0138\u0000000").text).toBe("[masked: phone number]");
  });

  it("applies the operator's patterns", () => {
    const patterns = [
      { name: "badge [1]", regex: /B-\d{6}/g },
      { name: "pair", regex: /(\w)\1{3}/gi },
      { name: "nothing", regex: /x*/g },
    ];
    expect(guardText("B-123456 zzzz xx", { mode: "mask", patterns }).text).toBe(
      "[masked: badge 1] [masked: pair] [masked: nothing]",
    );
  });

  it("does not mask inside a mask", () => {
    const patterns = [{ name: "word", regex: /masked/g }];
    const once = guardText("password=abc masked", { mode: "mask", patterns }).text;
    expect(once).toBe("password=[masked: password] [masked: word]");
    expect(guardText(once, { mode: "mask", patterns }).text).toBe(once);
  });

  it("changes nothing the second time", () => {
    const pieces = fc.oneof(
      fc.constantFrom(...GUARD_POSITIVES.map(({ text }) => text)),
      fc.constantFrom(...GUARD_POSITIVES.map(({ secret }) => secret)),
      fc.constantFrom(...GUARD_NEGATIVES),
      fc.constantFrom(
        "password",
        "密码",
        ":",
        "=",
        " is ",
        "ak ",
        "sk ",
        "secret ",
        "+86 ",
        '"',
        "'",
        "\n",
        " ",
        "token: ",
        "Bearer ",
        "-----BEGIN PRIVATE KEY-----",
        "[masked: ",
        "[masked: password]",
        "]",
        "@",
        "://",
      ),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const once = guard(parts.join("")).text;
        const twice = guard(once);
        expect(twice.text).toBe(once);
        expect(twice.masked).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it("masks a secret wherever it stands between lines", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GUARD_POSITIVES),
        fc.constantFrom(...GUARD_NEGATIVES),
        fc.constantFrom(...GUARD_NEGATIVES),
        (positive, before, after) => {
          fc.pre(!before.includes(positive.secret) && !after.includes(positive.secret));
          expect(guard(`${before}\n\n${positive.text}\n\n${after}`).text).not.toContain(positive.secret);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["digits", "1"],
    ["letters", "a"],
    ["blanks", " "],
    ["plus", "+1"],
    ["password and blanks", `password${" ".repeat(200)}`],
    ["password labels", "password="],
    ["password is", "password is "],
    ["passwords for", "password for a b c "],
    ["quotes", 'password="'],
    ["punctuation", "password=!!!!!!!!!!!!!!!!!!!!!!!!"],
    ["eyJ", "eyJaaaaaaaa-"],
    ["schemes", "a://b:c"],
    ["dashes", "-"],
    ["key starts", "-----BEGIN PRIVATE KEY-----"],
    ["key starts with lines", "-----BEGIN PRIVATE KEY-----\nAAAAAAAA\n"],
    ["masks", "[masked: x]"],
    ["half masks", "[masked: "],
    ["phones", "13800138000 "],
    ["base64", "aB3+"],
    ["secret words", "secret_"],
    ["dotted words", "a.b_c-"],
    ["mysql", "mysql "],
    ["curl", "curl -u "],
    ["cookies", "cookie: "],
    ["bearer", "bearer "],
    ["basic", "basic aaaa"],
    ["chinese", "密码："],
    ["upper", "AB3DE5GH7J"],
    ["newlines", "password:\n"],
    ["sk", "sk "],
    ["brackets", "+1 (("],
    ["redis", "redis-cli "],
    ["use", "use a1b2c3 as the "],
    ["pass", "pass="],
    ["identity", "110105194912310021 "],
  ])("ends on 100,000 characters of %s, and has nothing left to do", (_name, unit) => {
    const once = guard(unit.repeat(Math.ceil(100_000 / unit.length))).text;
    expect(guard(once).text).toBe(once);
  });

  it("ends on any line of 100,000 characters that repeats something", () => {
    const units = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        ...GUARD_POSITIVES.map(({ text }) => text.slice(0, 60)),
        ...GUARD_NEGATIVES.filter((text) => text !== ""),
      ),
      fc
        .array(fc.constantFrom("password", "密码", "=", ":", " ", "\n", '"', "'", "a1", "@", "-p ", "login ", "/"), {
          minLength: 1,
          maxLength: 6,
        })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(units, (unit) => {
        guard(unit.repeat(Math.ceil(100_000 / unit.length)));
      }),
      { numRuns: 60 },
    );
  });
});

describe("the cost of the rules", () => {
  /** The expression without its classes and escapes, so that what is left of `*`, `+` and `{}` repeats something. */
  const bare = (source: string): string => source.replace(/\\./g, "e").replace(/\[(?:[^\]])*\]/g, "c");

  it.each(GUARD_RULES.map((rule, index) => [index, rule.name, rule.regex] as const))(
    "rule %i (%s) tries a constant number of characters from each start",
    (_index, _name, regex) => {
      const source = bare(regex.source);
      const repeats = Array.from(source.matchAll(/\{(\d+)(,?)(\d*)\}/g), ([, from, comma, to]) =>
        comma === "" ? Number(from) : Number(to || Number.POSITIVE_INFINITY),
      );

      expect(source).not.toMatch(/[*+]/);
      for (const most of repeats) expect(most).toBeLessThanOrEqual(8_192);
      // A repetition of something that itself repeats is short.
      for (const [, inner, most] of source.matchAll(/\(([^()]*)\)\{\d+,(\d+)\}/g))
        if (/\{/.test(inner ?? "")) expect(Number(most)).toBeLessThanOrEqual(20);
      expect(regex.flags).toContain("g");
    },
  );
});

describe("the READMEs", () => {
  it.each([
    ["README.md", "en"],
    ["README.zh-CN.md", "zh"],
  ] as const)("%s gives the figures of `npm run guard:figures`", (name, language) => {
    const readme = readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
    expect(withGuardFigures(readme, language)).toBe(readme);
  });

  it("speak of corpora that are large enough, and of rates that are worth having", () => {
    const { fresh, tuned } = measureGuard();
    expect(fresh.secrets).toBeGreaterThanOrEqual(100);
    expect(fresh.harmless).toBeGreaterThanOrEqual(200);
    expect(fresh.missed.length / fresh.secrets).toBeLessThanOrEqual(0.2);
    expect(fresh.spoiled.length / fresh.harmless).toBeLessThanOrEqual(0.01);
    expect([tuned.missed, tuned.spoiled]).toEqual([[], []]);
  });
});
