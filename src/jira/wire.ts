/**
 * What Jira answers, as far as casebridge reads it. Only the fields in use stand here, and only what a mirror cannot do
 * without is required: Atlassian adds fields, and leaves documented ones out (jira.md 2.3).
 */
import { z } from "zod";

/** Ids are text; a few calls give them as numbers (jira.md 3.5). */
const idSchema = z.union([z.string().min(1), z.number()]).transform(String);
/** ISO text, or epoch milliseconds as in the bulk changelog (jira.md 6). */
const instantSchema = z
  .union([z.string(), z.number()])
  .transform(
    (written) => new Date(typeof written === "string" && /^\d{12,14}$/.test(written) ? Number(written) : written),
  )
  .refine((date) => !Number.isNaN(date.getTime()), "no point in time");
const userSchema = z
  .object({
    accountId: z.string().nullish(),
    displayName: z.string().nullish(),
    accountType: z.string().nullish(),
  })
  .nullish();

/** One file, in an issue or as the answer to an upload. */
export const attachmentSchema = z.object({
  id: idSchema,
  filename: z.string(),
  size: z.number(),
  author: userSchema,
  created: instantSchema,
});
/** Answer to an upload: one entry per file. */
/** An issue asked for its files alone. */
export const issueFilesSchema = z.object({ fields: z.object({ attachment: z.array(attachmentSchema).nullish() }) });
/** What an upload answers: at least one attachment. */
export const attachmentsSchema = z.array(attachmentSchema).min(1);
/** `GET /attachment/meta`. */
export const attachmentMetaSchema = z.object({ enabled: z.boolean(), uploadLimit: z.number().nullish() });

const propertiesSchema = z.record(z.string(), z.unknown()).nullish();

/** One issue with the fields of `issueFields`, and whatever else was asked for. */
export const issueSchema = z.object({
  id: idSchema,
  key: z.string().min(1),
  fields: z.looseObject({
    project: z.object({
      id: idSchema.nullish(),
      key: z.string(),
      projectTypeKey: z.string().nullish(),
      // True in team-managed projects.
      simplified: z.boolean().nullish(),
    }),
    summary: z.string().nullish(),
    description: z.unknown().optional(),
    status: z.object({ id: idSchema, name: z.string(), statusCategory: z.object({ key: z.string() }) }),
    labels: z.array(z.string()).nullish(),
    priority: z.object({ id: idSchema, name: z.string().nullish() }).nullish(),
    created: instantSchema,
    updated: z.string().min(1),
    security: z.object({ id: idSchema }).nullish(),
    issuerestriction: z.unknown().optional(),
    reporter: userSchema,
    creator: userSchema,
    attachment: z.array(attachmentSchema).nullish(),
    issuelinks: z
      .array(
        z.object({
          inwardIssue: z.object({ id: idSchema }).nullish(),
          outwardIssue: z.object({ id: idSchema }).nullish(),
        }),
      )
      .nullish(),
  }),
  properties: propertiesSchema,
});
/** The fields that `issueSchema` reads. `comment` is not among them: a search shows only the newest few (jira.md 4). */
export const issueFields: readonly string[] = Object.keys(issueSchema.shape.fields.shape);

/** An issue with fields that the configuration names, of whatever type. */
export const anyFieldsSchema = z.object({ fields: z.record(z.string(), z.unknown()) });

/** `POST /issue/bulkfetch`. */
export const issuesSchema = z.object({ issues: z.array(issueSchema) });

const searchPage = { nextPageToken: z.string().nullish() };
/** A search page with whole issues. */
export const issuePageSchema = z.object({ ...searchPage, issues: z.array(issueSchema) });
/** A search page with the times of the last change, and with what tells a clone. */
export const updatedPageSchema = z.object({
  ...searchPage,
  issues: z.array(
    z.object({
      id: idSchema,
      key: z.string().min(1),
      fields: z.object({
        updated: z.string().min(1),
        status: z.object({ statusCategory: z.object({ key: z.string() }) }),
        labels: z.array(z.string()).nullish(),
        creator: userSchema,
      }),
      properties: propertiesSchema,
    }),
  ),
});
const stampedFields = { labels: z.array(z.string()).nullish(), creator: userSchema };
const stampedPage = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z.object({
    ...searchPage,
    issues: z.array(
      z.object({ id: idSchema, key: z.string().min(1), fields: z.object(fields), properties: propertiesSchema }),
    ),
  });
/** A search page with labels, creator and our property. */
export const labelPageSchema = stampedPage(stampedFields);
/** The same with the project of each issue. */
export const placedPageSchema = stampedPage({
  ...stampedFields,
  project: z.object({ id: idSchema.nullish(), key: z.string() }),
});
/** `POST /search/approximate-count`. */
export const countSchema = z.object({ count: z.number() });

/** Answer to the creation of an issue. */
export const createdIssueSchema = z.object({ id: idSchema, key: z.string().min(1) });
/** Answer to the creation of something of which only the id matters. */
export const createdSchema = z.object({ id: idSchema });

/** One comment. `visibility` is kept as it came, to be sent back on an update. */
export const commentSchema = z.object({
  id: idSchema,
  author: userSchema,
  updateAuthor: userSchema,
  body: z.unknown().optional(),
  created: instantSchema,
  updated: instantSchema,
  visibility: z.record(z.string(), z.unknown()).nullish(),
  jsdPublic: z.boolean().nullish(),
  parentId: idSchema.nullish(),
  properties: z.array(z.object({ key: z.string(), value: z.unknown().optional() })).nullish(),
});
/** One page of an issue's comments. */
export const commentPageSchema = z.object({ total: z.number(), comments: z.array(commentSchema) });
/** `POST /comment/list`. */
export const commentListSchema = z.object({ values: z.array(commentSchema) });

const statusSchema = z.object({ id: idSchema, name: z.string(), statusCategory: z.object({ key: z.string() }) });
/** A field of a create or edit screen. */
export const screenFieldSchema = z.object({
  name: z.string(),
  required: z.boolean(),
  hasDefaultValue: z.boolean().nullish(),
  schema: z
    .object({
      type: z.string().nullish(),
      items: z.string().nullish(),
      custom: z.string().nullish(),
      system: z.string().nullish(),
    })
    .nullish()
    .catch(null),
  allowedValues: z
    .array(z.object({ id: idSchema.nullish(), name: z.string().nullish(), value: z.string().nullish() }))
    .nullish()
    .catch(null),
});
/** `GET /issue/{id}/transitions` with fields. */
export const transitionsSchema = z.object({
  transitions: z.array(
    z.object({
      id: idSchema,
      name: z.string(),
      to: statusSchema,
      isAvailable: z.boolean().nullish(),
      fields: z
        .record(z.string(), screenFieldSchema.extend({ required: z.boolean().nullish(), name: z.string().nullish() }))
        .nullish(),
    }),
  ),
});
const changeSchema = z.object({
  id: idSchema,
  author: userSchema,
  created: instantSchema,
  // Records, not objects: one of their keys is called `toString`, which every object seems to have.
  items: z.array(z.record(z.string(), z.unknown())).nullish(),
});
/** One page of an issue's changelog. */
export const changelogPageSchema = z.object({ total: z.number(), values: z.array(changeSchema) });
/**
 * An issue by itself. Its `comment` shows the newest comments, its `changelog` the newest changes, and both how many there are in all
 * (jira.md 4). What only saves a request must not fail the reading: a changelog of another shape is none.
 */
export const issueShowingSchema = issueSchema.extend({
  fields: issueSchema.shape.fields.extend({ comment: commentPageSchema.nullish() }),
  changelog: z
    .object({ total: z.number(), histories: z.array(changeSchema) })
    .nullish()
    .catch(null),
});
/** One page of the changelogs of several issues (`POST /changelog/bulkfetch`). */
export const changelogsPageSchema = z.object({
  nextPageToken: z.string().nullish(),
  issueChangeLogs: z.array(z.object({ issueId: idSchema, changeHistories: z.array(changeSchema) })),
});

/** `GET /myself`. */
export const myselfSchema = z.object({
  accountId: z.string().min(1),
  timeZone: z.string().nullish(),
  emailAddress: z.string().nullish(),
  accountType: z.string().nullish(),
});
/** `GET /user`. */
export const namedUserSchema = z.object({ accountType: z.string().nullish(), displayName: z.string().nullish() });
/** `GET /field`. */
export const fieldsSchema = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    schema: z.object({ custom: z.string().nullish() }).nullish().catch(null),
  }),
);
/** `GET /servicedesk/{id}/requesttype` of the service desk API. */
export const requestTypePageSchema = z.object({
  values: z.array(z.object({ id: idSchema, name: z.string(), issueTypeId: idSchema.nullish() })),
});
/** A search page of which only the ids matter. */
export const idPageSchema = z.object({ issues: z.array(z.object({ id: idSchema, key: z.string() })) });
/** `GET /mypermissions`. */
export const permissionsSchema = z.object({
  permissions: z.record(z.string(), z.object({ havePermission: z.boolean().nullish() })),
});
/** `GET /project/{key}`. */
export const projectSchema = z.object({
  id: idSchema,
  key: z.string(),
  projectTypeKey: z.string().nullish(),
  simplified: z.boolean().nullish(),
  archived: z.boolean().nullish(),
  roles: z.record(z.string(), z.string()).nullish(),
});
/** One page of `GET /project/search`. */
export const projectPageSchema = z.object({ values: z.array(z.object({ key: z.string(), name: z.string() })) });
/** `GET /project/{key}/securitylevel` and `…/issuesecuritylevelscheme`. */
export const securityLevelsSchema = z.object({
  levels: z.array(z.object({ id: idSchema, name: z.string().nullish() })),
});
/** A search for issues with whatever fields they show. */
export const shownFieldsPageSchema = z.object({
  issues: z.array(z.object({ fields: z.record(z.string(), z.unknown()) })),
});
/** `GET /project/{key}/statuses`. */
export const projectStatusesSchema = z.array(z.object({ id: idSchema, statuses: z.array(statusSchema) }));
/** One page of the issue types that can be created. */
export const issueTypePageSchema = z.object({
  total: z.number().nullish(),
  issueTypes: z.array(z.object({ id: idSchema, name: z.string(), subtask: z.boolean().nullish() })),
});
/** One page of the fields that a creation takes. */
export const createFieldPageSchema = z.object({
  total: z.number().nullish(),
  fields: z.array(screenFieldSchema.extend({ fieldId: z.string() })),
});
/** An issue with all its fields, with what its edit screen has, and with its changes where one reading shows them. */
export const editableIssueSchema = z.object({
  fields: z.record(z.string(), z.unknown()),
  editmeta: z.object({ fields: z.record(z.string(), screenFieldSchema) }),
  changelog: issueShowingSchema.shape.changelog,
});
/** `GET /user/assignable/search`; people may hide their address. */
export const usersSchema = z.array(z.object({ accountId: z.string(), emailAddress: z.string().nullish() }));
/** `GET /issueLinkType`. */
export const linkTypesSchema = z.object({
  issueLinkTypes: z.array(
    z.object({ id: idSchema, name: z.string(), inward: z.string().nullish(), outward: z.string().nullish() }),
  ),
});

/** `GET /task/{id}`: ENQUEUED, RUNNING, COMPLETE, FAILED, CANCEL_REQUESTED, CANCELLED or DEAD. */
export const taskSchema = z.object({ status: z.string() });

/** Our property of an issue (rule 1). */
export const issueStampSchema = z.object({
  v: z.number(),
  inst: z.string(),
  caseId: z.string(),
  issueId: z.string().optional(),
});
/** Our property of a comment (rule 1). */
export const commentStampSchema = z.object({
  v: z.number(),
  inst: z.string(),
  caseId: z.string(),
  messageId: z.string().optional(),
  fingerprint: z.string().optional(),
  srcHash: z.string(),
  files: z.array(z.tuple([z.string(), z.string()])),
});
