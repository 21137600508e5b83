/** The process that a program runs in: streams, questions, exit code; and how a failure is printed there. */
import { createInterface } from "node:readline/promises";
import { describeError } from "../../observability/scrub.ts";
import { ExitCode, type FailureFacts } from "./exit-code.ts";
import { usage } from "./options.ts";
import { type OutputStream, renderBlocks, renderJson, styleOf, writeOut } from "./output.ts";

/** What a program may touch of its process. */
export type CliIo = {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Read for NO_COLOR, TERM and LOG_LEVEL. */
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Asks a person and answers what was typed; `null` where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
  setExitCode(code: ExitCode): void;
};

/** The streams, terminal and exit code of a process. A reader that goes away early (`| head`) is no failure. */
export function makeProcessIo(own: NodeJS.Process): CliIo {
  const { stdin, stdout, stderr } = own;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  async function ask(question: string): Promise<string> {
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  }
  return {
    stdout,
    stderr,
    env: own.env,
    now: () => new Date(),
    ask: stdin.isTTY === true && stderr.isTTY === true ? ask : null,
    setExitCode: (code) => {
      own.exitCode = code;
    },
  };
}

/** Makes `CommandContext.confirm` for one run. */
export function makeConfirm({ io, json, yes }: { readonly io: CliIo; readonly json: boolean; readonly yes: boolean }) {
  return async (question: string): Promise<boolean> => {
    if (yes) return true;
    if (json || io.ask === null)
      throw usage(`${question} Nobody can be asked here.`, "Add --yes if that is what you want.");
    return /^\s*y(es)?\s*$/i.test(await io.ask(`${question} [y/N] `));
  };
}

type FailureOutput = {
  readonly failure: FailureFacts;
  readonly error: unknown;
  readonly io: CliIo;
  readonly json: boolean;
};

/** Prints a failure: to stderr for people, with `json` also to stdout as one document. At debug level also where it happened. */
export async function printFailure({ failure, error, io, json }: FailureOutput): Promise<void> {
  const { code, message, remedy } = failure;
  if (json) await writeOut(io.stdout, renderJson({ error: { code, message, remedy } }));
  const wantsFrames = ["debug", "trace"].includes(io.env.LOG_LEVEL ?? "") && code === ExitCode.failed;
  const lines = [
    `casebridge: ${message}`,
    ...(remedy === null ? [] : [`→ ${remedy}`]),
    ...(wantsFrames ? [renderJson(describeError(error)).trimEnd()] : []),
  ];
  const style = styleOf(io.stderr, io.env);
  await writeOut(io.stderr, renderBlocks([{ kind: "text", text: lines.join("\n") }], style));
}
