import { oneOf } from "../base/settings.ts";
import type { RequestTypeDef, ScreenFieldDef } from "./catalog.ts";
import type { LinkTypeRecord } from "./types.ts";

/** What an administrator sets for one project; what is left out is as in the whole site. */
export interface ProjectSettings {
  readonly fieldsOffScreen?: readonly string[];
  readonly screenFields?: readonly ScreenFieldDef[];
  readonly requiredFields?: readonly string[];
  readonly doneRequiresResolution?: boolean;
  /** Fields that are on the edit screens alone. */
  readonly fieldsOffCreateScreen?: readonly string[];
  /** Fields of `screenFields` that a transition into category `done` demands. */
  readonly doneRequiresFields?: readonly string[];
  /** Request types of a service project; a site with none at all has no Jira Service Management. */
  readonly requestTypes?: readonly RequestTypeDef[];
  /** The security level that new issues get. */
  readonly defaultSecurityLevelId?: string;
  /** An archived project can be read by its key and takes no new issue. */
  readonly archived?: boolean;
}

const USUAL_LINK_TYPES: readonly LinkTypeRecord[] = [
  { id: "10000", name: "Blocks", inward: "is blocked by", outward: "blocks" },
  { id: "10001", name: "Cloners", inward: "is cloned by", outward: "clones" },
  { id: "10002", name: "Duplicate", inward: "is duplicated by", outward: "duplicates" },
  { id: "10003", name: "Relates", inward: "relates to", outward: "relates to" },
];

/**
 * The switches of the stand-in with their defaults. A default follows the documentation; where nothing is documented the comment says
 * "Assumed:" and the switch lets a test try the other answer as well (jira.md 5 lists what only a real site can tell).
 */
export const DEFAULT_SETTINGS = {
  /** Search sees issues as they were this long ago. jira.md 3.2: eventually consistent, usually seconds. */
  searchLagMs: 0,
  /** Comment lists and the `attachment`/`comment` fields show what was there this long ago (jira.md 5, unknown). */
  listLagMs: 0,
  /** Most issues of one search page when more than id and key are asked. Assumed: 100 ("fewer when many fields are asked"). */
  searchMaxWithFields: 100,
  /** Whether `updated >= 1767225600000` is understood (jira.md 4, reported only). */
  jqlEpochMillis: false,
  /** Whether naming an issue that does not exist in JQL is a 400. Assumed: yes, as Jira's validation does. */
  jqlUnknownIssueIs400: true,
  /** What moves an issue's `updated` (jira.md 5, unknown). */
  commentAddMovesUpdated: true,
  commentEditMovesUpdated: true,
  commentDeleteMovesUpdated: true,
  attachmentMovesUpdated: true,
  propertyMovesUpdated: false,
  /**
   * What `/issue/properties/multi` comes to (jira.md 6): `done`; refused with a status; `partial`: the task says COMPLETE and every second
   * issue went without; `failing`: the task fails and nothing is set; `stuck`: it runs for ever.
   */
  bulkProperties: oneOf("done", "400", "403", "404", "partial", "failing", "stuck"),
  /** Whether `created` of the bulk changelog is epoch milliseconds, as in the official example (jira.md 6), or ISO text. */
  bulkChangelogEpoch: true,
  /** What `/priority/search` answers: it is marked removed, and its only scope is an administrator's (jira.md 6). */
  prioritySearch: oneOf("410", "401", "works"),
  /** Whether the bot may read members of roles and groups: Administer Projects, Browse users and groups (jira.md 6). */
  botReadsRoleMembers: false,
  /** Scopes of the bot's API token; `null` = an unscoped one. A call without its scope is answered 401 (jira.md 6). */
  tokenScopes: null as readonly string[] | null,
  /** For so long after its creation an issue may answer 404 (jira.md 6, one field report: up to 30 s on a busy site). */
  freshIssueHiddenMs: 0,
  /** Whose address `self`, `content` and the like begin with: the site's, or that of Atlassian's gateway (jira.md 6). */
  urlsAt: oneOf("gateway", "site"),
  /** Whether a request without a User-Agent is refused with 403, as some edges do (huawei.md 14). */
  requireUserAgent: true,
  /** Whether `expand=properties` returns properties on the comment list and on one comment (jira.md 6: it does). */
  commentListReturnsProperties: true,
  /** `all`: jsdPublic on every comment; `service_desk`: only in service projects; `never`: nowhere. */
  jsdPublic: oneOf("all", "service_desk", "never"),
  /** How many of the newest comments `fields.comment` shows in search results (jira.md 4). */
  searchCommentCount: 20,
  /** How many of the newest comments `fields.comment` of one issue shows; `total` tells how many there are (jira.md 4). */
  issueCommentCount: 100,
  /** `emailAddress` of other people in user objects (jira.md 2.3: null was seen). */
  emailAddress: oneOf("absent", "shown", "null"),
  /** Language of names for the calling account: match by id, never by name (jira.md 1). */
  language: oneOf("en", "zh"),
  /** Time zone of the bot account: JQL date literals are read in it (jira.md 4). */
  botTimeZone: "Asia/Shanghai",
  /** `notifyUsers=false` and overrides need administration (jira.md 3.1). */
  botIsAdmin: false,
  /** Permission keys the bot does not have, such as "TRANSITION_ISSUES". */
  revokedPermissions: [] as readonly string[],
  /** Whether issues of company-managed projects show the field of their security level; a field configuration may hide it. */
  securityField: oneOf("shown", "absent"),
  /** Who is told of a project's levels: nobody, whoever asks, or that there are none. Administrators alone see the scheme (OpenAPI). */
  securityLevels: oneOf("forbidden", "listed", "none"),
  /** Whether a reply shows the visibility of the comment above it; not documented (jira.md 6). */
  repliesRepeatVisibility: false,
  /** Whether the bot may read issues with a security level, and comments restricted to a role or group. */
  botSeesSecurityLevels: true,
  botSeesRestrictedComments: true,
  /** Whether `priority` is on the create and edit screens; per project key, else `default`. */
  priorityOnScreen: { default: true } as Readonly<Record<string, boolean>>,
  /** Fields that are on no create or edit screen of the site, such as "labels"; setting them is refused. */
  fieldsOffScreen: [] as readonly string[],
  /** Fields on every screen besides those of every site; `components`, `versions` and `fixVersions` are of kind `named`. */
  screenFields: [] as readonly ScreenFieldDef[],
  /** Fields that a creation must give, without a default. */
  requiredFields: [] as readonly string[],
  /** What `/myself` says the bot's account is. */
  botAccountType: oneOf("atlassian", "app", "customer"),
  /** Whether a transition into category `done` demands `fields.resolution`. */
  doneRequiresResolution: false,
  /** What is different in single projects, by their keys. */
  projectSettings: {} as Readonly<Record<string, ProjectSettings>>,
  /** Transition ids that are not offered (a condition of the workflow hides them). */
  hiddenTransitions: [] as readonly string[],
  /** Characters of description and comment: 32,767, of plain text or of the JSON (jira.md 4, disputed). */
  textLimit: 32_767,
  textLimitCounts: oneOf("json", "text"),
  /** `nul`: NUL is refused in rich text and summary; `control`: every C0 control but tab, LF, CR; `none`. Assumed: nul. */
  refuseControlCharacters: oneOf("nul", "none", "control"),
  /** 20 writes in 2 s and 100 in 30 s on one issue (jira.md 3.6). */
  perIssueLimits: true,
  /** Requests per second of one operation before 429 `jira-burst-based`; 0 is off (jira.md 3.6). */
  burstPerSecond: 0,
  /** Whether 429 answers carry Retry-After (jira.md 4: a gateway 429 came without). */
  retryAfterOn429: true,
  /** Bytes of one attachment (jira.md 3.5). */
  uploadLimitBytes: 1_073_741_824,
  attachmentsEnabled: true,
  /** Answers 411 to an upload without Content-Length (jira.md 5, unknown). */
  refuseChunkedUploads: true,
  /** Longest attachment name in UTF-16 units. Assumed: 255. */
  attachmentNameMax: 255,
  /** Where the 303 of the content endpoint leads: another path, or another origin. */
  contentOrigin: oneOf("other", "same"),
  /** Per-issue limits of comments and attachments: 413 beyond (jira.md 3.3). */
  maxComments: 5_000,
  maxAttachments: 2_000,
  /** Webhook delivery: shares of lost and doubled deliveries, whether order is shuffled, delay (jira.md 3.7). */
  webhookLossRate: 0,
  webhookDuplicateRate: 0,
  webhookShuffle: false,
  webhookDelayMs: 0,
  /** Whether a comment also fires `jira:issue_updated` (jira.md 5, unknown). */
  commentFiresIssueUpdated: true,
  /** Whether comment and attachment webhooks carry `issue` (jira.md 3.7: undocumented). */
  webhookCarriesIssue: true,
  /** Whether issues can be linked at all, and how. */
  issueLinking: true,
  linkTypes: USUAL_LINK_TYPES as readonly LinkTypeRecord[],
  /** Delay of every answer of the REST interface. */
  latencyMs: 0,
};

/** The switches of the stand-in. */
export type JiraSettings = typeof DEFAULT_SETTINGS;
