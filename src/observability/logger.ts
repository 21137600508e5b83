/** The process's logger: pino behind a narrow face, so that nothing is written before it has been scrubbed. */
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import { type DestinationStream, destination, type Logger as PinoLogger, pino } from "pino";
import type PinoPretty from "pino-pretty";
import { scrubFields } from "./scrub.ts";

/** From everything to nothing; the configuration's `LogLevel`. */
export type LogLevelName = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Constant message, facts in fields. Satisfies `Log` of the flows' ports; an error goes under the name `error` or `err`. */
export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
  /** The same logger with `fields` on each line. */
  child(fields: Record<string, unknown>): Logger;
}

/** How and where to log. */
export type LoggerInput = {
  readonly level: LogLevelName;
  /** Coloured lines for people; for a terminal. Otherwise one JSON document per line. */
  readonly pretty: boolean;
  /** `stdout` for the worker; commands log to `stderr`, since their result goes to stdout. Default `stdout`. */
  readonly output?: "stdout" | "stderr" | { write(line: string): unknown };
  /** With `pretty` only. Default true; false where NO_COLOR is set. */
  readonly colour?: boolean;
};

/**
 * Makes a logger that writes at once (a crash loses no line). Fields are scrubbed by name and bounded, errors shown without
 * contents: see `scrubFields` and `describeError`. The message must be a constant.
 */
export function makeLogger({ level, pretty, output = "stdout", colour = true }: LoggerInput): Logger {
  const fd = output === "stderr" ? 2 : 1;
  const plain: DestinationStream =
    typeof output === "object" ? { write: (line) => void output.write(line) } : destination({ fd, sync: true });
  const stream = pretty
    ? loadPretty()({
        colorize: colour,
        ignore: "pid,hostname",
        translateTime: "SYS:HH:MM:ss.l",
        singleLine: true,
        destination: typeof output === "object" ? toWritable(output) : fd,
        sync: true,
      })
    : plain;
  return wrap(
    pino(
      {
        level,
        timestamp: () => `,"time":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    ),
  );
}

/** Only terminals need it, and a worker is seldom at one: it is a megabyte of code. */
const loadPretty = (): typeof PinoPretty => createRequire(import.meta.url)("pino-pretty");

/** A logger that writes nothing, for tests and one-off tools. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

function wrap(inner: PinoLogger): Logger {
  const write =
    (level: "debug" | "info" | "warn" | "error") =>
    (fields: Record<string, unknown>, message: string): void => {
      if (inner.isLevelEnabled(level)) inner[level](withoutReserved(scrubFields(fields)), message);
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => wrap(inner.child(withoutReserved(scrubFields(fields)))),
  };
}

/** Fields named as pino's own would give one JSON document two keys of the same name. */
function withoutReserved(fields: Record<string, unknown>): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    renamed[["level", "time", "pid", "hostname", "msg"].includes(name) ? `${name}_` : name] = value;
  }
  return renamed;
}

function toWritable(output: { write(line: string): unknown }): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      output.write(chunk.toString("utf8"));
      done();
    },
  });
}
