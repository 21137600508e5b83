/** What a command's end means to whoever called it (rule 12), and the errors that decide it. */
import { isServiceError, type ServiceError } from "../../domain/service-error.ts";
import { errorMessage } from "../../observability/scrub.ts";

/** Exit codes of all commands. */
export const ExitCode = {
  /** Done. */
  done: 0,
  /** Unexpected failure. */
  failed: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Finished, but something is out of sync, failed or has to be mended. */
  outOfSync: 3,
  /** A service cannot be reached or refuses the credentials. */
  unreachable: 4,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What is told about a command that failed. */
export type FailureFacts = {
  readonly code: ExitCode;
  /** What went wrong, for people; several lines are allowed. */
  readonly message: string;
  /** What to do about it: a sentence; `null` where nothing useful can be said. */
  readonly remedy: string | null;
};

/** Ends a command with a code, a message and a remedy. Thrown by commands; its texts hold neither secrets nor contents. */
export class CommandFailure extends Error {
  readonly code: ExitCode;
  readonly remedy: string | null;

  constructor({ code, message, remedy }: FailureFacts, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandFailure";
    this.code = code;
    this.remedy = remedy;
  }
}

/**
 * Code, message and remedy of anything that a command can throw. A `ServiceError` of kind unavailable or unauthorized is code 4;
 * a configuration error (an error named `ConfigError`, or the plain objects of `loadConfig`, alone or in a list) and an error that
 * brings its `remedy` along are 2; all else 1.
 */
export function toFailure(error: unknown): FailureFacts {
  if (error instanceof CommandFailure) return { code: error.code, message: error.message, remedy: error.remedy };
  if (isServiceError(error)) {
    const refused = isServiceError(error, "unavailable", "unauthorized");
    return {
      code: refused ? ExitCode.unreachable : ExitCode.failed,
      message: errorMessage(error),
      remedy: serviceRemedy(error),
    };
  }
  const mistakes = (Array.isArray(error) ? error : [error]).filter(isConfigMistake);
  if (mistakes.length > 0 && (!Array.isArray(error) || mistakes.length === error.length))
    return configFailure(mistakes);
  if (error instanceof Error && error.name === "ConfigError") {
    return {
      code: ExitCode.usage,
      message: error.message,
      remedy: "Correct the configuration; docs/configuration.md describes it.",
    };
  }
  if (error instanceof Error && "remedy" in error && typeof error.remedy === "string")
    return { code: ExitCode.usage, message: error.message, remedy: error.remedy };
  if (error instanceof Error && error.name === "DatabaseUnavailable") {
    return {
      code: ExitCode.unreachable,
      message: error.message,
      remedy: "Check DATABASE_URL, and that PostgreSQL runs and can be reached from here.",
    };
  }
  if (error instanceof Error && error.name === "PostgresAddressError") {
    return {
      code: ExitCode.usage,
      message: `DATABASE_URL ${error.message}`,
      remedy: "Correct DATABASE_URL; docs/configuration.md names what it may hold.",
    };
  }
  return {
    code: ExitCode.failed,
    message: errorMessage(error),
    remedy: "Set LOG_LEVEL=debug to see where it happened.",
  };
}

/** What to do about an error of one of the services: what its code asks for, where that is known, else what its kind does. */
export function serviceRemedy(error: ServiceError): string {
  const { remedy, code } = error.facts;
  // What a service's code suggests about these two is less than what is said here; a remedy without a code is our own login's.
  const isOwn = code === null || (error.kind !== "unauthorized" && error.kind !== "unavailable");
  if (remedy !== undefined && isOwn) return remedy;
  const service = error.facts.side === "jira" ? "Jira" : "Huawei Cloud";
  switch (error.kind) {
    case "unavailable":
      return `Check the network, the proxy and the address of ${service}, and whether ${service} is up; then try again.`;
    case "unauthorized":
      return error.facts.side === "jira"
        ? "Check JIRA_EMAIL and JIRA_API_TOKEN: tokens expire after a year at most, belong to one account, and scoped ones work only with JIRA_HOST=https://api.atlassian.com/ex/jira/<cloudId>."
        : "Check HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (or user name and password), whether the key is enabled, and this machine's clock.";
    case "forbidden":
      return `Give casebridge's account in ${service} the permission, then try again.`;
    case "not_found":
      return "Check the name or id; casebridge's account may also lack the permission to see it.";
    case "rate_limited":
      return `Wait a few minutes; lower the budget if ${service} keeps saying so.`;
    case "rejected":
      return `Correct what ${service} refused; the message names it.`;
    case "contract":
      return `${service} answered in a shape that casebridge does not know: check the address, and report it with the message.`;
  }
}

type ConfigMistake = {
  readonly message: string;
  readonly remedy: string;
  readonly variable: string | null;
  readonly path: string | null;
};

function isConfigMistake(value: unknown): value is ConfigMistake {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  const { message, remedy, variable, path } = value as Partial<Record<keyof ConfigMistake, unknown>>;
  return typeof message === "string" && typeof remedy === "string" && variable !== undefined && path !== undefined;
}

function configFailure(mistakes: readonly ConfigMistake[]): FailureFacts {
  const lines = mistakes.map(({ variable, path, message, remedy }) => {
    const place = variable ?? path ?? "configuration";
    return `${place} ${message}${mistakes.length === 1 ? "" : ` → ${remedy}`}`;
  });
  return {
    code: ExitCode.usage,
    message: lines.join("\n"),
    remedy:
      mistakes.length === 1
        ? (mistakes[0]?.remedy ?? null)
        : "Correct the configuration; docs/configuration.md describes it.",
  };
}
