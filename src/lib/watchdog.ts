/**
 * Ends the process when its event loop stands still. A loop that never ends, in our code or a library's, lets no timer, socket or signal
 * through: `/healthz` hangs, SIGTERM is never heard, leases and locks run out, and the process looks alive. Somebody else must tell, and
 * whoever runs the service starts it anew. A thread could, for 10 MB of memory; a shell takes one. Where there is none, nobody watches.
 */
import { spawn } from "node:child_process";

/** A running watch; it ends with the process. */
export type Watchdog = {
  /** However far it has got, the process is ended after so long. */
  endWithin(seconds: number): void;
};

const checksMax = 5;

/**
 * $1: the process, $2: seconds between looks, $3: looks. Each line on the standard input begins the looks anew; `end S` ends after S
 * seconds; its end says that the process is gone. A look at a process that somebody has stopped (SIGSTOP) begins anew as well: it only
 * stands still until it is continued. Numbers of processes are used again, so nothing is killed once this shell is gone.
 */
const script = `
trap "" TERM INT HUP
exec 3>&2 2>/dev/null
kill_it() {
  kill -0 $$ || exit
  # Whoever reads the line may be what holds the process up, so nobody waits for it.
  printf '{"level":"fatal","time":"%s","pid":%s,"msg":"%s"}\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" >&3 &
  kill -KILL "$1"
  exit
}
look() {
  looks=0
  while [ $looks -lt "$3" ]; do
    sleep "$2" 3>&-
    looks=$((looks + 1))
    case "$(sed 's/.*) //' "/proc/$1/stat" || ps -o state= -p "$1")" in [Tt]*) looks=0 ;; esac
  done
  kill_it "$1" "The event loop stood still; the process was ended so that it can be started anew"
}
watch= end=
while read -r word seconds; do
  [ -z "$watch" ] || kill -KILL $watch
  look "$@" & watch=$!
  [ "$word" = end ] || continue
  { sleep "$seconds" 3>&-; kill_it "$1" "The process did not stop in time and was ended"; } & end=$!
done
kill -KILL $watch $end
`;

/** Starts to watch this process: it is killed (SIGKILL, with a line on stderr) after `stillSeconds` without a turn of its event loop. */
export function startWatchdog({ stillSeconds }: { readonly stillSeconds: number }): Watchdog {
  const checkSeconds = stillSeconds / checksMax;
  const args = [process.pid, checkSeconds, checksMax].map(String);
  const child = spawn("/bin/sh", ["-c", script, "watchdog", ...args], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
    cwd: "/",
  });
  const { stdin } = child;
  child.on("error", () => {});
  stdin.on("error", () => {});
  child.unref();
  if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  const tell = (line: string): void => {
    if (stdin.writable) stdin.write(`${line}\n`);
  };
  tell("turn");
  setInterval(tell, checkSeconds * 1000, "turn").unref();
  return { endWithin: (seconds) => tell(`end ${seconds}`) };
}
