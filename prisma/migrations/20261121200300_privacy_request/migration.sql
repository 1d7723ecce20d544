-- CreateEnum
CREATE TYPE "PrivacyRegulation" AS ENUM ('GDPR', 'CCPA', 'PDPA', 'LGPD');

-- CreateEnum
CREATE TYPE "PrivacyRequestType" AS ENUM ('ACCESS', 'DELETE');

-- CreateEnum
CREATE TYPE "PrivacyRequestStatus" AS ENUM ('NEW', 'PROCESSING', 'RETRY_PENDING', 'DELETE_CONFIRMATION_PENDING', 'DELETE_PENDING', 'DELETE_IN_PROGRESS', 'COMPLETE', 'ERROR');

-- CreateEnum
CREATE TYPE "PrivacyNamespace" AS ENUM ('EMAIL', 'PHONE', 'MOBILE_PHONE', 'PUSH_TOKEN', 'POSTAL_ADDRESS', 'OTHER');

-- AlterTable
ALTER TABLE "inbound_event" ADD COLUMN "address_keys" UUID[] NOT NULL DEFAULT ARRAY[]::UUID[];

-- CreateTable
CREATE TABLE "privacy_request" (
    "id" BIGSERIAL NOT NULL,
    "regulation" "PrivacyRegulation" NOT NULL,
    "type" "PrivacyRequestType" NOT NULL,
    "status" "PrivacyRequestStatus" NOT NULL,
    "namespace" "PrivacyNamespace",
    "value" TEXT,
    "address_keys" UUID[] NOT NULL DEFAULT ARRAY[]::UUID[],
    "profile_id" BIGINT,
    "erase_shared" BOOLEAN NOT NULL DEFAULT false,
    "actor" TEXT NOT NULL,
    "work" JSONB,
    "step" INTEGER NOT NULL DEFAULT 0,
    "position" BIGINT NOT NULL DEFAULT 0,
    "report" JSONB NOT NULL DEFAULT '{}',
    "error" TEXT,
    "file_bytes" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirm_before" TIMESTAMPTZ(3),
    "confirmed_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "privacy_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "privacy_file_part" (
    "request_id" BIGINT NOT NULL,
    "part" INTEGER NOT NULL,
    "content" BYTEA NOT NULL,

    CONSTRAINT "privacy_file_part_pkey" PRIMARY KEY ("request_id","part")
);

-- CreateTable
CREATE TABLE "erased_key" (
    "key" UUID NOT NULL,
    "channel" "Channel",
    "request_id" BIGINT NOT NULL,
    "denylisted" BOOLEAN NOT NULL DEFAULT false,
    "erased_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erased_key_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "audit_entry_subject_id_idx" ON "audit_entry"("subject", "id");

-- CreateIndex
CREATE INDEX "delivery_event_address_key_id_idx" ON "delivery_event"("address_key", "id");

-- CreateIndex
CREATE INDEX "inbound_event_address_keys_idx" ON "inbound_event" USING GIN ("address_keys");

-- CreateIndex
CREATE INDEX "privacy_request_status_idx" ON "privacy_request"("status");

-- CreateIndex
CREATE INDEX "privacy_request_profile_id_idx" ON "privacy_request"("profile_id");

-- CreateIndex
CREATE INDEX "privacy_request_address_keys_idx" ON "privacy_request" USING GIN ("address_keys");

-- CreateIndex
CREATE INDEX "erased_key_request_id_idx" ON "erased_key"("request_id");

-- AddForeignKey
ALTER TABLE "privacy_file_part" ADD CONSTRAINT "privacy_file_part_request_id_fkey" FOREIGN KEY ("request_id") REFERENCES "privacy_request"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What follows Prisma's schema cannot say.

ALTER TABLE "privacy_request"
  ADD CONSTRAINT "privacy_request_subject_check" CHECK (namespace IS NOT NULL OR profile_id IS NOT NULL),
  ADD CONSTRAINT "privacy_request_step_check" CHECK (step >= 0);
-- A file is read in pieces: of what is not compressed PostgreSQL reads the piece alone.
ALTER TABLE "privacy_file_part" ALTER COLUMN "content" SET STORAGE EXTERNAL;
-- Of the first 128 characters: a push token can be longer than an index takes.
CREATE INDEX "qualification_first_address_idx" ON "qualification" (left(first_address, 128)) WHERE first_address IS NOT NULL;
CREATE INDEX "erased_key_external_id_idx" ON "erased_key" (key) WHERE channel IS NULL;
