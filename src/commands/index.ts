/** All commands, in the order of the help. A command's file, and what it needs, is loaded only when the command line names it. */
import type { CommandTable } from "./cli/command.ts";

/** The table. */
export const commands: CommandTable = [
  {
    name: "worker",
    description: "run the service until it is told to stop",
    load: () => import("./worker.ts"),
  },
  {
    name: "migrate",
    description: "bring the database schema up to date",
    load: () => import("./migrate.ts"),
  },
  {
    name: "doctor",
    description: "check credentials, permissions, mapping, limits and clocks, and say what to mend",
    load: () => import("./doctor.ts"),
  },
  {
    name: "status",
    description: "connections, links by state, queues, lag, budgets and last runs",
    load: () => import("./status.ts"),
  },
  {
    name: "pause",
    description: "stop mirroring without losing anything",
    load: () => import("./pause.ts"),
  },
  {
    name: "resume",
    description: "start mirroring again",
    load: () => import("./resume.ts"),
  },
  {
    name: "resync",
    description: "read both sides afresh and repair what differs",
    load: () => import("./resync.ts"),
  },
  {
    name: "verify",
    description: "compare both sides item by item and print the drift; write nothing",
    load: () => import("./verify.ts"),
  },
  {
    name: "rebuild",
    description: "rebuild the mapping from the marks on both sides after the database was lost",
    load: () => import("./rebuild.ts"),
  },
  {
    name: "links",
    description: "look at, adopt, end or re-home a pairing by hand",
    commands: [
      { name: "list", description: "list pairings", load: () => import("./links/list.ts") },
      {
        name: "show",
        description: "show one pairing with its items",
        arguments: "<case>",
        load: () => import("./links/show.ts"),
      },
      {
        name: "link",
        description: "pair a case with an issue that exists",
        arguments: "<case> <issue>",
        load: () => import("./links/link.ts"),
      },
      {
        name: "unlink",
        description: "end a pairing; both sides stay as they are and are never paired again by themselves",
        arguments: "<case>",
        load: () => import("./links/unlink.ts"),
      },
      {
        name: "move",
        description: "go on with a pairing whose issue was moved to another project",
        arguments: "<case>",
        load: () => import("./links/move.ts"),
      },
    ],
  },
  {
    name: "failures",
    description: "blocked links and dead jobs, with reason and remedy",
    commands: [
      {
        name: "list",
        description: "list what cannot be mirrored, with reason and remedy",
        load: () => import("./failures/list.ts"),
      },
      { name: "show", description: "show one failure", arguments: "<id>", load: () => import("./failures/show.ts") },
      {
        name: "retry",
        description: "try again, or let go what the text guard keeps",
        arguments: "[ids...]",
        load: () => import("./failures/retry.ts"),
      },
      {
        name: "discard",
        description: "give up on items for good; they are never mirrored",
        arguments: "[ids...]",
        load: () => import("./failures/discard.ts"),
      },
    ],
  },
  {
    name: "export",
    description: "write the mapping as JSON lines: a backup of an embedded database",
    load: () => import("./export.ts"),
  },
  {
    name: "import",
    description: "read a mapping that was exported",
    arguments: "<file>",
    load: () => import("./import.ts"),
  },
  {
    name: "notify",
    description: "send a test notification to NOTIFY_URL",
    load: () => import("./notify.ts"),
  },
  {
    name: "lookups",
    description: "list what the Huawei Cloud account knows: regions, products, problem types and so on",
    arguments: "[kind]",
    load: () => import("./lookups.ts"),
  },
  {
    name: "audit",
    description: "who did what: every act of a person, newest first",
    load: () => import("./audit.ts"),
  },
  {
    name: "demo",
    description: "run everything on this machine against simulators, with people's traffic",
    load: () => import("./demo.ts"),
  },
  {
    name: "simulate",
    description: "run one simulator alone",
    arguments: "<side>",
    load: () => import("./simulate.ts"),
  },
  {
    name: "completion",
    description: "print a script by which bash, zsh or fish completes commands and options",
    arguments: "<shell>",
    load: () => import("./completion.ts"),
  },
];
