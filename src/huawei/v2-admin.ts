/** The v2 dialect of what doctor and lookups need (huawei.md 6), and the project list of IAM. */
import type { z } from "zod";
import type { Lane } from "../domain/lane.ts";
import type { NamedId } from "../sync/ports.ts";
import type { DialectAdminPort } from "./admin-port.ts";
import { contractError } from "./answers.ts";
import type { DialectDeps } from "./dialect.ts";
import { parseWire } from "./mapping.ts";
import { pageSize, readPages } from "./paging.ts";
import type { ApiCall } from "./transport.ts";
import { v2Call } from "./v2-call.ts";
import {
  wireAgreement,
  wireCategories,
  wireCategory,
  wireExtraParameter,
  wireExtraParameters,
  wireLabel,
  wireLabelList,
  wirePrivilege,
  wireProblemType,
  wireProblemTypes,
  wireProduct,
  wireProject,
  wireProjects,
  wireQuota,
  wireRegion,
  wireRegions,
  wireSeverities,
  wireSeverity,
  wireTemplate,
  wireTemplates,
} from "./wire.ts";

/** What the dialect needs: that of the cases, and the host of IAM. */
export type V2AdminDeps = DialectDeps & { readonly iamEndpoint: string };

/** Makes the admin port over v2. */
export function makeV2Admin(deps: V2AdminDeps): DialectAdminPort {
  const { transport } = deps;
  const limits = v2Call(deps, { operation: "checkCredentials", path: ["accessorys", "limits"] });

  async function read<Schema extends z.ZodType>(call: ApiCall, schema: Schema, lane: Lane): Promise<z.output<Schema>> {
    return parseWire(call, schema, { value: await transport.json(call, lane) });
  }
  function getConfig(operation: string, kind: string, query: Readonly<Record<string, string | null>> = {}): ApiCall {
    return v2Call(deps, { operation, path: ["config", kind], query });
  }

  return {
    async checkCredentials(lane) {
      await transport.json(limits, lane);
    },
    async serverTime(lane) {
      const call = { ...limits, operation: "serverTime" };
      const date = await transport.date(call, lane);
      if (date === null) throw contractError(call, "header Date");
      return date;
    },
    async listRegions(lane) {
      const call = getConfig("listRegions", "regions");
      const wire = await read(call, wireRegions, lane);
      return each(call, wireRegion, "data_center_list", wire.data_center_list).map((entry) =>
        named(entry.region_id, entry.region_name),
      );
    },
    async listCategories(lane) {
      const call = getConfig("listCategories", "categories");
      const list = "incident_sub_type_list";
      const wire = await read(call, wireCategories, lane);
      return each(call, wireCategory, list, wire.incident_sub_type_list).map((entry, index) => {
        const path = `${list}[${index}].incident_product_category_list`;
        const products = each(call, wireProduct, path, entry.incident_product_category_list).map((product) =>
          named(product.incident_product_category_id, product.incident_product_category_name),
        );
        return { ...named(entry.incident_sub_type_id, entry.incident_sub_type_name), products };
      });
    },
    async listProblemTypes({ productId, subTypeId }, lane) {
      const query = { product_category_id: productId, incident_sub_type_id: subTypeId };
      const call = getConfig("listProblemTypes", "problems", query);
      const wire = await read(call, wireProblemTypes, lane);
      const list = wire.incident_business_type_list;
      return each(call, wireProblemType, "incident_business_type_list", list).map((entry) => ({
        ...named(entry.business_type_id, entry.business_type_name),
        caseType: entry.case_type,
        canUseSupportPlan: entry.can_use_support_plan,
      }));
    },
    async listSeverities({ productId, problemTypeId }, lane) {
      const query = { product_category_id: productId, business_type_id: problemTypeId };
      const call = getConfig("listSeverities", "severities", query);
      const wire = await read(call, wireSeverities, lane);
      const severities = each(call, wireSeverity, "severity_list", wire.severity_list).map((entry) =>
        named(entry.severity_id, entry.severity_name),
      );
      return { shown: wire.show, severities };
    },
    async listTemplates(problemTypeId, lane) {
      const call = getConfig("listTemplates", "templates", { business_type_id: problemTypeId });
      const wire = await read(call, wireTemplates, lane);
      const list = wire.incident_template_list;
      return each(call, wireTemplate, "incident_template_list", list).map((entry) => ({
        ...named(entry.incident_template_id, entry.incident_template_name),
        content: entry.incident_template_content ?? "",
      }));
    },
    async listExtraParameters({ problemTypeId, productId, subTypeId }, lane) {
      const query = {
        business_type_id: problemTypeId,
        incident_sub_type_id: subTypeId,
        product_category_id: productId,
      };
      const call = getConfig("listExtraParameters", "extends-map", query);
      const wire = await read(call, wireExtraParameters, lane);
      const shown = each(call, wireExtraParameter, "extends_params", wire.extends_params);
      return shown
        .filter((entry) => entry.is_show !== "0" || entry.required)
        .map((entry) => ({
          ...named(entry.param_key, entry.param_name),
          required: entry.required,
          lengthMax: entry.length === null || entry.length <= 0 ? null : entry.length,
          choices: entry.select_item,
          defaultValue: entry.default_value,
          sensitive: entry.is_sensitive,
        }));
    },
    async listLabels(lane) {
      const call = v2Call(deps, { operation: "listLabels", path: ["labels"] });
      const getPage = async (offset: number) => {
        const wire = await read({ ...call, query: { offset, limit: pageSize } }, wireLabelList, lane);
        const items = each(call, wireLabel, "label_list", wire.label_list);
        return { total: wire.total_count ?? wire.count, items };
      };
      const reading = await readPages(getPage, (label) => label.label_id ?? `name ${label.name}`);
      return reading.items.map((label) => named(label.label_id ?? "", label.name));
    },
    async listQuotas({ problemTypeId, productId }, lane) {
      const query = { business_type_id: problemTypeId, product_category_id: productId };
      const wire = await read(v2Call(deps, { operation: "listQuotas", path: ["quotas"], query }), wireQuota, lane);
      return { total: wire.total, unused: wire.un_used };
    },
    async getAgreementSigned(lane) {
      // agreement_type 0 is that of a new case by a normal user (openapi.yaml).
      const query = { agreement_type: "0" };
      const path = ["agreements", "signed-latest"];
      const wire = await read(v2Call(deps, { operation: "getAgreementSigned", path, query }), wireAgreement, lane);
      return wire.is_signed_latest;
    },
    async listPrivileges(lane) {
      async function holds(privilege: "createCase" | "export"): Promise<boolean> {
        const call = v2Call(deps, { operation: "listPrivileges", path: ["privileges"], query: { privilege } });
        return (await read(call, wirePrivilege, lane)).has_privilege;
      }
      return { createCase: await holds("createCase"), export: await holds("export") };
    },
    getProjectIds: (lane) => listProjects(deps, lane),
  };
}

/** Projects of the account, from IAM: the same for both dialects. */
export async function listProjects(
  deps: Pick<V2AdminDeps, "transport" | "iamEndpoint">,
  lane: Lane,
): Promise<readonly NamedId[]> {
  const call: ApiCall = {
    operation: "getProjectIds",
    write: false,
    method: "GET",
    origin: deps.iamEndpoint,
    path: ["v3", "projects"],
  };
  const wire = parseWire(call, wireProjects, { value: await deps.transport.json(call, lane) });
  return each(call, wireProject, "projects", wire.projects).map((entry) => named(entry.id, entry.name));
}

/** An entry without a name is shown by its id. */
export function named(id: string, name: string | null): NamedId {
  return { id, name: name ?? id };
}

function each<Schema extends z.ZodType>(
  call: ApiCall,
  schema: Schema,
  path: string,
  list: readonly unknown[],
): z.output<Schema>[] {
  return list.map((value, index) => parseWire(call, schema, { value, path: `${path}[${index}]` }));
}
