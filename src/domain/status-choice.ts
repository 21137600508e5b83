/**
 * Which of several statuses of one category a case leads to: chosen by what their names mean, never by the order in which Jira lists
 * them. A workflow may well list "Cancelled" before "Done", and a solved case is not a cancelled one.
 */

/** A status, or a transition's target. */
export type NamedStatus = { readonly id: string; readonly name: string };

/** The statuses that fit alike, where no name decides. */
export type StatusChoice<Status> =
  | { readonly kind: "one"; readonly status: Status }
  | { readonly kind: "none" }
  | { readonly kind: "ambiguous"; readonly statuses: readonly Status[] };

/** Words of a status in the languages in which Jira's own workflows come most often; the better ones first. */
const words = {
  completed: [
    /^done$|^完成$|^已完成$|^fertig$|^erledigt$|^terminé/i,
    /resol|solved|fixed|解决|gelöst|résolu/i,
    /done|complet|finish|完成|erledigt|fertig|abgeschlossen/i,
    /clos|关闭|geschlossen|fermé|clos/i,
  ],
  ended: [
    /cancel|withdraw|abort|abandon|撤销|取消|storniert|abgebrochen|annul/i,
    /invalid|reject|declin|duplicat|obsolete|discard|won.?t|无效|拒绝|重复|作废|abgelehnt|verworfen|rejet/i,
  ],
  waiting: [/customer|reporter|client|feedback|待反馈|客户|kunde/i, /wait|pending|blocked|hold|等待|待确认|wart/i],
  working: [
    /in progress|处理中|进行中|in arbeit|en cours/i,
    /progress|doing|working|处理|bearbeitung/i,
    /support|open|active|支持|打开/i,
  ],
  fresh: [/to ?do|待处理|待办|zu erledigen|à faire/i, /open|new|打开|新建|offen|neu/i, /backlog/i],
} as const satisfies Readonly<Record<string, readonly RegExp[]>>;

/** What a case status means to people, by its number (huawei.md 5). */
function meaningOf(caseStatus: number): keyof typeof words {
  switch (caseStatus) {
    case 3:
      return "completed";
    case 4:
    case 12:
    case 13:
      return "ended";
    case 2:
    case 17:
      return "waiting";
    case 0:
      return "fresh";
    default:
      return "working";
  }
}

/** Meanings that a name must not have, and those that it may have where its own is missing. */
const avoided = {
  completed: ["ended"],
  ended: [],
  waiting: [],
  working: ["waiting"],
  fresh: [],
} as const satisfies Readonly<Record<keyof typeof words, readonly (keyof typeof words)[]>>;
const instead = { ended: "completed", waiting: "working" } as const;

/**
 * The status that a case leads to, among those of the wanted category. Where no name decides, statuses of a closed case are ambiguous,
 * since people read them as an outcome; of the others the one with the lowest id is taken. The order of `statuses` does not matter. Pure.
 */
export function chooseStatus<Status extends NamedStatus>(
  statuses: readonly Status[],
  caseStatus: number,
): StatusChoice<Status> {
  const distinct = [...new Map(statuses.map((status) => [status.id, status])).values()].sort(byId);
  const [only] = distinct;
  if (only === undefined) return { kind: "none" };
  if (distinct.length === 1) return { kind: "one", status: only };
  const meaning = meaningOf(caseStatus);
  const kept = distinct.filter(({ name }) => !avoided[meaning].some((other) => rank(name, other) !== null));
  const fitting = kept.length === 0 ? distinct : kept;
  const spare = meaning === "ended" || meaning === "waiting" ? instead[meaning] : null;
  const chosen = best(fitting, meaning) ?? (spare === null ? null : best(fitting, spare));
  if (chosen?.length === 1 && chosen[0] !== undefined) return { kind: "one", status: chosen[0] };
  const left = chosen ?? fitting;
  const [lowest] = left;
  const isOutcome = meaning === "completed" || meaning === "ended";
  if (lowest !== undefined && (!isOutcome || left.length === 1)) return { kind: "one", status: lowest };
  return { kind: "ambiguous", statuses: left };
}

/** Statuses whose names mean it most plainly; `null` = none does. */
function best<Status extends NamedStatus>(statuses: readonly Status[], meaning: keyof typeof words): Status[] | null {
  const ranks = statuses.map(({ name }) => rank(name, meaning)).filter((at) => at !== null);
  if (ranks.length === 0) return null;
  const top = Math.min(...ranks);
  return statuses.filter(({ name }) => rank(name, meaning) === top);
}

function rank(name: string, meaning: keyof typeof words): number | null {
  const at = words[meaning].findIndex((word) => word.test(name.trim()));
  return at === -1 ? null : at;
}

/** Ids are numbers of growing length. */
function byId(left: NamedStatus, right: NamedStatus): number {
  return left.id.length - right.id.length || (left.id < right.id ? -1 : 1);
}
