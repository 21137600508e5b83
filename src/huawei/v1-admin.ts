/** Over v1.0 what doctor and look-ups ask. */
import type { Lane } from "../domain/lane.ts";
import type { DialectAdminPort } from "./admin-port.ts";
import { contractError } from "./answers.ts";
import type { DialectDeps } from "./dialect.ts";
import { parseWire } from "./mapping.ts";
import type { ApiCall } from "./transport.ts";
import { lacks, rename, v1Call } from "./v1-call.ts";
import { listProjects, named } from "./v2-admin.ts";
import {
  wireCategories,
  wireCategory,
  wireProblemType,
  wireProblemTypes,
  wireProduct,
  wireRegion,
  wireRegions,
  wireTemplate,
  wireTemplates,
} from "./wire.ts";

/** Makes the port over v1.0. */
export function makeV1Admin(deps: DialectDeps & { readonly iamEndpoint: string }): DialectAdminPort {
  return {
    checkCredentials: async (lane) => {
      await deps.transport.json(regionsCall(deps), lane);
    },
    serverTime: (lane) => serverTime(deps, lane),
    listRegions: (lane) => listRegions(deps, lane),
    listCategories: (lane) => listCategories(deps, lane),
    listProblemTypes: ({ productId }, lane) => listProblemTypes(deps, productId, lane),
    listTemplates: (problemTypeId, lane) => listTemplates(deps, problemTypeId, lane),
    listSeverities: () => lacks("listSeverities"),
    listExtraParameters: () => lacks("listExtraParameters"),
    listLabels: () => lacks("listLabels"),
    listQuotas: () => lacks("listQuotas"),
    getAgreementSigned: () => lacks("getAgreementSigned"),
    listPrivileges: () => lacks("listPrivileges"),
    getProjectIds: (lane) => listProjects(deps, lane),
  };
}

/** The cheapest read: whoever may make it has good credentials. */
function regionsCall(deps: DialectDeps): ApiCall {
  return v1Call(deps, { operation: "checkCredentials", path: ["region"] });
}

async function serverTime(deps: DialectDeps, lane: Lane) {
  const call = { ...regionsCall(deps), operation: "serverTime" };
  const date = await deps.transport.date(call, lane);
  if (date === null) throw contractError(call, "header Date");
  return date;
}

async function listRegions(deps: DialectDeps, lane: Lane) {
  const call = v1Call(deps, { operation: "listRegions", path: ["region"] });
  const wire = parseWire(call, wireRegions, {
    value: rename(await deps.transport.json(call, lane), { data_center_list: "regionList" }),
  });
  return wire.data_center_list.map((value, index) => {
    const renamed = rename(value, { region_id: "regionId", region_name: "regionName" });
    const entry = parseWire(call, wireRegion, { value: renamed, path: `regionList[${index}]` });
    return named(entry.region_id, entry.region_name);
  });
}

async function listProblemTypes(deps: DialectDeps, productId: string | null, lane: Lane) {
  const query = { productCategoryId: productId };
  const call = v1Call(deps, { operation: "listProblemTypes", path: ["businesstype"], query });
  const wire = parseWire(call, wireProblemTypes, {
    value: rename(await deps.transport.json(call, lane), { incident_business_type_list: "businessTypeList" }),
  });
  return wire.incident_business_type_list.map((value, index) => {
    const renamed = rename(value, { business_type_id: "businessTypeId", business_type_name: "businessTypeName" });
    const entry = parseWire(call, wireProblemType, { value: renamed, path: `businessTypeList[${index}]` });
    const { case_type: caseType, can_use_support_plan: canUseSupportPlan } = entry;
    return { ...named(entry.business_type_id, entry.business_type_name), caseType, canUseSupportPlan };
  });
}

async function listTemplates(deps: DialectDeps, problemTypeId: string, lane: Lane) {
  const query = { businessTypeId: problemTypeId };
  const call = v1Call(deps, { operation: "listTemplates", path: ["template"], query });
  const wire = parseWire(call, wireTemplates, {
    value: rename(await deps.transport.json(call, lane), { incident_template_list: "templateList" }),
  });
  return wire.incident_template_list.map((value, index) => {
    const renamed = rename(value, {
      incident_template_id: "templateId",
      incident_template_name: "templateName",
      incident_template_content: "templateContent",
    });
    const entry = parseWire(call, wireTemplate, { value: renamed, path: `templateList[${index}]` });
    return {
      ...named(entry.incident_template_id, entry.incident_template_name),
      content: entry.incident_template_content ?? "",
    };
  });
}

async function listCategories(deps: DialectDeps, lane: Lane): ReturnType<DialectAdminPort["listCategories"]> {
  const call = v1Call(deps, { operation: "listCategories", path: ["subtype"] });
  const answer = rename(await deps.transport.json(call, lane), { incident_sub_type_list: "subTypeList" });
  const wire = parseWire(call, wireCategories, { value: answer });
  return wire.incident_sub_type_list.map((value, index) => {
    const path = `subTypeList[${index}]`;
    const renamed = rename(value, {
      incident_sub_type_id: "subTypeId",
      incident_sub_type_name: "subTypeName",
      incident_product_category_list: "productCategoryList",
    });
    const entry = parseWire(call, wireCategory, { value: renamed, path });
    const products = entry.incident_product_category_list.map((product, position) => {
      const fields = rename(product, {
        incident_product_category_id: "productCategoryId",
        incident_product_category_name: "productCategoryName",
      });
      const at = `${path}.productCategoryList[${position}]`;
      const { incident_product_category_id: id, incident_product_category_name: name } = parseWire(call, wireProduct, {
        value: fields,
        path: at,
      });
      return named(id, name);
    });
    return { ...named(entry.incident_sub_type_id, entry.incident_sub_type_name), products };
  });
}
