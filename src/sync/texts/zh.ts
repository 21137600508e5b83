/** casebridge 写入 Jira 事务的简体中文文本。 Simplified Chinese words of what casebridge itself writes on issues. */
import { isOpenStatus } from "../../domain/case.ts";
import { chineseRemedyFor } from "../../domain/failure-zh.ts";
import type { IssueTexts } from "./issue-texts.ts";

const statusNames: Readonly<Record<number, string>> = {
  0: "待受理",
  1: "处理中",
  2: "待确认结果",
  3: "已完成",
  4: "已撤销",
  5: "已暂停",
  12: "无效",
  13: "已删除",
  17: "待反馈",
};
const statusName = (status: number): string => statusNames[status] ?? `未关闭，状态未知（${status}）`;

const linkStates: Readonly<Record<string, string>> = {
  active: "正常同步",
  blocked: "已阻塞",
  paused: "已暂停",
  moved: "已移出项目",
  gone: "已消失",
  unlinked: "已解除关联",
};

const maskedNames: Readonly<Record<string, string>> = {
  "access key": "访问密钥",
  "secret key": "私有访问密钥",
  token: "令牌",
  password: "密码",
  secret: "密钥",
  signature: "签名",
  authorization: "认证信息",
  "private key": "私钥",
  "phone number": "电话号码",
  "identity number": "证件号码",
  "e-mail address": "电子邮件地址",
  "bank card number": "银行卡号",
};

const whys: Readonly<Record<string, string>> = {
  too_large: "超过对方允许的大小",
  type: "对方不接受此类型的文件",
  off: "附件功能已关闭",
  quota: "今天不再接受上传",
  unreadable: "无法读取文件",
  refused: "被对方拒绝",
};

/** The Chinese catalogue. */
export const zh: IssueTexts = {
  status: statusName,
  remedy: chineseRemedyFor,
  masked: (found) => found.map(({ name, count }) => `${maskedNames[name] ?? name}（${count}）`).join("、"),
  inputs: {
    subTypeId: "类型",
    productId: "产品",
    problemTypeId: "问题类型",
    regionId: "区域",
    severityId: "严重程度",
  },
  authors: { customer: "客户", engineer: "华为工程师", partner: "合作伙伴", unknown: "身份未知" },
  nobody: "未知",
  facts: {
    caseId: "服务工单",
    status: "同步时的状态",
    type: "类型",
    problemType: "问题类型",
    product: "产品",
    region: "区域",
    severity: "严重程度",
    source: "来源",
    submitter: "提交人",
    created: "创建时间",
  },
  description: {
    none: "（无描述）",
    console: "在华为云控制台打开该工单",
    goesOn: "正文在评论中继续。",
    continued: "描述（续）",
  },
  files: {
    there: (name) => `附件：${name}`,
    notSent: (name, size, why) => `附件未发送：${name}（${size}）：${why}。`,
    notMirrored: (name, size, why, remedy) => `附件未同步：${name}（${size}）：${why}。可在华为云控制台查看。${remedy}`,
    refused: (name, bytes, why, remedy) => `文件 ${name}（${bytes} 字节）未发送到华为云：${why}。${remedy}`,
    size: (bytes) => `${bytes} 字节`,
    sizeUnknown: "大小未知",
    why: (code, words) => `${whys[code] ?? "被对方拒绝"}（${words}）`,
    remedies: {
      too_large: "请缩小文件或以其他方式共享；限制变化后会再次尝试。",
      type: "请打包为可接受类型的压缩文件；限制变化后会再次尝试。",
      off: "附件功能开启后会再次尝试。",
      quota: "明天会再次尝试。",
      unreadable: "请确认文件仍可打开，然后使用 `casebridge failures retry`。",
      refused: "请修正所述问题，然后使用 `casebridge failures retry`。",
    },
    lateRefused: (name) => `服务工单的附件 ${name} 此前被拒绝，现已添加到此事务。`,
    lateUnseen: (name) => `服务工单的附件 ${name} 起初未在华为云显示，现已添加到此事务。`,
  },
  state: {
    pair: (caseId, status, state) => {
      const known = status === null ? "" : `（${statusName(status)}${isOpenStatus(status) ? "" : "，已关闭"}）`;
      return `服务工单 ${caseId}${known}与此事务：${linkStates[state] ?? state}。`;
    },
    pausedToJira: "管理员已暂停同步到此事务。",
    pausedToHuawei: "管理员已暂停同步到华为云。",
    toHuawei: "到华为云",
    toJira: "到此事务",
    oldest: (when) => `，最早始于 ${when}`,
    onTheWay: (where, count, since) => `正在同步${where}：${count} 项${since}。`,
    nothing: "没有等待中的内容。",
    failure: (item, reason, when, remedy) => `${item}：${reason}，始于 ${when}。${remedy}`,
    more: (count) => `另有 ${count} 个失败。`,
  },
  done: {
    urge: "已完成：已催促华为云处理该服务工单。",
    close: "已完成：服务工单已在华为云关闭。",
    cancel: "已完成：服务工单已在华为云撤销。",
    rate: "已完成：评价已提交给华为云。",
    case: "已完成：文本已发送到华为云。",
    resync: "已完成：服务工单与此事务将重新比对，差异会得到修复。",
  },
  doneOtherwise: "已完成。",
  unknownCommand:
    "casebridge 支持 /case、/urge、/close、/cancel、/rate、/release、/status 和 /resync。若要原样发送该评论，请在前面加上 /case。",
  usage: {
    case: "请写 /case，后接要让华为云看到的文本。",
    urge: "请只写 /urge。",
    close: "请只写 /close；要说的话请另写一条评论。",
    cancel: "请只写 /cancel；要说的话请另写一条评论。",
    status: "请只写 /status。",
    resync: "请只写 /resync。",
    release: "请写 /release masked 或 /release as-is，后接提示中的编号：/release as-is 10042",
    rate: "请写 /rate、1 到 5 的数字，以及可选的文本：/rate 5 响应很快",
  },
  replies: {
    masked: () => "已完成：等待中的内容已发送，其中发现的敏感内容已遮盖。",
    as_is: () => "已完成：等待中的内容已原样发送。",
    nothing: (name) => `未执行：此处没有等待 /${name} 的内容。`,
    which: () => "未执行：此处有多项内容在等待。请用提示中的编号指明其中一项：/release as-is 10042",
    changed: () => "未执行：等待中的内容在 /release 之后才写入或修改。请查看后重新写 /release。",
    perhaps: (name) =>
      `可能已完成：/${name} 的应答丢失，而所用的接口没有可供查询的日志。不会自动重复：若控制台未显示结果，请再次写 /${name}。`,
    restricted: (name) => `未执行：/${name} 位于受限或内部评论中，此类评论不会对服务工单产生任何作用。请写成普通评论。`,
    nothing_leaves: (name) => `未执行：/${name}。此处的评论不会离开 Jira（COMMENTS_TO_HUAWEI 为 none）。`,
    nobody: (name) => `无权限：/${name}。此处的评论不会离开 Jira；管理员可以指定谁能使用命令（commands.role）。`,
    not_permitted: (name) => `无权限：/${name}。只有管理员指定的项目角色（commands.role）中的人员可以使用。`,
    role_missing: (name) =>
      `未执行：/${name}。项目中没有 commands.role 所指的角色；管理员可借助 "casebridge doctor" 修正。`,
    role_unreadable: (name) =>
      `未执行：/${name}。Jira 未告知 casebridge 谁属于 commands.role 所指的角色：其账号需要 Administer Projects 权限；若角色包含用户组，还需要 Browse users and groups 权限。`,
    held: (name) =>
      `/${name} 正在等待：10 分钟内有超过 10 个服务工单要被关闭或撤销。管理员可用 "casebridge resume" 放行。`,
  },
  notUnderstood: (name, usage) => `无法识别：/${name}。${usage}`,
  notDone: (name, why) => `未执行：/${name}。${why}`,
  refusedCommand: (name, why) => `未执行：华为云拒绝了 /${name}：${why}`,
  issueHolds: {
    security_level: "此事务设有安全级别，因此其任何内容都不会发送到华为云。",
    issue_restricted: "此事务仅限部分角色查看，因此其任何内容都不会发送到华为云。",
    issue_restriction_unknown: "Jira 未说明此事务是否受限，因此其任何内容都不会发送到华为云。",
  },
  guard: {
    rating: (written, id) => `${written} 的 /rate（编号 ${id}）`,
    comment: (written, id) => `${written} 的评论（编号 ${id}）`,
    file: (name, id) => `文件 ${name}（编号 ${id}）`,
    changes: "此事务的修改",
    request: "此事务的提单请求",
    renameFile: "请以其他名称重新添加该附件并删除此附件",
    takeOut: "去掉相关内容后会自动发送",
    waits: (what, kinds) => `${what}暂留在 Jira，因为其中可能含有不应发送到华为云的内容：${kinds}。`,
    ways: (mend, masked, asIs) =>
      `${mend}。也可以写 ${masked} 在遮盖后发送，或写 ${asIs} 原样发送。管理员也可使用 "casebridge failures retry"。`,
    maskedChange: (kinds) => `在将此事务的修改告知华为云之前，其中的部分内容已被遮盖：${kinds}。`,
    maskedComment: (kinds) => `在将评论发送到华为云之前，其中的部分内容已被遮盖：${kinds}。`,
    maskedFileName: (kinds) => `在将文件发送到华为云之前，文件名中的部分内容已被遮盖：${kinds}。`,
    maskedRequest: (kinds) => `所发送的内容中有部分已被遮盖：${kinds}。`,
    maskedPart: (kinds) => `其中的部分内容已被遮盖：${kinds}`,
    cut: (charsMax) => `已被截断，因为华为云最多接受 ${charsMax} 个字符`,
    changedRating: (changes) => `在将评价文本发送到华为云之前：${changes.join("；")}。`,
  },
  statuses: {
    deleted: "服务工单已在华为云删除。",
    both: (status) => `双方都有变化：服务工单现为“${status}”，因此此事务随之调整。`,
    confirms: "华为云正在等待我方：已提出解决方案，请确认结果。将此事务移至完成或写 /close 即可确认，也可用评论回复。",
    waits: "华为云正在等待我方：请就该服务工单提供反馈。",
    toCancel: "请在此写评论 /cancel 以撤销服务工单",
    toClose: "若问题已解决，请在此写评论 /close",
    toWait: "请等待华为云继续处理（此状态下不接受 /close 和 /cancel）",
    ask: (status, way) =>
      `此事务已移至完成，但服务工单仍为“${status}”，保持不变。若要一并结束服务工单，${way}；或将此事务移回。`,
    refused: (reason, status) =>
      `华为云拒绝了移动此事务所要求的操作：${reason ?? "未说明原因"}。服务工单仍为“${status}”，因此此事务已移回。`,
    unasked: (why) => `尚未请求华为云重新处理该服务工单。${why}此情况解除后会提出请求。`,
    held: '10 分钟内有超过 10 个服务工单要被关闭或撤销，因此此工单暂缓。管理员可用 "casebridge resume" 放行。',
    noWay: (name) =>
      `服务工单的状态已变化，但工作流中没有从此处到“${name}”的流转。请人工移动此事务，或请管理员为 casebridge 配置 status.via。`,
    alike: (names) =>
      `服务工单的状态已变化，而工作流中有多个状态相符：${names}。请人工移动此事务，或请管理员在 status.toJira 中为 casebridge 指定其一。`,
  },
  refusals: {
    change: (reason) => `此事务的修改未能告知华为云：${reason}。请写在评论中，或使用 \`casebridge failures retry\`。`,
    comment: (reason) => `有评论未能发送到服务工单：${reason}。请编辑该评论，或使用 \`casebridge failures retry\`。`,
    message: (header, reason) => `有消息未能同步（${header}）：${reason}。可在华为云控制台查看。`,
  },
  messages: {
    withdrawn: (seen) => `已在华为云撤回（发现于 ${seen}）`,
    takenBack: "包含此事务评论的消息已在华为云撤回。编辑该评论即可再次发送。",
    cut: "华为云只向 casebridge 显示此消息的开头。完整内容可在华为云控制台查看。",
  },
  unset: {
    labels: "Jira 不允许 casebridge 设置此事务的标签，而标签用于再次找到它。",
    fields: (names) => `Jira 不允许 casebridge 设置：${names}。`,
    field: (name, reason) => `${name}（${reason}）`,
    remedy: "项目管理员可以将其添加到此事务类型的编辑界面。",
    descriptionBelow: "描述见评论。",
  },
  factsChanged: "服务工单的信息已变化：",
  factLine: (name, value) => `${name}：${value}`,
  access: {
    asked: (summary) => `华为工程师申请访问授权：${summary}`,
    until: (when) => `有效期至：${when} UTC`,
    answer: "请在华为云控制台的“工单 > 我的授权”中答复。casebridge 从不代为答复。",
  },
  holds: {
    moved: (project) =>
      `此事务已移出项目 ${project}，因此目前不再同步。请将其移回，或请管理员对其执行 "casebridge links move"。`,
    caseGone: "该服务工单在华为云已不存在，不再同步任何内容。",
    caseForbidden: "华为云不再允许 casebridge 读取该服务工单，不再同步任何内容。",
    toHuawei: "此事务的评论目前无法到达服务工单",
    toJira: "服务工单的动态目前无法到达此事务",
    both: "此事务与其服务工单目前不同步",
    suspended: (what, reason) =>
      `${what}（${reason}）。不会丢失任何内容：管理员可用 "casebridge failures list" 查看原因和处理办法。`,
  },
  request: {
    opened: (caseId) => `已在华为云提交服务工单 ${caseId}。其消息会以评论形式显示在此处。`,
    afterwards: {
      all: "从现在起所写的评论会发送给它；命令：/urge、/close、/cancel、/rate 1-5 文本。",
      command: "以 /case 开头的评论会发送给它；命令：/urge、/close、/cancel、/rate 1-5 文本。",
      none: "评论保留在 Jira 中。",
    },
    notOpened: (why) => `未提交服务工单：${why}`,
    triedAgain: "修改此事务后，casebridge 会再次尝试。",
    refused: (reason, why) => `华为云拒绝了请求：${reason}\n${why}`,
    askedWith: (inputs) => `请求内容：${inputs}。`,
    lost: (caseId, issueKey) =>
      `此事务已属于服务工单 ${caseId}，但 casebridge 不记得这一关联。管理员可以恢复：casebridge links link ${caseId} ${issueKey}`,
    isDone: "此事务已完成。请先将其移回未完成的状态。",
    roleUnread: "无法读取 commands.role 所指的项目角色。管理员可用 `casebridge doctor` 查明原因。",
    notPermitted: (role) => `只有项目角色“${role}”中的人员可以提交服务工单。他们可以将此事务上的标签去掉后重新添加。`,
    holds: {
      security_level:
        "此事务设有安全级别，因此其任何内容都不会离开 Jira。请去掉安全级别，或另建一个没有安全级别的事务。",
      issue_restricted: "此事务仅限部分角色查看，因此其任何内容都不会离开 Jira。请取消限制，或另建一个不受限的事务。",
      issue_restriction_unknown:
        "Jira 未说明此事务是否受限，因此其任何内容都不会离开 Jira。管理员可用 `casebridge doctor` 查明原因。",
    },
    noPermission: "casebridge 的华为云账号无权提交服务工单。请为其 IAM 用户授予 Ticket Administrator 角色。",
    notSigned: "尚未签署服务工单协议。请在华为云控制台“工单 > 新建工单”打开时签署。",
    quota: (total) =>
      `服务工单的配额${total === null ? "" : `（${total} 个）`}已用尽。请关闭一个；casebridge 每小时会再次尝试。`,
    copyByLabel: (labels) =>
      `此事务看起来是另一事务的副本：它带有标签 ${labels}。若要单独提单，请去掉以 hwcase- 和 hw: 开头的标签以及 huawei-cloud。`,
    copyByMark: "此事务是另一事务的副本，并带有其隐藏标记。若要提单，请用相同内容新建一个事务。",
    foreignMark: "此事务带有并非由 casebridge 写入的隐藏标记。若要提单，请用相同内容新建一个事务。",
    copyUnmirrored: (why) => `此事务的任何内容都不会同步。${why}然后为其添加用于提单的标签。`,
  },
  values: {
    extraNotAsked: (key, asked) => `此问题类型不需要扩展参数“${key}”。它需要：${asked ?? "无"}。`,
    extraTooLong: (name, charsMax, chars) => `扩展参数“${name}”最多 ${charsMax} 个字符，现有 ${chars} 个。`,
    extraMissing: (name, label) => `此问题类型需要扩展参数“${name}”。请添加标签 ${label}:<值>。`,
    plainSeverity: (value) => `通过旧版接口无法设置严重程度“${value}”。请将其去掉。`,
    plainExtra: (key) => `通过旧版接口无法设置扩展参数“${key}”。请将其去掉。`,
    severityWithoutProduct: (value, label) =>
      `指定了严重程度（${value}）却没有指定产品，而严重程度取决于产品。请添加标签 ${label}<ID 或名称>。`,
    severityNotCovered: (value, problemType) =>
      `无法设置严重程度“${value}”：此账号的支持计划不包含“${problemType}”的严重程度。请将其去掉。`,
    foreignTemplate: (value, problemType, allowed, label) =>
      `模板“${value}”不属于问题类型“${problemType}”。${allowed}请修正标签 ${label}… 或相应字段。`,
    atIssue: (label) => `标签 ${label}… 或相应字段`,
    atDefaults: (name) => `create.defaults.${name}（由管理员修正）`,
    unknown: (input, value, allowed, place) => `华为云在此处没有${input}“${value}”。${allowed}请修正${place}。`,
    missing: (input, allowed, label) => `未指定${input}。${allowed}请添加标签 ${label}<ID 或名称>，空格用短横线代替。`,
    ambiguous: (ids, productLabel, problemLabel) =>
      `有多个问题类型使用此名称：${ids}。请用标签 ${productLabel}<ID 或名称> 同时指定产品，或用 ID 指定问题类型：${problemLabel}<ID>。`,
    untold: "华为云未告知有哪些可选值。",
    none: "就目前的选择，华为云没有可选值。",
    allowed: (names, more) => `可选值：${names}${more > 0 ? `，另有 ${more} 个，见 "casebridge lookups"` : ""}。`,
  },
};
