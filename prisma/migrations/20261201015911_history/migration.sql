-- CreateTable
CREATE TABLE "history" (
    "connectionName" TEXT NOT NULL,
    "span" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "toJira" INTEGER NOT NULL DEFAULT 0,
    "toHuawei" INTEGER NOT NULL DEFAULT 0,
    "requestsHuawei" INTEGER NOT NULL DEFAULT 0,
    "requestsJira" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "oldestP50" INTEGER NOT NULL DEFAULT 0,
    "oldestP95" INTEGER NOT NULL DEFAULT 0,
    "oldestMax" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "history_pkey" PRIMARY KEY ("connectionName","span","at")
);

-- CreateIndex
CREATE INDEX "history_span_at_idx" ON "history"("span", "at");
