/**
 * Everything about the service that its documentation leaves open or contradicts, as switches.
 * A default is the documented value where there is one, otherwise the reading that docs/vendors/huawei.md calls likely ("Assumed"); where that
 * is silent too, the reading that asks more of casebridge.
 */
import { oneOf } from "../base/settings.ts";

/** The switches with their defaults. Times and periods in milliseconds, sizes in bytes unless the name says otherwise. */
export const DEFAULT_SETTINGS = {
  /** Largest accepted clock difference of X-Sdk-Date. Open in huawei.md 3.2; 15 min is common. */
  clockSkewMs: 15 * 60_000,
  /** Life of an IAM token (huawei.md 3.1: 24 h). */
  tokenLifetimeMs: 24 * 3_600_000,
  /** No temporary keys live longer, whatever was asked for (huawei.md 3.4: 15 min to 24 h). */
  temporaryKeyLifetimeMaxMs: 24 * 3_600_000,
  /** Whether the server's metadata answers only to who holds a token of it. */
  metadataTokenNeeded: false,
  /** How a dead token is refused (huawei.md 3.1): `gateway` 401 APIGW.0307, `osm401` 401 OSM.0002, `osm200` 200 OSM.01010011. */
  deadTokenStyle: oneOf("gateway", "osm401", "osm200"),
  /** Whether AK/SK requests without X-Domain-Id are refused, as the signing guide asks of global services (huawei.md 14). */
  requireDomainId: true,
  /** Which scope of a token carries the rights of the ticket service (huawei.md 14: both are documented somewhere). */
  tokenRights: oneOf("domain", "project", "both"),
  /** Which site the account belongs to; another `X-Site`, absent = china, is refused (huawei.md 14). `any` = it is not looked at. */
  site: oneOf("any", "china", "international"),
  /** Whether a request without a User-Agent is refused, as some edges do (huawei.md 14). */
  requireUserAgent: true,
  /** Whether X-Time-Zone is heeded, or times are read and written in the default zone or in UTC whatever it says (huawei.md 14). */
  timeZoneHeader: oneOf("ignored_gmt8", "heeded", "ignored_utc"),
  /** Where v1.0 wants the id of a download: the page shows both (huawei.md 14). */
  v1Download: oneOf("path", "query"),

  /** Accepted requests in any second, 0 = unlimited; above it 429 APIGW.0308 (huawei.md 11). */
  requestsPerSecond: 0,
  /** Whether the rate limit counts all operations of an account together or each operation alone (huawei.md 11: per API [gw]). */
  rateLimitScope: oneOf("account", "api"),
  /** Retry-After of a 429, 0 = header absent, as documented (huawei.md 11). */
  retryAfterSeconds: 0,
  /** Pause before every answer, for benches (rule 14). */
  latencyMs: 0,
  /** Largest request body before 413 (huawei.md 3.2: 12 MB). */
  bodyBytesMax: 12 * 1024 * 1024,

  /** `http200` = business errors with HTTP 200 (huawei.md 10, quirk 1); `http4xx` = the historical OSM.000x style. */
  errorStyle: oneOf("http200", "http4xx"),
  /** `error_code` of a success of operations that declare one. Open in huawei.md 13. */
  successErrorCode: oneOf("number 0", "absent", "", "0", "OSM.00000000"),
  /** Successful writes without a result answer an empty body (quirk 4). */
  emptyBodyOnWrite: false,
  /** Code for an action or message that the status does not allow. Open in huawei.md 5 and 13; the number is in the range without known text. */
  wrongStatusErrorCode: "OSM.01010017",

  /** A write shows up in list, detail, counts, status and messages only after this time (guarantee 1). */
  readLagMs: 0,
  /** Name of the total in the case list (quirk 2). */
  listTotalName: oneOf("total_count", "count", "both"),
  /** Order of the case list; `random` shuffles at every call (huawei.md 7: not documented). */
  listOrder: oneOf("newest", "oldest", "random"),
  /** Quirk 15: pages after the first start this many items earlier (positive: repeats) or later (negative: gaps). */
  listShift: 0,
  /** Page size of the case list when `limit` is left out (huawei.md 7: open for v2, 10 in v1.0). */
  listLimitDefault: 10,
  /** Quirk 16: the `incident_id` filter matches parts of IDs. v1.0 always does. */
  incidentIdFuzzy: true,
  /** Where a deleted case (13) still shows: `listed` everywhere; `hidden` only with status=13 and in the detail; `missing` nowhere (quirk 14). */
  deletedCases: oneOf("hidden", "listed", "missing"),

  /** Wire form of times (huawei.md 11, quirk 5). `iso` is the v1.0 sample, whole seconds; `local` and `offset` use X-Time-Zone. */
  timeFormat: oneOf("iso", "iso_ms", "offset", "local", "epoch_ms", "epoch_ms_text"),
  /** Quirk 3: numbers where text is declared (`limit_count: 5`) and 1 for `show`. */
  numbersForText: false,
  /** Every number of every answer arrives as text (quirks 3 and 17 carried to the extreme). */
  numbersAsText: false,
  /** Quirk 17: case status as text in `v1-list` only, everywhere, or nowhere. */
  statusAsText: oneOf("v1-list", "never", "always"),

  /** Order of `/messages`, `/more` and `/cases/instant-messages` (quirk 7). */
  messageOrder: oneOf("oldest", "newest", "random"),
  /** Order of `message_list` in the detail (quirk 7). */
  detailMessageOrder: oneOf("oldest", "newest", "random"),
  /** The detail holds only so many newest messages, 0 = all. Open in huawei.md 9. */
  detailMessagesMax: 0,
  /** Whether messages of the detail carry `message_id` (quirk 6). */
  detailMessageIds: true,
  /** Whether message lists carry `replier_type` (huawei.md 9: prefer it, else `type`). */
  replierTypeShown: true,
  /** Files shown per message in message lists, 0 = all (huawei.md 8: 5). The detail shows all. */
  messageFilesShownMax: 5,
  /** Characters of a text in message lists, 0 = all (huawei.md 14: lists declare 400, the detail 10000). */
  messageListTextMax: 400,
  /** Whether the case text also shows as a message with is_first_message=1 (huawei.md 8 [inferred]). */
  firstMessageListed: true,
  /** First `/cases/instant-messages` call without cursor: whole history or nothing. Open in huawei.md 9. */
  cursorFirstCall: oneOf("history", "nothing"),
  /** Quirk 8: the cursor is inclusive, the last message comes again. */
  cursorInclusive: true,
  /** Messages per `/cases/instant-messages` answer, 0 = no limit (Assumed: none documented). */
  instantMessagesMax: 0,
  /** An unknown or foreign case among `case_ids`: left out of the answer or OSM.01010015. Assumed. */
  instantMessagesUnknownCase: oneOf("error", "skip"),
  /** `/more` repeats the message that has the given time (Assumed: it does not). */
  moreInclusive: false,
  /** `off`: text as stored. `engineer`: texts of support are HTML, stripped unless trim_osm_rich_text_label=false. `all`: plain texts are escaped to HTML too when false (huawei.md 9). */
  richText: oneOf("off", "engineer", "all"),
  /** What the service does to a customer's text before storing it. Assumed `none`. */
  contentNormalization: oneOf("none", "trim", "crlf"),

  /** Characters of a case description (huawei.md 6: 1200). */
  descriptionMax: 1200,
  /** Characters of a message (huawei.md 9: 10000, 2000 or 1200 by edition). */
  messageMax: 10_000,
  /** A message without text: refused, accepted when it has files, or accepted. Open in huawei.md 9. */
  emptyContent: oneOf("refused", "with_files", "allowed"),
  /** A customer message on a closed case (3, 4, 12). Open in huawei.md 5. */
  messageOnClosed: oneOf("refused", "accepted"),
  /** Effect of a customer message on status 2. Open in huawei.md 5. */
  messageOnToConfirm: oneOf("unchanged", "processing"),
  /** A customer message moves 17 to 1 (huawei.md 5 [inferred]). */
  messageEndsFeedback: true,
  /** How a withdrawn message shows in lists: gone, unchanged, or with empty text and no files (quirk 13). */
  withdrawnMessages: oneOf("vanish", "stay", "blank"),
  /** How long a message can be withdrawn, 0 = for ever. Open in huawei.md 9. */
  withdrawWindowMs: 0,

  /** Statuses from which each action is allowed (huawei.md 5 table). */
  cancelFrom: [0] as readonly number[],
  closeFrom: [1, 2, 17] as readonly number[],
  pressFrom: [0, 1] as readonly number[],
  deleteFrom: [3, 4, 12] as readonly number[],
  /** A case must be this old before it can be urged. Open in huawei.md 13 ("idle for long"); default 0. */
  pressIdleMs: 0,
  /** Pause between two urges of a case, else OSM.01010004. Open in huawei.md 13. */
  pressIntervalMs: 30 * 60_000,
  /** Status 2 becomes 3 by itself after this time, 0 = never. Open in huawei.md 5. */
  autoCloseMs: 0,
  /** Whether moves made by support show in the operation log (huawei.md 7: may be absent). */
  supportMovesLogged: false,

  /** Files per case or message (huawei.md 8 sample: 5). */
  accessoryLimitCount: 5,
  /** Size of one file in MB of 1024 * 1024 bytes (huawei.md 8 sample: 4). Uploads also meet `bodyBytesMax`. */
  accessoryLimitSizeMb: 4,
  /** Allowed file extensions, comma list (huawei.md 8 sample). */
  accessoryFileTypes: "jpg,jpeg,bmp,png,gif,txt,zip,docx,msg,eml,xlsx,pdf,log,ini,mp4,mov",
  /** Bytes an account may upload per day (day of GMT+8), 0 = unlimited; above it OSM.01010005. Size open in huawei.md 13. */
  dailyUploadBytesMax: 0,
  /** An upload that is not used within this time is gone. Open in huawei.md 8; 24 h Assumed. */
  unusedAccessoryLifetimeMs: 24 * 3_600_000,
  /** Whether an accessory that already belongs to a case or message may be used again. Assumed: refused. */
  accessoryReuse: oneOf("refused", "allowed"),
  /** Whether `accessoryFrom` must fit the use (`incident` for a case, `message` for a message; huawei.md 8). */
  accessoryFromEnforced: true,
  /** Whether download links need the caller's credentials. Open in huawei.md 8. */
  linkNeedsAuth: true,
  /** Life of a download link. Open in huawei.md 13; 15 min Assumed. */
  linkLifetimeMs: 15 * 60_000,

  /** The account has a support plan: severities are shown and severity IDs accepted (huawei.md 6 item 6). */
  supportPlan: true,
  /** The ticket permission policy is on: only users with the privilege create cases (huawei.md 3.3). */
  policySwitch: false,
  /** The privilege itself, asked when `policySwitch` is on; without it OSM.01010007. */
  mayCreateCases: true,
  /** Whether the latest agreement counts as signed at the start (huawei.md 6 item 7). */
  agreementSigned: true,
  /** An unsigned agreement blocks creation. Open in huawei.md 6 item 7; default no. */
  agreementBlocksCreate: false,
  /** Open cases an account may have, -1 = unlimited (`/quotas`). */
  caseQuota: -1,
};

/** The switches of the simulator. */
export type HuaweiSettings = Readonly<typeof DEFAULT_SETTINGS>;
