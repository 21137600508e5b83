-- AlterTable
ALTER TABLE "rounds" ADD COLUMN     "failedAs" TEXT,
ADD COLUMN     "failedSide" TEXT;
