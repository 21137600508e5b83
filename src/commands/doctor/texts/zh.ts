/** 检查（`casebridge doctor`）的中文文本。 What the doctor says in Chinese. */
import { isServiceError, ServiceError } from "../../../domain/service-error.ts";
import type { Widened } from "../../../lib/widened.ts";
import { errorMessage } from "../../../observability/scrub.ts";
import type { HuaweiCapability } from "../../../sync/ports.ts";
import type { en } from "./en.ts";
import { zhJira } from "./zh-jira.ts";

const groups = (ids: readonly string[]): string => `用户组 ${ids.join("、")}`;
const services = { jira: "Jira", huawei: "华为云 OSM" } as const;
const until = (moment: string | null): string => (moment === null ? "" : `，至 ${moment}`);

const lacks: Readonly<Record<HuaweiCapability, string>> = {
  withdraw: "已发送的消息无法撤回，改为另发一条消息说明",
  labels: "不同步工单标签",
  access_requests: "不显示工程师的授权申请",
  related_cases: "不关联相关工单",
  operation_log: "催单或评价的应答丢失时，无法得知其是否送达",
  instant_messages: "每轮需为每个关注的工单读取一次",
  severity_and_extends: "新工单不带严重级别和扩展参数",
  account_checks: "提单前不检查配额、协议和权限",
  group: "无法同步用户组的工单",
};

/** An error's message, with the adapter's Chinese words where it has some. */
function messageOf(error: unknown): string {
  if (!isServiceError(error) || error.facts.zh === undefined) return errorMessage(error);
  return errorMessage(new ServiceError({ ...error.facts, detail: error.facts.zh.detail }));
}

/** What a person can do about a service's error; what an adapter advises in English alone stands as it is. */
function remedyOf({ kind, facts }: ServiceError): string {
  const isOwn = facts.code === null || (kind !== "unauthorized" && kind !== "unavailable");
  if (facts.remedy !== undefined && isOwn) return facts.zh?.remedy ?? facts.remedy;
  const service = facts.side === "jira" ? "Jira" : "华为云";
  switch (kind) {
    case "unavailable":
      return `检查网络、代理和${service}的地址，以及${service}是否正常运行，然后重试。`;
    case "unauthorized":
      return facts.side === "jira"
        ? "检查 JIRA_EMAIL 和 JIRA_API_TOKEN：令牌最长一年到期，且只属于一个账号；带范围的令牌只能与 JIRA_HOST=https://api.atlassian.com/ex/jira/<cloudId> 一起使用。"
        : "检查 HUAWEICLOUD_SDK_AK 和 HUAWEICLOUD_SDK_SK（或用户名和密码）、密钥是否启用，以及本机时钟。";
    case "forbidden":
      return `在${service}中为 casebridge 的账号授予该权限，然后重试。`;
    case "not_found":
      return "检查名称或 ID；也可能是 casebridge 的账号无权查看。";
    case "rate_limited":
      return `等待几分钟；若${service}仍如此提示，请调低请求预算。`;
    case "rejected":
      return `修正${service}拒绝的内容；详情中已指出。`;
    case "contract":
      return `${service}的应答格式不被 casebridge 识别：检查地址，并附上该信息报告问题。`;
  }
}

/** What a notification's problem means, by its code. */
function meaningOf(problem: string): string {
  const [code = "", detail = ""] = problem.split(" ");
  if (/^(?:http|code)_/.test(code) || code === "no_answer_of_this_service") return `接收端拒绝该消息（${problem}）`;
  if (code === "timeout") return "接收端未及时应答";
  if (code === "proxy") return "代理无法连通接收端";
  if (code === "connect") return `无法连接接收端${detail === "" ? "" : `（${detail}）`}`;
  return `与接收端的通信中断（${problem}）`;
}

/** Chinese. */
export const zh: Widened<typeof en> = {
  report: {
    connection: "连接",
    check: "检查项",
    found: "结果",
    toMend: "待处理：",
    line: (name, remedy) => `${name}：${remedy}`,
    count: (checks, failed, warned) => `共 ${checks} 项检查：${failed} 项失败，${warned} 项警告。`,
    comma: "、",
    semicolon: "；",
    space: "",
    none: "无",
  },
  sheet: {
    stopped: "未检查：该侧没有正常应答",
    unsupported: (detail) => `未检查：${detail}`,
    unreachable: (error) => `无法连接：${error}`,
    unauthorized: (error) => `凭据被拒绝：${error}`,
    lookAtLog: "设置 LOG_LEVEL=debug 后查看日志。",
    noDifference: "没有偏差",
    ahead: (seconds) => `本机时钟快 ${seconds} 秒`,
    behind: (seconds) => `本机时钟慢 ${seconds} 秒`,
    error: messageOf,
    remedy: remedyOf,
    setClock: "用 NTP 校准本机时钟。",
  },
  address: {
    is: {
      ofHuawei: (address) => `${address} 是华为云的地址，不是 Jira 的地址`,
      ofJira: (address) => `${address} 是 Jira 的地址，不是华为云 OSM 的地址`,
      console: (address) => `${address} 是控制台的地址，不是 API 的地址`,
      otherService: (address) => `${address} 是其他服务的地址`,
      page: (address) => `${address} 是页面的地址，不是站点的地址`,
      noCloudId: (address) => `${address} 不是站点：缺少 cloud id`,
    },
    set: {
      jira: "将 JIRA_HOST（jira.host）设为 https://<name>.atlassian.net；若 API 令牌带范围，则设为 https://api.atlassian.com/ex/jira/<cloudId>。",
      huawei:
        "将 HUAWEI_OSM_ENDPOINT（huawei.endpoint）设为 https://osm.<region>.myhuaweicloud.com，例如 https://osm.cn-south-1.myhuaweicloud.com。",
    },
    setSite: (origin) => `将 JIRA_HOST（jira.host）只设为站点地址：${origin} 。`,
    answersPage: (address, status) => `${address} 返回的是网页，或像登录页那样跳转到别处（${status}）`,
    nothingAnswers: (address, side, what) => `${address} 的应答不像${services[side]}（${what}）`,
    standsBetween: (remedy) =>
      `${remedy}若已是如此，则是代理或公司的登录页在代为应答：请放行 casebridge，或用 HTTPS_PROXY 指定代理。`,
  },
  installation: {
    correctDataDir: "修正 DATA_DIR。",
    setDataDir: "将 DATA_DIR 设为当前用户可写的文件夹，所在磁盘须有空间存放传输中的文件。",
    noFolder: (place) => `${place} 不是文件夹`,
    littleRoom: (folder, mib) => `${folder}：剩余空间不足 ${mib} MiB`,
    folderToMake: (folder) => `${folder}，首次启动时创建`,
    folderUnusable: (folder, code, place) => `${folder} 无法使用（${place} 处出现 ${code}）`,
    lookAtFiles: "查看这些文件。",
    filesClosed: "未对所有人开放",
    filesOpen: (paths) => `本机的每个用户都可以读取 ${paths.join("、")}`,
    closeFiles: (paths) => `收紧权限：chmod o-rwx ${paths.join(" ")}`,
    embeddedRemedy: "阅读该信息：内置 PostgreSQL 需要 DATA_DIR 以及有权访问它的用户。或设置 DATABASE_URL。",
    databaseRemedy: "检查 DATABASE_URL 的主机、端口、用户、密码和库名，以及 PostgreSQL 是否在运行。",
    embeddedToMake: (folder) => `内置：${folder} 中尚无数据库，首次启动时创建`,
    reachable: "可以连接",
    embedded: "内置，运行中",
    migrate: "执行 `casebridge migrate`；worker 启动时也会执行。",
    madeWithDatabase: "随数据库一起创建",
    noDatabase: "未检查：没有数据库",
    mendDatabase: "请先修复数据库。",
    upToDate: "已是最新",
    migrationsWait: (names) => `${names.length} 个待执行：${names.join("、")}`,
    queueRemedy: "检查 REDIS_URL，以及 Redis 是否在运行。",
    queueToMake: "在数据库中，随其一起创建",
    queueNotChecked: "未检查：队列在数据库中",
    queueWorks: (kind) => `${kind}，可以写入并被唤醒`,
    misfit: ({ policy }) =>
      policy === null
        ? "Redis 处于集群模式，BullMQ 同一队列的键会分布在多个节点上"
        : `Redis 会淘汰键（${policy}）；请设置 maxmemory-policy noeviction`,
    misfitRemedy: ({ policy }) =>
      policy === null
        ? "改用非集群的 Redis（需要故障切换时用 Sentinel，地址为 redis+sentinel://），或不设 REDIS_URL：队列即存放在 PostgreSQL 中。"
        : "在 redis.conf 中设置 maxmemory-policy noeviction（或执行 CONFIG SET maxmemory-policy noeviction），并为队列单独使用一个 Redis。",
    correctNotify: "修正 NOTIFY_… 变量。",
    correctCheckCron: "修正 CHECK_CRON。",
    checksFit: (hours) => `每个关联每 ${hours} 小时检查一次`,
    checksRare: (cron, gapHours, hours) =>
      `CHECK_CRON（${cron}）两次触发之间可能相隔 ${gapHours} 小时，而 CHECK_MAX_AGE_HOURS 要求 ${hours} 小时内检查一次：两次触发之间也会检查关联`,
    checkOften: "让 CHECK_CRON 更频繁，或调高 CHECK_MAX_AGE_HOURS。",
    huaweiClient: "修正该信息所指的华为云设置（HUAWEI_API_VERSION、HUAWEI_TIME_ZONE）。",
    jiraClient: "修正 JIRA_HOST 和 JIRA_EMAIL。",
    noPage: "没有页面（HTTP_PORT 为 0）",
    pageHere: (address) => `仅限本机（${address}）`,
    pageHereSignIn: (address) => `仅限本机（${address}），需要登录`,
    pageSignIn: (address) => `${address}，需要登录`,
    pageOpen: (address) => `外部无需登录即可访问 ${address}`,
    closePage: "设置 ADMIN_TOKEN，或将 HTTP_HOST 设为 127.0.0.1。",
  },
  notifications: {
    nobody: "不通知任何人（未设置 NOTIFY_URL）",
    failing: (since, problem) => `自 ${since} 起没有一条被接受：${meaningOf(problem)}`,
    tryIt: (problem, format) =>
      /^(?:http|code)_|^no_answer_of_this_service/.test(problem)
        ? `检查 NOTIFY_URL 是否完整有效，NOTIFY_FORMAT（${format}）是否与该服务相符，以及机器人的安全设置。可用 \`casebridge notify --test\` 试发。`
        : "检查 NOTIFY_URL、网络、HTTPS_PROXY 和 NO_PROXY；若证书为自有，还需检查 CA_FILE。可用 `casebridge notify --test` 试发。",
    channel: (format, on) => `${format}，事项：${on}`,
    noLink: (channel) => `${channel}；没有指向页面的链接`,
    setPublicUrl: "将 PUBLIC_URL 设为人们访问页面所用的地址。",
    noneSent: (channel) => `${channel}；尚未发送过`,
    test: "执行 `casebridge notify --test`，查看消息是否出现。",
    lastSent: (channel, at) => `${channel}；上次发送于 ${at}`,
  },
  settings: {
    commentsChosen: (choice) => `COMMENTS_TO_HUAWEI 为 ${choice}`,
    commentsUnset: "未设置 COMMENTS_TO_HUAWEI；worker 不会启动",
    chooseComments: "选择 all（所有未被规则拦下的评论）、command（仅以 /case 开头的评论）或 none。",
    setTimeZone: "将 HUAWEI_TIME_ZONE 设为时差，例如 GMT+8。",
    tokenLogin: "令牌登录",
    agency: (name, domain) => `${domain} 的委托 ${name} 的临时密钥；由 casebridge 续期`,
    agencyExternal: (name, domain) => `${domain} 的委托 ${name} 的临时密钥，带外部 ID；由 casebridge 续期`,
    ecs: "casebridge 所在服务器（ECS）的临时密钥；由 casebridge 续期",
    permanentKey: "永久访问密钥",
    temporaryKey: "临时访问密钥：24 小时内到期，casebridge 不为其续期",
    usePermanentKey:
      "使用为 casebridge 创建的 IAM 用户的永久访问密钥，并且不设置 HUAWEICLOUD_SDK_SECURITY_TOKEN。设置 HUAWEI_AGENCY_NAME，或在文件中写 credentials: ecs，casebridge 即自行取得临时密钥并续期。",
    noConsoleAddress: "该模板得不到工单的地址",
    correctConsole: "修正 HUAWEI_CONSOLE_CASE_URL：应为包含 {caseId} 的 https 地址。",
    consoleExample: (host) => `该模板仍指向 ${host}`,
    setConsole: "将 HUAWEI_CONSOLE_CASE_URL 设为控制台自己的地址；不需要链接则不设置。",
    linksTo: (host) => `链接到 ${host}`,
    future: (day) => `CASES_CREATED_AFTER 在将来（${day}）：没有工单能通过筛选`,
    correctFuture: "将 CASES_CREATED_AFTER（cases.createdAfter）设为已过去的日期，或不设置。",
    unknownStatuses: (statuses) => `cases.statuses 中的 ${statuses} 在服务中不存在`,
    correctStatuses: (statuses) => `修正 cases.statuses。服务提供：${statuses}。`,
    noBound: "没有限制",
    createdAfter: (at) => `创建时间晚于 ${at}`,
    noSettleTime: (names) => `${names} 为 0：应答丢失的写入会在其可见之前被立即重复`,
    setSettleTimes: "让 SETTLE_… 设置保持默认值，或设为服务显示一次写入所需的时间。",
    mask: (patterns) => `mask，另有 ${patterns} 条自定义规则`,
    hold: (patterns) => `hold，另有 ${patterns} 条自定义规则：发现的内容等待 /release 或 \`failures retry\``,
    offAndNone: "off；没有评论离开 Jira",
    off: "off：密码、密钥和个人数据会原样离开 Jira",
    setGuard: "设置 TEXT_GUARD=mask；华为云的规定也要求工单中不含此类数据。",
    noWebhook: "无：通过轮询发现 Jira 中的新动态",
    webhook: (path, port) => `在端口 ${port} 的 ${path} 等待`,
    webhookOpen: "有 webhook 密钥，但既没有 WEBHOOK_PORT 也没有登录：worker 不会这样启动",
    closeWebhook: "设置 WEBHOOK_PORT 并将 Jira 的调用引到该端口，或设置 ADMIN_TOKEN。",
    webhookDeaf: "有 webhook 密钥，但 HTTP_PORT 为 0 且未设置 WEBHOOK_PORT：没有任何监听",
    setWebhookPort: "将 WEBHOOK_PORT 设为 Jira 的调用所到达的端口，或取消设置 JIRA_WEBHOOK_SECRET。",
    aboveGateway: (perSecond, gateway) => `每秒 ${perSecond} 次请求超出网关允许的上限（${gateway}）`,
    lowerBudget: "将 HUAWEI_REQUESTS_PER_SECOND 设为 2，仅在华为云同意的范围内调高。",
    slowLook: (cases, seconds, perSecond) =>
      `以每秒 ${perSecond} 次请求，查看 ${cases} 个关注的工单一遍需要 ${seconds} 秒`,
    raiseBudget: "在华为云允许的范围内调高 HUAWEI_REQUESTS_PER_SECOND（huawei.requestsPerSecond）。",
    look: (seconds) => `查看一遍占用华为云请求预算 ${seconds} 秒`,
  },
  together: {
    jiraBudget: (one, other) => `${one} 和 ${other} 共用一个 Jira 账号，但 requestsPerSecond 不同`,
    huaweiBudget: (one, other) => `${one} 和 ${other} 共用一个华为云账号，但 requestsPerSecond 不同`,
    sameCases: (one, other) => `${one} 和 ${other} 看到相同的工单：这些工单归文件中靠前的 ${one} 所有`,
    sameIssues: (one, other, projectKey) => `${one} 和 ${other} 都会由 ${projectKey} 的同一批事务提单`,
    mend: "共用的账号须在各处设置相同的 requestsPerSecond；同一项目的各连接须用 create.jql 区分各自的事务。",
    tellApart: "用 groupId 或 cases.labels 加以区分，除非有意如此。",
    fine: (count) => `${count} 个连接互不妨碍`,
  },
  huawei: {
    lacks,
    noneConfigured: "未配置",
    signed: "已签署",
    unsigned: "最新的工单协议尚未签署",
    sign: "在华为云控制台的“工单”中签署。",
    maySubmit: "可以提交工单",
    mayNotSubmit: "无权提交工单",
    giveSubmit: "为该用户授予提交工单的权限（Ticket Administrator，或工单所属的用户组）。",
    byKey: "以访问密钥通过认证",
    byToken: "以访问密钥和安全令牌通过认证",
    byAgency: (name, domain, end) => `以 ${domain} 的委托 ${name} 通过认证；其密钥有效${until(end)}`,
    byServer: (end) => `以本服务器（ECS）的密钥通过认证，密钥有效${until(end)}`,
    byPassword: (user, domain, end) => `以 ${domain} 的 ${user} 通过认证；令牌有效${until(end)}`,
    apiFor: (version, ids) => `${version}，${groups(ids)}`,
    everything: (api) => `${api}，全部同步`,
    lacking: (api, what) => `${api}：${what.map((one) => lacks[one]).join("；")}`,
    setApi: "设置 HUAWEI_API_VERSION=v2，除非该账号只有历史 API。",
    noFiles: "该账号不可上传附件",
    askFiles: "人们的文件留在 Jira；请向华为云确认是否有意如此。",
    filesAnyKind: (count, size) => `${count} 个文件，每个 ${size}，类型不限`,
    filesOfKinds: (count, size, kinds, some) => `${count} 个文件，每个 ${size}，${kinds} 种类型（${some}）`,
    labels: (count) => `${count} 个标签，不筛选`,
    labelsExist: (names) => `${names} 均存在`,
    noLabel: (names) => `没有名为 ${names} 的标签`,
    correctLabels: "修正配置中的 cases.labels，或在控制台创建该标签；在此之前没有工单能通过筛选。",
    counts: (categories, regions) => `${categories} 个分类，${regions} 个区域`,
    needsRegion: (counts, id, name) => `${counts}；问题类型 ${id}（${name}）为故障报障，需要区域`,
    setRegion:
      "设置 create.defaults.regionId，或将 create.fields.regionId 设为存放它的 Jira 字段；`casebridge lookups regions` 会列出 ID。",
    noSeverity: (counts, id) => `${counts}；配置了严重级别 ${id}，但该账号的支持计划不可选择严重级别`,
    removeSeverity: "删除 create.defaults.severityId，或向华为云申请支持计划。",
    defaultsFit: (counts) => `${counts}；新工单的默认值均有效`,
    unknownDefaults: (counts, names) => `${counts}；未知：${names}`,
    correctDefaults: "修正配置中的 create.defaults；`casebridge lookups` 会列出 ID。",
    noneTaken: "不接受扩展参数",
    extrasLeftOut: "历史 API 的新工单不带严重级别和扩展参数：已配置的会被略去",
    removeExtras: "从 create.defaults 和 create.fields 中删除 severityId 和 extends，或设置 HUAWEI_API_VERSION=v2。",
    noProblemType: "未查询：未设置默认问题类型",
    parameter: (id, name) => `${id}（${name}）`,
    neededParameter: (id, name) => `${id}（${name}，必填）`,
    unknownExtras: (problemType, keys) => `问题类型 ${problemType} 不需要 ${keys}`,
    correctExtras: (shown) => `修正 create.defaults 或 create.fields 中的 extends。所需参数：${shown}。`,
    openExtras: (problemType, names) =>
      `问题类型 ${problemType} 需要 ${names}，但没有任何设置提供：缺少它的提单会被拒绝`,
    setExtras: (settings) =>
      `设置 ${settings}，或将 create.fields.extends 设为存放它的 Jira 字段；也可由人用标签 hw-extra-<key>:<value> 指明。`,
    tooLong: (names) => `过长：${names}`,
    lengthMax: (name, characters) => `${name}（最多 ${characters} 个字符）`,
    shorten: "缩短该值。",
    noneAsked: "不需要扩展参数",
    asked: (shown) => `所需参数：${shown}`,
    giveCases: "为该用户授予查看工单的权限（Ticket Administrator 或 Ticket Group Operator）。",
    checkGroups: (ids) =>
      `检查 HUAWEI_GROUP_ID：${ids.join("、")} ${ids.length === 1 ? "" : "均"}应为该用户所属用户组的 ID；IAM 控制台中可以查到。`,
    mayList: "可以列出",
    mayListGroups: (ids) => `可以列出，包括${groups(ids)}的工单`,
    noProject: (id) => `该账号没有项目 ${id}`,
    correctProject: (projects) => `修正 HUAWEICLOUD_SDK_PROJECT_ID（huawei.projectId）。该账号有：${projects}。`,
    templateAlone: "设置了 create.template，却没有设置模板所属的 create.defaults.problemTypeId",
    setProblemType: "设置 create.defaults.problemTypeId，或删除 create.template。",
    noTemplate: (problemType, template) => `问题类型 ${problemType} 没有模板 ${template}`,
    correctTemplate: (templates) => `修正 create.template。可用的有：${templates}。`,
    noneLeft: "默认问题类型的新工单配额已用完",
    raiseQuota: "等待下一周期，或向华为云申请更高的配额。",
    quotaUntold: "服务没有说明还剩多少工单配额",
    noLimit: "没有限制",
    quota: (unused, total) => `剩余 ${unused} 个工单，共 ${total} 个`,
  },
  ...zhJira,
};
