-- AlterTable
ALTER TABLE "links" ADD COLUMN     "jiraWrittenAt" TIMESTAMPTZ(3);
