/**
 * One account's day with the Huawei adapter: every call of its ports once at least, over real HTTP, and what came of each, as people would
 * see it. Ids and hosts are left out, so that the outcomes of two journeys can be compared.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CaseView,
  type HuaweiSettings,
  type HuaweiSimulator,
  startHuaweiSimulator,
} from "../../simulators/huawei/index.ts";
import type { HuaweiCredentials } from "../../src/domain/access.ts";
import { unlimitedBudget } from "../../src/domain/budget.ts";
import type { CaseMessage } from "../../src/domain/case.ts";
import { type CaseFileId, type CaseId, type MessageId, toId } from "../../src/domain/ids.ts";
import { isServiceError } from "../../src/domain/service-error.ts";
import type { HuaweiAdminPort } from "../../src/huawei/admin-port.ts";
import { makeHuaweiClient } from "../../src/huawei/huawei-client.ts";
import { Secret } from "../../src/lib/secret.ts";
import { makeSpool } from "../../src/lib/spool.ts";
import { sealOwn } from "../../src/sync/apply/gate.ts";
import type { HuaweiPort, NewCase, SpooledFile } from "../../src/sync/ports.ts";
import { unguarded } from "../support/unguarded.ts";

/** In which version and with which login a journey is made. */
export type Way = "v2, keys" | "v2, token" | "v2, agency" | "v2, server" | "v1.0, keys";

/** What came of each call; a refusal is told by its kind. The compiler sees to it that no call of the ports is left out. */
export type HuaweiOutcomes = Readonly<
  Record<Exclude<keyof (HuaweiPort & HuaweiAdminPort), "serviceClock" | "capabilities">, unknown>
>;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const lane = "live";
const nobody = unguarded("pc2001");
const problemType = unguarded("bt3002");
const plainCase: NewCase = {
  subTypeId: unguarded("st1001"),
  productId: nobody,
  problemTypeId: problemType,
  regionId: unguarded("cn-north-4"),
  severityId: null,
  extras: [],
  description: unguarded("[OPS-7 @10007] Ann Lee:\nThe disk is gone"),
  fileIds: [],
};
const own = { ak: new Secret("MYAK"), sk: new Secret("MYSK"), domainId: null };
const agency = { domainName: "simdomain", name: "casebridge", externalId: null };
const keys = {
  kind: "aksk",
  ak: new Secret("SIMAK"),
  sk: new Secret("SIMSK"),
  securityToken: null,
  domainId: null,
} as const;
const login = {
  kind: "password",
  username: "simuser",
  password: new Secret("simpass"),
  domainName: "simdomain",
  projectId: null,
} as const;
const credentials: Readonly<Record<Way, HuaweiCredentials>> = {
  "v2, keys": keys,
  "v2, token": login,
  "v2, agency": { kind: "agency", ...own, agency },
  "v2, server": { kind: "ecs", domainId: null },
  "v1.0, keys": keys,
};

/** Makes the journey with these settings of the simulator. Throws what is no `ServiceError`, and where a request had no documented form. */
export async function huaweiJourney(settings: Partial<HuaweiSettings>, way: Way): Promise<HuaweiOutcomes> {
  let nowMs = Date.now();
  const simulator = await startHuaweiSimulator({
    settings,
    now: () => nowMs,
    accounts: [{ accessKey: "MYAK", secretKey: "MYSK", domainId: "mydomain0000000000000000000000001" }],
    agencies: [{ name: "casebridge", trustedDomainId: "mydomain0000000000000000000000001" }],
  });
  const folder = await mkdtemp(join(tmpdir(), "casebridge-journey-"));
  const spool = await makeSpool(folder);
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  const client = makeHuaweiClient({
    options: {
      endpoint: simulator.url,
      iamEndpoint: simulator.url,
      apiVersion: way === "v1.0, keys" ? "v1.0" : "v2",
      language: "en-us",
      groupIds: [],
      site: settings.site === "international" ? "international" : null,
      credentials: credentials[way],
      timeoutMs: 5_000,
    },
    metadataOrigin: simulator.url,
    budget: unlimitedBudget,
    log: silent,
    clock: { now: () => new Date(nowMs) },
    sleep: async (ms) => pass(ms),
    random: () => 0.5,
  });
  try {
    const outcomes = await travel({ client, simulator, spool, folder, pass, nowMs: () => nowMs });
    const refusals = simulator.control.getRefusals();
    if (refusals.length > 0) throw new Error(`malformed: ${JSON.stringify(refusals)}`);
    return outcomes;
  } finally {
    await spool.close();
    await simulator.close();
    await rm(folder, { recursive: true });
  }
}

type Travel = {
  readonly client: HuaweiPort & HuaweiAdminPort;
  readonly simulator: HuaweiSimulator;
  readonly spool: Awaited<ReturnType<typeof makeSpool>>;
  readonly folder: string;
  pass(ms: number): void;
  nowMs(): number;
};

/** The work's result, or the kind of its refusal. */
async function told<Result>(work: () => Promise<Result>): Promise<Result | string> {
  try {
    return await work();
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return `refused: ${error.kind}${error.facts.outcomeUnknown ? ", perhaps done" : ""}`;
  }
}

/** A message in a line: who, whether it has an id, how long its text is, how it begins, how many files. */
const line = (message: CaseMessage): string =>
  `${message.isFirst ? "first" : message.authorKind}${message.messageId === null ? "" : " #"}: ${message.content
    .replaceAll(/\s+/g, " ")
    .slice(0, 24)} (${message.content.length}, ${message.files.length} files)`;

async function travel({ client, simulator, spool, folder, pass, nowMs }: Travel): Promise<HuaweiOutcomes> {
  const { control } = simulator;
  const lag = control.getSettings().readLagMs;
  const make = (description: string, status: number, more: object = {}): CaseId =>
    toId<CaseId>(control.createCase({ description, status, ...more }).caseId);
  const talk = make("talk", 0, { labels: ["prod", "eu west"], files: [{ name: "日志.txt", text: "log" }] });
  const working = make("working", 1);
  const confirm = make("confirm", 2);
  const feedback = make("feedback", 17);
  const over = make("over", 3);
  const waiting = make("waiting", 2);
  const ended = make("ended", 4);
  const gone = make("gone", 0);
  control.deleteCase({ caseId: gone });
  const names = new Map(
    Object.entries({ talk, working, confirm, feedback, over, waiting, ended, gone }).map(([name, caseId]) => [
      caseId,
      name,
    ]),
  );
  pass(1_000);
  const files = ["a", "b", "c", "d", "e", "f"].map((name) => ({ name: `${name}.txt`, text: name }));
  control.addMessage({ caseId: talk, author: "engineer", name: "Li", content: "Please <b>try</b> a & b", files });
  pass(1_000);
  control.addMessage({ caseId: talk, author: "customer", content: "x".repeat(500) });
  control.relateCases({ caseId: talk, otherId: working });
  control.createAuthorization({ caseId: talk, describe: "log in" });
  pass(lag);

  const view = (caseId: string): CaseView => {
    const found = control.getState().cases.find((entry) => entry.caseId === caseId);
    if (found === undefined) throw new Error("no such case");
    return found;
  };
  const sent = (caseId: string): string[] =>
    view(caseId)
      .messages.filter((message) => message.via === "api" && !message.withdrawn && !message.isFirst)
      .map((message) =>
        [message.content.trim().slice(0, 30), ...message.accessories.map(({ name }) => name)].join(" + "),
      );
  const bytes = async (name: string, content: string): Promise<SpooledFile> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return { path, sizeBytes: Buffer.byteLength(content), sha256: createHash("sha256").update(content).digest("hex") };
  };
  const upload = async (name: string, content: string, purpose: "incident" | "message") =>
    client.uploadFile(sealOwn({ file: await bytes(name, content), name: unguarded(name), purpose }), lane);
  const write = (caseId: CaseId, content: string, fileIds: readonly CaseFileId[] = []) =>
    told(async () => {
      await client.createMessage(caseId, sealOwn({ content: unguarded(content), fileIds }), lane);
      return "sent";
    });
  const act = (caseId: CaseId, action: "press" | "close" | "cancel" | "delete") =>
    told(async () => {
      await client.performAction(caseId, action, sealOwn(unguarded("[OPS-1#2] because")), lane);
      return `${view(caseId).status}`;
    });

  const listed = await client.listCases({}, lane);
  const listCases = {
    cases: listed.map((entry) => `${names.get(entry.caseId)} ${entry.status} ${entry.labels.join("+")}`).sort(),
    timesRight: listed.every((entry) => Math.abs(entry.createdAt.getTime() - view(entry.caseId).createdAt) < 1_000),
  };
  const walked: string[] = [];
  await client.walkCases({ status: 17, createdFrom: new Date(nowMs() - 3_600_000 - lag) }, lane, async (page) => {
    for (const entry of page) walked.push(names.get(entry.caseId) ?? "?");
  });
  const detail = await client.getCase(talk, lane);
  const getCase = {
    status: detail.status,
    description: detail.description,
    messages: detail.messages.map(line),
    timesRight: detail.messages.every(
      (message) =>
        Math.abs(message.createdAt.getTime() - detail.createdAt.getTime()) <= 3_000 &&
        Math.abs(message.createdAt.getTime() - view(talk).createdAt) <= 3_000,
    ),
    deleted: await told(async () => (await client.getCase(gone, lane)).status),
  };
  const listMessages = (await client.listMessages(talk, lane)).map(line).sort();
  const listInstantMessages = await told(async () => {
    const first = await client.listInstantMessages([talk, working], null, lane);
    control.addMessage({ caseId: working, author: "engineer", content: "news" });
    pass(lag + 1_000);
    const second = await client.listInstantMessages([talk, working], first.cursor, lane);
    return {
      first: first.groups.flatMap((group) => group.messages).length,
      second: second.groups.map((group) => `${names.get(group.caseId)}: ${group.messages.map(line).join()}`).sort(),
      unknown: await told(async () => (await client.listInstantMessages([toId("TT9")], null, lane)).groups.length),
    };
  });

  const uploadFile = {
    message: await told(async () => {
      const fileId = await upload("trace.log", "trace", "message");
      return { fileId, sent: await write(talk, "[OPS-1#1] Ann:\nsee trace.log", [fileId]) };
    }),
    large: await told(() => upload("large.zip", "z".repeat(1_500_000), "message").then(() => "stored")),
    picture: await told(() => upload("shot.png", "png", "message").then(() => "stored")),
  };
  const uploadedId = typeof uploadFile.message === "object" ? uploadFile.message.fileId : null;
  const early = await told(() => upload("early.txt", "early", "message"));
  const createMessage = {
    again: uploadedId === null ? null : await write(talk, "[OPS-1#3] Ann:\nonce more", [uploadedId]),
    long: await write(talk, `[OPS-1#4] ${"y".repeat(1_100)} end `),
    empty: await told(async () => write(talk, "", [await upload("e.txt", "e", "message")])),
    closed: await write(over, "[OPS-1#5] closed"),
    confirm: [await write(confirm, "[OPS-1#6] confirm"), view(confirm).status],
    feedback: [await write(feedback, "[OPS-1#7] feedback"), view(feedback).status],
  };
  pass(lag + 1_000);
  const withdrawMessage = await told(async () => {
    const own = (await client.getCase(talk, lane)).messages.findLast((message) => message.content.includes("#4]"));
    if (own?.messageId == null) return "it has no id";
    await client.withdrawMessage(talk, own.messageId as MessageId, lane);
    pass(lag + 1_000);
    return (await client.getCase(talk, lane)).messages.some((message) => message.content.includes("#4]"))
      ? "it still shows"
      : "it is gone";
  });

  // A token can end long before its time.
  control.killTokens();
  const downloadFile = await told(async () => {
    const [first] = detail.messages.flatMap((message) => message.files);
    if (first === undefined) return "no file";
    const file = await client.downloadFile(first.fileId, spool, 1_000, lane);
    return `${first.name}: ${await readFile(file.path, "utf8")}`;
  });
  const deleteUpload = await told(async () => {
    await client.deleteUpload(await upload("unused.txt", "u", "message"), lane);
    return control.getState().unattachedAccessories.some(({ name }) => name === "unused.txt")
      ? "it stands"
      : "it is gone";
  });
  const createCase = await told(async () => {
    const fileId = await upload("first.txt", "first", "incident");
    const caseId = await client.createCase(sealOwn({ ...plainCase, fileIds: [fileId] }), lane);
    const { description, messages, regionId, problemTypeId } = view(caseId);
    return {
      description,
      regionId,
      problemTypeId,
      files: messages.flatMap((entry) => entry.accessories.map(({ name }) => name)),
    };
  });
  const another = {
    long: await told(async () => {
      const description = unguarded(`[OPS-8 @10008] ${"d".repeat(1_100)}`);
      return view(await client.createCase(sealOwn({ ...plainCase, description }), lane)).description.length;
    }),
    severe: await told(
      async () =>
        view(await client.createCase(sealOwn({ ...plainCase, severityId: unguarded("sv4003") }), lane)).severityId,
    ),
  };

  const performAction = {
    press: await act(talk, "press"),
    pressAgain: await act(talk, "press"),
    pressWorking: await act(working, "press"),
    closeConfirm: await act(confirm, "close"),
    cancelWorking: await act(working, "cancel"),
    close: await act(working, "close"),
    cancel: await act(talk, "cancel"),
    closeClosed: await act(over, "close"),
    delete: await act(ended, "delete"),
  };
  const rateCase = await told(async () => {
    await client.rateCase(over, sealOwn({ stars: 4, text: unguarded("[OPS-1#8] good") }), lane);
    return { judgement: view(over).judgement, dimensions: view(over).satisfaction.length };
  });
  pass(lag + 61_000);
  const late = await write(feedback, "[OPS-1#9] late", [toId<CaseFileId>(early)]);
  const later = (await client.getCase(waiting, lane)).status;
  const productId = nobody;
  const problemTypeId = problemType;
  return {
    listCases,
    walkCases: walked,
    getCase: { ...getCase, later },
    listMessages,
    listInstantMessages,
    uploadFile: {
      ...uploadFile,
      message: typeof uploadFile.message === "string" ? uploadFile.message : uploadFile.message.sent,
    },
    createMessage: { ...createMessage, late, arrived: sent(talk) },
    withdrawMessage,
    downloadFile,
    deleteUpload,
    createCase: { made: createCase, ...another },
    performAction,
    rateCase,
    listOperations: await told(async () => (await client.listOperations(over, lane)).map((entry) => entry.kind)),
    getFileLimits: await told(() => client.getFileLimits(lane)),
    listCaseLabels: [...(await client.listCaseLabels(talk, lane))].sort(),
    listRelatedCases: await told(async () =>
      (await client.listRelatedCases(talk, lane)).map((entry) => entry.description),
    ),
    listAccessRequests: (await client.listAccessRequests(lane)).map((entry) => entry.summary.includes("log in")),
    listRegions: await told(async () => (await client.listRegions(lane)).map(({ id }) => id)),
    listCategories: await told(async () =>
      (await client.listCategories(lane)).map(({ id, products }) => `${id} ${products.length}`),
    ),
    listProblemTypes: await told(async () =>
      (await client.listProblemTypes({ productId, subTypeId: null }, lane)).map(
        (entry) => `${entry.id} ${entry.caseType}`,
      ),
    ),
    listSeverities: await told(async () => {
      const { shown, severities } = await client.listSeverities({ productId, problemTypeId }, lane);
      return [shown, severities.length];
    }),
    listTemplates: await told(async () =>
      (await client.listTemplates(problemTypeId, lane)).map(({ content }) => content),
    ),
    listExtraParameters: await told(async () =>
      (
        await client.listExtraParameters({ problemTypeId: unguarded("bt3004"), productId: null, subTypeId: null }, lane)
      ).map((entry) => `${entry.id} ${entry.required} ${entry.lengthMax}`),
    ),
    listLabels: await told(async () => (await client.listLabels(lane)).map(({ name }) => name).sort()),
    listQuotas: await told(() => client.listQuotas({ problemTypeId, productId }, lane)),
    getAgreementSigned: await told(() => client.getAgreementSigned(lane)),
    listPrivileges: await told(() => client.listPrivileges(lane)),
    getProjectIds: await told(async () => (await client.getProjectIds(lane)).length),
    checkCredentials: await told(async () => (await client.checkCredentials(lane)) ?? "right"),
    serverTime: await told(async () => Math.abs((await client.serverTime(lane)).getTime() - nowMs()) <= 1_000),
    credentialsEnd: (await client.credentialsEnd()) === null ? "none" : "known",
  };
}
