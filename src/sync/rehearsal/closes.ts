/** The breaker of closes and cancels in a rehearsal: it counts the wishes of the store and its own. */
import {
  admitWish,
  closesCursor,
  parseCloses,
  releasedCloses,
  trippedCloses,
  wishesSpanMs,
} from "../../domain/closes-breaker.ts";
import type { ClosesBreaker } from "../state.ts";
import type { Memory } from "./memory.ts";

/** A close or cancel that a run of the rehearsal has noted. */
type Wish = { readonly connectionName: string; readonly at: Date };

/** Methods keep the promises of `ClosesBreaker`. */
export class RehearsedCloses implements ClosesBreaker {
  readonly #memory: Memory;
  readonly #wishes: Wish[] = [];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Notes a wish of a run. */
  note(wish: Wish): void {
    this.#wishes.push(wish);
  }

  admitClose(name: string, notedAt: Date | null): Promise<"now" | "held" | "later"> {
    return admitWish(
      {
        findCursor: (cursor) => this.#memory.findCursor(name, cursor),
        countWishes: (since) => this.countCloseWishes(name, since),
        trip: () => this.#hold(name),
      },
      { notedAt, at: this.#memory.clock.now() },
    );
  }

  async countCloseWishes(connectionName: string, since: Date): Promise<number> {
    const here = this.#wishes.filter((wish) => wish.connectionName === connectionName && wish.at > since);
    return here.length + (await this.#memory.base.countCloseWishes(connectionName, since));
  }

  async wakeCountedWishes(
    name: string,
    { since, until }: { readonly since: Date | null; readonly until: Date },
  ): Promise<void> {
    if ((await this.#breaker(name)).isTripped) return;
    const from = new Date((since ?? until).getTime() - wishesSpanMs);
    const waiting = [...this.#memory.links.values()].filter(
      ({ link, mirrors }) =>
        link.connectionName === name &&
        mirrors.some(
          ({ kind, state, updatedAt }) => kind === "move" && state === "held" && updatedAt >= from && updatedAt < until,
        ),
    );
    await this.#memory.wake(
      waiting.map(({ link }) => ({ linkId: link.id, huawei: true, jira: true, lane: "live" }) as const),
    );
  }

  async releaseCloses(name: string): Promise<void> {
    if (!(await this.#breaker(name)).isTripped) return;
    await this.#memory.saveCursor(name, closesCursor, releasedCloses(this.#memory.clock.now()));
    this.#memory.setBreaker(name, "many_closes", null);
  }

  async holdCloses(name: string): Promise<void> {
    const { releasedMs } = await this.#breaker(name);
    if (this.#memory.clock.now().getTime() - releasedMs > wishesSpanMs) await this.#hold(name);
  }

  async #breaker(name: string): Promise<ReturnType<typeof parseCloses>> {
    return parseCloses(await this.#memory.findCursor(name, closesCursor));
  }

  async #hold(name: string): Promise<void> {
    if ((await this.#breaker(name)).isTripped) return;
    await this.#memory.saveCursor(name, closesCursor, trippedCloses(this.#memory.clock.now()));
    await this.#memory.recordConnectionFailure(name, "many_closes");
  }
}
