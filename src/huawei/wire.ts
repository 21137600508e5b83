/**
 * The wire's shapes, naming only the fields that are used (openapi.yaml), and read tolerantly: the service's own samples break
 * their types (huawei.md 4, 12). Of a list entry only its id must be readable, since one odd field must not hide a whole list.
 */
import { z } from "zod";

/** Anything, missing included: without `optional` zod calls a missing key an error. */
const unknown = z.unknown().optional();
const scalar = z.union([z.string(), z.number(), z.boolean()]);
/** Text that may come as a number. */
const text = scalar.transform(String);
/** Text that does not matter enough to fail for; missing, null, empty and odd values become `null`. */
const looseText = unknown.transform((value) => {
  const parsed = scalar.safeParse(value);
  return parsed.success && String(parsed.data) !== "" ? String(parsed.data) : null;
});
/** A text that must hold something, such as an id. */
const idText = text.refine((value) => value !== "");
/** Integer as number or text; anything else becomes `null`. */
const looseInteger = unknown.transform(toInteger);
const looseFlag = unknown.transform((value) => value === true || value === 1 || value === "1" || value === "true");
/** Missing and null lists are empty; entries are read one by one. */
const entries = z
  .array(z.unknown())
  .nullish()
  .transform((list) => list ?? []);

function toInteger(value: unknown): number | null {
  if (typeof value === "number") return Number.isInteger(value) ? value : null;
  return typeof value === "string" && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : null;
}

/** `accessory_list` entry of a message. */
export const wireFile = z.object({ accessory_id: idText, file_actual_name: looseText });

/** IncidentMessageV2 of the detail and QueryMessageInfoV2 of the lists: the former has ids, the latter `replier_type` (huawei.md 9). */
export const wireMessage = z.object({
  message_id: looseText,
  type: looseInteger,
  replier_type: looseInteger,
  replier: looseText,
  replier_name: looseText,
  content: looseText,
  create_time: unknown,
  is_first_message: looseFlag,
  accessory_list: entries,
});

/** An entry of the case list. */
export const wireCaseSummary = z.object({
  incident_id: idText,
  status: looseInteger,
  create_time: unknown,
  confirmed_time: unknown,
  simple_description: looseText,
  incident_type_name: looseText,
  business_type_name: looseText,
  product_category_name: looseText,
  dc_name: looseText,
  xcustomer_name: looseText,
  label_list: unknown,
});

/** Case list; older docs name the total `count` (huawei.md 7). */
export const wireCaseList = z.object({ total_count: looseInteger, count: looseInteger, incident_info_list: entries });

/** Case detail. Status and creation time must be readable here: they are what the reading is for. */
export const wireCaseDetail = z.object({
  incident_detail_info: z.object({
    incident_id: looseText,
    status: looseInteger.refine((value) => value !== null).transform((value) => value ?? -1),
    create_time: unknown,
    simple_description: looseText,
    incident_type_name: looseText,
    business_type_name: looseText,
    dc_name: looseText,
    severity_name: looseText,
    source_name: looseText,
    xcustomer_name: looseText,
    message_list: entries,
  }),
});

/** `/messages`. */
export const wireMessageList = z.object({ count: looseInteger, total_count: looseInteger, message_list: entries });

/** `/cases/instant-messages`: groups and the cursor. */
export const wireInstantMessages = z.object({ immsg: entries, last_message_time_id: looseText });

/** One group of it. */
export const wireInstantGroup = z.object({ incident_id: idText, message_list: entries });

/** Answer of a creation. */
export const wireCreatedCase = z.object({ incident_id: idText });

/** Related cases. */
export const wireRelations = z.object({ case_relation_list: entries });
/** One of them. */
export const wireRelation = z.object({ case_id: idText, simple_description: looseText });

/** Rating dimensions. */
export const wireDimensions = z.object({ satisfaction_dimension_list: entries });
/** One of them. */
export const wireDimension = z.object({ satisfaction_id: looseInteger });

/** Answer of an upload. */
export const wireUpload = z.object({ accessory_id: idText });

/** `/accessorys/limits`; numbers declared as text (huawei.md 12). */
export const wireLimits = z.object({
  accessory_limit: z.object({
    limit_count: looseInteger.refine((value) => value !== null && value >= 0).transform((value) => value ?? 0),
    limit_size: unknown
      .transform((value) => (value == null || value === "" ? Number.NaN : Number(value)))
      .refine((value) => value >= 0),
    limit_file_type: looseText,
  }),
});

/** A label of a case or of the account. */
export const wireLabel = z.object({ label_id: looseText, name: looseText });
/** Labels of one case. */
export const wireCaseLabels = z.object({ case_label_list: entries });
/** Labels of the account. */
export const wireLabelList = z.object({ total_count: looseInteger, count: looseInteger, label_list: entries });

/** Access requests (我的授权). */
export const wireAuthorizationList = z.object({
  count: looseInteger,
  total_count: looseInteger,
  incident_auth_list: entries,
});
/** One of them. */
export const wireAuthorization = z.object({
  id: idText,
  status: looseText,
  incident_id: looseText,
  simple_description: looseText,
  auth_describe: looseText,
  auth_expire_time: unknown,
});

/** Look-ups of huawei.md 6. */
export const wireRegions = z.object({ data_center_list: entries });
/** A region. */
export const wireRegion = z.object({ region_id: idText, region_name: looseText });
/** Sub-types with their products. */
export const wireCategories = z.object({ incident_sub_type_list: entries });
/** A sub-type. */
export const wireCategory = z.object({
  incident_sub_type_id: idText,
  incident_sub_type_name: looseText,
  incident_product_category_list: entries,
});
/** A product. */
export const wireProduct = z.object({
  incident_product_category_id: idText,
  incident_product_category_name: looseText,
});
/** Problem types. */
export const wireProblemTypes = z.object({ incident_business_type_list: entries });
/** A problem type; `case_type` 0 consultation, 5 fault report. */
export const wireProblemType = z.object({
  business_type_id: idText,
  business_type_name: looseText,
  case_type: looseText,
  can_use_support_plan: looseFlag,
});
/** Severities; they matter only when shown. */
export const wireSeverities = z.object({ show: looseFlag, severity_list: entries });
/** A severity. */
export const wireSeverity = z.object({ severity_id: idText, severity_name: looseText });
/** Templates. */
export const wireTemplates = z.object({ incident_template_list: entries });
/** A template. */
export const wireTemplate = z.object({
  incident_template_id: idText,
  incident_template_name: looseText,
  incident_template_content: looseText,
});
/** Extra parameters. */
export const wireExtraParameters = z.object({ extends_params: entries });
/** One of them; `is_show` missing means shown. */
export const wireExtraParameter = z.object({
  param_key: idText,
  param_name: looseText,
  required: looseFlag,
  length: looseInteger,
  select_item: looseText,
  default_value: looseText,
  is_sensitive: looseFlag,
  is_show: looseText,
});
/** Quota of one problem type; -1 believed to mean unlimited. */
export const wireQuota = z.object({ total: looseInteger, un_used: looseInteger });
/** Whether the caller holds a privilege. */
export const wirePrivilege = z.object({ has_privilege: looseFlag });
/** Whether the newest agreement is signed. */
export const wireAgreement = z.object({ is_signed_latest: looseFlag });
/** IAM projects. */
export const wireProjects = z.object({ projects: entries });
/** A project. */
export const wireProject = z.object({ id: idText, name: looseText });
