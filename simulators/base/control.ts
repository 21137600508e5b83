/** What every simulator's control can do: faults, outages, the request log, settings. In process, or `POST /_control/NAME`. */
import type { FaultBook, FaultRule } from "./faults.ts";
import type { Refusal, RequestLog, RequestSummary } from "./request-log.ts";

/** Makes the common functions. `settings` reads them, and lays changes over them. */
export function makeBaseControl<Settings>(parts: {
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly settings: { get(): Settings; set(changes: Partial<Settings>): void };
}) {
  const { faults, requests, settings } = parts;
  return {
    getSettings: (): Settings => settings.get(),
    /** @throws for what is no setting. */
    setSettings(changes: Partial<Settings>): Settings {
      settings.set(changes);
      return settings.get();
    },
    /** Returns the id of the fault; over HTTP it is a JSON text. */
    addFault: (rule: FaultRule): string => faults.add(rule),
    /** Removes one fault by id, or all. */
    clearFaults: (one?: { id?: string }): void => (one?.id === undefined ? faults.clear() : void faults.remove(one.id)),
    /** How often each kind of fault has struck since the start. */
    getStruckFaults: (): Readonly<Record<string, number>> => faults.struck(),
    /** While on, no request is served. Over HTTP the body is `true`, `false` or `{"on":true}`. */
    setOutage: (on: boolean | { on: boolean }): void => faults.setOutage(typeof on === "boolean" ? on : on.on),
    getRequests: (): RequestSummary => requests.summary(),
    resetRequests: (): void => requests.resetRequests(),
    /** Requests that no document describes; empty for a well-behaved client. */
    getRefusals: (): readonly Refusal[] => requests.refusals(),
  };
}
