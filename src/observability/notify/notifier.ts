/**
 * Tells people what keeps the mirror from being well, and when that is over: looks, compares with what they were told, sends one message,
 * remembers. Files, in the order in which a look uses them: `domain/alarm.ts` compares, `message.ts` writes, `messenger.ts` sends.
 *
 * The traps, and the answer to each. Four replicas see the same trouble: a lease in the database lets one of them tell it, and what was told
 * stands there, too. A hundred failures come at once: a message gathers what there is, and the next one comes a minute later. A condition
 * flickers: its end is told once it lasts. A crash between sending and remembering tells twice rather than never. An endpoint hangs or
 * refuses: the attempt ends by itself, the pause until the next one grows, and nothing else waits for it; the message is written anew each
 * time, so that what is over by then is not told.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Alarm, type AlarmCause, planTelling, type StandingAlarm, type Telling } from "../../domain/alarm.ts";
import { makeQuietWarn } from "../../lib/quiet-warn.ts";
import { type Growth, growingMs, pauseMs } from "../../lib/retry.ts";
import { errorMessage } from "../scrub.ts";
import { type MessageSettings, makeMessage, type NotifyMessage } from "./message.ts";
import { type Delivery, deliveryMaxMs } from "./messenger.ts";

/** What people were told, shared by all replicas; `store/alarms.ts` has it. */
export interface AlarmBook {
  hasten(now: Date): Promise<void>;
  claim(
    now: Date,
    leaseMs: number,
  ): Promise<{ readonly attempts: number; readonly standing: readonly StandingAlarm[] } | null>;
  recordRound(
    now: Date,
    result: {
      readonly telling: Telling;
      readonly sent: "taken" | { readonly problem: string } | null;
      readonly nextAt: Date;
    },
  ): Promise<boolean>;
}

/** What a notifier works with. */
export type NotifierDeps = {
  readonly book: AlarmBook;
  /** The conditions of this moment, of all connections. */
  readonly readAlarms: () => Promise<readonly Alarm[]>;
  /** Sends a message once; never rejects. `attempts`: how many have failed before it. */
  readonly deliver: (message: NotifyMessage, attempts: number) => Promise<Delivery>;
  readonly causes: readonly AlarmCause[];
  readonly settings: MessageSettings;
  readonly clock: { now(): Date };
  readonly random: () => number;
  readonly log: {
    info(facts: Record<string, unknown>, message: string): void;
    warn(facts: Record<string, unknown>, message: string): void;
  };
  readonly onDelivery: (isAccepted: boolean) => void;
};

/** A running notifier. `stop` ends it; a round under way is waited for, for 2 s at most. */
export type Notifier = { stop(): Promise<void> };

const stopMs = 2_000;
const roundMs = 15_000;
const messageGapMs = 60_000;
/** A condition that was over for so long has ended. */
const goneMs = 120_000;
const leaseMs = 3 * deliveryMaxMs;
const retryGrowth: Growth = { firstMs: messageGapMs, factor: 2, maxMs: 1_800_000, jitter: [1, 1.2] };

/** Works at once and from then on every 15 s. What fails is logged, and the next round finds everything where it was. */
export function startNotifier(deps: NotifierDeps): Notifier {
  const warn = makeQuietWarn(deps.log);
  let running: Promise<void> | null = null;
  const tell = (): void => {
    running ??= notifyOnce(deps)
      .then(() => {})
      .catch((error: unknown) =>
        warn({ error: errorMessage(error) }, "Nobody could be notified: the state cannot be read"),
      )
      .finally(() => {
        running = null;
      });
  };
  const first = deps.book.hasten(deps.clock.now()).catch(() => {});
  void first.then(tell);
  const timer = setInterval(tell, roundMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await first;
      await Promise.race([running, sleep(stopMs, undefined, { ref: false })]);
    },
  };
}

/** One round: `idle` = it is not our turn, `nothing` = there was nothing to tell. Throws what the database throws; may be repeated. */
export async function notifyOnce(deps: NotifierDeps): Promise<"idle" | "nothing" | "told" | "failed"> {
  const { book, clock } = deps;
  const leased = await book.claim(clock.now(), leaseMs);
  if (leased === null) return "idle";
  const now = clock.now();
  const telling = planTelling({
    standing: leased.standing,
    current: await deps.readAlarms(),
    causes: deps.causes,
    now,
    goneMs: goneMs,
  });
  const message = makeMessage(telling, deps.settings, now);
  if (message === null) {
    await book.recordRound(now, { telling, sent: null, nextAt: later(now, roundMs) });
    return "nothing";
  }
  const delivery = await deps.deliver(message, leased.attempts);
  deps.onDelivery(delivery.isAccepted);
  const facts = { began: message.began.length, ended: message.ended.length };
  if (delivery.isAccepted) {
    deps.log.info(facts, "People were notified");
    await book.recordRound(now, { telling, sent: "taken", nextAt: later(clock.now(), messageGapMs) });
    return "told";
  }
  const { problem } = delivery;
  const waitMs = pauseMs(growingMs(retryGrowth, leased.attempts + 1, deps.random()), delivery.waitMs);
  deps.log.warn({ ...facts, problem, waitSeconds: Math.round(waitMs / 1000) }, "A notification was not taken");
  await book.recordRound(now, { telling, sent: { problem }, nextAt: later(clock.now(), waitMs) });
  return "failed";
}

function later(from: Date, ms: number): Date {
  return new Date(from.getTime() + ms);
}
