/** Look-ups of an account at rest, each with the moment it was read. */
import type { LookupCache } from "../sync/ports.ts";
import { Prisma, type PrismaClient } from "./generated/client.ts";
import { toJson } from "./sql.ts";

/** Makes the cache of look-ups. Calls may be repeated; they throw what the database throws. */
export function makeLookupCache(prisma: PrismaClient): LookupCache {
  return {
    async find(connectionName, key) {
      const row = await prisma.lookup.findUnique({
        where: { connectionName_key: { connectionName, key } },
        select: { value: true, readAt: true },
      });
      return row;
    },
    async save(connectionName, key, value, readAt) {
      await prisma.$executeRaw(Prisma.sql`
        INSERT INTO lookups ("connectionName", key, value, "readAt")
        VALUES (${connectionName}, ${key}, ${toJson(value)}::jsonb, ${readAt}::timestamptz)
        ON CONFLICT ("connectionName", key) DO UPDATE SET value = EXCLUDED.value, "readAt" = EXCLUDED."readAt"`);
    },
    async listKeys(connectionName) {
      const rows = await prisma.lookup.findMany({
        where: { connectionName },
        select: { key: true },
        orderBy: { key: "asc" },
      });
      return rows.map((row) => row.key);
    },
  };
}
