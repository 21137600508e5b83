/** What a rehearsal has done to issues: readings show it on top of what stands in Jira. */
import type { AttachmentId, IssueId, IssueKey } from "../../domain/ids.ts";
import type { Issue, IssueComment, StatusCategory } from "../../domain/issue.ts";
import { toServiceTime } from "../../lib/service-clock.ts";
import type { Clock, JiraPort } from "../ports.ts";

/** A status that a new issue of the connection can have. */
export type NewIssueStatus = { readonly id: string; readonly name: string; readonly category: StatusCategory };

type Changed = {
  /** An issue that was made here. */
  readonly made: Issue | null;
  readonly statuses: readonly NewIssueStatus[];
  issue: ((issue: Issue) => Issue)[];
  comments: ((comments: readonly IssueComment[]) => readonly IssueComment[])[];
  deleted: boolean;
};

/** The memory of one rehearsed Jira. */
export type JiraMemory = ReturnType<typeof makeJiraMemory>;

/** Makes an empty memory over the readings of `base`. */
export function makeJiraMemory(base: JiraPort, clock: Clock) {
  const changed = new Map<string, Changed>();
  const deletedFiles = new Set<AttachmentId>();
  const now = (): Date => toServiceTime(clock.now(), base.serviceClock.aheadMs());

  function changesOf(issueId: IssueId): Changed {
    const known = changed.get(issueId);
    if (known !== undefined) return known;
    const fresh: Changed = { made: null, statuses: [], issue: [], comments: [], deleted: false };
    changed.set(issueId, fresh);
    return fresh;
  }
  function changeIssue(issueId: IssueId, change: (issue: Issue) => Issue): void {
    const updatedRaw = now().toISOString();
    changesOf(issueId).issue.push((issue) => ({ ...change(issue), updatedRaw }));
  }
  function changeComments(
    issueId: IssueId,
    change: (comments: readonly IssueComment[]) => readonly IssueComment[],
  ): void {
    changesOf(issueId).comments.push(change);
    changeIssue(issueId, (issue) => issue);
  }
  /** The issue as it would be now, in the fields that this reading shows. */
  function shown<Seen extends Pick<Issue, "issueId">>(seen: Seen): Seen {
    // Changes are written for whole issues; a reading with fewer fields lends what it has, and gets back no field that it did not have.
    const whole = { files: [], labels: [], ...seen } as unknown as Issue;
    const issue = (changed.get(seen.issueId)?.issue ?? []).reduce<Issue>((before, change) => change(before), whole);
    const now = { ...issue, files: issue.files.filter((file) => !deletedFiles.has(file.attachmentId)) };
    const isWhole = "files" in seen;
    // The fields are those of the reading, chosen by their names, which the compiler cannot follow.
    return Object.fromEntries(Object.entries(now).filter(([name]) => isWhole || name in seen)) as unknown as Seen;
  }
  const isThere = ({ issueId }: Pick<Issue, "issueId">): boolean => changed.get(issueId)?.deleted !== true;
  const showAll = <Seen extends Pick<Issue, "issueId">>(all: readonly Seen[]): Seen[] => all.filter(isThere).map(shown);
  const madeIssue = (idOrKey: string): Issue | null =>
    [...changed.values()].find(({ made }) => made?.issueId === idOrKey || made?.issueKey === idOrKey)?.made ?? null;

  async function findIssue(issueIdOrKey: IssueId | IssueKey, lane: Parameters<JiraPort["findIssue"]>[1]) {
    const issue = madeIssue(issueIdOrKey) ?? (await base.findIssue(issueIdOrKey, lane));
    return issue === null || !isThere(issue) ? null : shown(issue);
  }
  function commentsNow(issueId: IssueId, comments: readonly IssueComment[]): readonly IssueComment[] {
    return (changed.get(issueId)?.comments ?? []).reduce((before, change) => change(before), comments);
  }
  async function listComments(issueId: IssueId, lane: Parameters<JiraPort["listComments"]>[1]) {
    return commentsNow(issueId, madeIssue(issueId) === null ? await base.listComments(issueId, lane) : []);
  }

  return {
    now,
    changesOf,
    changeIssue,
    changeComments,
    shown,
    isThere,
    showAll,
    madeIssue,
    findIssue,
    commentsNow,
    listComments,
    isChanged: (issueId: IssueId): boolean => changed.has(issueId),
    /** Remembers an issue that was made here. */
    addIssue: (made: Issue, statuses: readonly NewIssueStatus[]): void =>
      void changed.set(made.issueId, { made, statuses, issue: [], comments: [], deleted: false }),
    deleteFile: (attachmentId: AttachmentId): void => void deletedFiles.add(attachmentId),
  };
}
