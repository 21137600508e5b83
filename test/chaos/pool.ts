/** Several worlds at once in this process: most of a world's time is waiting for the database and the services. */
import { startWorld, type World } from "./world.ts";

/** Does every job in one of `size` worlds; each world takes the next job when it is done with one. Throws what a job throws. */
export async function inWorlds<Job>(
  jobs: readonly Job[],
  size: number,
  work: (world: World, job: Job, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  async function live(): Promise<void> {
    if (next >= jobs.length) return;
    const world = await startWorld();
    try {
      for (let index = next++; index < jobs.length; index = next++) {
        const job = jobs[index];
        if (job !== undefined) await work(world, job, index);
      }
    } finally {
      await world.close();
    }
  }
  await Promise.all(Array.from({ length: Math.min(size, jobs.length) }, live));
}
