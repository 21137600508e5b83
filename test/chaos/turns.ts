/**
 * Turns: of all calls that the product makes to its ports, one runs at a time, and a chooser says whose is next.
 *
 * The problem: two workers in one process interleave as the machine pleases, so a failure could not be repeated. The answer: every
 * call of a port waits for its turn; the next turn is given only when every task stands at such a call or has ended. So the order
 * of everything the product does to the world follows from the chooser alone.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** What a turn is asked for. `worker` is whoever the task belongs to. */
export type Turn<Worker> = { readonly worker: Worker; readonly task: string; readonly call: string };

type Waiting<Worker> = Turn<Worker> & { readonly owner: Task; readonly start: () => Promise<void> };

type Task = { readonly name: string; open: number; ended: boolean; changed: () => void };

/** The turns of one world. */
export type Turns<Worker> = {
  /** Starts a flow; its port calls ask for turns. Resolves with its result; never when its worker dies. */
  run<Result>(worker: Worker, name: string, flow: () => Promise<Result>): Promise<Result>;
  /** Waits for a turn and then makes the call. Outside of a task the call is made at once. */
  take<Result>(worker: Worker, call: string, make: () => Promise<Result>): Promise<Result>;
  /** Calls that wait, in the order of asking. */
  waiting(): readonly Turn<Worker>[];
  /** Gives the turn at `index` of `waiting()` and waits until every task stands or has ended. */
  give(index: number): Promise<void>;
  /** Waits until every task stands or has ended. */
  stand(): Promise<void>;
  /** Forgets everything that a worker is about to do. */
  forget(worker: Worker): void;
  /** Name of the task whose call runs now. */
  current(): string | null;
  /** How many tasks of a worker are under way. */
  count(worker: Worker): number;
};

/** Makes the turns. `isDead` is asked after each call: the result of a dead worker's call is never delivered. */
export function makeTurns<Worker>(isDead: (worker: Worker) => boolean): Turns<Worker> {
  const storage = new AsyncLocalStorage<Task>();
  const tasks = new Map<Task, Worker>();
  /** The tasks whose turn it is: what a call asks on its way, as the gate does before a write leaves, belongs to that call. */
  const inTurn = new Set<Task>();
  let queue: Waiting<Worker>[] = [];
  let current: string | null = null;

  /** A task stands when it waits for a turn; one that has neither a call under way nor one that waits is thinking. */
  async function stand(): Promise<void> {
    for (;;) {
      const thinking = [...tasks.keys()].filter((task) => !task.ended && task.open === 0);
      if (thinking.length === 0) return;
      await Promise.race(
        thinking.map(
          (task) =>
            new Promise<void>((resolve) => {
              task.changed = resolve;
            }),
        ),
      );
    }
  }

  async function give(index: number): Promise<void> {
    const chosen = queue[index];
    if (chosen === undefined) throw new RangeError("no such turn");
    queue.splice(index, 1);
    current = chosen.task;
    await chosen.start();
    current = null;
    // What follows the call without another one (microtasks of the flow) runs now.
    await new Promise((resolve) => setImmediate(resolve));
    await stand();
  }

  return {
    run(worker, name, flow) {
      const task: Task = { name, open: 0, ended: false, changed: () => {} };
      tasks.set(task, worker);
      return storage.run(task, async () => {
        try {
          return await flow();
        } finally {
          task.ended = true;
          tasks.delete(task);
          task.changed();
        }
      });
    },
    take(worker, call, make) {
      const owner = storage.getStore();
      if (owner === undefined) return make();
      if (isDead(worker)) return new Promise<never>(() => {});
      if (inTurn.has(owner)) return make();
      // The driver makes the call; what the flow left for it in its asynchronous context must be there.
      const inContext = AsyncLocalStorage.snapshot();
      return new Promise((resolve, reject) => {
        owner.open += 1;
        queue.push({
          worker,
          task: owner.name,
          call,
          owner,
          async start() {
            inTurn.add(owner);
            const result = await inContext(make).then(
              (value) => () => resolve(value),
              (error: unknown) => () => reject(error),
            );
            inTurn.delete(owner);
            if (isDead(worker)) return;
            owner.open -= 1;
            result();
          },
        });
        owner.changed();
      });
    },
    current: () => current,
    waiting: () => queue.map(({ worker, task, call }) => ({ worker, task, call })),
    give,
    stand,
    forget(worker) {
      queue = queue.filter((entry) => entry.worker !== worker);
      for (const [task, owner] of tasks) {
        if (owner !== worker) continue;
        task.ended = true;
        tasks.delete(task);
        task.changed();
      }
    },
    count: (worker) => [...tasks.values()].filter((owner) => owner === worker).length,
  };
}
