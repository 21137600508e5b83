/** Names of the budgets that connections draw on. */
import type { ConnectionConfig } from "../config/config.ts";
import { hashParts } from "../lib/hash.ts";

/** Names the account of a budget: the user, or a hash of the access key's id, which is half of a credential and stands nowhere. */
export function huaweiAccount(connection: ConnectionConfig): string {
  const { credentials } = connection.huawei;
  return credentials.kind === "aksk"
    ? `key ${hashParts([credentials.ak.reveal()]).slice(0, 16)}`
    : `${credentials.domainName}/${credentials.username}`;
}

/** Names of the budgets that a connection draws on: one per endpoint and account (rule 9). */
export function budgetKeys(connection: ConnectionConfig): { readonly huawei: string; readonly jira: string } {
  return {
    huawei: `huawei ${connection.huawei.endpoint} ${huaweiAccount(connection)}`,
    jira: `jira ${connection.jira.host} ${connection.jira.email}`,
  };
}
