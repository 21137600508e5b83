-- AlterTable
ALTER TABLE "cohorts" ADD COLUMN     "nextCursor" TEXT,
ADD COLUMN     "nextCursorAt" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "connections" DROP COLUMN "huaweiUserId",
ADD COLUMN     "huaweiUserIds" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "links" DROP COLUMN "labelsHash",
ADD COLUMN     "burstSince" TIMESTAMPTZ(3),
ADD COLUMN     "burstWrites" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "mirroredLabels" TEXT[] DEFAULT ARRAY[]::TEXT[];
