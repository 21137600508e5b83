/** Which budgets connections draw on: one per endpoint and account (rule 9). Two connections with one key share it. */
import { hashTexts } from "../lib/hash.ts";
import type { HuaweiAccess, JiraAccess } from "./access.ts";

type Sides = {
  readonly huawei: Pick<HuaweiAccess, "endpoint" | "credentials">;
  readonly jira: Pick<JiraAccess, "host" | "email">;
};

/**
 * Names the account of a budget: the user, the account whose agency is used, the server, or a hash of the access key's id, which is half
 * of a credential and stands nowhere.
 */
export function huaweiAccount({ credentials }: Pick<HuaweiAccess, "credentials">): string {
  switch (credentials.kind) {
    case "aksk":
      return `key ${hashTexts([credentials.ak.reveal()]).slice(0, 16)}`;
    case "agency":
      return `agency ${credentials.agency.domainName}/${credentials.agency.name}`;
    case "ecs":
      return `server ${credentials.domainId ?? ""}`.trim();
    case "password":
      return `${credentials.domainName}/${credentials.username}`;
  }
}

/** Names of the budgets of one connection. */
export function budgetKeys({ huawei, jira }: Sides): { readonly huawei: string; readonly jira: string } {
  return {
    huawei: `huawei ${huawei.endpoint} ${huaweiAccount(huawei)}`,
    jira: `jira ${jira.host} ${jira.email}`,
  };
}
