/** As whom a connection signs in at Huawei Cloud: exactly one way, and no credentials of the environment at an address of the file's. */
import type { HuaweiAgency, HuaweiCredentials } from "../domain/access.ts";
import type { ConnectionInput } from "./file-schema.ts";
import { type Scope, textOrNull } from "./scope.ts";

type CredentialsSection = NonNullable<ConnectionInput["huawei"]>;

/** The credentials; `null` = what misses or does not go together is reported. `projectId` is the connection's. */
export function buildCredentials(
  scope: Scope,
  section: CredentialsSection,
  projectId: string | null,
): HuaweiCredentials | null {
  const fileHasKeys = section.ak !== undefined || section.sk !== undefined;
  const fileHasLogin = section.username !== undefined || section.password !== undefined;
  const mixture = findMixture(section, { fileHasKeys, fileHasLogin });
  if (mixture !== null)
    return scope.fail(["huawei", ...mixture.at], {
      kind: "conflict",
      message: mixture.message,
      remedy: mixture.remedy,
    });
  if (section.credentials === "ecs")
    return { kind: "ecs", domainId: readDomainId(scope, section, section.domainId === undefined) };
  const elsewhere =
    scope.isElsewhere("HUAWEI_OSM_ENDPOINT", section.endpoint) ||
    scope.isElsewhere("HUAWEI_IAM_ENDPOINT", section.iamEndpoint);
  if (elsewhere && !fileHasKeys && !fileHasLogin) {
    return scope.fail(["huawei", section.endpoint === undefined ? "iamEndpoint" : "endpoint"], {
      kind: "unsafe",
      message:
        "is an address of its own, but the connection names no credentials: those of the environment are not sent there",
      remedy:
        "Name the credentials beside it: ak: { env: NAME } and sk: { env: NAME }, or username and password: { env: NAME }.",
    });
  }
  const envHasKeys = scope.isGiven("HUAWEICLOUD_SDK_AK", section.ak) || scope.isGiven("HUAWEICLOUD_SDK_SK", section.sk);
  const envHasLogin =
    scope.isGiven("HUAWEI_IAM_USERNAME", section.username) || scope.isGiven("HUAWEI_IAM_PASSWORD", section.password);

  if (fileHasKeys || (envHasKeys && !fileHasLogin)) {
    if (elsewhere && (section.ak === undefined || section.sk === undefined)) return failHalfNamed(scope, "ak", "sk");
    return buildKeys(scope, section, elsewhere);
  }
  if (fileHasLogin || envHasLogin) {
    if (elsewhere && (section.username === undefined || section.password === undefined))
      return failHalfNamed(scope, "username", "password");
    if (!fileHasLogin && hasAgency(scope, section)) return failAgencyWithoutKeys(scope);
    const username = scope.need("HUAWEI_IAM_USERNAME", section.username);
    const password = scope.secret("HUAWEI_IAM_PASSWORD", section.password, true);
    const domainName = scope.need("HUAWEI_IAM_DOMAIN_NAME", section.domainName);
    if (username === null || password === null || domainName === null) return null;
    return { kind: "password", username, password, domainName, projectId };
  }
  if (scope.isBroken(["huawei"])) return null;
  return scope.fail(["huawei", "ak"], {
    kind: "missing",
    variable: "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK",
    message: "are not set: there are no Huawei Cloud credentials",
    remedy:
      "Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (or the same with _FILE), or huawei.ak and huawei.sk in the configuration file. Without an access key set HUAWEI_IAM_USERNAME, HUAWEI_IAM_PASSWORD, HUAWEI_IAM_DOMAIN_NAME and HUAWEICLOUD_SDK_PROJECT_ID.",
  });
}

type Mixture = { readonly at: readonly string[]; readonly message: string; readonly remedy: string };

/** Two ways to sign in that the file gives for one connection. */
function findMixture(
  section: CredentialsSection,
  { fileHasKeys, fileHasLogin }: { readonly fileHasKeys: boolean; readonly fileHasLogin: boolean },
): Mixture | null {
  if (fileHasKeys && fileHasLogin)
    return {
      at: [],
      message: "has both an access key (ak, sk) and a login (username, password)",
      remedy: "Keep ak and sk, which is the preferred way, or username, password, domainName and projectId.",
    };
  const hasOther = fileHasKeys || fileHasLogin || section.securityToken !== undefined || section.agency !== undefined;
  if (section.credentials === "ecs" && hasOther)
    return {
      at: ["credentials"],
      message: "takes the keys of the server, but the connection names another login beside it",
      remedy: "Remove credentials: ecs, or ak, sk, securityToken, agency, username and password beside it.",
    };
  if (section.agency !== undefined && fileHasLogin)
    return {
      at: ["agency"],
      message: "gives keys for an access key, but the connection signs in with username and password",
      remedy: "Name ak and sk instead of username and password, or remove the agency.",
    };
  if (section.agency !== undefined && section.securityToken !== undefined)
    return {
      at: ["agency"],
      message: "gives temporary keys for a permanent access key, but securityToken names a temporary one",
      remedy: "Name a permanent access key and remove securityToken, or remove the agency.",
    };
  return null;
}

function buildKeys(scope: Scope, section: CredentialsSection, elsewhere: boolean): HuaweiCredentials | null {
  const ak = scope.secret("HUAWEICLOUD_SDK_AK", section.ak, true);
  const sk = scope.secret("HUAWEICLOUD_SDK_SK", section.sk, true);
  // A security token and an agency belong to one key pair. The environment's must not go along with a key that the file names.
  const isOwnKey = section.ak !== undefined && section.ak.env !== "HUAWEICLOUD_SDK_AK";
  const securityToken =
    isOwnKey && section.securityToken === undefined
      ? null
      : scope.secret("HUAWEICLOUD_SDK_SECURITY_TOKEN", section.securityToken, false);
  const isOwnAgency = section.agency !== undefined;
  if (isOwnAgency || (!isOwnKey && hasAgency(scope, section))) {
    if (securityToken !== null)
      return scope.fail(["huawei", "agency"], {
        kind: "conflict",
        variable: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        message: "is set beside an agency, which gives temporary keys for a permanent access key",
        remedy: "Set a permanent access key and leave HUAWEICLOUD_SDK_SECURITY_TOKEN unset, or leave the agency out.",
      });
    if (elsewhere && !isOwnAgency) return failAgencyElsewhere(scope);
    // An agency that the file names is whole: the environment's account or external id belong to another one.
    const agency = isOwnAgency ? buildOwnAgency(scope, section.agency ?? {}) : buildAgency(scope);
    const domainId = readDomainId(scope, section, isOwnKey || isOwnAgency);
    if (ak === null || sk === null || agency === null) return null;
    if (agency.externalId !== null && domainId === null) return failWithoutAccountId(scope, isOwnAgency);
    return { kind: "agency", ak, sk, domainId, agency };
  }
  const domainId = readDomainId(scope, section, false);
  return ak === null || sk === null ? null : { kind: "aksk", ak, sk, securityToken, domainId };
}

/** `isOwn`: the account is not that of the environment's keys, and so neither is its id. */
function readDomainId(scope: Scope, section: CredentialsSection, isOwn: boolean): string | null {
  if (isOwn && section.domainId === undefined) return null;
  return textOrNull(scope.pick("HUAWEICLOUD_SDK_DOMAIN_ID", section.domainId));
}

function hasAgency(scope: Scope, section: CredentialsSection): boolean {
  return (
    section.agency !== undefined ||
    scope.isGiven("HUAWEI_AGENCY_NAME", undefined) ||
    scope.isGiven("HUAWEI_AGENCY_DOMAIN_NAME", undefined) ||
    scope.isGiven("HUAWEI_AGENCY_EXTERNAL_ID", undefined)
  );
}

function buildAgency(scope: Scope): HuaweiAgency | null {
  const name = scope.need("HUAWEI_AGENCY_NAME", undefined);
  const domainName = scope.need("HUAWEI_AGENCY_DOMAIN_NAME", undefined);
  const externalId = scope.pick("HUAWEI_AGENCY_EXTERNAL_ID", undefined);
  return name === null || domainName === null ? null : { domainName, name, externalId };
}

function buildOwnAgency(scope: Scope, section: NonNullable<CredentialsSection["agency"]>): HuaweiAgency | null {
  const { domainName, name, externalId = null } = section;
  if (domainName !== undefined && name !== undefined) return { domainName, name, externalId };
  for (const member of ["domainName", "name"] as const)
    if (section[member] === undefined && !scope.isBroken(["huawei", "agency", member]))
      scope.fail(["huawei", "agency"], {
        kind: "missing",
        message: `lacks ${member}`,
        remedy: "Name both: agency: { domainName: the account that made the agency, name: the agency }.",
      });
  return null;
}

function failAgencyWithoutKeys(scope: Scope): null {
  return scope.fail(["huawei", "agency"], {
    kind: "conflict",
    variable: "HUAWEI_AGENCY_NAME",
    message: "is set, but the agency gives keys for an access key, and there is only a user name and password",
    remedy: "Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or leave the HUAWEI_AGENCY_… variables unset.",
  });
}

/** STS knows an agency by the id of its account (huawei.md 3.4), and nobody else can be asked for that id. */
function failWithoutAccountId(scope: Scope, isOwnAgency: boolean): null {
  const where = isOwnAgency ? "huawei.domainId, beside the agency," : "HUAWEICLOUD_SDK_DOMAIN_ID";
  return scope.fail(["huawei", "agency"], {
    kind: "missing",
    ...(isOwnAgency ? {} : { variable: "HUAWEICLOUD_SDK_DOMAIN_ID" }),
    message: "has an external id, with which an agency is asked for by the id of its account, and that id is not given",
    remedy: `Set ${where} to the id of the account that made the agency; its owner finds it in the console under My Credentials.`,
  });
}

function failAgencyElsewhere(scope: Scope): null {
  return scope.fail(["huawei"], {
    kind: "unsafe",
    message: "names an address of its own, and the environment's agency is not asked for there",
    remedy: "Name the agency beside the address: agency: { domainName: …, name: … }.",
  });
}

/** Half of a credential would come from the environment, which belongs to another address. */
function failHalfNamed(scope: Scope, one: string, other: string): null {
  return scope.fail(["huawei"], {
    kind: "unsafe",
    message: `names an address of its own, but only one of ${one} and ${other}: the environment's is not sent there`,
    remedy: `Name both ${one} and ${other} below huawei.`,
  });
}
