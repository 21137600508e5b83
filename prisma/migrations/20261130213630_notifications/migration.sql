-- AlterTable
ALTER TABLE "rounds" ADD COLUMN     "doneAt" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "alarms" (
    "connectionName" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "about" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3),
    "toldAt" TIMESTAMPTZ(3) NOT NULL,
    "toldThrough" TIMESTAMPTZ(3),
    "goneAt" TIMESTAMPTZ(3),

    CONSTRAINT "alarms_pkey" PRIMARY KEY ("connectionName","code","about")
);

-- CreateTable
CREATE TABLE "notifier" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "leaseOwner" TEXT,
    "leaseUntil" TIMESTAMPTZ(3),
    "nextAt" TIMESTAMPTZ(3) NOT NULL,
    "sentAt" TIMESTAMPTZ(3),
    "failedSince" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,

    CONSTRAINT "notifier_pkey" PRIMARY KEY ("id")
);
