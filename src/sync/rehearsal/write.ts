/** One write of a rehearsal: a call that would have changed a service. */
import type { Direction } from "../../domain/direction.ts";
import type { CaseId, IssueId } from "../../domain/ids.ts";

/** What a call would write, and where. Its words are for people; operation, target and text say exactly what is called. */
export type Write = {
  readonly direction: Direction;
  /** Method of the port that is called. */
  readonly operation: string;
  /** Where it goes; `null` where the call makes it, or names several. */
  readonly target: IssueId | CaseId | null;
  /** What is written about: `message 12`, `comment 501`, `file log.txt`. */
  readonly item: string;
  /** What is done, in words, without contents. */
  readonly what: string;
  /** What it says, as it leaves: after the guard, marks included; `null` where it says nothing. */
  readonly text: string | null;
};

/** Hears of each write. */
export type NoteWrite = (write: Write) => void;

/** Ids of what a rehearsal makes: numbers, as those of Jira, far beyond any that a service gives out. */
const firstMadeId = 9_000_000_000_000;

/** The id of the `count`-th thing that a rehearsal makes. */
export function makeId(count: number): string {
  return String(firstMadeId + count);
}

/** Whether a rehearsal made what has this id: nobody else can look it up. */
export function isMadeHere(id: string): boolean {
  return /^9\d{12}$/.test(id);
}

/** The members of a port that go through as they are: a member that a port gains later does not compile until somebody says what it does here. */
export function passOn<Port extends object, const Names extends readonly (keyof Port)[]>(
  port: Port,
  names: Names,
): Pick<Port, Names[number]> {
  return Object.fromEntries(names.map((name) => [name, port[name]])) as Pick<Port, Names[number]>;
}
