/** 每种失败原因的处理办法。 The remedies of `failure.ts` in Chinese, for issues and the page. */
import type { FailureReason } from "./failure.ts";

/** Remedy for each reason. */
export const chineseRemedies: Readonly<Record<FailureReason, string>> = {
  access_changed: "恢复账号权限，检查用户组和项目，然后 `failures retry`：连接将继续运行。",
  account_not_ready: "按详情处理（权限、协议、配额）；一小时内会自动提交，或用 `failures retry` 立即提交。",
  already_disclosed: "请华为云联系人删除该消息，然后 `failures discard`。",
  case_gone: "若工单确已删除则无需处理；若已恢复：`failures retry`。",
  comment_refused: "在华为云控制台查看该消息；修正详情所述问题后，`failures retry` 会发布它。",
  contract: "检查 casebridge 与服务之间是否有代理或登录页面，然后 `failures retry`。",
  copy_missing: "在华为云控制台查看。若没有该消息，请重新写评论，然后 `failures discard`。",
  duplicate: "人工去掉其中一个，然后 `failures discard`。",
  file_refused: "用其他方式发送文件，或修正详情所述问题后 `failures retry`。",
  forbidden: "为账号授予 `casebridge doctor` 指出的权限，然后 `failures retry`。",
  foreign_installation: "停用其中一个安装，然后 `rebuild`；或对该工单使用 `links link CASE KEY --take-over`。",
  guard_held:
    "在 Jira 事务中查看。去掉可疑内容后会自动发送；也可在评论中写 `/release masked` 或 `/release as-is`，或用 `failures retry ID --masked` / `--as-is` 发送。",
  internal_error: "附上 worker 日志报告此问题，然后 `failures retry`。",
  issue_gone: "恢复事务后 `failures retry`，或用 `resync --recreate` 重新创建，或 `links unlink`。",
  issue_refused:
    "在 `issue.fields` 或 `issue.type` 中设置详情所述内容（`casebridge doctor` 会指出行号），或修改项目；更改配置后重启或 `failures retry` 会再次尝试。",
  issue_taken:
    "用 `links show` 查看两个工单：对不属于该事务的执行 `links unlink`，然后 `failures retry`；或用 `links link CASE KEY` 关联另一事务。",
  job_failed: "下一轮会自动重试；若再次出现，请附上 worker 日志报告。",
  loop_suspected: "查看双方是谁在互相应答，停止它，然后 `failures retry`。",
  many_closes: "确认这些事务确应关闭；然后 `resume` 或 `failures retry` 继续执行。",
  many_new_cases: "检查用户组和筛选条件；若确需这些工单：`failures retry` 或 `resync --all`。",
  memory_lost: "数据库为空或较旧：执行 `casebridge rebuild`。",
  message_refused: "原因见详情，通常是工单已关闭。编辑评论或 `failures retry` 会再次发送。",
  moved: "将事务移回后 `failures retry`，或执行 `links move CASE`。",
  no_transition:
    "人工移动事务，或配置详情所述内容（`status.via`、`status.fields`、`status.toJira`）后 `failures retry`。",
  not_found: "写入时对象已不存在。若 `verify` 未发现差异：`failures discard`。",
  owned_by:
    "在拥有该工单的事务中继续，然后 `failures discard`。若要放在此处：`links unlink CASE`，再 `failures retry`。",
  project_unreadable: "为 casebridge 的 Jira 账号授予项目访问权；同步会自动继续。",
  rate_limited: "无需处理：服务要求暂缓，之后会自动继续。",
  rejected: "修正详情所述问题，然后 `failures retry`。",
  request_refused:
    "事务中已说明需修正之处；修改其标题、描述、标签、映射字段、状态或安全级别，或 `failures retry`，会再次尝试。",
  stamps_refused:
    "为 casebridge 的 Jira 账号授予 Edit Issues 权限（见 `casebridge doctor`）；没有标记时同步照常进行，每小时会再次尝试。",
  suspicious_shrink: "在控制台查看工单。若情况属实：`failures retry`。",
  text_unreadable:
    "`DATA_KEY` 已更改，casebridge 自己的一段文本丢失：请查看该内容，人工告知相关信息，然后 `failures discard`。",
  unauthorized:
    "更新 `casebridge doctor` 指出的凭据。文件中的密钥（`NAME_FILE`）会自动重新读取；其他密钥需要重启 worker。",
  unavailable: "通常无需处理；若持续，请检查网络和服务的状态页。",
  unmarked_issue: "查看它是否为该工单的事务：`links link CASE KEY` 建立关联，`links unlink CASE` 则不处理该工单。",
  unknown_mark: "`failures retry` 会按原样同步该消息。",
};

/** The remedy for a stored reason; those of other releases are answered too. */
export function chineseRemedyFor(reason: string): string {
  const known: Readonly<Record<string, string>> = chineseRemedies;
  return Object.hasOwn(known, reason) ? (known[reason] ?? "") : "请参阅记录该失败的版本的 docs/operations.md。";
}
