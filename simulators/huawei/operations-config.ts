/** Look-ups a creation needs (huawei.md 6), and other configuration of the tenant. */
import {
  inLanguage,
  PROBLEM_TYPES,
  PRODUCTS,
  type Product,
  REGIONS,
  SATISFACTION_DIMENSIONS,
  SEVERITIES,
  SUB_TYPES,
} from "./catalogue.ts";
import { type Answer, type Call, fail, json, type Operation } from "./context.ts";
import { openCaseCount } from "./operations-cases.ts";
import { textOf } from "./values.ts";

function renderProduct(call: Call, product: Product): Record<string, unknown> {
  return {
    incident_product_category_id: product.id,
    incident_product_category_name: inLanguage(product.name, call.locale.language),
    incident_product_category_desc: inLanguage(product.name, call.locale.language),
    incident_product_category_acronym: product.acronym,
    can_use_support_plan: product.canUseSupportPlan,
  };
}

/** Sub-types with their products. */
export function listCategories(call: Call): Answer {
  return json({
    total_count: SUB_TYPES.length,
    incident_sub_type_list: SUB_TYPES.map((subType) => ({
      incident_sub_type_id: subType.id,
      incident_sub_type_name: inLanguage(subType.name, call.locale.language),
      incident_product_category_list: PRODUCTS.filter((product) => product.subTypeId === subType.id).map((product) =>
        renderProduct(call, product),
      ),
    })),
  });
}

/** Problem types, of one product where one is named. */
export function listProblems(call: Call): Answer {
  const productId = textOf(call.query, "product_category_id");
  const subTypeId = textOf(call.query, "incident_sub_type_id");
  const found = PROBLEM_TYPES.filter((problem) => {
    const product = PRODUCTS.find((candidate) => candidate.id === problem.productId);
    return (
      (productId === undefined || problem.productId === productId) &&
      (subTypeId === undefined || product?.subTypeId === subTypeId)
    );
  });
  return json({
    total_count: found.length,
    incident_business_type_list: found.map((problem) => ({
      business_type_id: problem.id,
      business_type_name: inLanguage(problem.name, call.locale.language),
      case_type: problem.caseType,
      can_use_support_plan: problem.canUseSupportPlan,
    })),
  });
}

function findProblem(call: Call) {
  const problem = PROBLEM_TYPES.find((candidate) => candidate.id === textOf(call.query, "business_type_id"));
  if (problem === undefined) throw fail(call, "OSM.01010001", "business_type_id does not exist");
  return problem;
}

/** Templates of a problem type. */
export function listTemplates(call: Call): Answer {
  const problem = findProblem(call);
  const templates =
    problem.template === null
      ? []
      : [
          {
            incident_template_id: `tp-${problem.id}`,
            incident_template_name: inLanguage(problem.name, call.locale.language),
            incident_template_content: inLanguage(problem.template, call.locale.language),
          },
        ];
  return json({ total_count: templates.length, incident_template_list: templates });
}

function listExtends(call: Call): Answer {
  const problem = findProblem(call);
  const { language } = call.locale;
  return json({
    extends_params: problem.extras.map((parameter) => ({
      tips: "",
      required: parameter.required ? 1 : 0,
      length: parameter.length,
      language: /^en/i.test(language) ? "en-us" : "zh-cn",
      param_key: parameter.key,
      param_name: inLanguage(parameter.name, language),
      param_type: 0,
      param_desc: "",
      default_value: "",
      is_show: 1,
      is_sensitive: 0,
    })),
    common_params: [
      {
        param_key: "region_id",
        param_name: /^en/i.test(language) ? "Region" : "区域",
        is_show: 1,
        is_required: problem.caseType === "5" ? 1 : 0,
      },
    ],
  });
}

/** Regions. */
export function listRegions(call: Call): Answer {
  return json({
    total_count: REGIONS.length,
    data_center_list: REGIONS.map((region) => ({
      type: region.area,
      region_id: region.id,
      region_name: inLanguage(region.name, call.locale.language),
      is_sensitive: 0,
    })),
  });
}

function listSeverities(call: Call): Answer {
  const problem = findProblem(call);
  const show = call.core.settings.supportPlan && problem.canUseSupportPlan;
  return json({
    show: call.core.settings.numbersForText ? Number(show) : show,
    severity_list: SEVERITIES.map((severity) => ({
      language: /^en/i.test(call.locale.language) ? "en-us" : "zh-cn",
      severity_name: inLanguage(severity.name, call.locale.language),
      severity_id: severity.id,
    })),
  });
}

function listDimensions(call: Call): Answer {
  return json({
    total_count: SATISFACTION_DIMENSIONS.length,
    satisfaction_dimension_list: SATISFACTION_DIMENSIONS.map((dimension) => ({
      value: 5,
      satisfaction_id: dimension.id,
      satisfaction_name: inLanguage(dimension.name, call.locale.language),
      satisfaction_desc: inLanguage(dimension.name, call.locale.language),
      per_value: 1,
      sat_category_id: String(dimension.id),
    })),
  });
}

function listQuotas(call: Call): Answer {
  findProblem(call);
  const total = call.core.settings.caseQuota;
  // openapi: -1 believed to mean unlimited.
  return json({ total, un_used: total < 0 ? -1 : Math.max(0, total - openCaseCount(call)) });
}

/** The operations of this file by operationId. */
export const CONFIG_OPERATIONS: Readonly<Record<string, Operation>> = {
  ListCaseCategories: listCategories,
  ListProblemTypes: listProblems,
  ListCaseTemplates: listTemplates,
  ListExtendsParams: listExtends,
  ListRegions: listRegions,
  ListSeverities: listSeverities,
  ListSatisfactionDimensions: listDimensions,
  ListCaseQuotas: listQuotas,
};
