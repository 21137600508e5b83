/**
 * For the ordinary Prisma CLI (`prisma migrate deploy|status`, `prisma studio`), which needs a network for its engine.
 * casebridge itself never reads this file: it migrates through `src/store/database/migrate.ts`. `generate` needs no URL,
 * so an unset DATABASE_URL is no error here.
 */
const url = process.env.DATABASE_URL;

export default {
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(url === undefined || url === "" ? {} : { datasource: { url } }),
};
