/**
 * In which API version and with which login the scenarios run: `CASEBRIDGE_TEST_DIALECT` (`v2`, `v1.0`) and `CASEBRIDGE_TEST_LOGIN`
 * (`aksk`, `token`). `npm run test:dialects` runs them in every combination but the first.
 */
import { doctorTexts } from "../../src/commands/doctor/texts/texts.ts";
import type { HuaweiCapability } from "../../src/sync/ports.ts";

export const apiVersion = readSwitch("CASEBRIDGE_TEST_DIALECT", ["v2", "v1.0"]);
const login = readSwitch("CASEBRIDGE_TEST_LOGIN", ["aksk", "token"]);
/** The same as variables of the program. */
export const dialectEnv = (): Readonly<Record<string, string>> => ({
  HUAWEI_API_VERSION: apiVersion,
  ...loginEnvs[login],
});

const [username, password, domainName] = ["simuser", "simpass", "simdomain"];
const domainId = "simdomain0000000000000000000001";
/** The two ways to log in, as variables; the token login looks its project up. A variable set to "" is taken away. */
export const loginEnvs = {
  aksk: {
    HUAWEICLOUD_SDK_AK: "SIMAK",
    HUAWEICLOUD_SDK_SK: "SIMSK",
    HUAWEICLOUD_SDK_DOMAIN_ID: domainId,
    HUAWEI_IAM_USERNAME: "",
    HUAWEI_IAM_PASSWORD: "",
    HUAWEI_IAM_DOMAIN_NAME: "",
  },
  token: {
    HUAWEICLOUD_SDK_AK: "",
    HUAWEICLOUD_SDK_SK: "",
    HUAWEICLOUD_SDK_DOMAIN_ID: "",
    HUAWEI_IAM_USERNAME: username,
    HUAWEI_IAM_PASSWORD: password,
    HUAWEI_IAM_DOMAIN_NAME: domainName,
  },
} as const;

/** v2's operations that scenarios name, and those of v1.0 that do the same. */
const historical = {
  CreateCases: "V1CreateCase",
  CreateMessages: "V1CreateMessage",
  ListCaseCategories: "V1ListSubTypes",
  ListProblemTypes: "V1ListBusinessTypes",
  ListRegions: "V1ListRegions",
  UpdateCases: "V1Action",
  UploadAccessory: "V1UploadAccessory",
} as const;

/** What the simulator calls an operation in the dialect of this run. */
export function inDialect(operation: keyof typeof historical): string {
  return apiVersion === "v2" ? operation : historical[operation];
}

/**
 * Whether the API version of this run has it: v2 has all, v1.0 none (test/contract/huawei.test.ts). What it lacks is printed in
 * `doctor`'s words, since something is left out or expected otherwise for it.
 */
export function can(capability: HuaweiCapability): boolean {
  if (apiVersion === "v1.0") console.info(`v1.0: ${doctorTexts.en.huawei.lacks[capability]}`);
  return apiVersion === "v2";
}

/**
 * Messages of ours that stand: withdrawn by nobody, and not said to be withdrawn by a later message, which is how it is said where the
 * service cannot withdraw (v1.0).
 */
export function standing<Message extends { readonly content: string; readonly withdrawn: boolean }>(
  messages: readonly Message[],
): Message[] {
  const shown = messages.filter((message) => !message.withdrawn);
  if (apiVersion === "v2") return shown;
  const commentOf = ({ content }: Message): string => /^\[[^#\]]+#(\d+)/.exec(content)?.[1] ?? "";
  const withdrawnAt = new Map<string, number>();
  for (const [at, message] of shown.entries())
    if (/^\[[^\]]+ withdrawn\]/.test(message.content)) withdrawnAt.set(commentOf(message), at);
  return shown.filter((message, at) => at > (withdrawnAt.get(commentOf(message)) ?? -1));
}

function readSwitch<Value extends string>(name: string, values: readonly [Value, ...Value[]]): Value {
  const given = process.env[name] ?? values[0];
  const found = values.find((value) => value === given);
  if (found === undefined) throw new Error(`${name} must be one of ${values.join(", ")}, not "${given}"`);
  return found;
}
