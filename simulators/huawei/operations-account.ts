/** Access requests of engineers, rights, agreements, contact verification, users. */
import { type Answer, type Call, DONE, fail, findCase, json, mayAccess, type Operation, page } from "./context.ts";
import { RefusedRequest } from "./errors.ts";
import { agreementSigned, requireGroup } from "./operations-cases.ts";
import { type Authorization, addLog, LOG_TYPE } from "./state.ts";
import { numberOf, textOf } from "./validate.ts";
import { formatTime } from "./wire.ts";

/** Assumed meanings; the values are not documented. */
const AUTHORIZATION_STATUS = { waiting: 0, granted: 1, refused: 2, withdrawn: 3 } as const;

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

function findAuthorization(call: Call, groupId: string | undefined): Authorization {
  const id = String(call.path.authorization_id);
  const found = visibleAuthorizations(call, groupId).find((authorization) => authorization.authorizationId === id);
  if (found === undefined) throw fail(call, "OSM.01010001", "authorization does not exist");
  return found;
}

function showAuthorization(call: Call): Answer {
  const authorization = findAuthorization(call, textOf(call.query, "group_id"));
  return json({
    ...renderAuthorization(call, authorization),
    incident_auth_detail_list: [
      { id: authorization.detailId, port: 22, account: "", type: 1, instance_id: "", instance_name: "", region_id: "" },
    ],
    auth_handler_name: authorization.handlerName,
    agency_name: "",
    content_type_id: "1",
    content_type_name: authorization.visitTypeName,
  });
}

function logAuthorization(call: Call, authorization: Authorization, type: number): void {
  const record = findCase(call, authorization.caseId, "any", "write");
  addLog(call.core, record, { type, operatorId: call.account.userId, operatorName: call.account.userName });
}

function confirmAuthorization(call: Call): Answer {
  const authorization = findAuthorization(call, textOf(call.body, "group_id"));
  if (authorization.status !== AUTHORIZATION_STATUS.waiting) throw fail(call, call.core.settings.wrongStatusErrorCode);
  authorization.status = AUTHORIZATION_STATUS.granted;
  authorization.effectiveAt = numberOf(call.body, "auth_effective_time") ?? authorization.effectiveAt;
  authorization.expireAt = numberOf(call.body, "auth_expire_time") ?? authorization.expireAt;
  logAuthorization(call, authorization, LOG_TYPE.accessGranted);
  return DONE;
}

function updateAuthorization(call: Call): Answer {
  const action = textOf(call.query, "action_id");
  if (action !== "reject" && action !== "cancel") throw new RefusedRequest("action_id is not reject or cancel");
  const authorization = findAuthorization(call, textOf(call.body, "group_id"));
  const needed = action === "reject" ? AUTHORIZATION_STATUS.waiting : AUTHORIZATION_STATUS.granted;
  if (authorization.status !== needed) throw fail(call, call.core.settings.wrongStatusErrorCode);
  authorization.status = action === "reject" ? AUTHORIZATION_STATUS.refused : AUTHORIZATION_STATUS.withdrawn;
  authorization.rejectReason = textOf(call.body, "reject_reason") ?? "";
  logAuthorization(call, authorization, action === "reject" ? LOG_TYPE.accessRefused : LOG_TYPE.accessWithdrawn);
  return DONE;
}

function showAgreement(call: Call): Answer {
  return json({
    case_agreement: {
      id: "1",
      agreement_name: "Service Ticket Agreement",
      agreement_type: textOf(call.query, "agreement_type") ?? "0",
      agreement_type_name: "New service ticket",
      content: "Agreement text of the simulator.",
      version: 1,
    },
  });
}

function signAgreement(call: Call): Answer {
  if (call.path.id !== 1) throw fail(call, "OSM.01010001", "agreement does not exist");
  call.core.state.signedAgreements.add(call.account.domainId);
  return json({ agreement_signed_record_id: 1 });
}

function sendVerifyCode(call: Call): Answer {
  // Stands for the code that a person gets by SMS or e-mail; always the same, so that it can be typed by hand.
  call.core.state.verifyCodes.set(textOf(call.body, "contact_value") ?? "", "123456");
  return DONE;
}

function checkVerifyCode(call: Call): Answer {
  const contact = textOf(call.body, "contact_value") ?? "";
  if (call.core.state.verifyCodes.get(contact) !== textOf(call.body, "verify_code")) throw fail(call, "OSM.01010010");
  call.core.state.verifyCodes.delete(contact);
  call.core.state.verifiedContacts.set(contact, {
    verifiedId: call.core.random.hex(32),
    way: numberOf(call.body, "contact_way") ?? 0,
    areaCode: textOf(call.body, "area_code") ?? "",
  });
  return DONE;
}

function listVerified(call: Call): Answer {
  const way = numberOf(call.query, "contact_way");
  const value = textOf(call.query, "contact_value");
  const found = [...call.core.state.verifiedContacts].filter(
    ([contact, data]) => (way === undefined || data.way === way) && (value === undefined || contact === value),
  );
  const shown = page(found, numberOf(call.query, "offset"), numberOf(call.query, "limit") ?? 10);
  return json({
    count: found.length,
    contact_list: shown.map(([contact, data]) => ({
      contact_way: data.way,
      contact_value: contact,
      area_code: data.areaCode,
      verified_id: data.verifiedId,
    })),
  });
}

function needVerify(call: Call): Answer {
  const known = call.core.state.verifiedContacts.has(textOf(call.query, "contact_value") ?? "");
  return json({ need_verify_code: known ? 0 : 1 });
}

function listSubCustomers(call: Call): Answer {
  const name = textOf(call.query, "sub_customer_name") ?? "";
  const id = textOf(call.query, "sub_customer_id");
  const found = call.core.accounts.filter(
    (account) =>
      account.domainId === call.account.domainId &&
      account.userName.includes(name) &&
      (id === undefined || account.userId === id),
  );
  return json({
    sub_customer_infos: found.map((account) => ({
      customer_id: account.userId,
      domain_id: account.domainId,
      customer_name: account.userName,
    })),
  });
}

function changePrivilege(call: Call): Answer {
  const { core, body } = call;
  // The export privilege changes nothing here, since the export itself is not offered.
  if (textOf(body, "privilege") === "createCase") {
    core.settings = { ...core.settings, mayCreateCases: textOf(body, "operation") === "create" };
  }
  return DONE;
}

/** The operations of this file by operationId. */
export const ACCOUNT_OPERATIONS: Readonly<Record<string, Operation>> = {
  ListAuthorizations: listAuthorizations,
  ShowAuthorizationDetail: showAuthorization,
  ConfirmAuthorizations: confirmAuthorization,
  UpdateAuthorizations: updateAuthorization,
  ShowLoginType: () => json({ login_type: "0" }),
  ShowLatestPublishedAgreement: showAgreement,
  ShowSignedLatestPublishedAgreement: (call) => json({ is_signed_latest: agreementSigned(call) }),
  SignPublishedAgreement: signAgreement,
  SendVerifyCodes: sendVerifyCode,
  CheckVerifyCodes: checkVerifyCode,
  ListHasVerifiedContacts: listVerified,
  CheckNeedVerify: needVerify,
  ListSubCustomers: listSubCustomers,
  ListAgencies: () => json({ total_count: 0, agency_list: [] }),
  ListCaseCcEmails: (call) =>
    json({
      cc_email_info: { user_id: call.account.userId, customer_id: call.account.domainId, cc_email: "" },
      mc_email_infos: [],
    }),
  ListPrivileges: (call) => {
    const { policySwitch, mayCreateCases } = call.core.settings;
    const create = !policySwitch || mayCreateCases;
    return json({ has_privilege: textOf(call.query, "privilege") === "createCase" ? Number(create) : 0 });
  },
  CreatePrivileges: changePrivilege,
  ShowCustomerPrivilegePolicy: (call) => json({ policy_switch: call.core.settings.policySwitch }),
  ShowPartnersCasesPrivilege: () => json({ has_privilege: false }),
  CreateFeedback: (call) => {
    call.core.state.feedbacks.push({ ...call.body });
    return DONE;
  },
};
