/**
 * Every error code of the service and its gateway that a public source names (shared osm/error-codes.csv, huawei.md 10): what it
 * means for the caller, and what a person can do. One code can stand for several things by HTTP status (`APIGW.0201`).
 */
import type { ErrorKind } from "../domain/service-error.ts";

/** A text in both languages of the page. */
export type CodeText = { readonly en: string; readonly zh: string };

/** One row of the table. */
export type ErrorCode = {
  /** `OSM.010100xx` stands for the codes of that range that no source explains. */
  readonly code: string;
  /** The HTTP status that it comes with. Business codes come with 200 (huawei.md 10). */
  readonly status: number;
  readonly kind: ErrorKind;
  readonly meaning: CodeText;
  readonly remedy: CodeText;
};

const remedies = {
  report: {
    en: "Nothing to do in Huawei; report this to the developers of casebridge with the code and request id.",
    zh: "无需在华为侧处理；请将错误码和请求 ID 反馈给 casebridge 的开发者。",
  },
  credentials: {
    en: "Check the access keys or the login and the clock of this machine, then run doctor.",
    zh: "检查访问密钥或登录信息以及本机时钟，然后运行 doctor。",
  },
  rights: {
    en: "Give the IAM user the role Ticket Administrator or Ticket Group Operator; ask Huawei whether the support plan includes the API. An account of the international site needs HUAWEI_SITE=international (huawei.site).",
    zh: "为 IAM 用户授予“工单管理员”或“工单组操作员”角色；并向华为确认支持计划是否包含 API。国际站账号还需设置 HUAWEI_SITE=international（huawei.site）。",
  },
  wait: { en: "casebridge tries again by itself.", zh: "casebridge 会自动重试。" },
  waitLonger: {
    en: "casebridge tries again by itself and looks for the item first; if it lasts, look at the service's status page.",
    zh: "casebridge 会先查找是否已写入再自动重试；如持续出现，请查看服务状态页。",
  },
  urge: { en: "Wait before urging again; the interval is not published.", zh: "请稍后再催单；间隔时间未公布。" },
  tomorrow: {
    en: "Retry the failure tomorrow, or send fewer or smaller files.",
    zh: "明天重试，或减少附件的数量与大小。",
  },
  input: {
    en: "Correct the named input of the issue or the configuration and retry.",
    zh: "更正问题单或配置中的相应内容后重试。",
  },
  gone: {
    en: "Look for the case in the console; unlink it if it is gone.",
    zh: "在控制台查看该工单；若已不存在，请解除关联。",
  },
  endpoint: {
    en: "Check HUAWEI_OSM_ENDPOINT and HUAWEI_API_VERSION: this host does not know the called address.",
    zh: "检查 HUAWEI_OSM_ENDPOINT 与 HUAWEI_API_VERSION：该主机不存在所调用的接口。",
  },
  smaller: { en: "Send a smaller file or a shorter text.", zh: "请减小文件或缩短文本。" },
  huawei: {
    en: "Ask Huawei support, naming the code and the request id.",
    zh: "请联系华为支持，并提供错误码和请求 ID。",
  },
  network: {
    en: "Let the address of this machine through in the account's access rules.",
    zh: "在账号的访问规则中放行本机地址。",
  },
} satisfies Record<string, CodeText>;

function row(
  code: string,
  status: number,
  kind: ErrorKind,
  remedy: keyof typeof remedies,
  en: string,
  zh: string,
): ErrorCode {
  return { code, status, kind, meaning: { en, zh }, remedy: remedies[remedy] };
}

/** All rows, in the order of the csv. */
export const errorCodes: readonly ErrorCode[] = [
  row("OSM.0001", 400, "rejected", "input", "Parameter check failed", "参数校验失败"),
  row(
    "OSM.0002",
    401,
    "unauthorized",
    "credentials",
    "Not authenticated: token missing or expired",
    "未认证：缺少令牌或令牌已过期",
  ),
  row("OSM.0003", 403, "forbidden", "rights", "Operation not allowed", "不允许执行该操作"),
  row("OSM.0004", 500, "unavailable", "waitLonger", "Internal error", "内部错误"),
  row("OSM.01010001", 200, "rejected", "input", "Parameter check failed", "参数校验失败"),
  row("OSM.01010002", 200, "forbidden", "rights", "Caller lacks permission for the operation", "没有执行该操作的权限"),
  row(
    "OSM.01010003",
    200,
    "rejected",
    "input",
    "Account and password do not match (host check)",
    "账号与密码不匹配（主机校验）",
  ),
  row("OSM.01010004", 200, "rejected", "urge", "Urged too often; wait before urging again", "催单过于频繁，请稍后再催"),
  row("OSM.01010005", 200, "rejected", "tomorrow", "Daily total size of uploads used up", "当日上传总大小已用尽"),
  row("OSM.01010006", 200, "rejected", "input", "Severity ID does not exist", "严重程度 ID 不存在"),
  row(
    "OSM.01010007",
    200,
    "forbidden",
    "rights",
    "Tenant has no role that may create a case",
    "租户没有可创建工单的角色",
  ),
  row(
    "OSM.01010008",
    200,
    "rejected",
    "input",
    "Carbon-copy e-mail address not valid (length or form)",
    "抄送邮箱无效（长度或格式）",
  ),
  row(
    "OSM.01010009",
    200,
    "rejected",
    "rights",
    "Case refused because the support plan benefit does not cover it (fault reports)",
    "支持计划权益不包含该工单（故障类），已被拒绝",
  ),
  row("OSM.01010010", 200, "rejected", "input", "Verification of the contact failed", "联系方式验证失败"),
  row(
    "OSM.01010011",
    200,
    "unauthorized",
    "credentials",
    "No customer could be read from the token",
    "无法从令牌中获取客户信息",
  ),
  row("OSM.01010012", 200, "rejected", "report", "Type must be 0 or 1", "类型必须为 0 或 1"),
  row(
    "OSM.01010013",
    200,
    "rejected",
    "report",
    "Action must be cancel close press or delete",
    "操作必须为 cancel、close、press 或 delete",
  ),
  row("OSM.01010014", 200, "unavailable", "waitLonger", "Operation failed inside the service", "服务内部操作失败"),
  row("OSM.01010015", 200, "not_found", "gone", "Case does not exist", "工单不存在"),
  row(
    "OSM.01010016",
    200,
    "rejected",
    "report",
    "About the type given when feedback is created (text seen only in part)",
    "创建反馈时所填类型有误（原文仅见部分）",
  ),
  row(
    "OSM.01010020",
    200,
    "rejected",
    "huawei",
    "Customer ID does not exist (number inferred from its place before 01010021)",
    "客户 ID 不存在（编号由其位置推断）",
  ),
  row("OSM.01010021", 200, "rejected", "huawei", "Bastion host (CBH) operation failed", "堡垒机（CBH）操作失败"),
  row(
    "OSM.01010057",
    200,
    "rejected",
    "huawei",
    "Partner does not exist (number inferred from its place before 01010058)",
    "伙伴不存在（编号由其位置推断）",
  ),
  row(
    "OSM.01010058",
    200,
    "rejected",
    "huawei",
    "Chosen handler does not belong to the partner of the customer of the case",
    "所选处理人不属于该工单客户的伙伴",
  ),
  row(
    "OSM.01010059",
    200,
    "rejected",
    "huawei",
    "Customer of the case has bought a support plan",
    "该工单的客户已购买支持计划",
  ),
  row(
    "OSM.010100xx",
    200,
    "rejected",
    "huawei",
    "Further codes exist between and after the ones above (01010017-19 01010022-56 01010060 and up); text not available",
    "未公开说明的其他错误码（01010017-19、01010022-56、01010060 及以上）",
  ),
  row(
    "APIGW.0101",
    404,
    "contract",
    "endpoint",
    "API does not exist or is not published in the environment; or method not defined",
    "API 不存在、未在该环境发布，或方法未定义",
  ),
  row("APIGW.0103", 404, "contract", "endpoint", "Backend not found", "找不到后端服务"),
  row("APIGW.0104", 400, "rejected", "huawei", "No plug-in configuration", "没有插件配置"),
  row("APIGW.0105", 400, "rejected", "huawei", "No backend configuration", "没有后端配置"),
  row("APIGW.0106", 400, "rejected", "huawei", "Orchestration error", "编排错误"),
  row("APIGW.0201", 400, "rejected", "report", "Bad request parameters", "请求参数错误"),
  row("APIGW.0201", 413, "rejected", "smaller", "Request body above 12 MB", "请求体超过 12 MB"),
  row("APIGW.0201", 414, "rejected", "report", "Request URI too long", "请求 URI 过长"),
  row("APIGW.0201", 494, "rejected", "report", "Request headers too large", "请求头过大"),
  row("APIGW.0201", 502, "unavailable", "waitLonger", "Backend unavailable", "后端不可用"),
  row(
    "APIGW.0201",
    504,
    "unavailable",
    "waitLonger",
    "Backend timed out; the write may have happened",
    "后端超时；写入可能已生效",
  ),
  row(
    "APIGW.0301",
    401,
    "unauthorized",
    "credentials",
    "Wrong IAM authentication data (bad signature or token or clock)",
    "IAM 认证信息错误（签名、令牌或时钟有误）",
  ),
  row("APIGW.0302", 403, "forbidden", "rights", "IAM user may not call the API", "该 IAM 用户不允许调用此 API"),
  row("APIGW.0303", 401, "unauthorized", "credentials", "Wrong app authentication data", "APP 认证信息错误"),
  row("APIGW.0304", 403, "forbidden", "rights", "App may not call the API", "该 APP 不允许调用此 API"),
  row("APIGW.0305", 401, "unauthorized", "credentials", "Wrong authentication data", "认证信息错误"),
  row("APIGW.0306", 403, "forbidden", "rights", "API access denied", "API 访问被拒绝"),
  row(
    "APIGW.0307",
    401,
    "unauthorized",
    "credentials",
    "Token must be renewed; or it belongs to another region",
    "令牌需要更新，或令牌属于其他区域",
  ),
  row(
    "APIGW.0308",
    429,
    "rate_limited",
    "wait",
    "Throttled; gateway default is 200 requests per second per API and cannot be raised",
    "请求被限流；网关默认每个 API 每秒 200 次，不可调高",
  ),
  row("APIGW.0310", 403, "forbidden", "rights", "Project not available", "项目不可用"),
  row("APIGW.0311", 401, "unauthorized", "credentials", "Wrong debugging authentication data", "调试认证信息错误"),
  row("APIGW.0401", 403, "forbidden", "network", "Client IP address unknown", "无法识别客户端 IP 地址"),
  row("APIGW.0402", 403, "forbidden", "network", "Client IP address not allowed", "客户端 IP 地址不允许访问"),
  row("APIGW.0404", 403, "forbidden", "huawei", "Access to the backend address denied", "禁止访问后端地址"),
  row("APIGW.0501", 405, "rejected", "huawei", "App quota used up", "APP 配额已用尽"),
  row("APIGW.0502", 405, "rejected", "huawei", "App frozen", "APP 已被冻结"),
  row("APIGW.0601", 500, "unavailable", "waitLonger", "Gateway internal error", "网关内部错误"),
  row("APIGW.0602", 400, "rejected", "report", "Bad request", "非法请求"),
  row("APIGW.0605", 500, "unavailable", "waitLonger", "Name resolution of the backend failed", "后端域名解析失败"),
  row("APIGW.0606", 500, "unavailable", "waitLonger", "API configuration could not be loaded", "未能加载 API 配置"),
  row("APIGW.0607", 400, "rejected", "endpoint", "Protocol not supported", "协议不受支持"),
  row("APIGW.0608", 500, "unavailable", "waitLonger", "Tenant data could not be read", "无法获取租户信息"),
  row("APIGW.0609", 500, "unavailable", "huawei", "VPC backend does not exist", "VPC 后端不存在"),
  row("APIGW.0610", 502, "unavailable", "waitLonger", "No backend available", "没有可用的后端"),
  row("APIGW.0611", 500, "unavailable", "huawei", "Backend port not found", "找不到后端端口"),
  row("APIGW.0612", 500, "unavailable", "huawei", "API calls itself", "API 调用了自身"),
  row("APIGW.0613", 503, "unavailable", "waitLonger", "IAM not available", "IAM 不可用"),
  row("APIGW.0705", 500, "unavailable", "huawei", "Backend signature failed", "后端签名校验失败"),
  row("APIGW.0801", 403, "forbidden", "endpoint", "Service not available in this region", "该区域不提供此服务"),
  row("APIGW.0802", 403, "forbidden", "rights", "IAM user forbidden in this region", "该 IAM 用户在此区域被禁止"),
];

/**
 * The row of a code. Of several with one code the one with that status wins, then the first. A code of the range
 * `OSM.0101` that no source explains gets the row of the range; `null` for a code of no known family.
 */
export function findErrorCode(code: string, status: number): ErrorCode | null {
  const rows = errorCodes.filter((candidate) => candidate.code === code);
  const known = rows.find((candidate) => candidate.status === status) ?? rows[0];
  if (known !== undefined) return known;
  if (!/^OSM\.0101\d{4}$/.test(code)) return null;
  return errorCodes.find((candidate) => candidate.code === "OSM.010100xx") ?? null;
}
