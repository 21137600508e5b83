-- What waits longest stands first on the page (src/store/waiting-links.ts): the order of links that wait for a run, a release or a person,
-- and the failures of a link, which are counted beside it.
CREATE INDEX "links_waiting_idx" ON "links" ((LEAST(CASE WHEN "wantedRev" > "doneRev" THEN COALESCE("wantedAt", "createdAt") END, "heldSince", CASE WHEN state = ANY (ARRAY['blocked', 'paused', 'moved', 'gone']) THEN COALESCE("reasonAt", "createdAt") END)), id)
  WHERE state <> 'unlinked' AND ("wantedRev" > "doneRev" OR "heldSince" IS NOT NULL OR state = ANY (ARRAY['blocked', 'paused', 'moved', 'gone']));
CREATE INDEX "failures_link_idx" ON "failures" ("linkId") WHERE state IN ('open', 'retrying');
-- What stays on its side is shown on the overview.
CREATE INDEX "mirrors_held_idx" ON "mirrors" ("linkId") WHERE state = 'held' AND kind IN ('comment', 'file');
