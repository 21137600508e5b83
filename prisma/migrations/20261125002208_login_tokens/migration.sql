-- CreateTable
CREATE TABLE "login_tokens" (
    "key" TEXT NOT NULL,
    "tokenId" TEXT,
    "salt" BYTEA,
    "sealed" BYTEA,
    "renewAt" TIMESTAMPTZ(3),
    "expiresAt" TIMESTAMPTZ(3),
    "renewingBy" TEXT,
    "renewingUntil" TIMESTAMPTZ(3),

    CONSTRAINT "login_tokens_pkey" PRIMARY KEY ("key")
);
