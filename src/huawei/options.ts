/** What the Huawei adapter is given. The configuration's `HuaweiConfig` satisfies it; nothing here reads the environment. */
import type { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";

/** Signing with a key pair, or a token login with a password (huawei.md 3). */
export type HuaweiClientCredentials =
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
      readonly kind: "password";
      readonly username: string;
      readonly password: Secret;
      readonly domainName: string;
      /** Project of a token of project scope; `null` = looked up when one is needed. */
      readonly projectId: string | null;
    };

/** Settings of one client. URLs have no trailing slash. */
export type HuaweiClientOptions = {
  readonly endpoint: string;
  readonly iamEndpoint: string;
  readonly apiVersion: "v2" | "v1.0";
  /** `X-Language`. */
  readonly language: string;
  /** `X-Site`, signed: 0 China, 1 international (huawei.md 14); `null` = not sent. */
  readonly site?: "china" | "international" | null;
  /** User group whose cases are read; `null` = the account's own. */
  readonly groupId: string | null;
  /** Proxy on the way to the service; left out or `null` = reached directly. */
  readonly proxy?: HttpProxy | null;
  /** Project that new cases name; `null` = none. */
  readonly projectId?: string | null;
  readonly credentials: HuaweiClientCredentials;
  /** For one attempt of an ordinary request, default 30,000; transfers get more time by their size. */
  readonly timeoutMs?: number;
};
