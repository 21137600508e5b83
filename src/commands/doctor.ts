/** `casebridge doctor`: looks at everything, and says what to mend. The checks stand in `doctor/`. */
import { Option } from "commander";
import type { Config } from "../config/config.ts";
import { listeningToAnswers } from "../lib/answer-recorder.ts";
import { trustAlso } from "../lib/trust.ts";
import { readVersion } from "../lib/version.ts";
import { silentLogger } from "../observability/logger.ts";
import type { Log } from "../sync/ports.ts";
import type { App } from "./cli/app.ts";
import { defineCommand } from "./cli/command.ts";
import { parsePath } from "./cli/option-values.ts";
import { connectionOption, once, readConnection, textOf } from "./cli/options.ts";
import { commandLog } from "./cli/work.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { type DoctorReport, doctorResult } from "./doctor/doctor.ts";
import { makeAnswerBook, readForReport, writeReport } from "./doctor/report.ts";
import { isNamed, noConnection } from "./targets.ts";

/** `casebridge doctor`. `report`: file for what the services answered; `null` = none. */
export const command = defineCommand({
  options: () => [
    connectionOption(),
    new Option(
      "--report <file>",
      "write down what the services answered: shapes, codes and limits, no texts or ids",
    ).argParser(once(parsePath)),
  ],
  read: (parsed) => ({ ...readConnection(parsed), report: textOf(parsed, "report") }),
  run: async ({ connection, report }, { app }) => {
    const loaded = app.loadConfig({ purpose: "command" });
    if (loaded.ok && connection !== null && !loaded.config.connections.some(isNamed(connection)))
      throw noConnection(connection);
    if (loaded.ok) trustAlso(loaded.config.authorities);
    const log = loaded.ok ? commandLog(loaded.config) : silentLogger;
    const look = (): Promise<DoctorReport> => diagnose({ app, loaded, connection, log });
    if (!loaded.ok) return doctorResult(await look());
    // The main language of what casebridge itself writes; it is one for all connections.
    const [language] = loaded.config.connections[0]?.languages ?? ["en"];
    if (report === null) return doctorResult(await look(), language);
    return doctorResult(
      await withReport({ app, config: loaded.config, connection, log, file: report }, look),
      language,
    );
  },
});

/** Looks, reads a case and an issue of each connection besides, and writes down what was answered. Throws `CommandFailure`. */
async function withReport(
  about: {
    readonly app: Pick<App, "makeHuawei" | "makeJira">;
    readonly config: Config;
    readonly connection: string | null;
    readonly log: Log;
    readonly file: string;
  },
  look: () => Promise<DoctorReport>,
): Promise<DoctorReport> {
  const { app, config, connection, log, file } = about;
  const book = makeAnswerBook();
  const chosen = config.connections.filter(({ name }) => connection === null || name === connection);
  const doctor = await listeningToAnswers(book.note, async () => {
    const seen = await look();
    for (const { huawei, jira } of chosen) {
      try {
        await readForReport({ huawei: app.makeHuawei(huawei, log), jira: app.makeJira(jira, log) });
      } catch {
        // Settings that make no client: the sheet says so.
      }
    }
    return seen;
  });
  await writeReport(file, {
    version: readVersion(),
    at: new Date(),
    doctor,
    connections: chosen.map(({ huawei }) => ({ apiVersion: huawei.apiVersion, site: huawei.site })),
    facts: book.facts(),
    calls: book.list(),
  });
  return doctor;
}
