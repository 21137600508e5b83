/** Sessions and refused sign-ins, shared by all replicas; by the database's clock, which they share as well. */
import type { Role, SessionStore, SignInBrake } from "../lib/session-store.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";

/** More refused sign-ins than this in a minute make further ones wait. */
const refusedMax = 10;

/** Makes this process's access to the sessions. */
export function makeSessionStore({ prisma }: { readonly prisma: PrismaClient }): SessionStore {
  return {
    async start(id, { role, actor, grant }, lifetimeMs) {
      await prisma.$executeRaw`
        INSERT INTO sessions (id, role, actor, "grantedBy", "expiresAt")
        VALUES (${id}, ${role}, ${actor}, ${grant}, clock_timestamp() + ${lifetimeMs} * interval '1 millisecond')`;
    },
    async find(id) {
      const [row] = await prisma.$queryRaw<{ role: Role; actor: string; grant: string }[]>`
        SELECT role, actor, "grantedBy" AS grant FROM sessions WHERE id = ${id} AND "expiresAt" > clock_timestamp()`;
      return row ?? null;
    },
    async end(id) {
      await prisma.$executeRaw`DELETE FROM sessions WHERE id = ${id}`;
    },
  };
}

/** Makes this process's access to the brake. A refused attempt while the brake holds is counted, too, but not for ever: one row each, gone after a minute. */
export function makeSignInBrake({ prisma }: { readonly prisma: PrismaClient }): SignInBrake {
  /** Until as many attempts have grown older than a minute that no more than ten are left. */
  async function waitMs(peer: string): Promise<number> {
    const [row] = await prisma.$queryRaw<{ waitMs: number }[]>(Prisma.sql`
      SELECT GREATEST(0, ceil(extract(epoch FROM at + interval '1 minute' - clock_timestamp()) * 1000))::int AS "waitMs"
      FROM refused_sign_ins WHERE peer = ${peer} AND at > clock_timestamp() - interval '1 minute'
      ORDER BY at DESC OFFSET ${refusedMax} LIMIT 1`);
    return row?.waitMs ?? 0;
  }
  return {
    waitMs,
    async refused(peer) {
      // Rows of the peer beyond the bound tell nothing more, so a flood leaves no more than those.
      await prisma.$executeRaw(Prisma.sql`
        WITH gone AS (DELETE FROM refused_sign_ins WHERE peer = ${peer} AND id IN (
          SELECT id FROM refused_sign_ins WHERE peer = ${peer} ORDER BY at DESC OFFSET ${refusedMax} FOR UPDATE SKIP LOCKED))
        INSERT INTO refused_sign_ins (peer, at) VALUES (${peer}, clock_timestamp())`);
      return waitMs(peer);
    },
  };
}
