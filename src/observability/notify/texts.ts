/** The words of notifications, one catalogue per language. They name connections, codes, times and counts; ids stand beside them. */
import type { AlarmCode } from "../../domain/alarm.ts";

/** Languages that casebridge itself writes. */
export type NotifyLanguage = "en" | "zh";

/** What a line is about. `since` is a time as text; `count` a number of items. */
type Facts = {
  readonly connection: string;
  readonly about: string;
  readonly since: string | null;
  readonly count: number;
};

/** One language. */
export type NotifyTexts = {
  readonly began: Readonly<Record<AlarmCode, (facts: Facts) => string>>;
  readonly ended: Readonly<Record<AlarmCode, (facts: Facts) => string>>;
  readonly grown: (facts: Facts) => string;
  readonly titleBegan: (lasting: number) => string;
  readonly titleEnded: (lasting: number) => string;
  readonly titleAllClear: string;
  readonly titleTest: string;
  readonly test: string;
  /** An issue and its case. */
  readonly pair: (issueKey: string, caseId: string) => string;
  readonly oneCase: (caseId: string) => string;
  readonly oneFailure: (failureId: string) => string;
  readonly moreItems: (count: number) => string;
  readonly moreLines: (count: number) => string;
  readonly page: string;
  readonly noPage: string;
};

const en: NotifyTexts = {
  began: {
    failure: ({ connection, about, count }) =>
      `${connection}: ${count} ${count === 1 ? "item" : "items"} cannot be mirrored (${about})`,
    stopped: ({ connection, about }) => `${connection}: the connection has stopped itself (${about})`,
    refused: ({ connection, about }) => `${connection}: ${sideName(about)} refuses the credentials`,
    late: ({ connection, since }) =>
      `${connection}: a change has waited for more than 15 minutes${since === null ? "" : `, since ${since}`}`,
    missed_rounds: ({ connection, since }) =>
      `${connection}: news is not noticed: no round has ended well${since === null ? " as planned" : ` since ${since}`}`,
    no_news: ({ connection, about, since }) =>
      `${connection}: cases are open, and nothing has come from ${senderName(about)} since ${since ?? "long ago"}, which is unusual here`,
  },
  ended: {
    failure: ({ connection, about }) => `${connection}: nothing waits with ${about} any more`,
    stopped: ({ connection }) => `${connection}: the connection goes on`,
    refused: ({ connection, about }) => `${connection}: ${sideName(about)} accepts the credentials again`,
    late: ({ connection }) => `${connection}: no change waits for too long any more`,
    missed_rounds: ({ connection }) => `${connection}: news is noticed again`,
    no_news: ({ connection, about }) => `${connection}: the silence from ${senderName(about)} is over`,
  },
  grown: ({ connection, about, count }) => `${connection}: more items cannot be mirrored (${about}), ${count} in all`,
  titleBegan: (lasting) => `casebridge needs a look (${lasting} open)`,
  titleEnded: (lasting) => `casebridge: something is well again (${lasting} still open)`,
  titleAllClear: "casebridge: all clear",
  titleTest: "casebridge: test",
  test: "This is a test. Troubles and their end will be told here.",
  pair: (issueKey, caseId) => `${issueKey} (case ${caseId})`,
  oneCase: (caseId) => `case ${caseId}`,
  oneFailure: (failureId) => `failure ${failureId}`,
  moreItems: (count) => `and ${count} more`,
  moreLines: (count) => `… and ${count} more lines: see the page or casebridge status`,
  page: "Open casebridge",
  noPage: "More: casebridge status, casebridge failures list",
};

const zh: NotifyTexts = {
  began: {
    failure: ({ connection, about, count }) => `${connection}:有 ${count} 项无法同步(${about})`,
    stopped: ({ connection, about }) => `${connection}:连接已自行停止(${about})`,
    refused: ({ connection, about }) => `${connection}:${sideNameZh(about)}拒绝了凭据`,
    late: ({ connection, since }) =>
      `${connection}:有变更等待同步超过 15 分钟${since === null ? "" : `(自 ${since} 起)`}`,
    missed_rounds: ({ connection, since }) =>
      `${connection}:无法发现新动态:${since === null ? "轮询未按计划进行" : `自 ${since} 起没有成功的轮询`}`,
    no_news: ({ connection, about, since }) =>
      `${connection}:有未关闭的工单,但自 ${since ?? "很久以前"} 起没有来自${senderNameZh(about)}的新动态,对该连接而言不寻常`,
  },
  ended: {
    failure: ({ connection, about }) => `${connection}:已没有因 ${about} 等待处理的项`,
    stopped: ({ connection }) => `${connection}:连接已恢复运行`,
    refused: ({ connection, about }) => `${connection}:${sideNameZh(about)}已重新接受凭据`,
    late: ({ connection }) => `${connection}:已没有等待过久的变更`,
    missed_rounds: ({ connection }) => `${connection}:已恢复发现新动态`,
    no_news: ({ connection, about }) => `${connection}:来自${senderNameZh(about)}的静默已结束`,
  },
  grown: ({ connection, about, count }) => `${connection}:又有项无法同步(${about}),共 ${count} 项`,
  titleBegan: (lasting) => `casebridge 需要查看(${lasting} 个未解决)`,
  titleEnded: (lasting) => `casebridge:部分问题已恢复(还有 ${lasting} 个未解决)`,
  titleAllClear: "casebridge:全部恢复正常",
  titleTest: "casebridge:测试",
  test: "这是一条测试消息。今后的问题及其恢复将在此通知。",
  pair: (issueKey, caseId) => `${issueKey}(工单 ${caseId})`,
  oneCase: (caseId) => `工单 ${caseId}`,
  oneFailure: (failureId) => `失败 ${failureId}`,
  moreItems: (count) => `另有 ${count} 项`,
  moreLines: (count) => `……另有 ${count} 行:请查看页面或 casebridge status`,
  page: "打开 casebridge",
  noPage: "详情:casebridge status、casebridge failures list",
};

/** The catalogues. */
export const notifyTexts: Readonly<Record<NotifyLanguage, NotifyTexts>> = { en, zh };

function sideName(side: string): string {
  return side === "jira" ? "Jira" : "Huawei Cloud";
}

function sideNameZh(side: string): string {
  return side === "jira" ? " Jira " : "华为云";
}

/** Who is silent, where a direction is. */
function senderName(direction: string): string {
  return sideName(direction === "to-huawei" ? "jira" : "huawei");
}

function senderNameZh(direction: string): string {
  return sideNameZh(direction === "to-huawei" ? "jira" : "huawei");
}
