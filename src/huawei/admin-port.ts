/** What `doctor` and `lookups` ask of the Huawei side, beyond what the flows need. All of it reads only. */
import type { Lane } from "../sync/ports.ts";

/** An id with its name as the configured language has it. */
export type NamedId = { readonly id: string; readonly name: string };
/** A case sub-type with its products. */
export type CaseCategory = NamedId & { readonly products: readonly NamedId[] };
/** A problem type; `caseType` "0" consultation, "5" fault report, which needs a region (NOTES 6). */
export type ProblemType = NamedId & { readonly caseType: string | null; readonly canUseSupportPlan: boolean };
/** A template: text to be filled in and sent as the description. */
export type CaseTemplate = NamedId & { readonly content: string };
/** Severities; they matter only when `shown` is true, which needs a support plan (NOTES 6). */
export type Severities = { readonly shown: boolean; readonly severities: readonly NamedId[] };
/** Quota of a problem type; `null` = the service did not say, -1 believed to mean unlimited. */
export type CaseQuota = { readonly total: number | null; readonly unused: number | null };

/** One instance per connection. Every call throws only `ServiceError` and may be repeated. */
export interface HuaweiAdminPort {
  /** One small read; throws `unauthorized`, `forbidden` or whatever the service says. */
  checkCredentials(lane: Lane): Promise<void>;
  /** The service's clock in whole seconds; works even where a wrong local clock spoils every signature. */
  serverTime(lane: Lane): Promise<Date>;
  listRegions(lane: Lane): Promise<readonly NamedId[]>;
  listCategories(lane: Lane): Promise<readonly CaseCategory[]>;
  listProblemTypes(
    filter: { readonly productId: string | null; readonly subTypeId: string | null },
    lane: Lane,
  ): Promise<readonly ProblemType[]>;
  listSeverities(
    filter: { readonly productId: string; readonly problemTypeId: string },
    lane: Lane,
  ): Promise<Severities>;
  listTemplates(problemTypeId: string, lane: Lane): Promise<readonly CaseTemplate[]>;
  /** Labels of the account, all pages. */
  listLabels(lane: Lane): Promise<readonly NamedId[]>;
  listQuotas(
    filter: { readonly problemTypeId: string; readonly productId: string | null },
    lane: Lane,
  ): Promise<CaseQuota>;
  /** Whether the newest ticket agreement is signed (NOTES 6: whether an unsigned one blocks creation is open). */
  getAgreementSigned(lane: Lane): Promise<boolean>;
  /** Which of the two documented privileges the caller holds. */
  listPrivileges(lane: Lane): Promise<{ readonly createCase: boolean; readonly export: boolean }>;
  /** Projects of the account from IAM. */
  getProjectIds(lane: Lane): Promise<readonly NamedId[]>;
}
