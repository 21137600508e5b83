// A stand-in for one Jira Cloud site over real HTTP: stateful, strict, deterministic. It shares no code with the
// product, so that a misunderstanding on one side shows on the other. What it knows comes from Atlassian's REST v3
// description and from the notes beside it; what nobody documents is a setting (see settings.ts).

import { type FaultText, makeFaultBook } from "../base/faults.ts";
import { makeFileStore } from "../base/files.ts";
import { makeRandom } from "../base/random.ts";
import { makeRequestLog } from "../base/request-log.ts";
import { mergeSettings } from "../base/settings.ts";
import { makeWindows } from "../base/windows.ts";
import { findAdfProblem, textToAdf } from "./adf.ts";
import { DEFAULT_PROJECTS, makeAccounts, makeProjects, type ProjectSeed } from "./catalog.ts";
import { type JiraControl, makeControl } from "./control.ts";
import { jiraDocument } from "./document.ts";
import { type EffectEvent, makeServer } from "./server.ts";
import { DEFAULT_SETTINGS, type JiraSettings } from "./settings.ts";
import type { Site } from "./site.ts";
import { makeState } from "./state.ts";
import { makeWebhooks, type WebhookTarget } from "./webhooks.ts";

export type { ProjectSeed } from "./catalog.ts";
export type { JiraControl } from "./control.ts";
export type { EffectEvent } from "./server.ts";
export type { JiraSettings } from "./settings.ts";
export type { WebhookTarget } from "./webhooks.ts";

/** How to start the stand-in; everything has a default. */
export interface JiraSimulatorOptions {
  /** 0 (default) takes a free port. */
  readonly port?: number;
  readonly host?: string;
  readonly email?: string;
  readonly apiToken?: string;
  /** Projects of the site; default OPS (all steps direct), STEP (step by step), DESK (service project). */
  readonly projects?: readonly ProjectSeed[];
  /** Decides account ids, probabilities and media ids. */
  readonly seed?: number;
  readonly settings?: Partial<JiraSettings>;
  /** The site's clock, milliseconds since 1970. */
  readonly now?: () => number;
  readonly webhook?: WebhookTarget;
  /** Answers that Atlassian's document does not describe become errors; for tests of the stand-in itself. */
  readonly checkAnswers?: boolean;
  /** Awaited right before each effect and after it, before the answer: a test can stop the client exactly there. */
  readonly onEffect?: (event: EffectEvent) => void | Promise<void>;
}

/** A running stand-in. */
export interface JiraSimulator {
  /** Address to give to the client as host, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly control: JiraControl;
  /** Ends all connections at once and removes the stored files. May be repeated. */
  close(): Promise<void>;
}

/** Starts a stand-in and answers when it listens. Rejects when the port is taken. */
export async function startJiraSimulator(options: JiraSimulatorOptions = {}): Promise<JiraSimulator> {
  const seed = options.seed ?? 1;
  const now = options.now ?? Date.now;
  const settings = mergeSettings(DEFAULT_SETTINGS, DEFAULT_SETTINGS, options.settings ?? {});
  const credentials = { email: options.email ?? "bot@example.com", apiToken: options.apiToken ?? "SIMTOKEN" };
  const accounts = makeAccounts(seed, credentials.email);
  const [bot] = accounts;
  if (bot === undefined) throw new Error("a site has accounts");
  const random = makeRandom(seed);
  const faults = makeFaultBook({ random: () => random, timesDefault: 1, texts: FAULT_TEXTS });
  const requests = makeRequestLog(now);
  const limits = makeWindows(now);
  const files = makeFileStore();
  const webhooks = makeWebhooks({ site: () => site, random: makeRandom(seed + 1), seed });
  const state = makeState({
    now,
    settings,
    accounts,
    seed,
    projects: makeProjects(options.projects ?? DEFAULT_PROJECTS),
    emit: webhooks.onEvent,
  });
  const site: Site = {
    now,
    settings,
    state,
    files,
    bot,
    baseUrl: () =>
      settings.urlsAt === "site"
        ? server.getUrl()
        : "https://api.atlassian.com/ex/jira/4a6c1f2e-6f0d-4b65-9a0e-0c5d3a1b7e42",
    makeDownloadUrl: (attachmentId) => server.makeDownloadUrl(attachmentId),
    tasks: new Map(),
  };
  const server = makeServer({
    site,
    faults,
    requests,
    limits,
    credentials,
    onEffect: options.onEffect ?? null,
    checkAnswers: options.checkAnswers ?? false,
    control: () => control,
  });
  const control = makeControl({
    site,
    faults,
    requests,
    limits,
    server,
    webhooks,
    credentials,
    initialSettings: options.settings ?? {},
  });
  webhooks.setTarget(options.webhook ?? null);

  try {
    const url = await server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
    setImmediate(warmUp);
    return {
      url,
      control,
      close: async () => {
        webhooks.close();
        await server.close();
        files.close();
      },
    };
  } catch (error) {
    files.close();
    throw error;
  }
}

/** Answers of a server that had its effect and then broke, and of a gateway that asks a person to log in. */
const FAULT_TEXTS: Readonly<Record<string, FaultText>> = {
  garbage: { phase: "after", contentType: "application/json;charset=UTF-8", text: '{"id":"1", "fields": {' },
  login_page: { phase: "before", contentType: "text/html;charset=UTF-8", text: "<html><title>Log in</title></html>" },
};

/** Compiles what the first writes need, while nobody waits: on a busy machine it could outlast a caller's patience. Quick once done. */
function warmUp(): void {
  const document = jiraDocument();
  for (const id of ["createIssue", "editIssue", "addComment", "searchAndReconsileIssuesUsingJqlPost"]) {
    const operation = document.operations.get(id);
    if (operation !== undefined) document.findBodyProblem(operation, {});
  }
  findAdfProblem(textToAdf("text"));
}
