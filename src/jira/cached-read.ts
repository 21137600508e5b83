/** Readings that are remembered. */
import type { CallContext } from "./transport.ts";

/** A reading that is made once, until it is forgotten. A failed one is made again by the next caller. */
export type CachedRead<Value> = { (call: CallContext): Promise<Value>; forget(): void };

/** Remembers what `read` answers; those who ask meanwhile share one reading. */
export function once<Value>(read: (call: CallContext) => Promise<Value>): CachedRead<Value> {
  let known: Promise<Value> | null = null;
  const forget = () => {
    known = null;
  };
  return Object.assign(
    (call: CallContext): Promise<Value> => {
      if (known !== null) return known;
      const reading = read(call);
      known = reading;
      reading.catch(() => {
        if (known === reading) known = null;
      });
      return reading;
    },
    { forget },
  );
}

/** The same call as a reading, whatever it is made for. */
export function asRead(call: CallContext): CallContext {
  return { operation: call.operation, lane: call.lane, effect: "read" };
}
