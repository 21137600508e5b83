-- CreateIndex
CREATE INDEX "links_connectionName_issueKey_idx" ON "links"("connectionName", "issueKey");
