/**
 * Looks at everything that has to be right before mirroring can work, and says what to mend. Reads only.
 *
 * A check answers `true` (right), `false` (has to be mended) or `null` (a warning, or it could not be told). One that fails does not
 * stop the others, save that a side that cannot be reached or refuses the credentials is not asked again: its other checks would
 * only repeat the one thing that matters.
 */
import { isLoopback } from "../../lib/loopback.ts";
import type { CommandResult } from "../cli/command.ts";
import { ExitCode } from "../cli/exit-code.ts";
import type { Cell } from "../cli/output.ts";
import { checkHuawei, type DoctorHuaweiPort } from "./huawei.ts";
import { checkJira, type DoctorJiraPort } from "./jira.ts";
import { checkSettings, checkTogether } from "./settings.ts";
import { type DoctorCheck, type DoctorSettings, type Finding, makeSheet, right, toCheck, wrong } from "./sheet.ts";
import { type DoctorLanguage, doctorTexts, verbatim, type Words } from "./texts/texts.ts";

export type { DoctorCheck, DoctorSettings, Finding } from "./sheet.ts";

/** The whole report. `exitCode`: 0, 3 when something has to be mended, 4 when a service cannot be reached or refuses us. */
export type DoctorReport = { readonly checks: readonly DoctorCheck[]; readonly exitCode: ExitCode };

/** One connection with its two sides; the clients of `huawei/` and `jira/` satisfy the ports. */
export type DoctorConnection = {
  readonly settings: DoctorSettings;
  /** A finding in place of a port: its client could not be made of the settings. */
  readonly huawei: DoctorHuaweiPort | Finding;
  readonly jira: DoctorJiraPort | Finding;
  /** Watched links; `null` or left out = not known. */
  readonly watchedLinks?: number | null;
};

/** A check that the integrator brings: database, migrations, the queue's Redis policy. A throw counts as `false`. */
export type Probe = {
  readonly name: string;
  readonly remedy: Words;
  /** A remedy of its own wins over the probe's. */
  readonly run: () => Promise<Omit<Finding, "remedy"> & { readonly remedy?: Words | null }>;
};

/** What `runDoctor` looks at. */
export type DoctorInput = {
  readonly connections: readonly DoctorConnection[];
  /** How the page is offered; port 0 = not at all. */
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly hasSignIn: boolean;
    /** Port of the listener that serves the webhook alone; `null` = there is none. */
    readonly webhookPort: number | null;
  };
  readonly probes: readonly Probe[];
  readonly now: () => Date;
  /** Told after each check, for a progress bar. */
  readonly onCheck?: (check: DoctorCheck) => void;
};

/** Runs all checks, connections side by side. Never rejects; may be repeated; writes nothing on either side. */
export async function runDoctor(input: DoctorInput): Promise<DoctorReport> {
  const perConnection = input.connections.map(async (connection) => {
    const { settings } = connection;
    const { now } = input;
    const [local, huawei, jira] = [
      makeSheet(settings.name, input),
      makeSheet(settings.name, input),
      makeSheet(settings.name, input),
    ];
    const watchedLinks = connection.watchedLinks ?? null;
    await checkSettings(local, settings, { now, http: input.http, watchedLinks });
    const [huaweiPort, jiraPort] = [connection.huawei, connection.jira];
    const huaweiFileMax = async (): Promise<number | null> => {
      if ("ok" in huaweiPort) return null;
      return huaweiPort.getFileLimits("live").then(
        (limits) => limits.sizeMaxBytes,
        () => null,
      );
    };
    await Promise.all([
      "ok" in huaweiPort
        ? huawei.check("Huawei client", async () => huaweiPort)
        : checkHuawei(huawei, { settings, port: huaweiPort, now }),
      "ok" in jiraPort
        ? jira.check("Jira client", async () => jiraPort)
        : checkJira(jira, { settings, port: jiraPort, now, huaweiFileMax }),
    ]);
    return [local, huawei, jira];
  });
  const own = makeSheet(null, input);
  for (const probe of input.probes) {
    await own.check(probe.name, async () => ({ remedy: probe.remedy, ...(await probe.run()) }), probe.remedy);
  }
  await own.check("page", async () => checkExposure(input.http));
  const together = checkTogether(input.connections.map(({ settings }) => settings));
  if (together !== null) await own.check("connections", async () => together);

  const sheets = [own, ...(await Promise.all(perConnection)).flat()];
  const checks = sheets.flatMap((sheet) => sheet.checks);
  const unreachable = sheets.some((sheet) => sheet.stoppedBy !== null);
  const broken = checks.some((check) => check.ok === false);
  return { checks, exitCode: unreachable ? ExitCode.unreachable : broken ? ExitCode.outOfSync : ExitCode.done };
}

/** The report where the configuration cannot be used at all: one check per mistake, exit 2. Pure. */
export function configurationReport(
  mistakes: readonly {
    readonly file: string | null;
    readonly line: number | null;
    readonly column: number | null;
    readonly variable: string | null;
    readonly path: string | null;
    readonly message: string;
    readonly remedy: string;
  }[],
): DoctorReport {
  const checks = mistakes.map((mistake): DoctorCheck => {
    const position = mistake.line === null ? "" : `:${mistake.line}:${mistake.column ?? 1}`;
    const place = [mistake.file === null ? null : `${mistake.file}${position}`, mistake.variable ?? mistake.path]
      .filter((part) => part !== null)
      .join(" ");
    return toCheck(
      { connection: null, name: "configuration" },
      wrong(verbatim(`${place} ${mistake.message}`.trim()), verbatim(mistake.remedy)),
    );
  });
  return { checks, exitCode: ExitCode.usage };
}

/** The report as the result of the command, in the language of the terminal; names of checks and the words for their states stay. */
export function doctorResult(report: DoctorReport, language: DoctorLanguage = "en"): CommandResult {
  const { report: t } = doctorTexts[language];
  const several = new Set(report.checks.map((check) => check.connection)).size > 1;
  const lines = report.checks.map((check) => ({ ...check, ...(language === "zh" ? check.zh : {}) }));
  const rows = lines.map((check): Cell[] => [
    ...(several ? [check.connection] : []),
    check.ok === null
      ? { text: "warn", tone: "warn" }
      : check.ok
        ? { text: "ok", tone: "good" }
        : { text: "FAILED", tone: "bad" },
    check.name,
    check.detail,
  ]);
  const toMend = lines.flatMap(({ connection, name, ok, remedy }) => {
    if (ok === true || remedy === null) return [];
    const line = t.line(name, remedy);
    return [`- ${several && connection !== null ? t.line(connection, line) : line}`];
  });
  const failed = lines.filter((check) => check.ok === false).length;
  const warned = lines.filter((check) => check.ok === null).length;
  return {
    exitCode: report.exitCode,
    json: { ok: report.exitCode === ExitCode.done, checks: report.checks },
    human: [
      { kind: "table", head: [...(several ? [t.connection] : []), "", t.check, t.found], rows },
      ...(toMend.length === 0 ? [] : [{ kind: "text", text: [t.toMend, ...toMend].join("\n") } as const]),
      {
        kind: "text",
        text: t.count(lines.length, failed, warned),
        tone: failed > 0 ? "bad" : warned > 0 ? "warn" : "good",
      },
    ],
  };
}

function checkExposure({ host, port, hasSignIn }: DoctorInput["http"]): Finding {
  const address = `${host}:${port}`;
  if (port === 0) return right((t) => t.installation.noPage);
  if (isLoopback(host))
    return right(({ installation: t }) => (hasSignIn ? t.pageHereSignIn(address) : t.pageHere(address)));
  if (hasSignIn) return right((t) => t.installation.pageSignIn(address));
  return wrong(
    (t) => t.installation.pageOpen(address),
    (t) => t.installation.closePage,
  );
}
