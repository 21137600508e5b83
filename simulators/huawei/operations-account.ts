/** Access requests of engineers, rights, agreements. */
import { type Answer, type Call, json, mayAccess, type Operation, page } from "./context.ts";
import { agreementSigned, requireGroup } from "./operations-cases.ts";
import type { Authorization } from "./state.ts";
import { numberOf, textOf } from "./values.ts";
import { formatTime } from "./wire.ts";

function visibleAuthorizations(call: Call, groupId: string | undefined): Authorization[] {
  return [...call.core.state.authorizations.values()].filter((authorization) => {
    const record = call.core.state.cases.get(authorization.caseId);
    return record !== undefined && mayAccess(call, record, groupId);
  });
}

function renderAuthorization(call: Call, authorization: Authorization): Record<string, unknown> {
  const { core, locale } = call;
  const record = core.state.cases.get(authorization.caseId);
  return {
    id: authorization.authorizationId,
    status: authorization.status,
    incident_id: authorization.caseId,
    simple_description: record?.description ?? "",
    auth_describe: authorization.description,
    resource_type_id: "1",
    resource_type_name: authorization.resourceTypeName,
    visit_type_id: "1",
    visit_type_name: authorization.visitTypeName,
    auth_effective_time: formatTime(core, locale, authorization.effectiveAt),
    auth_expire_time: formatTime(core, locale, authorization.expireAt),
    reject_reason: authorization.rejectReason,
    xcustomer_name: record?.ownerName ?? "",
  };
}

function listAuthorizations(call: Call): Answer {
  const { query, core, locale } = call;
  const groupId = textOf(query, "group_id");
  requireGroup(call, groupId);
  const caseId = textOf(query, "incident_id");
  // Assumed: -1 asks for every status (openapi: minimum -1).
  const status = numberOf(query, "status") ?? -1;
  const found = visibleAuthorizations(call, groupId).filter((authorization) => {
    const record = core.state.cases.get(authorization.caseId);
    return (
      (caseId === undefined || authorization.caseId === caseId) &&
      (status === -1 || authorization.status === status) &&
      (record?.description ?? "").includes(textOf(query, "simple_description") ?? "") &&
      (record?.ownerName ?? "").includes(textOf(query, "sub_customer_name") ?? "")
    );
  });
  const shown = page(found.reverse(), numberOf(query, "offset"), numberOf(query, "limit") ?? 10);
  return json({
    count: found.length,
    incident_auth_list: shown.map((authorization) => ({
      ...renderAuthorization(call, authorization),
      create_time: formatTime(core, locale, authorization.createdAt),
      customer_id: authorization.domainId,
      x_customer_id: core.state.cases.get(authorization.caseId)?.ownerUserId ?? "",
      content_of_auth_letter: "",
    })),
  });
}

/** The operations of this file by operationId. */
export const ACCOUNT_OPERATIONS: Readonly<Record<string, Operation>> = {
  ListAuthorizations: listAuthorizations,
  ShowSignedLatestPublishedAgreement: (call) => json({ is_signed_latest: agreementSigned(call) }),
  ListPrivileges: (call) => {
    const { policySwitch, mayCreateCases } = call.core.settings;
    const create = !policySwitch || mayCreateCases;
    return json({ has_privilege: textOf(call.query, "privilege") === "createCase" ? Number(create) : 0 });
  },
};
