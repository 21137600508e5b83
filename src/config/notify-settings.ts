/** Whom casebridge tells of troubles (docs/operations.md, "Notifications"). */
import { type AlarmCause, alarmCauses } from "../domain/alarm.ts";
import { notifySignatures } from "../domain/notify-format.ts";
import { Secret } from "../lib/secret.ts";
import type { NotifyConfig } from "./config.ts";
import { type ConfigError, makeConfigError } from "./config-error.ts";
import type { VariableName } from "./environment.ts";
import { commonProxy } from "./proxy-settings.ts";
import { toWords } from "./values.ts";
import type { Variables } from "./variables.ts";

/** Reads the `NOTIFY_…` variables; `null` where nobody is to be told. A secret that would sign nothing goes to `report`. */
export function loadNotify(variables: Variables, report: (error: ConfigError) => void): NotifyConfig | null {
  const url = secretOf(variables, "NOTIFY_URL");
  const secret = secretOf(variables, "NOTIFY_SECRET");
  const format = pick(variables, "NOTIFY_FORMAT") ?? "json";
  if (url === null) {
    if (secret !== null && variables.findSecret("NOTIFY_URL").kind === "absent") {
      report(
        makeConfigError({
          kind: "missing",
          variable: "NOTIFY_URL",
          message: "is not set, although NOTIFY_SECRET is",
          remedy: "Set NOTIFY_URL (or NOTIFY_URL_FILE) to the address of the robot, or leave NOTIFY_SECRET out.",
        }),
      );
    }
    return null;
  }
  if (secret !== null && notifySignatures[format] === null) {
    report(
      makeConfigError({
        kind: "conflict",
        variable: "NOTIFY_SECRET",
        message: `is set, but ${format} has no signature: its address alone is the secret`,
        remedy: "Leave NOTIFY_SECRET out, or set NOTIFY_FORMAT to feishu, dingtalk or json.",
      }),
    );
  }
  return {
    url,
    format,
    on: toWords(pick(variables, "NOTIFY_ON") ?? "").filter(isCause),
    secret,
    languages: languagesOf(pick(variables, "TEXT_LANGUAGE") ?? "en"),
    proxy: commonProxy(variables),
  };
}

/** The languages that `TEXT_LANGUAGE` names; the first is the main one. Pure. */
export function languagesOf(language: "en" | "zh" | "both"): NotifyConfig["languages"] {
  return language === "both" ? ["en", "zh"] : [language];
}

function isCause(word: string): word is AlarmCause {
  const words: readonly string[] = alarmCauses;
  return words.includes(word);
}

/** The checked value, or `null` where it is unset or its mistake is already reported. */
function pick<N extends VariableName>(variables: Variables, name: N) {
  const found = variables.find(name);
  return found.kind === "value" ? found.value : null;
}

function secretOf(variables: Variables, name: VariableName): Secret | null {
  const found = variables.findSecret(name);
  return found.kind === "value" ? new Secret(found.value) : null;
}
