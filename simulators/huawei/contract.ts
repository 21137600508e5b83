/**
 * What the public interface accepts, operation by operation: the data that makes the simulator strict.
 * Generated once from osm/openapi.yaml (edition 2026-08) and kept as plain data, so that a change of the
 * interface is a readable difference here. Length limits that the documentation disagrees on (description,
 * message content) are left out and come from the settings instead (huawei.md 6 and 9); so are the values of the case
 * action, because an unknown one has a code of its own (huawei.md 10, OSM.01010013).
 */

/** One value of a request: kind plus the limits that openapi.yaml declares. Text lengths are UTF-16 units, lists count items. */
export type ValueSpec =
  | { readonly kind: "text"; readonly min?: number; readonly max?: number; readonly values?: readonly string[] }
  | { readonly kind: "integer"; readonly min?: number; readonly max?: number; readonly values?: readonly number[] }
  | { readonly kind: "flag" }
  | { readonly kind: "list"; readonly item: ValueSpec; readonly min?: number; readonly max?: number }
  | { readonly kind: "open" }
  | RecordSpec;

/** A closed set of named values: a name that is not listed is an undocumented request. */
export interface RecordSpec {
  readonly kind: "record";
  readonly fields: Readonly<Record<string, ValueSpec>>;
  readonly required: readonly string[];
}

/**
 * One documented operation. `answer` tells what a success carries: `result` = only `error_code`/`error_msg`,
 * `data_with_result` = data that also declares them, `empty` = no documented body (v1.0 writes), `bytes` = a file.
 */
export interface OperationSpec {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly pathParameters?: RecordSpec;
  readonly query?: RecordSpec;
  readonly headers?: RecordSpec;
  readonly body?: { readonly kind: "json" | "multipart"; readonly required: boolean; readonly schema: ValueSpec };
  readonly answer: "data" | "result" | "data_with_result" | "empty" | "bytes";
}

interface Limits<T> {
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly T[];
}

function text(limits: Limits<string> = {}): ValueSpec {
  return { kind: "text", ...limits };
}

function integer(limits: Limits<number> = {}): ValueSpec {
  return { kind: "integer", ...limits };
}

function flag(): ValueSpec {
  return { kind: "flag" };
}

function list(item: ValueSpec, limits: { min?: number; max?: number } = {}): ValueSpec {
  return { kind: "list", item, ...limits };
}

function openRecord(): ValueSpec {
  return { kind: "open" };
}

function record(fields: Record<string, ValueSpec>, required: readonly string[] = []): RecordSpec {
  return { kind: "record", fields, required };
}

/** Every operation of openapi.yaml, v2, v2.0 and v1.0, in the order of that file. */
export const OPERATIONS: readonly OperationSpec[] = [
  { id: "ListCaseCcEmails", method: "GET", path: "/v2/servicerequest/carbon-copy-emails", answer: "data" },
  {
    id: "ListCases",
    method: "GET",
    path: "/v2/servicerequest/cases",
    query: record({
      search_key: list(text({ max: 64 }), { max: 3 }),
      label_id_list: list(text(), { max: 5 }),
      app_key: text({ max: 64 }),
      incident_id: text({ max: 32 }),
      query_start_time: text({ max: 32 }),
      query_end_time: text({ max: 32 }),
      status: integer({ min: 0, max: 30 }),
      incident_status: text({ max: 32 }),
      x_customer_id: text({ max: 64 }),
      x_customer_name: text({ max: 64 }),
      group_id: text({ max: 64 }),
      offset: integer({ min: 0, max: 65535 }),
      limit: integer({ min: 0, max: 100 }),
    }),
    answer: "data",
  },
  {
    id: "CreateCases",
    method: "POST",
    path: "/v2/servicerequest/cases",
    headers: record({
      "x-phone-verifiedid": text({ min: 1, max: 32 }),
      "x-email-verifiedid": text({ min: 1, max: 32 }),
    }),
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          incident_sub_type_id: text({ max: 32 }),
          product_category_id: text({ max: 64 }),
          business_type_id: text({ max: 512 }),
          region_id: text({ max: 64 }),
          simple_description: text(),
          source_id: text({ max: 32 }),
          remind_mobile: text({ max: 32 }),
          remind_mail: text({ max: 128 }),
          remind_time: text({ max: 16 }),
          project_id: text({ max: 64 }),
          accessory_ids: list(text()),
          extends_map: openRecord(),
          extension_map: openRecord(),
          severity_id: text(),
          verify_code: text(),
          area_code: text(),
        },
        ["business_type_id", "simple_description", "source_id"],
      ),
    },
    answer: "data",
  },
  {
    id: "ListCaseCounts",
    method: "GET",
    path: "/v2/servicerequest/cases/count",
    query: record({ status: integer({ min: 0, max: 20 }) }),
    answer: "data",
  },
  {
    id: "DownloadCases",
    method: "GET",
    path: "/v2/servicerequest/cases/export",
    query: record(
      {
        language: text(),
        timezone: text(),
        incident_id: text(),
        query_start_time: text(),
        query_end_time: text(),
        x_customer_name: text(),
        search_key: text(),
        status: integer({ min: 0, max: 20 }),
        customer_id: text({ max: 64 }),
        tenant_source_id_list: list(text(), { max: 10 }),
        sub_customer_id: text({ max: 64 }),
        offset: integer({ min: 0, max: 65535 }),
        limit: integer({ min: 0, max: 100 }),
      },
      ["language", "timezone"],
    ),
    answer: "bytes",
  },
  {
    id: "ShowCaseDetail",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}",
    pathParameters: record({ case_id: text({ min: 1, max: 32 }) }),
    query: record({ group_id: text({ max: 64 }), trim_osm_rich_text_label: flag() }),
    answer: "data",
  },
  {
    id: "UpdateCases",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/action",
    pathParameters: record({ case_id: text({ min: 1, max: 32 }) }),
    query: record({ action_id: text({ min: 1, max: 32 }) }, ["action_id"]),
    body: {
      kind: "json",
      required: true,
      schema: record({
        judgement: text({ max: 400 }),
        operate_desc: text({ max: 400 }),
        group_id: text({ max: 64 }),
        incident_satisfaction_list: list(
          record(
            {
              value: integer({ min: 0, max: 65535 }),
              satisfaction_id: integer({ min: 0, max: 9999 }),
              satisfaction_value: integer({ min: 0, max: 65535 }),
              satisfaction_name: text({ max: 32 }),
              per_value: integer({ min: 0, max: 65535 }),
              sat_category_id: text({ max: 32 }),
              sat_category_name: text(),
            },
            ["satisfaction_id", "satisfaction_value"],
          ),
          { max: 100 },
        ),
      }),
    },
    answer: "result",
  },
  {
    id: "UpdateCaseContactInfo",
    method: "PUT",
    path: "/v2/servicerequest/cases/{case_id}/contact-info",
    pathParameters: record({ case_id: text() }),
    body: {
      kind: "json",
      required: true,
      schema: record({
        area_code: text({ min: 1, max: 32 }),
        remind_mobile: text({ min: 1, max: 32 }),
        remind_mail: text({ min: 1, max: 128 }),
        remind_time: text(),
        group_id: text(),
        extension_map: openRecord(),
      }),
    },
    answer: "result",
  },
  {
    id: "ShowCaseExtendsParam",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}/extends-param",
    pathParameters: record({ case_id: text() }),
    query: record({ group_id: text() }),
    answer: "result",
  },
  {
    id: "CreateCaseExtendsParam",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/extends-param",
    pathParameters: record({ case_id: text() }),
    body: {
      kind: "json",
      required: true,
      schema: record({ group_id: text(), message_id: text(), extends_map: openRecord() }),
    },
    answer: "result",
  },
  {
    id: "ListCaseOperateLogs",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}/operate-logs",
    pathParameters: record({ case_id: text({ min: 1, max: 32 }) }),
    query: record({
      group_id: text({ max: 64 }),
      offset: integer({ min: 0, max: 65535 }),
      limit: integer({ min: 1, max: 100 }),
    }),
    answer: "data",
  },
  {
    id: "CreateScores",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/score",
    pathParameters: record({ case_id: text({ min: 1, max: 32 }) }),
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          judgement: text(),
          incident_satisfaction_list: list(
            record(
              {
                value: integer({ min: 0, max: 65535 }),
                satisfaction_id: integer({ min: 0, max: 9999 }),
                satisfaction_value: integer({ min: 0, max: 65535 }),
                satisfaction_name: text({ max: 32 }),
                per_value: integer({ min: 0, max: 65535 }),
                sat_category_id: text({ max: 32 }),
                sat_category_name: text(),
              },
              ["satisfaction_id", "satisfaction_value"],
            ),
          ),
          group_id: text(),
        },
        ["judgement", "incident_satisfaction_list"],
      ),
    },
    answer: "result",
  },
  {
    id: "ShowCaseStatus",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}/status",
    pathParameters: record({ case_id: text({ min: 1, max: 64 }) }),
    answer: "data",
  },
  {
    id: "ListOrderIncident",
    method: "GET",
    path: "/osm/incidentservice/api/v1/queryincident",
    query: record({
      version: text(),
      searchKey: list(text()),
      labelIdList: list(integer()),
      appKey: text(),
      incidentId: text(),
      queryStartTime: text(),
      queryEndTime: text(),
      status: integer({ min: 0, max: 100 }),
      incidentStatus: text(),
      xCustomerName: text(),
      groupId: text(),
      productCategoryId: text(),
      businessTypeId: text(),
      pageNo: integer({ min: 1, max: 65535 }),
      pageSize: integer({ min: 1, max: 100 }),
      xCustomerId: text(),
    }),
    answer: "data",
  },
  {
    id: "ListNewInstantMessages",
    method: "GET",
    path: "/v2/servicerequest/cases/instant-messages",
    query: record(
      {
        case_ids: list(text(), { max: 100 }),
        last_message_time_id: text({ max: 64 }),
        group_id: text({ max: 64 }),
        trim_osm_rich_text_label: flag(),
      },
      ["case_ids"],
    ),
    answer: "data",
  },
  {
    id: "ListUnreadNewInstantMessages",
    method: "GET",
    path: "/v2/servicerequest/cases/instant-messages/unread",
    query: record({ case_ids: list(text()), group_id: text() }, ["case_ids"]),
    answer: "data",
  },
  {
    id: "ListMoreInstantMessages",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}/instant-messages/more",
    pathParameters: record({ case_id: text({ max: 32 }) }),
    query: record(
      {
        create_time: text({ min: 1, max: 100 }),
        type: integer({ min: 0, max: 1 }),
        group_id: text({ max: 64 }),
        limit: integer({ min: 1, max: 100 }),
        trim_osm_rich_text_label: flag(),
      },
      ["create_time", "type", "limit"],
    ),
    answer: "data",
  },
  {
    id: "UpdateNewInstantMessagesRead",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/instant-messages/unread",
    pathParameters: record({ case_id: text() }),
    body: { kind: "json", required: true, schema: record({ group_id: text() }) },
    answer: "result",
  },
  {
    id: "RevokeMessage",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/instant-messages/{message_id}/withdraw",
    pathParameters: record({ case_id: text({ min: 1, max: 32 }), message_id: text({ min: 1, max: 64 }) }),
    answer: "result",
  },
  {
    id: "CreateMessages",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/message",
    pathParameters: record({ case_id: text({ max: 32 }) }),
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          message: record({ content: text(), accessory_ids: list(text({ min: 1, max: 32 }), { max: 10 }) }, [
            "content",
          ]),
          group_id: text({ max: 64 }),
        },
        ["message"],
      ),
    },
    answer: "result",
  },
  {
    id: "ListMessages",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}/messages",
    pathParameters: record({ case_id: text({ max: 32 }) }),
    query: record({
      group_id: text({ max: 64 }),
      offset: integer({ min: 0, max: 65535 }),
      limit: integer({ min: 0, max: 100 }),
      trim_osm_rich_text_label: flag(),
    }),
    answer: "data",
  },
  {
    id: "UploadAccessory",
    method: "POST",
    path: "/v2/servicerequest/accessorys",
    body: {
      kind: "multipart",
      required: true,
      schema: record({ file: text(), form_data: text({ min: 1, max: 5000 }) }, ["file", "form_data"]),
    },
    answer: "data",
  },
  {
    id: "ListAccessoryAccessUrls",
    method: "GET",
    path: "/v2/servicerequest/accessorys/access-urls",
    query: record({ group_id: text({ min: 1, max: 64 }), accessory_ids: list(text(), { min: 1, max: 100 }) }, [
      "accessory_ids",
    ]),
    answer: "data",
  },
  {
    id: "UploadJsonAccessories",
    method: "POST",
    path: "/v2/servicerequest/accessorys/json-format-content",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          accessory_name: text({ min: 1, max: 512 }),
          accessory_from: text({ min: 1, max: 32, values: ["incident", "message"] }),
          upload_type: integer({ min: 0, max: 1 }),
          accessory_data: text(),
        },
        ["accessory_name", "accessory_from", "accessory_data"],
      ),
    },
    answer: "data",
  },
  { id: "ShowAccessoryLimits", method: "GET", path: "/v2/servicerequest/accessorys/limits", answer: "data" },
  {
    id: "DownloadAccessories",
    method: "GET",
    path: "/v2/servicerequest/accessorys/{accessory_id}",
    pathParameters: record({ accessory_id: text({ min: 1, max: 340 }) }),
    query: record({ group_id: text({ min: 1, max: 64 }) }),
    answer: "bytes",
  },
  {
    id: "DeleteAccessories",
    method: "DELETE",
    path: "/v2/servicerequest/accessorys/{accessory_id}",
    pathParameters: record({ accessory_id: text({ min: 1, max: 64 }) }),
    answer: "result",
  },
  {
    id: "ShowDownloadAccessoryUrl",
    method: "GET",
    path: "/v2/servicerequest/accessorys/{accessory_id}/access-url",
    pathParameters: record({ accessory_id: text() }),
    query: record(
      {
        relation_type: text({
          values: ["DEFAULT", "NO_RELATION", "NOTIFICATION", "INCIDENT", "MESSAGE", "INSPECTION", "CONNECT"],
        }),
        relation_id: text(),
        incident_id: text(),
      },
      ["relation_type"],
    ),
    answer: "data_with_result",
  },
  {
    id: "DownloadImages",
    method: "GET",
    path: "/v2/servicerequest/accessorys/{accessory_id}/image",
    pathParameters: record({ accessory_id: text({ min: 1, max: 64 }) }),
    query: record({ group_id: text() }),
    answer: "bytes",
  },
  { id: "ListAreaCodes", method: "GET", path: "/v2/servicerequest/config/area-codes", answer: "data" },
  { id: "ListCaseCategories", method: "GET", path: "/v2/servicerequest/config/categories", answer: "data" },
  {
    id: "ListExtendsParams",
    method: "GET",
    path: "/v2/servicerequest/config/extends-map",
    query: record({ business_type_id: text(), incident_sub_type_id: text(), product_category_id: text() }, [
      "business_type_id",
    ]),
    answer: "data",
  },
  { id: "ListCaseLimits", method: "GET", path: "/v2/servicerequest/config/limits", answer: "data" },
  {
    id: "ListProblemTypes",
    method: "GET",
    path: "/v2/servicerequest/config/problems",
    query: record({ product_category_id: text({ min: 1, max: 64 }), incident_sub_type_id: text({ max: 32 }) }),
    answer: "data",
  },
  {
    id: "ListProductCategories",
    method: "GET",
    path: "/v2/servicerequest/config/product-categories",
    query: record({ product_category_name: text() }),
    answer: "data",
  },
  { id: "ListRegions", method: "GET", path: "/v2/servicerequest/config/regions", answer: "data" },
  {
    id: "ListSatisfactionDimensions",
    method: "GET",
    path: "/v2/servicerequest/config/satisfaction-dimensions",
    answer: "data",
  },
  {
    id: "ListSeverities",
    method: "GET",
    path: "/v2/servicerequest/config/severities",
    query: record({ product_category_id: text({ min: 1, max: 64 }), business_type_id: text({ min: 1, max: 64 }) }, [
      "product_category_id",
      "business_type_id",
    ]),
    answer: "data",
  },
  {
    id: "ListCaseTemplates",
    method: "GET",
    path: "/v2/servicerequest/config/templates",
    query: record({ business_type_id: text({ min: 1, max: 64 }) }, ["business_type_id"]),
    answer: "data",
  },
  {
    id: "ShowConfiguration",
    method: "GET",
    path: "/v2/servicerequest/configurations/{config_key}",
    pathParameters: record({ config_key: text() }),
    answer: "data_with_result",
  },
  { id: "ListCustomersRegions", method: "GET", path: "/v2/servicerequest/customers/regions", answer: "data" },
  {
    id: "ListSubCustomers",
    method: "GET",
    path: "/v2/servicerequest/customers/sub-customers",
    query: record({ sub_customer_name: text(), sub_customer_id: text() }),
    answer: "data",
  },
  {
    id: "ListCaseQuotas",
    method: "GET",
    path: "/v2/servicerequest/quotas",
    query: record({ product_category_id: text(), business_type_id: text() }, ["business_type_id"]),
    answer: "data",
  },
  {
    id: "ListCaseLabels",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}/labels",
    pathParameters: record({ case_id: text() }),
    answer: "data",
  },
  {
    id: "CreateCaseLabels",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/labels",
    pathParameters: record({ case_id: text() }),
    query: record({ label_ids: list(integer(), { max: 5 }) }, ["label_ids"]),
    answer: "result",
  },
  {
    id: "DeleteCaseLabels",
    method: "DELETE",
    path: "/v2/servicerequest/cases/{case_id}/labels",
    pathParameters: record({ case_id: text() }),
    query: record({ label_ids: list(integer(), { max: 5 }) }, ["label_ids"]),
    answer: "result",
  },
  {
    id: "ListLabels",
    method: "GET",
    path: "/v2/servicerequest/labels",
    query: record({
      offset: integer({ min: 0, max: 2147483647 }),
      limit: integer({ min: 0, max: 100 }),
      name: text({ max: 64 }),
      label_id: integer({ min: 0, max: 2147483647 }),
    }),
    answer: "data",
  },
  {
    id: "CreateLabels",
    method: "POST",
    path: "/v2/servicerequest/labels",
    body: { kind: "json", required: true, schema: record({ name: text(), color: text() }, ["name", "color"]) },
    answer: "result",
  },
  {
    id: "UpdateLabels",
    method: "PUT",
    path: "/v2/servicerequest/labels/{label_id}",
    pathParameters: record({ label_id: integer({ min: 0, max: 65535 }) }),
    body: { kind: "json", required: true, schema: record({ name: text(), color: text() }, ["name", "color"]) },
    answer: "result",
  },
  {
    id: "DeleteLabels",
    method: "DELETE",
    path: "/v2/servicerequest/labels/{label_id}",
    pathParameters: record({ label_id: integer({ min: 0, max: 65535 }) }),
    answer: "result",
  },
  {
    id: "ListRelation",
    method: "GET",
    path: "/v2/servicerequest/cases/{case_id}/relations",
    pathParameters: record({ case_id: text({ min: 1, max: 64 }) }),
    answer: "data",
  },
  {
    id: "CreateRelations",
    method: "POST",
    path: "/v2/servicerequest/cases/{case_id}/relations",
    pathParameters: record({ case_id: text() }),
    body: {
      kind: "json",
      required: true,
      schema: record({ related_id_list: list(text(), { max: 3 }), group_id: text() }, ["related_id_list"]),
    },
    answer: "result",
  },
  {
    id: "DeleteRelation",
    method: "DELETE",
    path: "/v2/servicerequest/cases/{case_id}/relations",
    pathParameters: record({ case_id: text() }),
    body: { kind: "json", required: true, schema: record({ related_id: text(), group_id: text() }, ["related_id"]) },
    answer: "result",
  },
  {
    id: "CheckVerifyCodes",
    method: "POST",
    path: "/v2/servicerequest/verifycodes",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          verify_code: text(),
          contact_value: text(),
          contact_way: integer({ min: 0, max: 1 }),
          area_code: text(),
          x_customer_id: text(),
          customer_id: text(),
        },
        ["verify_code", "contact_value", "contact_way"],
      ),
    },
    answer: "result",
  },
  {
    id: "ListHasVerifiedContacts",
    method: "GET",
    path: "/v2/servicerequest/verifycodes/has-verified",
    query: record({
      contact_way: integer({ min: 0, max: 1 }),
      customer_id: text(),
      sub_customer_id: text(),
      expired_time: text(),
      verified_id: text(),
      contact_value: text(),
      area_code: text(),
      offset: integer({ min: 0, max: 65535 }),
      limit: integer({ min: 0, max: 100 }),
    }),
    answer: "data",
  },
  {
    id: "CheckNeedVerify",
    method: "GET",
    path: "/v2/servicerequest/verifycodes/need-verify",
    query: record({ contact_value: text(), contact_way: integer({ min: 0, max: 1 }), area_code: text() }, [
      "contact_value",
      "contact_way",
    ]),
    answer: "data",
  },
  {
    id: "SendVerifyCodes",
    method: "POST",
    path: "/v2/servicerequest/verifycodes/send",
    body: {
      kind: "json",
      required: true,
      schema: record({ contact_value: text(), contact_way: integer({ min: 0, max: 1 }), area_code: text() }, [
        "contact_value",
        "contact_way",
        "area_code",
      ]),
    },
    answer: "result",
  },
  { id: "ListAgencies", method: "GET", path: "/v2/servicerequest/agencies", answer: "data" },
  {
    id: "ListAuthorizations",
    method: "GET",
    path: "/v2/servicerequest/authorizations",
    query: record({
      sub_customer_name: text(),
      incident_id: text(),
      status: integer({ min: -1, max: 10 }),
      simple_description: text({ max: 2000 }),
      offset: integer({ min: 0, max: 65535 }),
      limit: integer({ min: 1, max: 100 }),
      group_id: text({ max: 64 }),
    }),
    answer: "data",
  },
  {
    id: "CheckHosts",
    method: "POST",
    path: "/v2/servicerequest/authorizations/authorization-details/{authorization_detail_id}/verify-host",
    pathParameters: record({ authorization_detail_id: integer({ min: 0 }) }),
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          port: integer({ min: 1, max: 65535 }),
          account: text({ min: 1, max: 64 }),
          password: text({ min: 1, max: 1024 }),
          group_id: text(),
        },
        ["port", "account", "password"],
      ),
    },
    answer: "result",
  },
  { id: "ShowLoginType", method: "GET", path: "/v2/servicerequest/authorizations/login-type", answer: "data" },
  {
    id: "ShowAuthorizationDetail",
    method: "GET",
    path: "/v2/servicerequest/authorizations/{authorization_id}",
    pathParameters: record({ authorization_id: text() }),
    query: record({ group_id: text() }),
    answer: "data",
  },
  {
    id: "ConfirmAuthorizations",
    method: "PUT",
    path: "/v2/servicerequest/authorizations/{authorization_id}",
    pathParameters: record({ authorization_id: text() }),
    body: {
      kind: "json",
      required: true,
      schema: record({
        auth_detail_list: list(
          record(
            { port: integer({ min: 1, max: 65535 }), account: text(), password: text(), auth_detail_id: integer() },
            ["auth_detail_id"],
          ),
        ),
        auth_effective_time: integer({ min: 0 }),
        auth_expire_time: integer({ min: 0 }),
        group_id: text(),
        agency_id: text(),
      }),
    },
    answer: "result",
  },
  {
    id: "UpdateAuthorizations",
    method: "PUT",
    path: "/v2/servicerequest/authorizations/{authorization_id}/action",
    pathParameters: record({ authorization_id: text({ min: 1, max: 32 }) }),
    query: record({ action_id: text({ values: ["reject", "cancel"] }) }),
    body: { kind: "json", required: true, schema: record({ reject_reason: text(), group_id: text() }) },
    answer: "result",
  },
  {
    id: "ListHistorySessions",
    method: "GET",
    path: "/v2/servicerequest/authorizations/{authorization_id}/authorization-details/{authorization_detail_id}/history-sessions",
    pathParameters: record({ authorization_id: text(), authorization_detail_id: integer() }),
    query: record({ group_id: text(), offset: integer({ min: 0, max: 65535 }), limit: integer({ min: 1, max: 100 }) }),
    answer: "data",
  },
  {
    id: "ListTransportHistories",
    method: "GET",
    path: "/v2/servicerequest/authorizations/{authorization_id}/authorization-details/{authorization_detail_id}/sessions/{session_id}/operation-file-logs",
    pathParameters: record({
      authorization_id: text(),
      authorization_detail_id: integer({ min: 0 }),
      session_id: integer({ min: 0 }),
    }),
    query: record({
      group_id: text(),
      sort: integer({ min: 0, max: 1 }),
      offset: integer({ min: 0, max: 65535 }),
      limit: integer({ min: 1, max: 100 }),
    }),
    answer: "data",
  },
  {
    id: "ListHistoryOperateLogs",
    method: "GET",
    path: "/v2/servicerequest/authorizations/{authorization_id}/authorization-details/{authorization_detail_id}/sessions/{session_id}/operation-logs",
    pathParameters: record({
      authorization_id: text(),
      authorization_detail_id: integer({ min: 0 }),
      session_id: integer({ min: 0 }),
    }),
    query: record({
      group_id: text(),
      sort: integer({ min: 0, max: 1 }),
      offset: integer({ min: 0, max: 65535 }),
      limit: integer({ min: 1, max: 100 }),
    }),
    answer: "data",
  },
  {
    id: "ListPrivileges",
    method: "GET",
    path: "/v2/servicerequest/privileges",
    query: record({ privilege: text({ values: ["export", "createCase"] }) }, ["privilege"]),
    answer: "data",
  },
  {
    id: "CreatePrivileges",
    method: "POST",
    path: "/v2/servicerequest/privileges",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          operation: text({ max: 64, values: ["create", "delete"] }),
          privilege: text({ max: 64, values: ["export", "createCase"] }),
        },
        ["operation"],
      ),
    },
    answer: "result",
  },
  {
    id: "ShowCustomerPrivilegePolicy",
    method: "GET",
    path: "/v2/servicerequest/privileges/privilege-policy",
    answer: "data",
  },
  {
    id: "ShowLatestPublishedAgreement",
    method: "GET",
    path: "/v2/servicerequest/agreements/published-agreement",
    query: record({ agreement_type: text({ values: ["0", "1", "2"] }) }),
    answer: "data",
  },
  {
    id: "ShowSignedLatestPublishedAgreement",
    method: "GET",
    path: "/v2/servicerequest/agreements/signed-latest",
    query: record({ agreement_type: text({ values: ["0", "1", "2"] }) }),
    answer: "data",
  },
  {
    id: "SignPublishedAgreement",
    method: "POST",
    path: "/v2/servicerequest/agreements/{id}/signed",
    pathParameters: record({ id: integer() }),
    body: { kind: "json", required: true, schema: record({ relation_id: text() }) },
    answer: "data",
  },
  {
    id: "ShowPartnersCasesPrivilege",
    method: "GET",
    path: "/v2/servicerequest/cases/partners/privilege/cases-processing",
    answer: "data",
  },
  {
    id: "ShowPartnersServiceInfo",
    method: "GET",
    path: "/v2/servicerequest/cases/partners/service-info",
    query: record({ case_sub_type_id: text(), product_id: text() }),
    answer: "data",
  },
  {
    id: "CreateFeedback",
    method: "POST",
    path: "/v2/servicerequest/feedbacks",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          type: text(),
          title: text(),
          content: text(),
          files: list(text()),
          ip: record({
            ip_type: text({ values: ["copyright", "trademark", "patent"] }),
            ip_area: text(),
            ip_number: text(),
            ip_content: text(),
          }),
          contacts: record(
            {
              name: text(),
              mobile: text(),
              mail: text(),
              area: text(),
              address: text(),
              id_type: integer({ min: 0, max: 100 }),
              company_name: text(),
              id_files: list(text(), { min: 1, max: 3 }),
              other_way: text(),
            },
            ["name", "mobile", "id_type", "id_files"],
          ),
        },
        ["type", "title", "content", "files", "contacts"],
      ),
    },
    answer: "result",
  },
  {
    id: "CreateDiagnoseFeedback",
    method: "POST",
    path: "/v2.0/servicerequest/diagnose/feedback",
    body: {
      kind: "json",
      required: true,
      schema: record({ type: integer({ min: 1, max: 4 }), content: text({ max: 10000 }), is_helpful: flag() }, [
        "type",
        "is_helpful",
      ]),
    },
    answer: "result",
  },
  {
    id: "ListDiagnoseJob",
    method: "GET",
    path: "/v2.0/servicerequest/diagnose/job",
    query: record({ job_id: text() }),
    answer: "data_with_result",
  },
  {
    id: "ListDiagnoseItems",
    method: "POST",
    path: "/v2.0/servicerequest/diagnose/job/show-items",
    body: { kind: "json", required: true, schema: record({ job_id: text(), item_ids: text() }) },
    answer: "data_with_result",
  },
  {
    id: "CreateDiagnoseJob",
    method: "POST",
    path: "/v2.0/servicerequest/diagnose/job/start",
    body: {
      kind: "json",
      required: true,
      schema: record({ type: integer({ min: 1, max: 4 }), params: openRecord(), region_id: text() }, ["type"]),
    },
    answer: "data_with_result",
  },
  {
    id: "ListDiagnoseResources",
    method: "POST",
    path: "/v2.0/servicerequest/diagnose/job/vm/resources",
    body: { kind: "json", required: true, schema: record({ project_id: text(), region: text() }) },
    answer: "data",
  },
  {
    id: "ListDiagnoseRecords",
    method: "GET",
    path: "/v2.0/servicerequest/diagnose/records",
    query: record({
      page_size: integer({ min: 1, max: 100 }),
      page_no: integer({ min: 1, max: 2147483647 }),
      type: integer({ min: 1, max: 2 }),
    }),
    answer: "data_with_result",
  },
  {
    id: "V1ListCases",
    method: "GET",
    path: "/v1.0/servicerequest/case",
    query: record({
      searchKey: text({ max: 16 }),
      caseId: text({ max: 32 }),
      subCustomerName: text({ max: 32 }),
      startTime: text(),
      endTime: text(),
      status: integer(),
      pageNo: integer({ min: 1 }),
      pageSize: integer({ min: 1, max: 100 }),
    }),
    answer: "data",
  },
  {
    id: "V1CreateCase",
    method: "POST",
    path: "/v1.0/servicerequest/case",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          subTypeId: text({ max: 64 }),
          productCategoryId: text({ max: 64 }),
          businessTypeId: text({ max: 64 }),
          regionId: text({ max: 64 }),
          simpleDescribe: text(),
          sourceId: text({ max: 32 }),
          isAuthorized: integer({ values: [0, 1] }),
          authorizationContent: text({ max: 400 }),
          remindMobile: text({ max: 32 }),
          remindMail: text({ max: 128 }),
          accessoryIds: list(text(), { max: 1 }),
        },
        ["businessTypeId", "sourceId"],
      ),
    },
    answer: "empty",
  },
  {
    id: "V1DownloadAccessory",
    method: "GET",
    path: "/v1.0/servicerequest/case/accessory",
    query: record({ id: text() }, ["id"]),
    answer: "bytes",
  },
  {
    id: "V1DownloadAccessoryByPath",
    method: "GET",
    path: "/v1.0/servicerequest/case/accessory/{id}",
    pathParameters: record({ id: text() }),
    answer: "bytes",
  },
  {
    id: "V1UploadAccessory",
    method: "POST",
    path: "/v1.0/servicerequest/case/accessory",
    body: {
      kind: "multipart",
      required: true,
      schema: record(
        {
          accessoryName: text({ max: 512 }),
          accessoryData: text(),
          accessoryFrom: text({ max: 32, values: ["message", "incident", "feedback"] }),
        },
        ["accessoryName", "accessoryData", "accessoryFrom"],
      ),
    },
    answer: "data",
  },
  {
    id: "V1DeleteAccessory",
    method: "DELETE",
    path: "/v1.0/servicerequest/case/accessory",
    body: { kind: "json", required: true, schema: record({ accessoryId: text({ max: 32 }) }, ["accessoryId"]) },
    answer: "empty",
  },
  {
    id: "V1Action",
    method: "POST",
    path: "/v1.0/servicerequest/case/action",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          action: text({ max: 64 }),
          actionDesc: text({ max: 400 }),
          caseId: text({ max: 32 }),
        },
        ["action", "caseId"],
      ),
    },
    answer: "empty",
  },
  {
    id: "V1ListBusinessTypes",
    method: "GET",
    path: "/v1.0/servicerequest/case/businesstype",
    query: record({ productCategoryId: text({ max: 64 }) }),
    answer: "data",
  },
  {
    id: "V1ShowCase",
    method: "GET",
    path: "/v1.0/servicerequest/case/detail",
    query: record({ caseId: text({ max: 32 }) }, ["caseId"]),
    answer: "data",
  },
  {
    id: "V1Evaluate",
    method: "POST",
    path: "/v1.0/servicerequest/case/evaluation",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          caseId: text({ max: 32 }),
          judgement: text({ max: 400 }),
          satisfactionList: list(
            record({ satisfactionId: integer({ values: [1, 3] }), satisfactionValue: integer({ min: 1, max: 5 }) }, [
              "satisfactionId",
              "satisfactionValue",
            ]),
          ),
        },
        ["caseId", "satisfactionList"],
      ),
    },
    answer: "empty",
  },
  {
    id: "V1CreateMessage",
    method: "POST",
    path: "/v1.0/servicerequest/case/message",
    body: {
      kind: "json",
      required: true,
      schema: record(
        {
          caseId: text({ max: 32 }),
          message: record(
            {
              content: text(),
              isAuthorized: integer({ values: [0, 1] }),
              authorizationContent: text({ max: 400 }),
              accessoryIds: list(text()),
            },
            ["content"],
          ),
        },
        ["caseId", "message"],
      ),
    },
    answer: "empty",
  },
  { id: "V1ListRegions", method: "GET", path: "/v1.0/servicerequest/case/region", answer: "data" },
  { id: "V1ListSubTypes", method: "GET", path: "/v1.0/servicerequest/case/subtype", answer: "data" },
  {
    id: "V1ListTemplates",
    method: "GET",
    path: "/v1.0/servicerequest/case/template",
    query: record({ businessTypeId: text({ max: 64 }) }, ["businessTypeId"]),
    answer: "data",
  },
];
