-- AlterTable
ALTER TABLE "audit" ADD COLUMN     "actor" TEXT;

CREATE INDEX "audit_acts_idx" ON "audit" ("at") WHERE "actor" IS NOT NULL;
