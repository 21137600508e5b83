-- CreateTable
CREATE TABLE "lookups" (
    "connectionName" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "readAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "lookups_pkey" PRIMARY KEY ("connectionName","key")
);
