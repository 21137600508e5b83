/**
 * - `unreachable_folder`: the user that the server runs as cannot enter a folder.
 * - `owner`: the cluster belongs to another user.
 * - `user`: started by root, and no user `postgres` exists or can be made or become.
 * - `version`: the cluster was made by another major version of PostgreSQL.
 * - `binaries`: no PostgreSQL for this platform, or it does not run here.
 * - `start_failed`: initdb or the server failed; the message ends with the end of its log.
 */
export type EmbeddedPostgresProblem = "unreachable_folder" | "owner" | "user" | "version" | "binaries" | "start_failed";

/** The embedded PostgreSQL cannot be started; `problem` says why, the message what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
  readonly problem: EmbeddedPostgresProblem;
  constructor(problem: EmbeddedPostgresProblem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.problem = problem;
  }
}
