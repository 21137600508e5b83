/** What the checks of `doctor` are made of: findings, and the sheet that they are written on. */
import type { HuaweiAccess, JiraAccess } from "../../domain/access.ts";
import { isServiceError, isUnsupported, type ServiceError } from "../../domain/service-error.ts";
import type { ConnectionSettings } from "../../domain/settings.ts";
import type { Secret } from "../../lib/secret.ts";
import { errorMessage } from "../../observability/scrub.ts";
import { serviceRemedy } from "../cli/exit-code.ts";

/** What one check found. `remedy` is `null` only where `ok` is true, or where there is nothing to do about a warning. */
export type Finding = { readonly ok: boolean | null; readonly detail: string; readonly remedy: string | null };

/** One line of the report. `connection` is `null` for what belongs to the installation. */
export type DoctorCheck = Finding & { readonly connection: string | null; readonly name: string };

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
  check(name: string, look: () => Promise<Finding>, remedy?: string): Promise<void>;
}

/** Makes an empty sheet; `onCheck` is told after each check. */
export function makeSheet(
  connection: string | null,
  { onCheck }: { readonly onCheck?: (check: DoctorCheck) => void },
): Sheet {
  const checks: DoctorCheck[] = [];
  let stoppedBy: ServiceError | null = null;
  async function find(look: () => Promise<Finding>, remedy: string | null): Promise<Finding> {
    if (stoppedBy !== null) return warn("not checked, since the side does not answer us", null);
    try {
      return await look();
    } catch (error) {
      if (isUnsupported(error)) return warn(`not checked: ${error.facts.detail}`, null);
      if (isServiceError(error, "unavailable", "unauthorized")) stoppedBy = error;
      const service = isServiceError(error) ? serviceRemedy(error) : null;
      return {
        ok: false,
        detail: describe(error),
        remedy: service ?? remedy ?? "Look at the log with LOG_LEVEL=debug.",
      };
    }
  }
  return {
    checks,
    get stoppedBy() {
      return stoppedBy;
    },
    async check(name, look, remedy) {
      const finding = await find(look, remedy ?? null);
      const check = {
        connection,
        name,
        ok: finding.ok,
        detail: finding.detail,
        remedy: finding.ok === true ? null : finding.remedy,
      };
      checks.push(check);
      onCheck?.(check);
    },
  };
}

/** Something that is right. */
export function right(detail: string): Finding {
  return { ok: true, detail, remedy: null };
}
/** Something that has to be mended. */
export function wrong(detail: string, remedy: string): Finding {
  return { ok: false, detail, remedy };
}
/** Something to know, or that could not be told. */
export function warn(detail: string, remedy: string | null): Finding {
  return { ok: null, detail, remedy };
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
  const detail =
    seconds === 0 ? "no difference" : `this machine is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead" : "behind"}`;
  const remedy = "Set this machine's clock by NTP.";
  if (Math.abs(seconds) >= clockFailSeconds) return wrong(detail, remedy);
  return Math.abs(seconds) > clockWarnSeconds ? warn(detail, remedy) : right(detail);
}

function describe(error: unknown): string {
  if (!isServiceError(error)) return errorMessage(error);
  if (error.kind === "unavailable") return `cannot be reached: ${errorMessage(error)}`;
  if (error.kind === "unauthorized") return `refuses the credentials: ${errorMessage(error)}`;
  return errorMessage(error);
}

/** `10 MiB`, `512 KiB`, `7 B`. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1024 ** 2) return `${Math.round((bytes / 1024 ** 2) * 10) / 10} MiB`;
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} KiB` : `${bytes} B`;
}
