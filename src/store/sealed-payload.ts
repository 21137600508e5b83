/**
 * Texts of unconfirmed writes at rest (docs/configuration.md `DATA_KEY`): what an intent froze is sealed before it reaches the database, so that
 * write-ahead logs, backups and exports hold none. Only what the flows need to recognise a copy stays readable; whatever is added to a
 * payload later is sealed without further doing.
 */
import type { Seal } from "../lib/seal.ts";
import type { NewIntentRow, StoredPayload as Payload, StepRows } from "./intent-codec.ts";

/** What a sealed payload belongs to: an intent of a link. */
export function intentPlace(linkId: string, key: string): string {
  return `intent ${linkId} ${key}`;
}

/** Ids, hashes, times, sizes, places of parts, kinds of actions, and rows that are stored as they are; no texts, no names. */
const clearNames: ReadonlySet<string> = new Set([
  "owner",
  "mark",
  "sourceFingerprint",
  "index",
  "version",
  "repeated",
  "fileIds",
  "fileId",
  "parentId",
  "sha256",
  "sizeBytes",
  "action",
  "trace",
  "authorId",
  "asked",
  "since",
  "mirrors",
  "failures",
  "notes",
  "hasRest",
]);

/** What is stored of a payload; without a seal the payload itself. `place` names link and intent. */
export function sealPayload(seal: Seal | null, place: string, payload: Payload): Payload {
  const secret = Object.entries(payload).filter(([name]) => !clearNames.has(name));
  if (seal === null || secret.length === 0) return payload;
  return {
    ...clearMembers(payload),
    // What is owed once the write is known: by these it can be told when the texts cannot be opened.
    ...(isIntents(payload.intents) ? { owed: payload.intents.map(withoutTexts) } : {}),
    sealed: seal.seal(JSON.stringify(Object.fromEntries(secret)), place),
  };
}

/**
 * The payload as it was, or what stays readable of it with `unreadable: true`, when the key is not the one that sealed it; then what the
 * write owes to follow is unreadable in the same way.
 */
export function openPayload(seal: Seal | null, place: string, stored: Payload): Payload {
  const { sealed, owed, ...clear } = stored;
  if (typeof sealed !== "string") return stored;
  const text = seal?.open(sealed, place) ?? null;
  if (text !== null) return { ...clear, ...(JSON.parse(text) as Payload) };
  return { ...clear, ...(isIntents(owed) ? { intents: owed } : {}), unreadable: true };
}

function clearMembers(payload: Payload): Payload {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => clearNames.has(name)));
}

function withoutTexts(intent: NewIntentRow): NewIntentRow {
  return { ...intent, payload: { ...clearMembers(intent.payload), unreadable: true } };
}

function isIntents(value: unknown): value is readonly NewIntentRow[] {
  return Array.isArray(value);
}

/** A step as it is stored: with its payloads sealed. */
export function sealStep(seal: Seal | null, linkId: string, step: StepRows): StepRows {
  if (seal === null || step.intents === undefined) return step;
  const intents = step.intents.map((intent) => {
    const payload = sealPayload(seal, intentPlace(linkId, intent.key), intent.payload);
    return { ...intent, payload };
  });
  return { ...step, intents };
}
