-- How long the last round of its kind began after the one before: the poll interval that was really reached.
ALTER TABLE "rounds" ADD COLUMN "intervalMs" INTEGER;

-- What is due, for the beat: per connection and lane, in the order in which it is taken. Releases before this
-- one still use links_due_idx and links_recheckAt_idx.
CREATE INDEX "links_due_wanted_idx" ON "links"("connectionName", "lane", "wantedAt", "id")
  WHERE "state" = 'active' AND "wantedRev" > "doneRev" AND ("recheckAt" IS NULL OR ("attempts" = 0 AND "wantedRev" > "triedRev"));
CREATE INDEX "links_due_recheck_idx" ON "links"("connectionName", "lane", "recheckAt", "id")
  WHERE "state" = 'active' AND "recheckAt" IS NOT NULL;

-- What rounds read: links whose cases are open or were closed lately, and issues that lack their stamp.
CREATE INDEX "links_watched_idx" ON "links"("connectionName", "closedSeenAt", "id") WHERE "state" = 'active' AND "caseId" IS NOT NULL;
CREATE INDEX "links_unstamped_idx" ON "links"("connectionName", "id")
  WHERE "state" = 'active' AND "issueId" IS NOT NULL AND "caseId" IS NOT NULL AND "markStampedAt" IS NULL;
