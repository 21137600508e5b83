-- AlterTable
ALTER TABLE "mirrors" ADD COLUMN     "sourceDigest" TEXT;
