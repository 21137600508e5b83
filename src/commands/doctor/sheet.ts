/** What the checks of `doctor` are made of: findings, and the sheet that they are written on. */
import type { HuaweiAccess, JiraAccess } from "../../domain/access.ts";
import { isServiceError, isUnsupported, ServiceError, type ServiceErrorFacts } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { Secret } from "../../lib/secret.ts";
import { type DoctorTexts, doctorTexts, type Words } from "./texts/texts.ts";

/** What one check found. `remedy` is `null` only where `ok` is true, or where there is nothing to do about a warning. */
export type Finding = { readonly ok: boolean | null; readonly detail: Words; readonly remedy: Words | null };

/** A finding's words in one language. */
export type Told = { readonly detail: string; readonly remedy: string | null };

/** One line of the report: its words in English, and in Chinese under `zh`. `connection` is `null` for what belongs to the installation. */
export type DoctorCheck = Told & {
  readonly connection: string | null;
  readonly name: string;
  readonly ok: boolean | null;
  readonly zh: Told;
};

/** A service's error that the doctor explains in words of its own. */
export class ExplainedError extends ServiceError {
  readonly told: { readonly detail: Words; readonly remedy: Words };

  constructor(facts: Omit<ServiceErrorFacts, "detail" | "remedy">, told: ExplainedError["told"], cause?: unknown) {
    super({ ...facts, detail: told.detail(doctorTexts.en), remedy: told.remedy(doctorTexts.en) }, { cause });
    this.told = told;
  }
}

/** What `doctor` needs to know about a connection; the configuration's `ConnectionConfig` satisfies it. */
export type DoctorSettings = ConnectionSettings & {
  readonly huawei: Pick<HuaweiAccess, "apiVersion" | "projectId" | "credentials"> & {
    readonly requestsPerSecond: number;
  };
  readonly jira: Pick<JiraAccess, "issueType" | "email"> & {
    readonly requestsPerSecond: number;
    readonly webhookSecret: Secret | null;
  };
  readonly comments: { readonly toHuaweiChosen: boolean };
  /** Where the file gives each of `issue.fields`; left out = not told. */
  readonly issue: { readonly places?: Readonly<Record<string, string>> };
};

/** Findings of one side of one connection, in order. */
export interface Sheet {
  readonly checks: readonly DoctorCheck[];
  /** The error that made the side unreachable or refused us; from then on checks are only noted as not made. */
  readonly stoppedBy: ServiceError | null;
  /** Makes one check. What it throws becomes a finding: `remedy` is used where the error suggests none. Never rejects. */
  check(name: string, look: () => Promise<Finding>, remedy?: Words): Promise<void>;
}

/** Makes an empty sheet; `onCheck` is told after each check. */
export function makeSheet(
  connection: string | null,
  { onCheck }: { readonly onCheck?: (check: DoctorCheck) => void },
): Sheet {
  const checks: DoctorCheck[] = [];
  let stoppedBy: ServiceError | null = null;
  async function find(look: () => Promise<Finding>, remedy: Words | null): Promise<Finding> {
    if (stoppedBy !== null) return warn((t) => t.sheet.stopped, null);
    try {
      return await look();
    } catch (error) {
      if (isUnsupported(error)) return warn((t) => t.sheet.unsupported(error.facts.detail), null);
      if (isServiceError(error, "unavailable", "unauthorized")) stoppedBy = error;
      return {
        ok: false,
        detail: (t) => describe(t, error),
        remedy: remedyOf(error) ?? remedy ?? ((t) => t.sheet.lookAtLog),
      };
    }
  }
  return {
    checks,
    get stoppedBy() {
      return stoppedBy;
    },
    async check(name, look, remedy) {
      const check = toCheck({ connection, name }, await find(look, remedy ?? null));
      checks.push(check);
      onCheck?.(check);
    },
  };
}

/** A finding as a line of the report. Pure. */
export function toCheck(about: Pick<DoctorCheck, "connection" | "name">, finding: Finding): DoctorCheck {
  return { ...about, ok: finding.ok, ...tell(doctorTexts.en, finding), zh: tell(doctorTexts.zh, finding) };
}

/** The words of a finding. Pure. */
export function tell(texts: DoctorTexts, { ok, detail, remedy }: Finding): Told {
  return { detail: detail(texts), remedy: ok === true || remedy === null ? null : remedy(texts) };
}

/** Something that is right. */
export function right(detail: Words): Finding {
  return { ok: true, detail: detail, remedy: null };
}
/** Something that has to be mended. */
export function wrong(detail: Words, remedy: Words): Finding {
  return { ok: false, detail: detail, remedy: remedy };
}
/** Something to know, or that could not be told. */
export function warn(detail: Words, remedy: Words | null): Finding {
  return { ok: null, detail: detail, remedy };
}

const clockWarnSeconds = 60;
/** Assumed from the vendor's signing guide: a signature is refused when its time is 15 minutes off. */
const clockFailSeconds = 15 * 60;

/** Compares a service's clock with ours; half the time of the call is taken off. */
export async function checkClock(read: () => Promise<Date>, now: () => Date): Promise<Finding> {
  const before = now().getTime();
  const theirs = (await read()).getTime();
  const ours = (before + now().getTime()) / 2;
  const seconds = Math.round((ours - theirs) / 1000);
  const off = Math.abs(seconds);
  const detail: Words = ({ sheet }) =>
    off === 0 ? sheet.noDifference : seconds > 0 ? sheet.ahead(off) : sheet.behind(off);
  const remedy: Words = (t) => t.sheet.setClock;
  if (off >= clockFailSeconds) return wrong(detail, remedy);
  return off > clockWarnSeconds ? warn(detail, remedy) : right(detail);
}

function describe(t: DoctorTexts, error: unknown): string {
  const message = t.sheet.error(error);
  if (!isServiceError(error)) return message;
  if (error instanceof ExplainedError) return t.sheet.unreachable(error.told.detail(t));
  if (error.kind === "unavailable") return t.sheet.unreachable(message);
  return error.kind === "unauthorized" ? t.sheet.unauthorized(message) : message;
}

function remedyOf(error: unknown): Words | null {
  if (error instanceof ExplainedError) return error.told.remedy;
  return isServiceError(error) ? (t) => t.sheet.remedy(error) : null;
}

/** `10 MiB`, `512 KiB`, `7 B`. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1024 ** 2) return `${Math.round((bytes / 1024 ** 2) * 10) / 10} MiB`;
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} KiB` : `${bytes} B`;
}
