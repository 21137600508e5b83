/** Processor time, so that a line that misses its bound can tell whether the cores were used up. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import type { WorkerProcess } from "../test/support/harness.ts";

/** Ticks of a second in /proc, on every Linux (USER_HZ). */
const ticksPerSecond = 100;

/** Starts to measure. What it answers says, for a note, what the workers and the whole machine took since. Linux only. */
export function startProcessorMeter(workers: readonly WorkerProcess[]): () => string {
  const startedAt = performance.now();
  const before = { workers: workerSeconds(workers), busy: busySeconds() };
  return () => {
    const had = ((performance.now() - startedAt) / 1000) * cpus().length;
    const own = workerSeconds(workers) - before.workers;
    const all = busySeconds() - before.busy;
    const who = workers.length === 1 ? "The worker" : `The ${workers.length} workers`;
    return `${who} took ${own.toFixed(1)} s of processor; all processes, the simulators and PostgreSQL among them, ${all.toFixed(1)} s of the ${had.toFixed(1)} s that ${cpus().length} cores had.`;
  };
}

function workerSeconds(workers: readonly WorkerProcess[]): number {
  const ticks = workers.map(({ child }) => {
    // After the name, which may hold anything: state is field 3, user and system time are 14 and 15 (proc_pid_stat(5)).
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, value) => sum + value, 0) / ticksPerSecond;
}

function busySeconds(): number {
  const busyMs = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq);
  return busyMs.reduce((sum, value) => sum + value, 0) / 1000;
}
