/** The shared place of a login token (rule 9: one credential, many replicas). What is stored is sealed by its owner. */
import { randomUUID } from "node:crypto";
import type { TokenStore } from "../lib/token-store.ts";
import type { PrismaClient } from "./generated/client.ts";

/** Makes this process's access to the token named `key`. Calls reject when the database does. */
export function makeTokenStore(deps: { readonly prisma: PrismaClient; readonly key: string }): TokenStore {
  const { prisma, key } = deps;
  const owner = randomUUID();
  const claimFree = { renewingBy: null, renewingUntil: null } as const;

  return {
    async find() {
      const row = await prisma.loginToken.findUnique({ where: { key } });
      if (row === null) return null;
      const { tokenId, salt, sealed, renewAt, expiresAt } = row;
      if (tokenId === null || salt === null || sealed === null || renewAt === null || expiresAt === null) return null;
      return { tokenId, salt, sealed, renewAt, expiresAt };
    },
    async claimRenewal(leaseMs) {
      // By the database's clock, which all processes share.
      const claimed = await prisma.$executeRaw`
        INSERT INTO login_tokens (key, "renewingBy", "renewingUntil")
        VALUES (${key}, ${owner}, clock_timestamp() + ${leaseMs} * interval '1 millisecond')
        ON CONFLICT (key) DO UPDATE
        SET "renewingBy" = EXCLUDED."renewingBy", "renewingUntil" = EXCLUDED."renewingUntil"
        WHERE login_tokens."renewingUntil" IS NULL OR login_tokens."renewingUntil" < clock_timestamp()`;
      return claimed === 1;
    },
    async save({ tokenId, salt, sealed, renewAt, expiresAt }) {
      const token = { tokenId, salt: Uint8Array.from(salt), sealed: Uint8Array.from(sealed), renewAt, expiresAt };
      // A token that came after the claim had ended is as good as any: the last one stays.
      await prisma.loginToken.upsert({ where: { key }, create: { key, ...token }, update: token });
      await prisma.loginToken.updateMany({ where: { key, renewingBy: owner }, data: claimFree });
    },
    async releaseRenewal() {
      await prisma.loginToken.updateMany({ where: { key, renewingBy: owner }, data: claimFree });
    },
    async discard(tokenId) {
      const none = { tokenId: null, salt: null, sealed: null, renewAt: null, expiresAt: null } as const;
      await prisma.loginToken.updateMany({ where: { key, tokenId }, data: none });
    },
  };
}
