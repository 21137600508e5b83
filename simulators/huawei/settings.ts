/**
 * Everything about the service that its documentation leaves open or contradicts, as switches.
 * A default is the documented value where there is one, otherwise the reading that docs/vendors/huawei.md calls likely ("Assumed").
 */

/** The switches of the simulator. Times and periods in milliseconds, sizes in bytes unless the name says otherwise. */
export interface HuaweiSettings {
  /** Largest accepted clock difference of X-Sdk-Date. Open in huawei.md 3.2; 15 min is common. */
  readonly clockSkewMs: number;
  /** Life of an IAM token (huawei.md 3.1: 24 h). */
  readonly tokenLifetimeMs: number;
  /** No temporary keys live longer, whatever was asked for (huawei.md 3.4: 15 min to 24 h). */
  readonly temporaryKeyLifetimeMaxMs: number;
  /** Whether the server's metadata answers only to who holds a token of it. */
  readonly metadataTokenNeeded: boolean;
  /** How a dead token is refused (huawei.md 3.1): `gateway` 401 APIGW.0307, `osm401` 401 OSM.0002, `osm200` 200 OSM.01010011. */
  readonly deadTokenStyle: "gateway" | "osm401" | "osm200";
  /** Whether AK/SK requests without X-Domain-Id are refused, as the signing guide asks of global services (huawei.md 14). */
  readonly requireDomainId: boolean;
  /** Which scope of a token carries the rights of the ticket service (huawei.md 14: both are documented somewhere). */
  readonly tokenRights: "domain" | "project" | "both";
  /** Which site the account belongs to; another `X-Site`, absent = china, is refused (huawei.md 14). `any` = it is not looked at. */
  readonly site: "china" | "international" | "any";
  /** Whether a request without a User-Agent is refused, as some edges do (huawei.md 14). */
  readonly requireUserAgent: boolean;
  /** Whether X-Time-Zone is heeded, or times are read and written in the default zone or in UTC whatever it says (huawei.md 14). */
  readonly timeZoneHeader: "heeded" | "ignored_gmt8" | "ignored_utc";
  /** Where v1.0 wants the id of a download: the page shows both (huawei.md 14). */
  readonly v1Download: "query" | "path";

  /** Accepted requests in any second, 0 = unlimited; above it 429 APIGW.0308 (huawei.md 11). */
  readonly requestsPerSecond: number;
  /** Whether the rate limit counts all operations of an account together or each operation alone (huawei.md 11: per API [gw]). */
  readonly rateLimitScope: "account" | "api";
  /** Retry-After of a 429, 0 = header absent, as documented (huawei.md 11). */
  readonly retryAfterSeconds: number;
  /** Pause before every answer, for benches (rule 14). */
  readonly latencyMs: number;
  /** Largest request body before 413 (huawei.md 3.2: 12 MB). */
  readonly bodyBytesMax: number;

  /** `http200` = business errors with HTTP 200 (huawei.md 10, quirk 1); `http4xx` = the historical OSM.000x style. */
  readonly errorStyle: "http200" | "http4xx";
  /** `error_code` of a success of operations that declare one. Open in huawei.md 13. */
  readonly successErrorCode: "absent" | "" | "0" | "OSM.00000000" | "number 0";
  /** Successful writes without a result answer an empty body (quirk 4). */
  readonly emptyBodyOnWrite: boolean;
  /** Code for an action or message that the status does not allow. Open in huawei.md 5 and 13; the number is in the range without known text. */
  readonly wrongStatusErrorCode: string;

  /** A write shows up in list, detail, counts, status and messages only after this time (guarantee 1). */
  readonly readLagMs: number;
  /** Name of the total in the case list (quirk 2). */
  readonly listTotalName: "total_count" | "count" | "both";
  /** Order of the case list; `random` shuffles at every call (huawei.md 7: not documented). */
  readonly listOrder: "newest" | "oldest" | "random";
  /** Quirk 15: pages after the first start this many items earlier (positive: repeats) or later (negative: gaps). */
  readonly listShift: number;
  /** Page size of the case list when `limit` is left out (huawei.md 7: open for v2, 10 in v1.0). */
  readonly listLimitDefault: number;
  /** Quirk 16: the `incident_id` filter matches parts of IDs. v1.0 always does. */
  readonly incidentIdFuzzy: boolean;
  /** Where a deleted case (13) still shows: `listed` everywhere; `hidden` only with status=13 and in the detail; `missing` nowhere (quirk 14). */
  readonly deletedCases: "listed" | "hidden" | "missing";

  /** Wire form of times (huawei.md 11, quirk 5). `iso` is the v1.0 sample, whole seconds; `local` and `offset` use X-Time-Zone. */
  readonly timeFormat: "iso" | "iso_ms" | "offset" | "local" | "epoch_ms" | "epoch_ms_text";
  /** Quirk 3: numbers where text is declared (`limit_count: 5`) and 1 for `show`. */
  readonly numbersForText: boolean;
  /** Every number of every answer arrives as text (quirks 3 and 17 carried to the extreme). */
  readonly numbersAsText: boolean;
  /** Quirk 17: case status as text in `v1-list` only, everywhere, or nowhere. */
  readonly statusAsText: "never" | "v1-list" | "always";

  /** Order of `/messages`, `/more` and `/cases/instant-messages` (quirk 7). */
  readonly messageOrder: "oldest" | "newest" | "random";
  /** Order of `message_list` in the detail (quirk 7). */
  readonly detailMessageOrder: "oldest" | "newest" | "random";
  /** The detail holds only so many newest messages, 0 = all. Open in huawei.md 9. */
  readonly detailMessagesMax: number;
  /** Whether messages of the detail carry `message_id` (quirk 6). */
  readonly detailMessageIds: boolean;
  /** Whether message lists carry `replier_type` (huawei.md 9: prefer it, else `type`). */
  readonly replierTypeShown: boolean;
  /** Files shown per message in message lists, 0 = all (huawei.md 8: 5). The detail shows all. */
  readonly messageFilesShownMax: number;
  /** Characters of a text in message lists, 0 = all (huawei.md 14: lists declare 400, the detail 10000). */
  readonly messageListTextMax: number;
  /** Whether the case text also shows as a message with is_first_message=1 (huawei.md 8 [inferred]). */
  readonly firstMessageListed: boolean;
  /** First `/cases/instant-messages` call without cursor: whole history or nothing. Open in huawei.md 9. */
  readonly cursorFirstCall: "history" | "nothing";
  /** Quirk 8: the cursor is inclusive, the last message comes again. */
  readonly cursorInclusive: boolean;
  /** Messages per `/cases/instant-messages` answer, 0 = no limit (Assumed: none documented). */
  readonly instantMessagesMax: number;
  /** An unknown or foreign case among `case_ids`: left out of the answer or OSM.01010015. Assumed. */
  readonly instantMessagesUnknownCase: "skip" | "error";
  /** `/more` repeats the message that has the given time (Assumed: it does not). */
  readonly moreInclusive: boolean;
  /** `off`: text as stored. `engineer`: texts of support are HTML, stripped unless trim_osm_rich_text_label=false. `all`: plain texts are escaped to HTML too when false (huawei.md 9). */
  readonly richText: "off" | "engineer" | "all";
  /** What the service does to a customer's text before storing it. Assumed `none`. */
  readonly contentNormalization: "none" | "trim" | "crlf";

  /** Characters of a case description (huawei.md 6: 1200). */
  readonly descriptionMax: number;
  /** Characters of a message (huawei.md 9: 10000, 2000 or 1200 by edition). */
  readonly messageMax: number;
  /** A message without text: refused, accepted when it has files, or accepted. Open in huawei.md 9. */
  readonly emptyContent: "refused" | "with_files" | "allowed";
  /** A customer message on a closed case (3, 4, 12). Open in huawei.md 5. */
  readonly messageOnClosed: "refused" | "accepted";
  /** Effect of a customer message on status 2. Open in huawei.md 5. */
  readonly messageOnToConfirm: "unchanged" | "processing";
  /** A customer message moves 17 to 1 (huawei.md 5 [inferred]). */
  readonly messageEndsFeedback: boolean;
  /** How a withdrawn message shows in lists: gone, unchanged, or with empty text and no files (quirk 13). */
  readonly withdrawnMessages: "vanish" | "stay" | "blank";
  /** How long a message can be withdrawn, 0 = for ever. Open in huawei.md 9. */
  readonly withdrawWindowMs: number;

  /** Statuses from which each action is allowed (huawei.md 5 table). */
  readonly cancelFrom: readonly number[];
  readonly closeFrom: readonly number[];
  readonly pressFrom: readonly number[];
  readonly deleteFrom: readonly number[];
  /** A case must be this old before it can be urged. Open in huawei.md 13 ("idle for long"); default 0. */
  readonly pressIdleMs: number;
  /** Pause between two urges of a case, else OSM.01010004. Open in huawei.md 13. */
  readonly pressIntervalMs: number;
  /** Status 2 becomes 3 by itself after this time, 0 = never. Open in huawei.md 5. */
  readonly autoCloseMs: number;
  /** Whether moves made by support show in the operation log (huawei.md 7: may be absent). */
  readonly supportMovesLogged: boolean;

  /** Files per case or message (huawei.md 8 sample: 5). */
  readonly accessoryLimitCount: number;
  /** Size of one file in MB of 1024 * 1024 bytes (huawei.md 8 sample: 4). Uploads also meet `bodyBytesMax`. */
  readonly accessoryLimitSizeMb: number;
  /** Allowed file extensions, comma list (huawei.md 8 sample). */
  readonly accessoryFileTypes: string;
  /** Bytes an account may upload per day (day of GMT+8), 0 = unlimited; above it OSM.01010005. Size open in huawei.md 13. */
  readonly dailyUploadBytesMax: number;
  /** An upload that is not used within this time is gone. Open in huawei.md 8; 24 h Assumed. */
  readonly unusedAccessoryLifetimeMs: number;
  /** Whether an accessory that already belongs to a case or message may be used again. Assumed: refused. */
  readonly accessoryReuse: "refused" | "allowed";
  /** Whether `accessoryFrom` must fit the use (`incident` for a case, `message` for a message; huawei.md 8). */
  readonly accessoryFromEnforced: boolean;
  /** Whether download links need the caller's credentials. Open in huawei.md 8. */
  readonly linkNeedsAuth: boolean;
  /** Life of a download link. Open in huawei.md 13; 15 min Assumed. */
  readonly linkLifetimeMs: number;

  /** The account has a support plan: severities are shown and severity IDs accepted (huawei.md 6 item 6). */
  readonly supportPlan: boolean;
  /** The ticket permission policy is on: only users with the privilege create cases (huawei.md 3.3). */
  readonly policySwitch: boolean;
  /** The privilege itself, asked when `policySwitch` is on; without it OSM.01010007. */
  readonly mayCreateCases: boolean;
  /** Whether the latest agreement counts as signed at the start (huawei.md 6 item 7). */
  readonly agreementSigned: boolean;
  /** An unsigned agreement blocks creation. Open in huawei.md 6 item 7; default no. */
  readonly agreementBlocksCreate: boolean;
  /** Open cases an account may have, -1 = unlimited (`/quotas`). */
  readonly caseQuota: number;
}

/** The defaults: what docs/vendors/huawei.md documents; where it is silent, the reading that asks more of casebridge. */
export const DEFAULT_SETTINGS: HuaweiSettings = {
  clockSkewMs: 15 * 60_000,
  tokenLifetimeMs: 24 * 3_600_000,
  temporaryKeyLifetimeMaxMs: 24 * 3_600_000,
  metadataTokenNeeded: false,
  deadTokenStyle: "gateway",
  requireDomainId: true,
  tokenRights: "domain",
  site: "any",
  requireUserAgent: true,
  timeZoneHeader: "ignored_gmt8",
  v1Download: "path",
  requestsPerSecond: 0,
  rateLimitScope: "account",
  retryAfterSeconds: 0,
  latencyMs: 0,
  bodyBytesMax: 12 * 1024 * 1024,
  errorStyle: "http200",
  successErrorCode: "number 0",
  emptyBodyOnWrite: false,
  wrongStatusErrorCode: "OSM.01010017",
  readLagMs: 0,
  listTotalName: "total_count",
  listOrder: "newest",
  listShift: 0,
  listLimitDefault: 10,
  incidentIdFuzzy: true,
  deletedCases: "hidden",
  timeFormat: "iso",
  numbersForText: false,
  numbersAsText: false,
  statusAsText: "v1-list",
  messageOrder: "oldest",
  detailMessageOrder: "oldest",
  detailMessagesMax: 0,
  detailMessageIds: true,
  replierTypeShown: true,
  messageFilesShownMax: 5,
  messageListTextMax: 400,
  firstMessageListed: true,
  cursorFirstCall: "history",
  cursorInclusive: true,
  instantMessagesMax: 0,
  instantMessagesUnknownCase: "error",
  moreInclusive: false,
  richText: "off",
  contentNormalization: "none",
  descriptionMax: 1200,
  messageMax: 10_000,
  emptyContent: "refused",
  messageOnClosed: "refused",
  messageOnToConfirm: "unchanged",
  messageEndsFeedback: true,
  withdrawnMessages: "vanish",
  withdrawWindowMs: 0,
  cancelFrom: [0],
  closeFrom: [1, 2, 17],
  pressFrom: [0, 1],
  deleteFrom: [3, 4, 12],
  pressIdleMs: 0,
  pressIntervalMs: 30 * 60_000,
  autoCloseMs: 0,
  supportMovesLogged: false,
  accessoryLimitCount: 5,
  accessoryLimitSizeMb: 4,
  accessoryFileTypes: "jpg,jpeg,bmp,png,gif,txt,zip,docx,msg,eml,xlsx,pdf,log,ini,mp4,mov",
  dailyUploadBytesMax: 0,
  unusedAccessoryLifetimeMs: 24 * 3_600_000,
  accessoryReuse: "refused",
  accessoryFromEnforced: true,
  linkNeedsAuth: true,
  linkLifetimeMs: 15 * 60_000,
  supportPlan: true,
  policySwitch: false,
  mayCreateCases: true,
  agreementSigned: true,
  agreementBlocksCreate: false,
  caseQuota: -1,
};

/**
 * Lays `changes` over `current` and returns the result; `current` stays as it is.
 * @throws Error naming the first key that is no setting or whose value has another type.
 */
export function mergeSettings(current: HuaweiSettings, changes: Partial<HuaweiSettings>): HuaweiSettings {
  for (const [name, value] of Object.entries(changes)) {
    const known: unknown = Object.getOwnPropertyDescriptor(DEFAULT_SETTINGS, name)?.value;
    if (known === undefined) throw new Error(`Unknown Huawei simulator setting: ${name}`);
    if (typeof known !== typeof value || Array.isArray(known) !== Array.isArray(value)) {
      throw new Error(`Wrong type for Huawei simulator setting: ${name}`);
    }
  }
  return { ...current, ...changes };
}
