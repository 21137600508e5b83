/** What stands behind the commands: one function each, with options that are parsed and agree with one another. */
import type { ExitCode } from "./exit-code.ts";
import type { Progress, Renderable } from "./output.ts";

/** The end of a command that finished. `json` is printed with `--json`, `human` without. */
export type CommandResult = { readonly exitCode: ExitCode; readonly human: Renderable; readonly json: unknown };

/** What a running command may use besides its options. */
export type CommandContext = {
  /** With `--json` stdout belongs to the result: log to stderr, print nothing. */
  readonly json: boolean;
  readonly progress: Progress;
  /**
   * Asks a person a yes-or-no question on the terminal. Where nobody can answer (no terminal, or `--json`) it throws a
   * `CommandFailure` of code 2 that names `--yes`; with `--yes` it answers true without asking.
   */
  confirm(question: string): Promise<boolean>;
};

/** One command. Errors are thrown: see `toFailure` for their codes. */
export type Action<Options> = (options: Options, context: CommandContext) => Promise<CommandResult>;

/** One connection by name, or all of them. */
export type ConnectionOption = { readonly connection: string | null };

/** Which links a command is about. */
export type LinkTarget =
  | { readonly kind: "case"; readonly caseId: string }
  | { readonly kind: "issue"; readonly issueKey: string };

/** Options of `resync`. */
export type ResyncOptions = ConnectionOption & {
  readonly target: LinkTarget | { readonly kind: "since"; readonly since: Date } | { readonly kind: "all" };
  readonly dryRun: boolean;
  /** Only with a dry run: what each write says is shown, after the guard. */
  readonly texts: boolean;
  /** Only with a dry run: a draft of the configuration file, whose writes are compared with those of today's; `null` = none. */
  readonly config: string | null;
  readonly wait: boolean;
  /** Only with an issue: also comments from before it was linked, shown and confirmed first. */
  readonly includeHistory: boolean;
  /** Only with one case or issue: makes a deleted issue again. */
  readonly recreate: boolean;
  /** Rewrites copies that differ only in rendering. */
  readonly rerender: boolean;
};

/** Options of `verify`. */
export type VerifyOptions = ConnectionOption & {
  readonly target: LinkTarget | { readonly kind: "all" };
  readonly deep: boolean;
};

/** Options of `links list`. */
export type ListLinksOptions = ConnectionOption & {
  readonly state: string | null;
  readonly search: string | null;
  readonly limit: number;
};

/** One case that is linked. */
export type CaseOption = ConnectionOption & { readonly caseId: string };

/** Options of `links link`. */
export type LinkOptions = CaseOption & { readonly issueKey: string; readonly takeOver: boolean };

/** Options of `failures list`. */
export type ListFailuresOptions = ConnectionOption & { readonly reason: string | null; readonly limit: number };

/** Options of `audit`. `link`: a case id, an issue key or `link:<id>`; `since` null = all that is kept. */
export type AuditOptions = { readonly since: Date | null; readonly link: string | null; readonly limit: number };

/** Which failures to act on: by id, all of one reason, or all. */
export type FailureSelection = ConnectionOption & {
  readonly selection:
    | { readonly kind: "ids"; readonly ids: readonly string[] }
    | { readonly kind: "reason"; readonly reason: string }
    | { readonly kind: "all" };
};

/** Options of `pause` and `resume`. `direction` null = both. */
export type PauseOptions = ConnectionOption & { readonly direction: "to-jira" | "to-huawei" | null };

/** Options of `rebuild`. `takeOver`: false = ask; true = the marks of whatever installation; a text = of that one only. */
export type RebuildOptions = ConnectionOption & { readonly dryRun: boolean; readonly takeOver: boolean | string };

/** What `lookups` can list. */
export const lookupKinds = [
  "regions",
  "categories",
  "problem-types",
  "templates",
  "severities",
  "labels",
  "quotas",
  "extra-parameters",
  "projects",
  "account",
] as const;
/** One of the look-ups. */
export type LookupKind = (typeof lookupKinds)[number];

/** Options of `lookups`. `kind` null = all that the given ids suffice for. The ids narrow those look-ups that depend on them. */
export type LookupOptions = ConnectionOption & {
  readonly kind: LookupKind | null;
  readonly subTypeId: string | null;
  readonly productId: string | null;
  readonly problemTypeId: string | null;
};

/** The implementations. A command whose function is left out is not part of the program. */
export type CliActions = {
  readonly worker?: Action<Record<never, never>>;
  readonly migrate?: Action<Record<never, never>>;
  readonly doctor?: Action<ConnectionOption>;
  readonly resync?: Action<ResyncOptions>;
  readonly verify?: Action<VerifyOptions>;
  readonly status?: Action<ConnectionOption>;
  readonly audit?: Action<AuditOptions>;
  readonly linksList?: Action<ListLinksOptions>;
  readonly linksShow?: Action<CaseOption>;
  readonly linksLink?: Action<LinkOptions>;
  readonly linksUnlink?: Action<CaseOption>;
  /** `issueKey` null = where the issue lives now. */
  readonly linksMove?: Action<CaseOption & { readonly issueKey: string | null }>;
  readonly failuresList?: Action<ListFailuresOptions>;
  readonly failuresShow?: Action<{ readonly id: string }>;
  readonly failuresRetry?: Action<FailureSelection>;
  readonly failuresDiscard?: Action<FailureSelection>;
  readonly pause?: Action<PauseOptions>;
  readonly resume?: Action<PauseOptions>;
  readonly rebuild?: Action<RebuildOptions>;
  /** `output` null = stdout; then `human` must be empty and the lines are written by the action. */
  readonly export?: Action<{ readonly output: string | null }>;
  /** `input` `-` = stdin. */
  readonly import?: Action<{ readonly input: string; readonly dryRun: boolean }>;
  readonly lookups?: Action<LookupOptions>;
  readonly demo?: Action<{ readonly once: boolean; readonly port: number | null }>;
  readonly simulate?: Action<{ readonly side: "huawei" | "jira"; readonly port: number | null }>;
};
