/**
 * What polls have named and no reading has shown yet, as it waits on a link in one list of texts: messages by their fingerprint, and after
 * `~` how often a reading lacked them; requests for access by their id. A message may show in the poll before it shows in the case (rule 2,
 * settle time). The texts stand in the database, so their spelling never changes; it is written and read here alone.
 */
import type { CaseMessage } from "../case.ts";
import { knownFingerprints } from "../message-views.ts";

const accessStart = "access:";

/** The name of a request for access. Pure. */
export function accessName(authorizationId: string): string {
  return `${accessStart}${authorizationId}`;
}

/** Whether a name is that of a request for access, and not of a message. Pure. */
export function isAccessName(name: string): boolean {
  return name.startsWith(accessStart);
}

/** The message that a name is of; `null` for a request for access. Pure. */
export function parseMessageName(name: string): { readonly fingerprint: string; readonly readings: number } | null {
  if (isAccessName(name)) return null;
  const [fingerprint = "", readings] = name.split("~");
  return { fingerprint, readings: Number(readings ?? 0) };
}

/**
 * The named messages that a complete reading still lacks, each with one reading more, and after how many seconds to read again. After three
 * readings a name is given up: the message was withdrawn, or the next full check finds it. Pure.
 */
export function stillNamed(
  names: readonly string[],
  messages: readonly CaseMessage[],
  settleSeconds: number,
): { readonly names: readonly string[]; readonly againSeconds: number | null } {
  const present = new Set(messages.flatMap(knownFingerprints));
  const readings = new Map<string, number>();
  for (const named of names.map(parseMessageName)) {
    if (named === null || present.has(named.fingerprint)) continue;
    readings.set(named.fingerprint, Math.max(readings.get(named.fingerprint) ?? 0, named.readings));
  }
  const pauses = [2, 15, settleSeconds];
  const missing = [...readings].filter(([, count]) => count < pauses.length);
  const waits = missing.map(([, count]) => Math.min(pauses[count] ?? settleSeconds, settleSeconds));
  return {
    names: missing.map(([fingerprint, count]) => `${fingerprint}~${count + 1}`),
    againSeconds: waits.length === 0 ? null : Math.min(...waits),
  };
}
