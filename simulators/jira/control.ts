// The other hand: acts as people would in the browser, looks at everything, sets switches. In process as
// `simulator.control.X(args)`, over HTTP as `POST /_control/X` with the same argument as JSON body.

import type { FaultBook, FaultRule } from "../base/faults.ts";
import type { DescribedFile } from "../base/files.ts";
import type { RequestLog } from "../base/request-log.ts";
import { adfToText, isAdf, textToAdf } from "./adf.ts";
import {
  type Account,
  type CategoryKey,
  ISSUE_TYPES,
  PRIORITIES,
  type ProjectDef,
  SECURITY_LEVELS,
  STATUSES,
} from "./catalog.ts";
import { diffPatch } from "./field-changes.ts";
import { toJiraTime } from "./http.ts";
import type { Limits } from "./limits.ts";
import { toMimeType } from "./mime-types.ts";
import type { JiraServer } from "./server.ts";
import { type JiraSettings, makeDefaultSettings } from "./settings.ts";
import type { Site } from "./site.ts";
import { categoryOf, type IssuePatch } from "./state.ts";
import type { Adf, AttachmentRecord, CommentRecord, IssueRecord, Visibility } from "./types.ts";
import { isJsdPublic } from "./views.ts";
import type { Webhooks, WebhookTarget } from "./webhooks.ts";
import { planStatusMove } from "./workflow.ts";

/** Names an issue by id or key, and who acts: account id, display name, `"bot"`, `"app"` or `"customer"`; a person without it. */
export interface OnIssue {
  readonly issue: string;
  readonly author?: string;
}

/** Fields a person can edit. */
export interface EditedFields {
  readonly summary?: string;
  readonly description?: string | Adf | null;
  readonly labels?: readonly string[];
  /** Id or English name. */
  readonly priority?: string | null;
  readonly issueType?: string;
  readonly assignee?: string | null;
  readonly reporter?: string;
  readonly [customField: `customfield_${string}`]: unknown;
}

/** Arguments of `createIssue`. `createdAt` is an ISO time or milliseconds. */
export interface CreateIssueArgs {
  readonly projectKey: string;
  readonly summary: string;
  readonly description?: string | Adf;
  readonly labels?: readonly string[];
  readonly issueType?: string;
  readonly priority?: string;
  readonly author?: string;
  readonly createdAt?: string | number;
  readonly customFields?: Readonly<Record<string, unknown>>;
}

/** Arguments of `addComment`. `internal` writes `sd.public.comment`, as the portal's "internal note" does. */
export interface AddCommentArgs extends OnIssue {
  readonly text?: string;
  readonly adf?: Adf;
  readonly visibility?: Partial<Visibility> & { readonly value: string };
  readonly internal?: boolean;
  readonly jsdPublic?: boolean;
  /** The comment that is answered. */
  readonly replyTo?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Arguments of `addAttachment`. */
export type AddAttachmentArgs = OnIssue & DescribedFile;

/** The control of one stand-in. */
export type JiraControl = ReturnType<typeof makeControl>;

/** Makes the control. */
export function makeControl(deps: {
  readonly site: Site;
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly limits: Limits;
  readonly server: JiraServer;
  readonly webhooks: Webhooks;
  readonly credentials: { email: string; apiToken: string };
  readonly initialSettings: Partial<JiraSettings>;
}) {
  const { site } = deps;
  const { state } = site;

  function findActor(author: string | undefined): Account {
    const people = state.accounts.filter((account) => account.accountType === "atlassian" && account !== site.bot);
    const found =
      author === undefined
        ? people[0]
        : author === "bot"
          ? site.bot
          : state.accounts.find(
              (account) =>
                account.accountId === author || account.displayName === author || account.accountType === author,
            );
    if (found === undefined) throw new Error(`no account "${author}"`);
    return found;
  }

  function getProject(key: string): ProjectDef {
    const project = state.findProject(key);
    if (project === null) throw new Error(`no project "${key}"`);
    return project;
  }

  function toAdf(value: string | Adf | null | undefined): Adf | null {
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return textToAdf(value);
    if (!isAdf(value)) throw new Error("the document is no valid ADF");
    return value;
  }

  function findId(items: readonly { id: string; name: { en: string; zh: string } }[], value: string): string {
    const found = items.find((item) => item.id === value || item.name.en === value || item.name.zh === value);
    if (found === undefined) throw new Error(`no such value "${value}"`);
    return found.id;
  }

  function createIssue(args: CreateIssueArgs): { issueId: string; issueKey: string } {
    const project = getProject(args.projectKey);
    const actor = findActor(args.author);
    const issue = state.createIssue(
      {
        projectId: project.id,
        issueTypeId:
          args.issueType === undefined ? (project.issueTypeIds[0] ?? "") : findId(ISSUE_TYPES, args.issueType),
        summary: args.summary,
        description: toAdf(args.description),
        labels: args.labels ?? [],
        priorityId: findId(PRIORITIES, args.priority ?? "Medium"),
        reporterId: actor.accountId,
        assigneeId: null,
        securityLevelId: null,
        dueDate: null,
        customFields: args.customFields ?? {},
        properties: {},
        ...(args.createdAt === undefined ? {} : { createdMs: new Date(args.createdAt).getTime() }),
      },
      actor.accountId,
    );
    return { issueId: issue.id, issueKey: issue.key };
  }

  function addComment(args: AddCommentArgs): { commentId: string } {
    const issue = state.getIssue(args.issue);
    const internal = args.internal ?? (args.jsdPublic === undefined ? null : !args.jsdPublic);
    const comment = state.addComment(
      issue.id,
      {
        body: args.adf === undefined ? textToAdf(args.text ?? "") : (toAdf(args.adf) ?? textToAdf("")),
        visibility: toVisibility(args.visibility),
        ...(args.replyTo === undefined ? {} : { parentId: args.replyTo }),
        properties: {
          ...args.properties,
          ...(internal === null ? {} : { "sd.public.comment": { internal } }),
        },
      },
      findActor(args.author).accountId,
    );
    return { commentId: comment.id };
  }

  function toVisibility(value: AddCommentArgs["visibility"] | null): Visibility | null {
    if (value === undefined || value === null) return null;
    return { type: value.type ?? "role", value: value.value, identifier: value.identifier ?? value.value };
  }

  function getComment(commentId: string): { issue: IssueRecord; comment: CommentRecord } {
    const owner = state.findCommentOwner(commentId);
    const issue = owner === null ? null : state.findIssue(owner);
    const comment = issue?.comments.find((candidate) => candidate.id === commentId);
    if (issue === null || comment === undefined) throw new Error(`comment ${commentId} does not exist`);
    return { issue, comment };
  }

  function editComment(args: { commentId: string; text?: string; adf?: Adf; author?: string; issue?: string }): void {
    const { issue, comment } = getComment(args.commentId);
    const body = args.adf === undefined ? textToAdf(args.text ?? "") : (toAdf(args.adf) ?? comment.body);
    const actor = args.author === undefined ? comment.authorId : findActor(args.author).accountId;
    state.editComment(issue.id, comment.id, { body }, actor);
  }

  /** Restricts a comment to a role (or frees it with `visibility: null`), or makes it internal or public. */
  function restrictComment(args: {
    commentId: string;
    visibility?: AddCommentArgs["visibility"] | null;
    internal?: boolean;
    author?: string;
    issue?: string;
  }): void {
    const { issue, comment } = getComment(args.commentId);
    const actor = args.author === undefined ? comment.authorId : findActor(args.author).accountId;
    const restricts = args.internal === undefined || args.visibility !== undefined;
    const visibility = args.visibility === null ? null : toVisibility(args.visibility ?? { value: "Administrators" });
    state.editComment(
      issue.id,
      comment.id,
      {
        ...(restricts ? { visibility } : {}),
        ...(args.internal === undefined
          ? {}
          : { properties: { ...comment.properties, "sd.public.comment": { internal: args.internal } } }),
      },
      actor,
    );
  }

  function deleteComment(args: { commentId: string; author?: string; issue?: string }): void {
    const { issue, comment } = getComment(args.commentId);
    const actor = args.author === undefined ? comment.authorId : findActor(args.author).accountId;
    state.deleteComment(issue.id, comment.id, actor);
  }

  function addAttachment(args: AddAttachmentArgs): { attachmentId: string; sha256: string; sizeBytes: number } {
    const issue = state.getIssue(args.issue);
    const actor = findActor(args.author);
    const bytes = site.files.make(args);
    const file = { name: args.name, mimeType: toMimeType(args.name, null), bytes };
    const { id } = state.addAttachment(issue.id, file, actor.accountId);
    return { attachmentId: id, sha256: bytes.sha256, sizeBytes: bytes.sizeBytes };
  }

  function deleteAttachment(args: { attachmentId: string; author?: string; issue?: string }): void {
    const owner = state.findAttachmentOwner(args.attachmentId);
    if (owner === null) throw new Error(`attachment ${args.attachmentId} does not exist`);
    const attachment = state.deleteAttachment(owner, args.attachmentId, findActor(args.author).accountId);
    site.files.remove(attachment.bytes);
  }

  /** Moves an issue to a status (id or name) or to the first status of a category, whatever the workflow says. */
  function transition(args: OnIssue & { toStatus?: string; toCategory?: CategoryKey }): { statusId: string } {
    const issue = state.getIssue(args.issue);
    const { statusIds } = state.projectOf(issue).workflow;
    const statusId =
      args.toStatus === undefined
        ? statusIds.find((id) => categoryOf(id) === args.toCategory)
        : findId(
            STATUSES.filter((status) => statusIds.some((id) => id === status.id)),
            args.toStatus,
          );
    if (statusId === undefined) throw new Error(`no status of category "${args.toCategory}"`);
    if (statusId === issue.statusId) return { statusId };
    const { patch, items } = planStatusMove(site, issue, statusId, null);
    state.editIssue(issue.id, patch, items, findActor(args.author).accountId);
    return { statusId };
  }

  function editIssue(args: OnIssue & { fields: EditedFields }): void {
    const issue = state.getIssue(args.issue);
    const { summary, description, labels, priority, issueType, assignee, reporter, ...custom } = args.fields;
    const patch: IssuePatch = {
      ...(summary === undefined ? {} : { summary }),
      ...(description === undefined ? {} : { description: toAdf(description) }),
      ...(labels === undefined ? {} : { labels }),
      ...(priority === undefined ? {} : { priorityId: priority === null ? null : findId(PRIORITIES, priority) }),
      ...(issueType === undefined ? {} : { issueTypeId: findId(ISSUE_TYPES, issueType) }),
      ...(assignee === undefined ? {} : { assigneeId: assignee === null ? null : findActor(assignee).accountId }),
      ...(reporter === undefined ? {} : { reporterId: findActor(reporter).accountId }),
      ...(Object.keys(custom).length === 0 ? {} : { customFields: { ...issue.customFields, ...custom } }),
    };
    state.editIssue(issue.id, patch, diffPatch(site, issue, patch), findActor(args.author).accountId);
  }

  function setLabels(args: OnIssue, change: (labels: readonly string[]) => readonly string[]): void {
    editIssue({ ...args, fields: { labels: change(state.getIssue(args.issue).labels) } });
  }

  function moveIssue(args: OnIssue & { projectKey: string }): { issueId: string; issueKey: string } {
    const issue = state.getIssue(args.issue);
    const moved = state.moveIssue(issue.id, getProject(args.projectKey), findActor(args.author).accountId);
    return { issueId: moved.id, issueKey: moved.key };
  }

  /** An administrator gives the project another key. */
  function renameProject(args: { projectKey: string; key: string }): void {
    state.renameProject(getProject(args.projectKey), args.key);
  }

  /** Clones fields and labels; by request also properties (an add-on may do so), never comments or files. */
  function cloneIssue(args: OnIssue & { withProperties?: boolean }): { issueId: string; issueKey: string } {
    const issue = state.getIssue(args.issue);
    const actor = findActor(args.author);
    const clone = state.createIssue(
      {
        projectId: issue.projectId,
        issueTypeId: issue.issueTypeId,
        summary: `CLONE - ${issue.summary}`.slice(0, 255),
        description: issue.description,
        labels: issue.labels,
        priorityId: issue.priorityId,
        reporterId: actor.accountId,
        assigneeId: issue.assigneeId,
        securityLevelId: issue.securityLevelId,
        dueDate: issue.dueDate,
        customFields: issue.customFields,
        properties: args.withProperties === true ? issue.properties : {},
      },
      actor.accountId,
    );
    return { issueId: clone.id, issueKey: clone.key };
  }

  /** Links two issues as a person would; `type` is the name of a link type. */
  function linkIssues(args: OnIssue & { other: string; type?: string }): void {
    const type = site.settings.linkTypes.find((candidate) => candidate.name === (args.type ?? "Relates"));
    if (type === undefined) throw new Error(`no link type "${args.type}"`);
    const [inward, outward] = [state.getIssue(args.issue), state.getIssue(args.other)];
    state.linkIssues({ type, inwardId: inward.id, outwardId: outward.id }, findActor(args.author).accountId);
  }

  function setSecurityLevel(args: OnIssue & { level?: string | null }): void {
    const issue = state.getIssue(args.issue);
    const wanted = args.level === undefined ? SECURITY_LEVELS[0].id : args.level;
    const level = SECURITY_LEVELS.find((candidate) => candidate.id === wanted || candidate.name === wanted);
    if (wanted !== null && level === undefined) throw new Error(`no security level "${wanted}"`);
    const patch: IssuePatch = { securityLevelId: wanted === null ? null : (level?.id ?? null) };
    state.editIssue(issue.id, patch, diffPatch(site, issue, patch), findActor(args.author).accountId);
  }

  /** Restricts an issue of a team-managed project to roles; without any it is open again. */
  function restrictIssue(args: OnIssue & { roles: readonly string[] }): void {
    const issue = state.getIssue(args.issue);
    const words = (roles: readonly string[] | undefined) => (roles ?? []).join(", ");
    state.editIssue(
      issue.id,
      { restrictedRoles: args.roles },
      [
        {
          field: "Restrict to",
          fieldId: "issuerestriction",
          fieldtype: "jira",
          from: null,
          fromString: words(issue.restrictedRoles),
          to: null,
          toString: words(args.roles),
        },
      ],
      findActor(args.author).accountId,
    );
  }

  function accountName(accountId: string): string {
    return state.accounts.find((account) => account.accountId === accountId)?.displayName ?? accountId;
  }

  /** Somebody changes the name that others see. `author`: as everywhere, an id, a name or a type of account. */
  function renameAccount(args: { readonly author?: string; readonly displayName: string }): void {
    findActor(args.author).displayName = args.displayName;
  }

  function viewComment(comment: CommentRecord) {
    return {
      id: comment.id,
      authorAccountId: comment.authorId,
      authorName: accountName(comment.authorId),
      bodyAdf: comment.body,
      bodyText: adfToText(comment.body),
      createdAt: toJiraTime(comment.createdMs),
      updatedAt: toJiraTime(comment.updatedMs),
      properties: comment.properties,
      visibility: comment.visibility,
      jsdPublic: isJsdPublic(comment),
    };
  }

  function viewAttachment(attachment: AttachmentRecord) {
    return {
      id: attachment.id,
      mediaId: attachment.mediaId,
      name: attachment.name,
      mimeType: attachment.mimeType,
      sizeBytes: attachment.bytes.sizeBytes,
      sha256: attachment.bytes.sha256,
      authorAccountId: attachment.authorId,
      authorName: accountName(attachment.authorId),
      createdAt: toJiraTime(attachment.createdMs),
    };
  }

  function viewIssue(issue: IssueRecord) {
    const status = STATUSES.find((candidate) => candidate.id === issue.statusId);
    const priority = PRIORITIES.find((candidate) => candidate.id === issue.priorityId);
    return {
      id: issue.id,
      key: issue.key,
      projectKey: state.projectOf(issue).key,
      issueTypeId: issue.issueTypeId,
      summary: issue.summary,
      descriptionAdf: issue.description,
      descriptionText: adfToText(issue.description),
      status: { id: issue.statusId, name: status?.name.en ?? "", category: categoryOf(issue.statusId) },
      resolutionId: issue.resolutionId,
      labels: [...issue.labels],
      priority: priority === undefined ? null : { id: priority.id, name: priority.name.en },
      reporterAccountId: issue.reporterId,
      creatorAccountId: issue.creatorId,
      assigneeAccountId: issue.assigneeId,
      securityLevelId: issue.securityLevelId,
      customFields: issue.customFields,
      properties: issue.properties,
      comments: issue.comments.map(viewComment),
      attachments: issue.attachments.map(viewAttachment),
      issueLinks: state.linksOf(issue.id).map((link) => ({
        id: link.id,
        type: link.type.name,
        otherKey: state.findIssue(link.inwardId === issue.id ? link.outwardId : link.inwardId)?.key ?? "",
        authorAccountId: link.authorId,
      })),
      changelog: issue.changelog.map((change) => ({
        id: change.id,
        authorAccountId: change.authorId,
        authorName: accountName(change.authorId),
        createdAt: toJiraTime(change.createdMs),
        items: change.items,
      })),
      createdAt: toJiraTime(issue.createdMs),
      updatedAt: toJiraTime(issue.updatedMs),
    };
  }

  function getState() {
    return {
      botAccountId: site.bot.accountId,
      accounts: state.accounts.map((account) => ({ ...account })),
      projects: state.projects.map(({ id, key, name, projectTypeKey }) => ({ id, key, name, projectTypeKey })),
      issues: [...state.issuesAt(0, new Set())].map(viewIssue),
      deletedIssues: state.listDeleted().map(viewIssue),
    };
  }

  function setSettings(patch: Partial<JiraSettings>): JiraSettings {
    for (const key of Object.keys(patch)) {
      if (!Object.hasOwn(site.settings, key)) throw new Error(`unknown setting "${key}"`);
    }
    Object.assign(site.settings, patch);
    return { ...site.settings };
  }

  /** Back to an empty site with the settings it was started with. The webhook target stays. */
  function reset(): void {
    state.reset();
    site.tasks.clear();
    deps.faults.clear();
    deps.faults.setOutage(false);
    deps.limits.reset();
    deps.server.clear();
    Object.assign(site.settings, makeDefaultSettings(), deps.initialSettings);
  }

  return {
    createIssue,
    addComment,
    editComment,
    restrictComment,
    deleteComment,
    renameAccount,
    addAttachment,
    deleteAttachment,
    transition,
    editIssue,
    addLabel: (args: OnIssue & { label: string }): void =>
      setLabels(args, (labels) => [...new Set([...labels, args.label])]),
    removeLabel: (args: OnIssue & { label: string }): void =>
      setLabels(args, (labels) => labels.filter((label) => label !== args.label)),
    moveIssue,
    renameProject,
    cloneIssue,
    linkIssues,
    unlinkIssues: (args: { linkId: string; author?: string }): void =>
      state.unlinkIssues(args.linkId, findActor(args.author).accountId),
    deleteIssue: (args: OnIssue): void =>
      state.deleteIssue(state.getIssue(args.issue).id, findActor(args.author).accountId),
    setSecurityLevel,
    restrictIssue,
    setIssueProperty: (args: { issue: string; key: string; value?: unknown }): void =>
      state.setIssueProperty(state.getIssue(args.issue).id, args.key, args.value),
    setCommentProperty: (args: { commentId: string; key: string; value?: unknown }): void =>
      state.setCommentProperty(getComment(args.commentId).issue.id, args.commentId, args.key, args.value),
    getState,
    getIssue: (args: { issue: string }) => viewIssue(state.getIssue(args.issue)),
    getRequests: () => deps.server.getRequests(),
    resetRequests: (): void => deps.server.resetRequests(),
    getRefusals: () => deps.requests.refusals(),
    getSettings: (): JiraSettings => ({ ...site.settings }),
    setSettings,
    /** Answers the id of the fault. */
    addFault: (rule: FaultRule): string => deps.faults.add(rule),
    removeFault: (faultId: string): boolean => deps.faults.remove(faultId),
    clearFaults: (): void => deps.faults.clear(),
    /** How often each kind of fault has struck since the start. */
    getStruckFaults: (): Readonly<Record<string, number>> => deps.faults.struck(),
    setOutage: (on: boolean | { on: boolean }): void => deps.faults.setOutage(typeof on === "boolean" ? on : on.on),
    /** The API token that is accepted from now on: a token that expired or was replaced. */
    setApiToken: (args: { apiToken: string }): void => {
      deps.credentials.apiToken = args.apiToken;
    },
    setWebhook: (target: WebhookTarget | null): void => deps.webhooks.setTarget(target),
    flushWebhooks: (): Promise<void> => deps.webhooks.flush(),
    getWebhookDeliveries: () => deps.webhooks.listDeliveries(),
    reset,
  };
}
