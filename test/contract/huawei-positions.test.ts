/**
 * The Huawei adapter in every position of every switch of its simulator, alone (`npm run contract` plays each with every login and version;
 * `npm test` plays each with keys, and with the others what only they meet). What a position changes stands here; all else comes out as ever.
 */
import { describe, expect, test } from "vitest";
import { simulatorSwitches } from "../support/switch-table.ts";
import { differencesFrom, type Leaves, leavesOf } from "./compare.ts";
import { huaweiJourney, type Way } from "./huawei-journey.ts";

const switches = simulatorSwitches.filter(({ of }) => of === "huawei");
const position = (name: string, value: unknown): string => `${name}=${JSON.stringify(value)}`;

/** A day in which nothing is odd. */
const usual: Leaves = {
  "listCases.cases": [
    "confirm 2 ",
    "ended 4 ",
    "feedback 17 ",
    "over 3 ",
    "talk 0 prod+eu west",
    "waiting 2 ",
    "working 1 ",
  ],
  "listCases.timesRight": true,
  walkCases: ["feedback"],
  "getCase.status": 0,
  "getCase.description": "talk",
  "getCase.messages": [
    "first #: talk (4, 1 files)",
    "engineer #: Please <b>try</b> a & b (23, 6 files)",
    "customer #: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
  ],
  "getCase.timesRight": true,
  "getCase.deleted": 13,
  "getCase.later": 2,
  listMessages: [
    "customer: xxxxxxxxxxxxxxxxxxxxxxxx (400, 0 files)",
    "engineer: Please <b>try</b> a & b (23, 5 files)",
    "first: talk (4, 1 files)",
  ],
  "listInstantMessages.first": 4,
  "listInstantMessages.second": [
    "talk: customer: xxxxxxxxxxxxxxxxxxxxxxxx (400, 0 files)",
    "working: engineer: news (4, 0 files)",
  ],
  "listInstantMessages.unknown": "refused: not_found",
  "uploadFile.message": "sent",
  "uploadFile.large": "stored",
  "uploadFile.picture": "stored",
  "createMessage.again": "refused: rejected",
  "createMessage.long": "sent",
  "createMessage.empty": "refused: rejected",
  "createMessage.closed": "refused: rejected",
  "createMessage.confirm": ["sent", 2],
  "createMessage.feedback": ["sent", 1],
  "createMessage.late": "sent",
  "createMessage.arrived": ["[OPS-1#1] Ann:\nsee trace.log + trace.log"],
  withdrawMessage: "it is gone",
  downloadFile: "日志.txt: log",
  deleteUpload: "it is gone",
  "createCase.made.description": "[OPS-7 @10007] Ann Lee:\nThe disk is gone",
  "createCase.made.regionId": "cn-north-4",
  "createCase.made.problemTypeId": "bt3002",
  "createCase.made.files": ["first.txt"],
  "createCase.long": 1115,
  "createCase.severe": "sv4003",
  "performAction.press": "0",
  "performAction.pressAgain": "refused: rejected",
  "performAction.pressWorking": "1",
  "performAction.closeConfirm": "3",
  "performAction.cancelWorking": "refused: rejected",
  "performAction.close": "3",
  "performAction.cancel": "4",
  "performAction.closeClosed": "refused: rejected",
  "performAction.delete": "13",
  "rateCase.judgement": "[OPS-1#8] good",
  "rateCase.dimensions": 2,
  listOperations: ["rate", "other"],
  "getFileLimits.countMax": 5,
  "getFileLimits.sizeMaxBytes": 4194304,
  "getFileLimits.extensions": [
    "jpg",
    "jpeg",
    "bmp",
    "png",
    "gif",
    "txt",
    "zip",
    "docx",
    "msg",
    "eml",
    "xlsx",
    "pdf",
    "log",
    "ini",
    "mp4",
    "mov",
  ],
  listCaseLabels: ["eu west", "prod"],
  listRelatedCases: ["working"],
  listAccessRequests: [true],
  listRegions: ["cn-north-4", "cn-south-1", "ap-southeast-3", "eu-west-101"],
  listCategories: ["st1001 3", "st1002 1"],
  listProblemTypes: ["bt3001 0", "bt3002 5"],
  listSeverities: [true, 4],
  listTemplates: ["Instance ID:\nSymptom:"],
  listExtraParameters: ["bucket_name true 63"],
  listLabels: ["eu west", "prod"],
  "listQuotas.total": -1,
  "listQuotas.unused": -1,
  getAgreementSigned: true,
  "listPrivileges.createCase": true,
  "listPrivileges.export": false,
  getProjectIds: 1,
  checkCredentials: "right",
  serverTime: true,
  credentialsEnd: "none",
};

/** What the historical version lacks, or answers otherwise. */
const usualInV1: Leaves = {
  "listCases.cases": ["confirm 2 ", "ended 4 ", "feedback 17 ", "over 3 ", "talk 0 ", "waiting 2 ", "working 1 "],
  listMessages: [
    "customer #: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
    "engineer #: Please <b>try</b> a & b (23, 6 files)",
    "first #: talk (4, 1 files)",
  ],
  "listInstantMessages.first": 0,
  "listInstantMessages.second": [
    "talk: first #: talk (4, 1 files),engineer #: Please <b>try</b> a & b (23, 6 files),customer #: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
    "working: first #: working (7, 0 files),engineer #: news (4, 0 files)",
  ],
  "listInstantMessages.unknown": "refused: not_found",
  "uploadFile.message": "refused: rejected",
  "createMessage.again": null,
  "createMessage.arrived": ["[OPS-1#4] yyyyyyyyyyyyyyyyyyyy"],
  withdrawMessage: "refused: rejected",
  "createCase.severe": "refused: rejected",
  listOperations: "refused: rejected",
  "getFileLimits.sizeMaxBytes": 2097152,
  "getFileLimits.extensions": [
    "jpg",
    "jpeg",
    "bmp",
    "png",
    "gif",
    "txt",
    "doc",
    "docx",
    "rar",
    "zip",
    "pdf",
    "xls",
    "xlsx",
  ],
  listCaseLabels: [],
  listRelatedCases: "refused: rejected",
  listAccessRequests: [],
  listProblemTypes: ["bt3001 null", "bt3002 null"],
  listSeverities: "refused: rejected",
  listExtraParameters: "refused: rejected",
  listLabels: "refused: rejected",
  getAgreementSigned: "refused: rejected",
  "getFileLimits.newCaseCountMax": 1,
  listQuotas: "refused: rejected",
  listPrivileges: "refused: rejected",
};

/** What a position changes in v2, whatever the login. */
const changes: Readonly<Record<string, Leaves>> = {
  "bodyBytesMax=1048576": {
    "uploadFile.large": "refused: rejected",
  },
  'deletedCases="listed"': {
    "listCases.cases": [
      "confirm 2 ",
      "ended 4 ",
      "feedback 17 ",
      "gone 13 ",
      "over 3 ",
      "talk 0 prod+eu west",
      "waiting 2 ",
      "working 1 ",
    ],
  },
  'deletedCases="missing"': {
    "getCase.deleted": "refused: not_found",
  },
  "detailMessageIds=false": {
    "getCase.messages": [
      "first: talk (4, 1 files)",
      "engineer: Please <b>try</b> a & b (23, 6 files)",
      "customer: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
    ],
    "createMessage.arrived": ["[OPS-1#1] Ann:\nsee trace.log + trace.log", "[OPS-1#4] yyyyyyyyyyyyyyyyyyyy"],
    withdrawMessage: "it has no id",
  },
  "messageFilesShownMax=0": {
    listMessages: [
      "customer: xxxxxxxxxxxxxxxxxxxxxxxx (400, 0 files)",
      "engineer: Please <b>try</b> a & b (23, 6 files)",
      "first: talk (4, 1 files)",
    ],
  },
  "messageListTextMax=0": {
    listMessages: [
      "customer: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
      "engineer: Please <b>try</b> a & b (23, 5 files)",
      "first: talk (4, 1 files)",
    ],
    "listInstantMessages.second": [
      "talk: customer: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
      "working: engineer: news (4, 0 files)",
    ],
  },
  "firstMessageListed=false": {
    "getCase.messages": [
      "engineer #: Please <b>try</b> a & b (23, 6 files)",
      "customer #: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
    ],
    listMessages: [
      "customer: xxxxxxxxxxxxxxxxxxxxxxxx (400, 0 files)",
      "engineer: Please <b>try</b> a & b (23, 5 files)",
    ],
    "listInstantMessages.first": 2,
    downloadFile: "a.txt: a",
  },
  'cursorFirstCall="nothing"': {
    "listInstantMessages.first": 0,
  },
  "cursorInclusive=false": {
    "listInstantMessages.second": ["working: engineer: news (4, 0 files)"],
  },
  'instantMessagesUnknownCase="skip"': {
    "listInstantMessages.unknown": 0,
  },
  'richText="all"': {
    "getCase.messages": [
      "first #: <p>talk</p> (11, 1 files)",
      "engineer #: Please <b>try</b> a & b (23, 6 files)",
      "customer #: <p>xxxxxxxxxxxxxxxxxxxxx (507, 0 files)",
    ],
    listMessages: [
      "customer: <p>xxxxxxxxxxxxxxxxxxxxx (400, 0 files)",
      "engineer: Please <b>try</b> a & b (23, 5 files)",
      "first: <p>talk</p> (11, 1 files)",
    ],
    "listInstantMessages.second": [
      "talk: customer: <p>xxxxxxxxxxxxxxxxxxxxx (400, 0 files)",
      "working: engineer: news (4, 0 files)",
    ],
  },
  'contentNormalization="crlf"': {
    "createMessage.arrived": ["[OPS-1#1] Ann:\r\nsee trace.log + trace.log"],
  },
  'emptyContent="with_files"': {
    "createMessage.empty": "sent",
    "createMessage.arrived": ["[OPS-1#1] Ann:\nsee trace.log + trace.log", " + e.txt"],
  },
  'emptyContent="allowed"': {
    "createMessage.empty": "sent",
    "createMessage.arrived": ["[OPS-1#1] Ann:\nsee trace.log + trace.log", " + e.txt"],
  },
  'messageOnClosed="accepted"': {
    "createMessage.closed": "sent",
  },
  'messageOnToConfirm="processing"': {
    "createMessage.confirm": ["sent", 1],
  },
  "messageEndsFeedback=false": {
    "createMessage.feedback": ["sent", 17],
  },
  'withdrawnMessages="stay"': {
    withdrawMessage: "it still shows",
  },
  "withdrawWindowMs=1": {
    "createMessage.arrived": ["[OPS-1#1] Ann:\nsee trace.log + trace.log", "[OPS-1#4] yyyyyyyyyyyyyyyyyyyy"],
    withdrawMessage: "refused: rejected",
  },
  "cancelFrom=[0,1]": {
    "performAction.cancelWorking": "4",
    "performAction.close": "refused: rejected",
  },
  "closeFrom=[1]": {
    "performAction.closeConfirm": "refused: rejected",
  },
  "pressFrom=[0]": {
    "performAction.pressWorking": "refused: rejected",
  },
  "deleteFrom=[3]": {
    "performAction.delete": "refused: rejected",
  },
  "pressIdleMs=600000": {
    "performAction.press": "refused: rejected",
    "performAction.pressWorking": "refused: rejected",
  },
  "pressIntervalMs=0": {
    "performAction.pressAgain": "0",
  },
  "autoCloseMs=60000": {
    "getCase.later": 3,
  },
  "accessoryLimitCount=1": {
    "getFileLimits.countMax": 1,
  },
  "accessoryLimitSizeMb=1": {
    "uploadFile.large": "refused: rejected",
    "getFileLimits.sizeMaxBytes": 1048576,
  },
  'accessoryFileTypes="txt"': {
    "uploadFile.message": "refused: rejected",
    "uploadFile.large": "refused: rejected",
    "uploadFile.picture": "refused: rejected",
    "createMessage.again": null,
    "createMessage.arrived": [],
    "getFileLimits.extensions": ["txt"],
  },
  "dailyUploadBytesMax=1": {
    "uploadFile.message": "refused: rejected",
    "uploadFile.large": "refused: rejected",
    "uploadFile.picture": "refused: rejected",
    "createMessage.again": null,
    "createMessage.late": "refused: rejected",
    "createMessage.arrived": [],
    deleteUpload: "refused: rejected",
    "createCase.made": "refused: rejected",
  },
  "unusedAccessoryLifetimeMs=60000": {
    "createMessage.late": "refused: rejected",
  },
  'accessoryReuse="allowed"': {
    "createMessage.again": "sent",
    "createMessage.arrived": ["[OPS-1#1] Ann:\nsee trace.log + trace.log", "[OPS-1#3] Ann:\nonce more + trace.log"],
  },
  "supportPlan=false": {
    "createCase.severe": "refused: rejected",
    listSeverities: [false, 4],
  },
  "agreementSigned=false": {
    getAgreementSigned: false,
  },
  "caseQuota=1": {
    "createCase.long": "refused: forbidden",
    "createCase.severe": "refused: forbidden",
    "listQuotas.total": 1,
    "listQuotas.unused": 0,
    "createCase.made": "refused: forbidden",
  },
};

/** The same in v1.0. */
const changesInV1: Readonly<Record<string, Leaves>> = {
  "bodyBytesMax=1048576": {
    "uploadFile.large": "refused: rejected",
  },
  "readLagMs=3000": {
    "createCase.long": "refused: contract, perhaps done",
    "createCase.made": "refused: contract, perhaps done",
  },
  "readLagMs=20000": {
    "createCase.long": "refused: contract, perhaps done",
    "createCase.made": "refused: contract, perhaps done",
  },
  'deletedCases="listed"': {
    "listCases.cases": [
      "confirm 2 ",
      "ended 4 ",
      "feedback 17 ",
      "gone 13 ",
      "over 3 ",
      "talk 0 ",
      "waiting 2 ",
      "working 1 ",
    ],
  },
  'deletedCases="missing"': {
    "getCase.deleted": "refused: not_found",
  },
  "firstMessageListed=false": {
    "getCase.messages": [
      "engineer #: Please <b>try</b> a & b (23, 6 files)",
      "customer #: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
    ],
    listMessages: [
      "customer #: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
      "engineer #: Please <b>try</b> a & b (23, 6 files)",
    ],
    "listInstantMessages.second": [
      "talk: engineer #: Please <b>try</b> a & b (23, 6 files),customer #: xxxxxxxxxxxxxxxxxxxxxxxx (500, 0 files)",
      "working: engineer #: news (4, 0 files)",
    ],
    downloadFile: "a.txt: a",
  },
  'emptyContent="with_files"': {
    "createMessage.empty": "sent",
    "createMessage.arrived": ["[OPS-1#4] yyyyyyyyyyyyyyyyyyyy", " + e.txt"],
  },
  'emptyContent="allowed"': {
    "createMessage.empty": "sent",
    "createMessage.arrived": ["[OPS-1#4] yyyyyyyyyyyyyyyyyyyy", " + e.txt"],
  },
  'messageOnClosed="accepted"': {
    "createMessage.closed": "sent",
  },
  'messageOnToConfirm="processing"': {
    "createMessage.confirm": ["sent", 1],
  },
  "messageEndsFeedback=false": {
    "createMessage.feedback": ["sent", 17],
  },
  "cancelFrom=[0,1]": {
    "performAction.cancelWorking": "4",
    "performAction.close": "refused: rejected",
  },
  "closeFrom=[1]": {
    "performAction.closeConfirm": "refused: rejected",
  },
  "pressFrom=[0]": {
    "performAction.pressWorking": "refused: rejected",
  },
  "deleteFrom=[3]": {
    "performAction.delete": "refused: rejected",
  },
  "pressIdleMs=600000": {
    "performAction.press": "refused: rejected",
    "performAction.pressWorking": "refused: rejected",
  },
  "pressIntervalMs=0": {
    "performAction.pressAgain": "0",
  },
  "autoCloseMs=60000": {
    "getCase.later": 3,
  },
  "dailyUploadBytesMax=1": {
    "uploadFile.large": "refused: rejected",
    "uploadFile.picture": "refused: rejected",
    "createMessage.late": "refused: rejected",
    deleteUpload: "refused: rejected",
    "createCase.made": "refused: rejected",
  },
  "unusedAccessoryLifetimeMs=60000": {
    "createMessage.late": "refused: rejected",
  },
  "caseQuota=1": {
    "createCase.long": "refused: forbidden",
    "createCase.made": "refused: forbidden",
  },
};

const all = process.env.CASEBRIDGE_CONTRACT === "all";
const ways: readonly Way[] = ["v2, keys", "v2, token", "v2, agency", "v2, server", "v1.0, keys"];
/** Switches that only another login or version meets. */
const elsewhere: Readonly<Record<string, Way>> = {
  tokenLifetimeMs: "v2, token",
  deadTokenStyle: "v2, token",
  tokenRights: "v2, token",
  temporaryKeyLifetimeMaxMs: "v2, agency",
  metadataTokenNeeded: "v2, server",
  statusAsText: "v1.0, keys",
  incidentIdFuzzy: "v1.0, keys",
  v1Download: "v1.0, keys",
};

function expectedOf(way: Way, at: string | null): Leaves {
  const isV1 = way === "v1.0, keys";
  const login: Leaves = { credentialsEnd: way.endsWith("keys") ? "none" : "known" };
  const changed = at === null ? {} : (isV1 ? changesInV1 : changes)[at];
  return { ...usual, ...(isV1 ? usualInV1 : {}), ...login, ...changed };
}

describe.each(ways)("with %s", (way) => {
  test("a usual day", async () => {
    expect(differencesFrom(expectedOf(way, null), leavesOf(await huaweiJourney({}, way)))).toEqual({});
  });

  const played = switches.filter(({ name }) => all || way === "v2, keys" || elsewhere[name] === way);
  test.each(played.flatMap(({ name, positions }) => positions.slice(1).map((value) => [name, value] as const)))(
    "%s = %j",
    async (name, value) => {
      const seen = leavesOf(await huaweiJourney({ [name]: value }, way));

      expect(differencesFrom(expectedOf(way, position(name, value)), seen)).toEqual({});
    },
  );
});

test("what a position changes names positions that there are", () => {
  const there = new Set(
    switches.flatMap(({ name, positions }) => positions.slice(1).map((value) => position(name, value))),
  );

  expect([...Object.keys(changes), ...Object.keys(changesInV1)].filter((at) => !there.has(at))).toEqual([]);
});
