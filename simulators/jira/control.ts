// The other hand: acts as people would in the browser, looks at everything, sets switches. In process as
// `simulator.control.X(args)`, over HTTP as `POST /_control/X` with the same argument as JSON body.

import { makeBaseControl } from "../base/control.ts";
import type { FaultBook } from "../base/faults.ts";
import type { RequestLog } from "../base/request-log.ts";
import { mergeSettings } from "../base/settings.ts";
import type { Windows } from "../base/windows.ts";
import { showIssue, showSite } from "./control-views.ts";
import { makePeople } from "./people.ts";
import { makeCommentators } from "./people-items.ts";
import type { JiraServer } from "./server.ts";
import { DEFAULT_SETTINGS, type JiraSettings } from "./settings.ts";
import type { Site } from "./site.ts";
import type { Webhooks, WebhookTarget } from "./webhooks.ts";

/** What the control works on. */
export interface ControlDeps {
  readonly site: Site;
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly limits: Windows;
  readonly server: JiraServer;
  readonly webhooks: Webhooks;
  readonly credentials: { email: string; apiToken: string };
  readonly initialSettings: Partial<JiraSettings>;
}

/** The control of one stand-in. */
export type JiraControl = ReturnType<typeof makeControl>;

/** Makes the control. */
export function makeControl({ site, server, webhooks, ...deps }: ControlDeps) {
  const { settings, state } = site;
  return {
    ...makePeople(site),
    ...makeCommentators(site),
    ...makeBaseControl<JiraSettings>({
      ...deps,
      settings: {
        get: () => ({ ...settings }),
        set: (changes) => Object.assign(settings, mergeSettings(DEFAULT_SETTINGS, settings, changes)),
      },
    }),
    getState: () => showSite(site),
    getIssue: (args: { issue: string }) => showIssue(site, state.getIssue(args.issue)),
    getRequests: () => server.getRequests(),
    resetRequests: (): void => server.resetRequests(),
    /** The API token that is accepted from now on: a token that expired or was replaced. */
    setApiToken: (args: { apiToken: string }): void => {
      deps.credentials.apiToken = args.apiToken;
    },
    setWebhook: (target: WebhookTarget | null): void => webhooks.setTarget(target),
    flushWebhooks: (): Promise<void> => webhooks.flush(),
    getWebhookDeliveries: () => webhooks.listDeliveries(),
    /** Back to an empty site with the settings it was started with. The webhook target stays. */
    reset(): void {
      state.clear();
      site.tasks.clear();
      deps.faults.clear();
      deps.faults.setOutage(false);
      deps.limits.clear();
      server.clear();
      Object.assign(settings, DEFAULT_SETTINGS, deps.initialSettings);
    },
  };
}
