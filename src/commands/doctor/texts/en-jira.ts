/** What the doctor says in English of the side of Jira, and of the mapping that leads there. */

import { statusName } from "../../../domain/case.ts";

/** The part of the English catalogue. */
export const enJira = {
  jira: {
    noneConfigured: "none configured",
    customer: (who: string, host: string) => `${who} is a portal customer of ${host}`,
    useLicensed: "Use an account with a licence for the product, used by nobody else.",
    listedAsApp: (who: string) => `${who} is listed in comments.allowAppAccounts`,
    unlist: "Take casebridge's own account off the list: what it wrote is never news.",
    isApp: (who: string) => `${who} is an app account`,
    useOrdinary: "Use an ordinary account for casebridge: what apps may do changes with their installation.",
    acceptedAs: (who: string) => `accepted as ${who}`,
    acceptedScoped: (who: string) =>
      `accepted as ${who}; a token with scopes: whether it has write:jira-work shows at the first write`,
    subtask: (type: string) => `${type} is a subtask, which needs a parent`,
    setType: "Set JIRA_ISSUE_TYPE (jira.issueType, issue.type) to a type that stands for itself, such as Task.",
    noType: (projectKey: string, types: string) =>
      `project ${projectKey} has no issue type ${types} that can be created`,
    correctType: (types: string) =>
      `Correct JIRA_ISSUE_TYPE (jira.issueType, issue.type), or add the type to the project. It has: ${types}.`,
    noAssignee: "none configured: Jira decides",
    assignable: (count: number) => `${count} can be assigned`,
    notAssignable: (projectKey: string, names: string) => `nobody who can be assigned in ${projectKey} is ${names}`,
    correctAssignee:
      "Correct issue.assignee in the configuration (account ids stand in the addresses of people's profiles), or give the person the permission Assignable User.",
    givePermissions:
      "Give casebridge's account these permissions in the project's permission scheme, best through a role of its own.",
    missing: (keys: string) => `missing: ${keys}`,
    missingUseful: (keys: string) => `missing, though not needed every day: ${keys}`,
    allHeld: (count: number) => `all ${count} held`,
    attachmentsOff: "attachments are turned off",
    turnOnAttachments: "Turn on attachments in Jira's settings; until then each file is only named in its comment.",
    smallFiles: (ours: string, theirs: string) =>
      `files of ${ours}, while the service tickets hold files of up to ${theirs}`,
    raiseFileLimit: "Raise the attachment limit in Jira's settings; larger files are only named in their comments.",
    files: (size: string) => `files of ${size}`,
    noRole: "none: whoever's comments would be sent may use commands",
    roleUnreadable: (role: string) =>
      `Jira does not tell casebridge who is in the role ${role} (role_unreadable): nobody could use a command`,
    openRole:
      "Give casebridge's account Administer Projects in the project, and Browse users and groups where the role holds groups; a scoped token needs manage:jira-configuration. Or take commands.role away.",
    roleMissing: (projectKey: string, role: string) =>
      `project ${projectKey} has no role ${role}: nobody could use a command`,
    correctRole: (roles: string) => `Correct commands.role in the configuration. The project has: ${roles}.`,
    fieldsExist: (count: number) => `${count} fields exist`,
    noField: (names: string) => `Jira has no field ${names}`,
    correctCreateFields:
      "Correct create.fields in the configuration: the id of a custom field stands in the address of its settings page.",
    noLevels: "none allowed: comments of such issues stay in Jira",
    levelsExist: (count: number) => `${count} allowed levels exist`,
    unknownLevels: (ids: string) => `Jira knows no issue security level ${ids}, or casebridge's account may not see it`,
    correctLevels:
      "Correct comments.allowSecurityLevels in the configuration: the ids of the levels, as Jira's administration shows them.",
    noAppAccounts: "none allowed: comments of apps stay in Jira",
    appAccountsExist: (count: number) => `${count} allowed accounts exist`,
    unknownAccounts: (ids: string) => `Jira has no account ${ids}`,
    correctApps: "Correct comments.allowAppAccounts in the configuration: account ids of apps.",
    people: (ids: string) => `${ids} is no app: its comments count as a person's anyway`,
    removePeople: "Remove it from comments.allowAppAccounts.",
    prioritiesHidden: "the create screen shows no priority, so none can be compared",
    noPriorityMap: "no map: Jira's default is used",
    prioritiesExist: "all mapped ones exist",
    noPriority: (names: string) => `no priority named ${names}`,
    correctPriorities: (names: string) => `Correct priority in the configuration. Jira has: ${names}.`,
    correctJql: "Correct create.jql in the configuration: Jira's own issue search shows what is wrong with a query.",
    noRequests: "none wait to become a case",
    requests: (count: number) => `about ${count} match and may wait to become a case`,
  },
  project: {
    unseen: (key: string, error: string) => `casebridge's account sees no project ${key}: ${error}`,
    correctKey: (others: string) =>
      `Correct JIRA_PROJECT_KEY (jira.projectKey), or give the account Browse Projects there. ${others}`,
    nowhere: "It may create issues nowhere.",
    others: (names: string) => `It may create issues in: ${names}.`,
    archived: (key: string) => `${key} is archived: it takes no new issue`,
    restore: (others: string) =>
      `Restore the project in Jira, or set JIRA_PROJECT_KEY (jira.projectKey) to another one. ${others}`,
    allFilesOfService: (key: string) =>
      `${key} is a service project, where files of internal comments cannot be told apart, and ATTACHMENTS_TO_HUAWEI is all`,
    setAttachments: "Set ATTACHMENTS_TO_HUAWEI (attachments.toHuawei) to referenced or none.",
    renamed: (before: string, now: string) => `${before} is now called ${now}`,
    setKey: (key: string) => `Set JIRA_PROJECT_KEY (jira.projectKey) to ${key}.`,
    is: (key: string, kind: string, managed: string) => `${key} (${kind}, ${managed})`,
    managedUntold: "who manages it is not told",
    teamManaged: "team-managed",
    companyManaged: "company-managed",
    kindUntold: "type not told",
    service: "service project",
    kind: (name: string) => `${name} project`,
    notRead: "not checked, since the project could not be read",
    noIssueYet: "no issue yet to see the fields of",
    shown: "shown",
    notShown: "not shown",
    fields: (restriction: string, level: string) => `issuerestriction ${restriction}, security level ${level}`,
    levels: {
      none: "no security levels",
      some: "has security levels",
      unknown: "casebridge's account may not know whether there are security levels",
    },
    visibility: (levels: string, fields: string) => `${levels}; ${fields}`,
    nothingLeaves: (found: string, key: string) =>
      `${found}: nothing leaves ${key}, since it cannot be told who may see an issue`,
    askAtlassian:
      "Ask Atlassian why the REST API leaves out issuerestriction for casebridge's account, or mirror into another project.",
    showLevel:
      "Show Security Level in the project's field configuration, or let casebridge's account see that there are no levels: Administer Projects, or Set Issue Security.",
  },
  request: {
    notNeeded: "none needed: no service project",
    none: "new issues have no request type, so they stand in no queue of the service project",
    set: "Set issue.requestType in casebridge.yaml.",
    setOneOf: (types: string) => `Set issue.requestType in casebridge.yaml to one of: ${types}.`,
    noService: (key: string) => `issue.requestType is set, and ${key} is no service project`,
    takeOut: "Take issue.requestType out.",
    untold: "Jira does not tell the request types, so issue.requestType was not checked",
    giveAgent:
      "Give casebridge's account the role of an agent in the service project, or make sure that issue.requestType is an id.",
    unknown: (key: string, names: string) => `${key} has no request type ${names}`,
    correct: (types: string) => `Correct issue.requestType in casebridge.yaml. The project has: ${types}.`,
    misfit: (types: string) => `${types} is for issues of another type than the configured one`,
    setType: (issueTypes: string, types: string) =>
      `Set issue.type to the type of that request type (${issueTypes}), or choose one of: ${types}.`,
  },
  fields: {
    noType: "not checked, since the issue type is not known",
    ofType: (type: string, problem: string) => `${type}: ${problem}`,
    filled: (count: number) => `${count} required, all filled or with a default`,
    filledLater: (count: number, later: string) =>
      `${count} required, all filled or with a default; set by an edit afterwards: ${later}`,
    unfilled: (names: string) => `required and not filled: ${names}`,
    write: (lines: string) =>
      `Write below issue.fields of the connection in casebridge.yaml: ${lines}. Or give these fields a default value, or make them optional.`,
    place: (place: string) => ` (${place})`,
    noElse: (field: string, from: string, place: string) =>
      `${field} is required, and issue.fields gives it no value where the ${from} of a case is not told or not in its map${place}`,
    addElse: "Add else: … to it.",
    notSeenYet: (field: string, place: string) =>
      `${field} is not on the create screen, so an edit sets it afterwards, if the edit screen has it: there is no issue yet to see that${place}`,
    againLater: "Run `casebridge doctor` again once the first issue is there.",
    several: (name: string, ids: string) => `${name} is the name of several fields: ${ids}`,
    unknown: (name: string) => `the create screen has no field ${name}`,
    nowhere: (problem: string) => `${problem}, nor has the edit screen`,
    correct: (fields: string) => `Correct issue.fields in the configuration. The screen has: ${fields}.`,
    absentVital: (names: string) => `not on the create screen: ${names}`,
    absentBoth: (names: string) => `neither on the create screen nor on the edit screen: ${names}`,
    absentYet: (names: string) =>
      `not on the create screen: ${names}; an edit sets them afterwards, if the edit screen has them: there is no issue yet to see that`,
    putOnScreens:
      "Put these fields on the screens of the issue type in Jira: without a summary no issue can be made, and without labels none is found again.",
    putOnCreate:
      "Run `casebridge doctor` again once the first issue is there, or put these fields on the create screen of the issue type.",
    putOnEdit: "Put these fields on the edit screen of the issue type in Jira, or leave them out of the configuration.",
    withoutDescription: (remedy: string) => `${remedy} Without it the description stands in a comment.`,
    own: (field: string) => `issue.fields names ${field}, which casebridge fills itself`,
    leaveOut: "Leave it out.",
    misfits: {
      number: (field: string) => `${field} takes a number`,
      list: (field: string) => `${field} takes a list, such as [{ name: … }]`,
      mapping: (field: string) => `${field} takes a mapping, such as { id: "…" }`,
      refused: (field: string, value: string) => `${field} does not take ${value}`,
    },
    correctLike: (line: string) => `Correct issue.fields, such as ${line}.`,
    itTakes: (remedy: string, allowed: string) => `${remedy} It takes: ${allowed}.`,
    takes: (allowed: string) => ` (takes ${allowed})`,
    andMore: (shown: string, more: number) => `${shown}, and ${more} more`,
  },
  status: {
    name: (status: number) => statusName(status),
    alike: (status: number, name: string, targets: string) => `case status ${status} (${name}) may lead to ${targets}`,
    nameStatus:
      "Name the status in status.toJira ({ statusId: … }): casebridge does not choose by chance, so such issues stay where they are.",
    mapFits: (count: number) => `${count} case statuses lead to statuses of the workflow`,
    correctMap: (known: string) =>
      `Correct status.toJira, status.via or status.fields in the configuration, or the workflow. It has: ${known}.`,
    unknownStatuses: "not checked, since the statuses are not known",
    mendOscillation:
      "Lead case statuses 3, 4, 12 and 13 to statuses of category done, and all others to new or indeterminate.",
    noCategory: (status: number, name: string, category: string) =>
      `case status ${status} (${name}): the workflow has no status of category ${category}`,
    noStatus: (status: number, name: string, id: string) =>
      `case status ${status} (${name}): the workflow has no status ${id}`,
    noViaTarget: (target: string) => `via ${target}: the workflow has no such status`,
    noViaStep: (target: string, step: string) => `via ${target}: the workflow has no status ${step}`,
    noFieldsTarget: (target: string) => `status.fields: the workflow has no status ${target}`,
    byCategory: (category: string) => `category ${category}`,
    openToDone: (status: string, target: string, category: string) =>
      `a case that is open (status ${status}) leads to ${target}, which is ${category}`,
    closedToOpen: (status: string, target: string, category: string) =>
      `a case that is closed (status ${status}) leads to ${target}, which is ${category}`,
    detour: (target: string, step: string) => `via ${target} passes through ${step}, which is done`,
    mendDetours: "Leave statuses of category done out of the way to open ones: automations may act on them.",
    noIssue: "no issue of the type stands in the project, so its transitions cannot be seen",
    againLater: "Run `casebridge doctor` again once the first issue is there.",
    noWay: (from: string, target: string) => `from ${from} no way leads to ${target}`,
    demands: (line: string, demands: string) => `${line}; a transition demands ${demands}`,
    ofStatuses: (line: string, statuses: string) => `${line} (case status ${statuses})`,
    setVia:
      "Set status.via to the status ids to pass through, in order; add the transition to the workflow, give casebridge's account the right to use it, or fill its required fields with status.fields (or take them off its screen).",
    write: (lines: string, otherwise: string) =>
      `Write below the connection in casebridge.yaml: ${lines}. Or: ${otherwise}`,
    wouldStay: "Issues that a person moved to done by mistake would stay there; set status.via, or correct its steps.",
    unusedStep: (target: string, step: string) => `via ${target}: no transition leads to step ${step}`,
    seen: (issues: number) => `seen on ${issues} issues: every target can be reached`,
    seenBut: (issues: number, unseen: number) =>
      `seen on ${issues} issues: every target can be reached; no issue stands in ${unseen} further statuses`,
  },
};
