-- CreateTable
CREATE TABLE "installation" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "inst" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "connections" (
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "huaweiSite" TEXT NOT NULL,
    "jiraSite" TEXT NOT NULL,
    "projectKey" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'active',
    "stateReason" TEXT,
    "pausedToJira" BOOLEAN NOT NULL DEFAULT false,
    "pausedToHuawei" BOOLEAN NOT NULL DEFAULT false,
    "firstRoundAt" TIMESTAMPTZ(3),
    "importDoneAt" TIMESTAMPTZ(3),
    "huaweiUserId" TEXT,
    "policyHash" TEXT,
    "outgoingSince" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "connections_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "links" (
    "id" BIGSERIAL NOT NULL,
    "connectionName" TEXT NOT NULL,
    "huaweiSite" TEXT NOT NULL,
    "caseId" TEXT,
    "jiraSite" TEXT NOT NULL,
    "issueId" TEXT,
    "issueKey" TEXT,
    "origin" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'active',
    "reason" TEXT,
    "reasonAt" TIMESTAMPTZ(3),
    "wantedRev" INTEGER NOT NULL DEFAULT 1,
    "doneRev" INTEGER NOT NULL DEFAULT 0,
    "triedRev" INTEGER NOT NULL DEFAULT 0,
    "wantedAt" TIMESTAMPTZ(3),
    "huaweiRev" INTEGER NOT NULL DEFAULT 1,
    "jiraRev" INTEGER NOT NULL DEFAULT 1,
    "lane" TEXT NOT NULL DEFAULT 'poll',
    "recheckAt" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "leaseOwner" TEXT,
    "leaseEpoch" INTEGER NOT NULL DEFAULT 0,
    "leaseUntil" TIMESTAMPTZ(3),
    "caseStatus" INTEGER,
    "agreedCaseStatus" INTEGER,
    "agreedCategory" TEXT,
    "agreedStatusId" TEXT,
    "jiraUpdatedRaw" TEXT,
    "outgoingSince" TIMESTAMPTZ(3) NOT NULL,
    "createCheckedAt" TIMESTAMPTZ(3),
    "markStampedAt" TIMESTAMPTZ(3),
    "caseLabels" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "labelsHash" TEXT,
    "factsHash" TEXT,
    "productName" TEXT,
    "confirmedAt" TIMESTAMPTZ(3),
    "namedMessages" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "absentCheckedAt" TIMESTAMPTZ(3),
    "caseCreatedAt" TIMESTAMPTZ(3),
    "closedSeenAt" TIMESTAMPTZ(3),
    "checkedAt" TIMESTAMPTZ(3),
    "cohortId" BIGINT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "links_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "mirrors" (
    "id" BIGSERIAL NOT NULL,
    "linkId" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "fingerprint" TEXT,
    "sourceHash" TEXT,
    "sourceAt" TIMESTAMPTZ(3),
    "copyId" TEXT,
    "copyFingerprints" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "version" INTEGER NOT NULL DEFAULT 1,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "sizeBytes" BIGINT,
    "sha256" TEXT,
    "parentId" TEXT,
    "missingSince" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "mirrors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "intents" (
    "id" BIGSERIAL NOT NULL,
    "linkId" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "side" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'planned',
    "payload" JSONB NOT NULL,
    "mark" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attemptedAt" TIMESTAMPTZ(3),
    "looks" INTEGER NOT NULL DEFAULT 0,
    "nextLookAt" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "intents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cohorts" (
    "id" BIGSERIAL NOT NULL,
    "connectionName" TEXT NOT NULL,
    "cursor" TEXT,
    "polledAt" TIMESTAMPTZ(3),

    CONSTRAINT "cohorts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cursors" (
    "connectionName" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "cursors_pkey" PRIMARY KEY ("connectionName","name")
);

-- CreateTable
CREATE TABLE "failures" (
    "id" BIGSERIAL NOT NULL,
    "connectionName" TEXT NOT NULL,
    "linkId" BIGINT,
    "direction" TEXT NOT NULL,
    "item" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "attempts" INTEGER NOT NULL DEFAULT 1,
    "firstAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "failures_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" BIGSERIAL NOT NULL,
    "connectionName" TEXT,
    "linkId" BIGINT,
    "job" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "reads" INTEGER NOT NULL DEFAULT 0,
    "writes" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "connectionName" TEXT NOT NULL,
    "linkId" BIGINT,
    "side" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "item" TEXT NOT NULL,
    "result" TEXT NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budgets" (
    "key" TEXT NOT NULL,
    "allAt" BIGINT NOT NULL DEFAULT 0,
    "pollAt" BIGINT NOT NULL DEFAULT 0,
    "checkAt" BIGINT NOT NULL DEFAULT 0,
    "pausedUntil" TIMESTAMPTZ(3),
    "refusedAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "budgets_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "webhooks" (
    "id" TEXT NOT NULL,
    "connectionName" TEXT NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rounds" (
    "connectionName" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "leaseOwner" TEXT,
    "leaseUntil" TIMESTAMPTZ(3),
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    "outcome" TEXT,
    "durationMs" INTEGER,
    "requests" INTEGER,

    CONSTRAINT "rounds_pkey" PRIMARY KEY ("connectionName","name")
);

-- CreateIndex
CREATE INDEX "links_connectionName_state_idx" ON "links"("connectionName", "state");

-- CreateIndex
CREATE INDEX "links_cohortId_idx" ON "links"("cohortId");

-- CreateIndex
CREATE INDEX "links_recheckAt_idx" ON "links"("recheckAt");

-- CreateIndex
CREATE UNIQUE INDEX "links_huaweiSite_caseId_key" ON "links"("huaweiSite", "caseId");

-- CreateIndex
CREATE UNIQUE INDEX "links_jiraSite_issueId_key" ON "links"("jiraSite", "issueId");

-- CreateIndex
CREATE INDEX "mirrors_linkId_fingerprint_idx" ON "mirrors"("linkId", "fingerprint");

-- CreateIndex
CREATE UNIQUE INDEX "mirrors_linkId_kind_origin_sourceId_key" ON "mirrors"("linkId", "kind", "origin", "sourceId");

-- CreateIndex
CREATE UNIQUE INDEX "intents_linkId_key_key" ON "intents"("linkId", "key");

-- CreateIndex
CREATE INDEX "cohorts_connectionName_idx" ON "cohorts"("connectionName");

-- CreateIndex
CREATE INDEX "failures_state_idx" ON "failures"("state");

-- CreateIndex
CREATE UNIQUE INDEX "failures_connectionName_linkId_item_reason_key" ON "failures"("connectionName", "linkId", "item", "reason");

-- CreateIndex
CREATE INDEX "runs_job_startedAt_idx" ON "runs"("job", "startedAt");

-- CreateIndex
CREATE INDEX "runs_linkId_idx" ON "runs"("linkId");

-- CreateIndex
CREATE INDEX "runs_startedAt_idx" ON "runs"("startedAt");

-- CreateIndex
CREATE INDEX "audit_linkId_at_idx" ON "audit"("linkId", "at");

-- CreateIndex
CREATE INDEX "audit_at_idx" ON "audit"("at");

-- CreateIndex
CREATE INDEX "webhooks_receivedAt_idx" ON "webhooks"("receivedAt");

-- AddForeignKey
ALTER TABLE "links" ADD CONSTRAINT "links_connectionName_fkey" FOREIGN KEY ("connectionName") REFERENCES "connections"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "links" ADD CONSTRAINT "links_cohortId_fkey" FOREIGN KEY ("cohortId") REFERENCES "cohorts"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mirrors" ADD CONSTRAINT "mirrors_linkId_fkey" FOREIGN KEY ("linkId") REFERENCES "links"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "intents" ADD CONSTRAINT "intents_linkId_fkey" FOREIGN KEY ("linkId") REFERENCES "links"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cohorts" ADD CONSTRAINT "cohorts_connectionName_fkey" FOREIGN KEY ("connectionName") REFERENCES "connections"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "failures" ADD CONSTRAINT "failures_linkId_fkey" FOREIGN KEY ("linkId") REFERENCES "links"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The rest is beyond the schema file. Where Prisma compares schemas and offers to drop these indexes, leave them in.

-- Links whose wake-ups wait: few at any time, asked for at every tick.
CREATE INDEX "links_due_idx" ON "links"("connectionName", "lane") WHERE "state" = 'active' AND "wantedRev" > "doneRev";

-- A failure that belongs to no link is one row per connection, item and reason; the unique index above takes NULLs as distinct.
CREATE UNIQUE INDEX "failures_of_connection_key" ON "failures"("connectionName", "item", "reason") WHERE "linkId" IS NULL;
