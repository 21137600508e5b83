/**
 * Every switch of both simulators with its positions: one table for the contract (each position alone, `npm run contract`) and for the
 * exploration (each pair of positions, `npm run chaos`). A setting that is missing here does not compile, nor does a word of a setting that is a
 * list of words; `switch-table.test.ts` holds it against the documents of the vendors.
 */
import { DEFAULT_SETTINGS, type HuaweiSettings } from "../../simulators/huawei/index.ts";
import { DEFAULT_SETTINGS as JIRA_SETTINGS, type JiraSettings } from "../../simulators/jira/settings.ts";

/** Positions besides the default: all, by the type, where it has few values; chosen ones elsewhere. */
type Positions<Value> = [Value] extends [boolean]
  ? "both"
  : [Value] extends [string]
    ? string extends Value
      ? readonly Value[]
      : { readonly [Word in Value]: true }
    : readonly Value[];

/** Whether the exploration plays the switch in pairs, or why it does not. */
type InPairs = true | { readonly alone: string };

type Entry<Value> = { readonly positions: Positions<Value>; readonly pairs: InPairs };
type Table<Settings> = { readonly [Name in keyof Settings]-?: Entry<Settings[Name]> };

const paired = <const P>(positions: P) => ({ positions, pairs: true as const });
const alone = <const P>(positions: P, why: string) => ({ positions, pairs: { alone: why } });

const noLogin = "the exploration's worlds have no token or keys that end";
const wrongSetup = "it keeps a wanted write from happening at all: told to people, nothing to converge to";
const otherNumbers = "a bound that the exploration's traffic does not come near";

/** The switches of the Huawei simulator. */
export const huaweiSwitches: Table<HuaweiSettings> = {
  clockSkewMs: alone([60_000, 400 * 86_400_000], "the exploration sets clocks wrong by an hour"),
  tokenLifetimeMs: alone([60_000], noLogin),
  temporaryKeyLifetimeMaxMs: alone([15 * 60_000], noLogin),
  metadataTokenNeeded: alone("both", noLogin),
  deadTokenStyle: alone({ gateway: true, osm401: true, osm200: true }, noLogin),
  requireDomainId: paired("both"),
  tokenRights: alone({ domain: true, project: true, both: true }, noLogin),
  site: alone(
    { any: true, china: true, international: true },
    "another site than the configured one refuses everything",
  ),
  requireUserAgent: paired("both"),
  timeZoneHeader: paired({ heeded: true, ignored_gmt8: true, ignored_utc: true }),
  v1Download: alone({ query: true, path: true }, "v1.0 only; the worlds speak the dialect of the run"),

  requestsPerSecond: paired([40]),
  rateLimitScope: paired({ account: true, api: true }),
  retryAfterSeconds: paired([2]),
  latencyMs: alone([5], "real time, of which the exploration has none"),
  bodyBytesMax: alone([1024 * 1024], otherNumbers),

  errorStyle: paired({ http200: true, http4xx: true }),
  successErrorCode: paired({ absent: true, "": true, "0": true, "OSM.00000000": true, "number 0": true }),
  emptyBodyOnWrite: paired("both"),
  wrongStatusErrorCode: paired(["OSM.01010013"]),

  readLagMs: paired([3_000, 20_000]),
  listTotalName: paired({ total_count: true, count: true, both: true }),
  listOrder: paired({ newest: true, oldest: true, random: true }),
  listShift: paired([2, -1]),
  listLimitDefault: alone([1], "casebridge always sends `limit`"),
  incidentIdFuzzy: paired("both"),
  deletedCases: alone(
    { listed: true, hidden: true, missing: true },
    "where nothing shows a deleted case, one whose creation was not confirmed before cannot be told from one that was never made",
  ),

  timeFormat: paired({ iso: true, iso_ms: true, offset: true, local: true, epoch_ms: true, epoch_ms_text: true }),
  numbersForText: paired("both"),
  numbersAsText: paired("both"),
  statusAsText: paired({ never: true, "v1-list": true, always: true }),

  messageOrder: paired({ oldest: true, newest: true, random: true }),
  detailMessageOrder: paired({ oldest: true, newest: true, random: true }),
  detailMessagesMax: paired([3]),
  detailMessageIds: paired("both"),
  replierTypeShown: paired("both"),
  messageFilesShownMax: paired([0]),
  messageListTextMax: paired([0]),
  firstMessageListed: paired("both"),
  cursorFirstCall: paired({ history: true, nothing: true }),
  cursorInclusive: paired("both"),
  instantMessagesMax: paired([10]),
  instantMessagesUnknownCase: paired({ skip: true, error: true }),
  moreInclusive: alone("both", "casebridge does not page with /more"),
  richText: paired({ off: true, engineer: true, all: true }),
  contentNormalization: paired({ none: true, trim: true, crlf: true }),

  descriptionMax: alone([10_000], otherNumbers),
  messageMax: alone([2_000, 1_200], otherNumbers),
  emptyContent: paired({ refused: true, with_files: true, allowed: true }),
  messageOnClosed: paired({ refused: true, accepted: true }),
  messageOnToConfirm: paired({ unchanged: true, processing: true }),
  messageEndsFeedback: paired("both"),
  withdrawnMessages: alone(
    { vanish: true, stay: true, blank: true },
    "whether a withdrawal shows at all is what the judge asks",
  ),
  withdrawWindowMs: paired([1]),

  cancelFrom: alone([[0, 1]], "the judge knows the documented table of actions"),
  closeFrom: alone([[1], [1, 2]], "the judge knows the documented table of actions"),
  pressFrom: alone([[0]], "the judge knows the documented table of actions"),
  deleteFrom: alone([[3]], "casebridge deletes no case"),
  pressIdleMs: paired([600_000]),
  pressIntervalMs: paired([0]),
  autoCloseMs: alone([60_000], "the judge expects a status to stay where the last move put it"),
  supportMovesLogged: paired("both"),

  accessoryLimitCount: alone([1], otherNumbers),
  accessoryLimitSizeMb: alone([1], otherNumbers),
  accessoryFileTypes: alone(["txt"], otherNumbers),
  dailyUploadBytesMax: alone([1], wrongSetup),
  unusedAccessoryLifetimeMs: alone([60_000], otherNumbers),
  accessoryReuse: paired({ refused: true, allowed: true }),
  accessoryFromEnforced: paired("both"),
  linkNeedsAuth: paired("both"),
  linkLifetimeMs: alone([1], "casebridge downloads by id, not by link"),

  supportPlan: paired("both"),
  policySwitch: paired("both"),
  mayCreateCases: alone("both", wrongSetup),
  agreementSigned: alone("both", wrongSetup),
  agreementBlocksCreate: alone("both", "it matters only where nothing is signed"),
  caseQuota: alone([1], wrongSetup),
};

const noWebhooks = "rounds alone wake the workers of the exploration";
const siteSetup = "what an administrator sets up, or a person may see: said by `doctor`, no fact about Jira";

/** The switches of the Jira simulator. */
export const jiraSwitches: Table<JiraSettings> = {
  searchLagMs: paired([5_000, 60_000]),
  listLagMs: paired([3_000, 10_000]),
  searchMaxWithFields: paired([2]),
  jqlEpochMillis: paired("both"),
  jqlUnknownIssueIs400: paired("both"),
  commentAddMovesUpdated: alone(
    "both",
    "without it, and without webhooks, a comment is found at the next full check only",
  ),
  commentEditMovesUpdated: paired("both"),
  commentDeleteMovesUpdated: paired("both"),
  attachmentMovesUpdated: paired("both"),
  propertyMovesUpdated: paired("both"),
  bulkProperties: paired({
    done: true,
    "400": true,
    "403": true,
    "404": true,
    partial: true,
    failing: true,
    stuck: true,
  }),
  bulkChangelogEpoch: paired("both"),
  prioritySearch: paired({ "410": true, "401": true, works: true }),
  botReadsRoleMembers: paired("both"),
  tokenScopes: alone(
    [["read:jira-work", "write:jira-work", "read:jira-user"], ["read:jira-work", "read:jira-user"], []],
    siteSetup,
  ),
  freshIssueHiddenMs: paired([30_000]),
  urlsAt: paired({ gateway: true, site: true }),
  requireUserAgent: paired("both"),
  commentListReturnsProperties: paired("both"),
  jsdPublic: paired({ all: true, service_desk: true, never: true }),
  searchCommentCount: paired([1]),
  issueCommentCount: paired([3]),
  emailAddress: paired({ shown: true, absent: true, null: true }),
  language: paired({ en: true, zh: true }),
  botTimeZone: paired(["America/New_York"]),
  botIsAdmin: paired("both"),
  revokedPermissions: alone([["TRANSITION_ISSUES"], ["CREATE_ATTACHMENTS"]], siteSetup),
  securityField: alone({ shown: true, absent: true }, "nothing leaves where no level can be told"),
  securityLevels: paired({ forbidden: true, listed: true, none: true }),
  repliesRepeatVisibility: paired("both"),
  botSeesSecurityLevels: alone("both", siteSetup),
  botSeesRestrictedComments: alone("both", siteSetup),
  priorityOnScreen: paired([{ default: false }]),
  fieldsOffScreen: alone([["priority"]], siteSetup),
  screenFields: alone([[{ id: "customfield_10090", name: "Impact", kind: "string", options: [] }]], siteSetup),
  requiredFields: alone([["duedate"]], siteSetup),
  botAccountType: alone({ atlassian: true, app: true, customer: true }, siteSetup),
  doneRequiresResolution: alone("both", siteSetup),
  projectSettings: alone([{ OPS: { fieldsOffCreateScreen: ["labels", "priority"] } }], siteSetup),
  hiddenTransitions: alone([["41"]], siteSetup),
  textLimit: alone([1_000], otherNumbers),
  textLimitCounts: paired({ text: true, json: true }),
  refuseControlCharacters: paired({ none: true, nul: true, control: true }),
  perIssueLimits: paired("both"),
  burstPerSecond: paired([30]),
  retryAfterOn429: paired("both"),
  uploadLimitBytes: alone([2], otherNumbers),
  attachmentsEnabled: alone("both", siteSetup),
  refuseChunkedUploads: paired("both"),
  attachmentNameMax: paired([120]),
  contentOrigin: paired({ same: true, other: true }),
  maxComments: alone([2], otherNumbers),
  maxAttachments: alone([0], otherNumbers),
  webhookLossRate: alone([1], noWebhooks),
  webhookDuplicateRate: alone([1], noWebhooks),
  webhookShuffle: alone("both", noWebhooks),
  webhookDelayMs: alone([50], noWebhooks),
  commentFiresIssueUpdated: alone("both", noWebhooks),
  webhookCarriesIssue: alone("both", noWebhooks),
  issueLinking: paired("both"),
  linkTypes: alone([[]], siteSetup),
  latencyMs: alone([5], "real time, of which the exploration has none"),
};

/** A switch as the tests play it. */
export type Switch = {
  readonly of: "huawei" | "jira";
  readonly name: string;
  /** The default first. */
  readonly positions: readonly unknown[];
  readonly pairs: InPairs;
};

function flatten(
  of: Switch["of"],
  table: Readonly<Record<string, Entry<unknown>>>,
  defaults: object,
): readonly Switch[] {
  return Object.entries(table).map(([name, entry]) => {
    const first: unknown = Object.getOwnPropertyDescriptor(defaults, name)?.value;
    const given = entry.positions as unknown;
    const all =
      given === "both" ? [true, false] : Array.isArray(given) ? (given as unknown[]) : Object.keys(given as object);
    const others = all.filter((value) => JSON.stringify(value) !== JSON.stringify(first));
    return { of, name, positions: [first, ...others], pairs: entry.pairs };
  });
}

/** Both tables as one list. */
export const simulatorSwitches: readonly Switch[] = [
  ...flatten("huawei", huaweiSwitches as never, DEFAULT_SETTINGS),
  ...flatten("jira", jiraSwitches as never, JIRA_SETTINGS),
];
