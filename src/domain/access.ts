/** How the two services are reached, and as whom. URLs have no trailing slash. */
import type { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";

/** The versions of Huawei's API that casebridge speaks, the better one first. */
export const apiVersions = ["v2", "v1.0"] as const;
export type ApiVersion = (typeof apiVersions)[number];

/** Huawei's sites, sent as `X-Site`: 0 and 1 (huawei.md 14). */
export const huaweiSites = ["china", "international"] as const;
export type HuaweiSite = (typeof huaweiSites)[number];

/** An agency of another account that lets us act for it. */
export type HuaweiAgency = {
  /** Name of the account that made the agency. */
  readonly domainName: string;
  readonly name: string;
  /** What the agency's owner asks callers for; `null` = nothing. */
  readonly externalId: string | null;
};

/**
 * Signing with a key pair (preferred), with temporary keys that an agency gives for a key pair or that the server gives casebridge runs
 * on, or a token login with a password (huawei.md 3).
 */
export type HuaweiCredentials =
  | {
      readonly kind: "aksk";
      readonly ak: Secret;
      readonly sk: Secret;
      /** Present with temporary keys; sent as `X-Security-Token`. */
      readonly securityToken: Secret | null;
      /** Account id, sent as `X-Domain-Id`; `null` = learned from IAM before the first request. */
      readonly domainId: string | null;
    }
  | {
      readonly kind: "agency";
      readonly ak: Secret;
      readonly sk: Secret;
      /** Id of the agency's account, sent as `X-Domain-Id`; `null` = learned from IAM. Present where the agency has an external id. */
      readonly domainId: string | null;
      readonly agency: HuaweiAgency;
    }
  | {
      readonly kind: "ecs";
      /** As with `aksk`. */
      readonly domainId: string | null;
    }
  | {
      readonly kind: "password";
      readonly username: string;
      readonly password: Secret;
      readonly domainName: string;
      /** Project of a token of project scope; `null` = looked up when one is needed. */
      readonly projectId: string | null;
    };

/** The Huawei side of a connection, for its client. */
export type HuaweiAccess = {
  readonly endpoint: string;
  readonly iamEndpoint: string;
  readonly apiVersion: ApiVersion;
  /** `X-Language`, in lower case. */
  readonly language: string;
  /** `null` = not sent. */
  readonly site: HuaweiSite | null;
  /** The user groups whose cases are mirrored; none = the account's own cases. */
  readonly groupIds: readonly string[];
  /** Sent as `project_id` of new cases, and the scope of a token login; `null` = none. */
  readonly projectId: string | null;
  readonly credentials: HuaweiCredentials;
  /** `null` = reached directly. */
  readonly proxy: HttpProxy | null;
};

/** The Jira side of a connection, for its client. */
export type JiraAccess = {
  /** With its scheme; a path in it is kept (`https://api.atlassian.com/ex/jira/ID`). */
  readonly host: string;
  readonly email: string;
  readonly apiToken: Secret;
  readonly projectKey: string;
  /** Name or id of the issue type that cases become where `issue.type` does not choose another by a fact of the case. */
  readonly issueType: string;
  /** `null` = reached directly. */
  readonly proxy: HttpProxy | null;
};
