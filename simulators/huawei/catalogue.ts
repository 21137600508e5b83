/**
 * The look-up data of the simulated tenant (huawei.md 6): sub-types with products, problem types, templates, extra
 * parameters, regions, severities. IDs are tenant data, not constants; these are made up.
 */

/** A name in the two languages of X-Language (huawei.md 4). */
export interface BilingualName {
  readonly zh: string;
  readonly en: string;
}

/** A region; `area` 0 mainland China, 1 international. */
export interface Region {
  readonly id: string;
  readonly name: BilingualName;
  readonly area: number;
}

/** A product category under a case sub-type. */
export interface Product {
  readonly id: string;
  readonly name: BilingualName;
  readonly acronym: string;
  readonly subTypeId: string;
  readonly canUseSupportPlan: boolean;
}

/** An extra parameter that a problem type asks for. */
export interface ExtraParameter {
  readonly key: string;
  readonly name: BilingualName;
  readonly required: boolean;
  readonly length: number;
}

/** A problem type; `caseType` "0" consultation, "5" fault report (region required). */
export interface ProblemType {
  readonly id: string;
  readonly name: BilingualName;
  readonly productId: string;
  readonly caseType: "0" | "5";
  readonly canUseSupportPlan: boolean;
  readonly template: BilingualName | null;
  readonly extras: readonly ExtraParameter[];
}

/** Case sub-types. */
export const SUB_TYPES: readonly { readonly id: string; readonly name: BilingualName }[] = [
  { id: "st1001", name: { zh: "产品技术问题", en: "Product and technical issues" } },
  { id: "st1002", name: { zh: "账户与费用", en: "Account and billing" } },
];

function product(id: string, name: BilingualName, acronym: string, subTypeId: string): Product {
  return { id, name, acronym, subTypeId, canUseSupportPlan: subTypeId === "st1001" };
}

/** Product categories. */
export const PRODUCTS: readonly Product[] = [
  product("pc2001", { zh: "弹性云服务器", en: "Elastic Cloud Server" }, "ECS", "st1001"),
  product("pc2002", { zh: "对象存储服务", en: "Object Storage Service" }, "OBS", "st1001"),
  product("pc2003", { zh: "云容器引擎", en: "Cloud Container Engine" }, "CCE", "st1001"),
  product("pc2101", { zh: "费用", en: "Billing" }, "BSS", "st1002"),
];

/** A consultation; support plans cover faults alone. */
const CONSULTATION = { caseType: "0", canUseSupportPlan: false, template: null, extras: [] } as const;
const FAULT = { caseType: "5", canUseSupportPlan: true, template: null, extras: [] } as const;

/** Problem types. */
export const PROBLEM_TYPES: readonly ProblemType[] = [
  {
    ...CONSULTATION,
    id: "bt3001",
    name: { zh: "使用咨询", en: "Usage consultation" },
    productId: "pc2001",
    template: { zh: "问题描述：\n期望结果：", en: "Description:\nExpected result:" },
  },
  {
    ...FAULT,
    id: "bt3002",
    name: { zh: "实例故障", en: "Instance fault" },
    productId: "pc2001",
    template: { zh: "实例ID：\n故障现象：", en: "Instance ID:\nSymptom:" },
  },
  { ...CONSULTATION, id: "bt3003", name: { zh: "使用咨询", en: "Usage consultation" }, productId: "pc2002" },
  {
    ...FAULT,
    id: "bt3004",
    name: { zh: "上传下载失败", en: "Upload or download failure" },
    productId: "pc2002",
    extras: [{ key: "bucket_name", name: { zh: "桶名", en: "Bucket name" }, required: true, length: 63 }],
  },
  {
    ...FAULT,
    id: "bt3005",
    name: { zh: "集群故障", en: "Cluster fault" },
    productId: "pc2003",
    extras: [{ key: "cluster_id", name: { zh: "集群ID", en: "Cluster ID" }, required: false, length: 64 }],
  },
  { ...CONSULTATION, id: "bt3101", name: { zh: "账单咨询", en: "Bill consultation" }, productId: "pc2101" },
];

/** Regions. */
export const REGIONS: readonly Region[] = [
  { id: "cn-north-4", name: { zh: "华北-北京四", en: "CN North-Beijing4" }, area: 0 },
  { id: "cn-south-1", name: { zh: "华南-广州", en: "CN South-Guangzhou" }, area: 0 },
  { id: "ap-southeast-3", name: { zh: "亚太-新加坡", en: "AP-Singapore" }, area: 1 },
  { id: "eu-west-101", name: { zh: "欧洲-都柏林", en: "EU-Dublin" }, area: 1 },
];

/** Severities. */
export const SEVERITIES: readonly { readonly id: string; readonly name: BilingualName }[] = [
  { id: "sv4001", name: { zh: "一般", en: "General guidance" } },
  { id: "sv4002", name: { zh: "系统受损", en: "System impaired" } },
  { id: "sv4003", name: { zh: "生产系统故障", en: "Production system down" } },
  { id: "sv4004", name: { zh: "业务关键系统故障", en: "Business-critical system down" } },
];

/** Rating dimensions (`/config/satisfaction-dimensions`); IDs 1 and 3 are the ones of v1.0. */
export const SATISFACTION_DIMENSIONS: readonly { readonly id: number; readonly name: BilingualName }[] = [
  { id: 1, name: { zh: "服务态度", en: "Service attitude" } },
  { id: 3, name: { zh: "解决方案", en: "Solution" } },
];

/** The only accepted case source (huawei.md 6 item 9). */
export const CASE_SOURCE_ID = "83aeb0f2834c4df49826c781d32a963e";

/** The name in the language asked for; anything but English gets Chinese, the default of X-Language. */
export function inLanguage(name: BilingualName, language: string): string {
  return /^en/i.test(language) ? name.en : name.zh;
}
