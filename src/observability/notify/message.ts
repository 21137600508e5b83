/**
 * From alarms to a message that each format can carry: a title, lines with ids and links, the way to the page. Everything that comes from
 * outside (case ids, issue keys, reasons of other releases) is reduced to the characters of ids, so that no markup can hide in it.
 */
import {
  type Alarm,
  type AlarmCause,
  type AlarmItem,
  type AlarmKey,
  alarmCodes,
  type StandingAlarm,
  type Telling,
} from "../../domain/alarm.ts";
import { type NotifyLanguage, type NotifyTexts, notifyTexts } from "./texts.ts";

/** Text, with an address behind it where there is one. */
export type Piece = { readonly text: string; readonly href: string | null };

/** One line: what it says, the items that it names, and how many it does not. */
export type Line = { readonly text: string; readonly items: readonly Piece[]; readonly more: string | null };

/** An alarm as the format `json` tells it. */
export type AlarmReport = {
  readonly connection: string;
  readonly cause: AlarmCause;
  readonly code: string;
  readonly about: string | null;
  readonly since: string | null;
  readonly count: number;
  readonly items: readonly {
    readonly failure: string;
    readonly case: string | null;
    readonly issue: string | null;
    readonly url: string | null;
  }[];
};

/** What is sent, whatever the format. */
export type NotifyMessage = {
  readonly kind: "alarm" | "over" | "all_clear" | "test";
  readonly at: Date;
  /** Main language, for formats that name one. */
  readonly language: NotifyLanguage;
  /** Holds the word casebridge, so that it can be a keyword of a robot. */
  readonly title: string;
  readonly lines: readonly Line[];
  /** What is said in place of so many lines that do not fit. */
  readonly moreLines: (count: number) => string;
  /** The page; its `href` is `null` where there is no address for it. */
  readonly page: Piece;
  readonly began: readonly AlarmReport[];
  readonly ended: readonly AlarmReport[];
  readonly lasting: number;
};

/** What a message is written with. */
export type MessageSettings = {
  readonly languages: readonly [NotifyLanguage, ...NotifyLanguage[]];
  /** Address under which people reach the page, without a trailing slash. */
  readonly publicUrl: string | null;
  /** Address of an issue for people; `null` = not known. */
  readonly issueUrl: (connectionName: string, issueKey: string) => string | null;
};

const linesMax = 40;

/** How messages are written under a configuration. */
export function toMessageSettings(config: {
  readonly languages: MessageSettings["languages"];
  readonly publicUrl: string | null;
  readonly connections: readonly { readonly name: string; readonly jira: { readonly host: string } }[];
}): MessageSettings {
  const { languages, publicUrl, connections } = config;
  return {
    languages,
    publicUrl,
    issueUrl: (connectionName, issueKey) => {
      const host = connections.find(({ name }) => name === connectionName)?.jira.host;
      // A scoped token goes by Atlassian's gateway, which is no address for people.
      return host === undefined || host.includes("/ex/jira/") ? null : `${host}/browse/${issueKey}`;
    },
  };
}

/** The message of a telling; `null` = there is nothing to tell. Pure. */
export function makeMessage(telling: Telling, settings: MessageSettings, at: Date): NotifyMessage | null {
  const { fresh, grown, ended, lasting } = telling;
  const hasBegun = fresh.length + grown.length > 0;
  if (!hasBegun && ended.length === 0) return null;
  const kind = hasBegun ? "alarm" : lasting > 0 ? "over" : "all_clear";
  const titleOf = (texts: NotifyTexts): string =>
    kind === "alarm" ? texts.titleBegan(lasting) : kind === "over" ? texts.titleEnded(lasting) : texts.titleAllClear;
  const linesOf = (texts: NotifyTexts): Line[] => [
    ...fresh.map((alarm) => lineOf(alarm, texts.began[alarm.code](factsOf(alarm)), texts, settings)),
    ...grown.map((alarm) => lineOf(alarm, texts.grown(factsOf(alarm)), texts, settings)),
    ...ended.map((alarm) => plain(texts.ended[alarm.code](factsOf({ ...alarm, count: 1 })))),
  ];
  return {
    ...frame(settings, at, { kind, titleOf, linesOf }),
    began: [...fresh, ...grown].map((alarm) => reportOf(alarm, settings)),
    ended: ended.map((alarm) => reportOf(alarm, settings)),
    lasting,
  };
}

/** The message of `casebridge notify --test`. Pure. */
export function makeTestMessage(settings: MessageSettings, at: Date): NotifyMessage {
  const titleOf = (texts: NotifyTexts): string => texts.titleTest;
  const linesOf = (texts: NotifyTexts): Line[] => [plain(texts.test)];
  return { ...frame(settings, at, { kind: "test", titleOf, linesOf }), began: [], ended: [], lasting: 0 };
}

function frame(
  { languages, publicUrl }: MessageSettings,
  at: Date,
  content: {
    readonly kind: NotifyMessage["kind"];
    readonly titleOf: (texts: NotifyTexts) => string;
    readonly linesOf: (texts: NotifyTexts) => readonly Line[];
  },
): Omit<NotifyMessage, "began" | "ended" | "lasting"> {
  const catalogues = languages.map((language) => notifyTexts[language]);
  const say = (phrase: (texts: NotifyTexts) => string): string => catalogues.map(phrase).join(" · ");
  const lines = catalogues.flatMap((texts) => {
    const all = content.linesOf(texts);
    const shown = all.slice(0, Math.floor(linesMax / catalogues.length));
    return all.length === shown.length ? shown : [...shown, plain(texts.moreLines(all.length - shown.length))];
  });
  return {
    kind: content.kind,
    at,
    language: languages[0],
    title: say(content.titleOf),
    lines,
    moreLines: (count) => say((texts) => texts.moreLines(count)),
    page: { text: say((texts) => (publicUrl === null ? texts.noPage : texts.page)), href: publicUrl },
  };
}

type Counted = AlarmKey & { readonly since: Date | null; readonly count: number };

function factsOf({ connectionName, about, since, count }: Counted) {
  return {
    connection: safeId(connectionName),
    about: safeId(about),
    since: since === null ? null : `${since.toISOString().slice(0, 16).replace("T", " ")} UTC`,
    count,
  };
}

function lineOf(alarm: Alarm, text: string, texts: NotifyTexts, settings: MessageSettings): Line {
  const items = alarm.items.map((item) => ({
    text: nameOf(item, texts),
    href: item.issueKey === null ? null : settings.issueUrl(alarm.connectionName, safeId(item.issueKey)),
  }));
  const left = alarm.count - items.length;
  return { text, items, more: items.length > 0 && left > 0 ? texts.moreItems(left) : null };
}

function nameOf({ failureId, caseId, issueKey }: AlarmItem, texts: NotifyTexts): string {
  if (issueKey !== null && caseId !== null) return texts.pair(safeId(issueKey), safeId(caseId));
  if (issueKey !== null) return safeId(issueKey);
  return caseId === null ? texts.oneFailure(safeId(failureId)) : texts.oneCase(safeId(caseId));
}

function plain(text: string): Line {
  return { text, items: [], more: null };
}

function reportOf(alarm: Alarm | StandingAlarm, settings: MessageSettings): AlarmReport {
  const items = "items" in alarm ? alarm.items : [];
  return {
    connection: safeId(alarm.connectionName),
    cause: alarmCodes[alarm.code],
    code: alarm.code,
    about: alarm.about === "" ? null : safeId(alarm.about),
    since: alarm.since?.toISOString() ?? null,
    count: "count" in alarm ? alarm.count : 0,
    items: items.map(({ failureId, caseId, issueKey }) => ({
      failure: safeId(failureId),
      case: caseId === null ? null : safeId(caseId),
      issue: issueKey === null ? null : safeId(issueKey),
      url: issueKey === null ? null : settings.issueUrl(alarm.connectionName, safeId(issueKey)),
    })),
  };
}

const idCharsMax = 64;

/** What of a text can be part of an id. */
function safeId(text: string): string {
  return text.slice(0, idCharsMax).replace(/[^\w.:-]/g, "?");
}
