-- AlterTable
ALTER TABLE "links" ADD COLUMN     "heldSince" TIMESTAMPTZ(3);

-- Kept by hand: what is held is asked for at every scrape, among links of which almost none is.
CREATE INDEX "links_held_idx" ON "links"("connectionName") WHERE "heldSince" IS NOT NULL;
