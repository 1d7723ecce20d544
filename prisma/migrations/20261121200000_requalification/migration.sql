-- Failures that were recorded are judged anew: what a failure is taken for since stands in a line of its own.
ALTER TABLE "delivery_event"
  ADD COLUMN "ignored" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "quarantined" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "corrects_id" BIGINT,
  ADD COLUMN "requalification_id" BIGINT;
ALTER TABLE "quarantine_event" ADD COLUMN "requalification_id" BIGINT;

-- Which failure put an address into quarantine was kept with its message only.
UPDATE "delivery_event" AS e SET "quarantined" = true
FROM "delivery_log" AS l
WHERE l.id = e.delivery_log_id AND l.quarantined AND e.failure_type IS NOT NULL AND e.occurred_at = l.last_event_at AND e.origin = l.origin
  AND NOT EXISTS (
    SELECT FROM "delivery_event" n
    WHERE n.delivery_log_id = l.id AND n.id > e.id AND n.failure_type IS NOT NULL AND n.occurred_at = l.last_event_at AND n.origin = l.origin);

CREATE TYPE "RequalificationPhase" AS ENUM ('EXAMINE', 'APPLY', 'UNDO');

CREATE TABLE "requalification" (
    "id" BIGSERIAL NOT NULL,
    "state" "JobState" NOT NULL DEFAULT 'RUNNING',
    "phase" "RequalificationPhase" NOT NULL DEFAULT 'EXAMINE',
    "dry_run" BOOLEAN NOT NULL,
    "undone" BOOLEAN NOT NULL DEFAULT false,
    "filter" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "last_event_id" BIGINT NOT NULL,
    "matched" INTEGER NOT NULL DEFAULT 0,
    "examined" INTEGER NOT NULL DEFAULT 0,
    "changed_failures" INTEGER NOT NULL DEFAULT 0,
    "changes" JSONB NOT NULL DEFAULT '[]',
    "sample" JSONB NOT NULL DEFAULT '[]',
    "addresses" INTEGER NOT NULL DEFAULT 0,
    "released" INTEGER NOT NULL DEFAULT 0,
    "newly_quarantined" INTEGER NOT NULL DEFAULT 0,
    "otherwise_changed" INTEGER NOT NULL DEFAULT 0,
    "skipped_by_hand" INTEGER NOT NULL DEFAULT 0,
    "skipped_denylisted" INTEGER NOT NULL DEFAULT 0,
    "skipped_allowlisted" INTEGER NOT NULL DEFAULT 0,
    "skipped_moved_on" INTEGER NOT NULL DEFAULT 0,
    "addresses_put_back" INTEGER NOT NULL DEFAULT 0,
    "addresses_left_alone" INTEGER NOT NULL DEFAULT 0,
    "failures_put_back" INTEGER NOT NULL DEFAULT 0,
    "failures_left_alone" INTEGER NOT NULL DEFAULT 0,
    "position_at" TIMESTAMPTZ(3),
    "position_id" BIGINT,
    "position_key" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "requalification_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "requalified_failure" (
    "requalification_id" BIGINT NOT NULL,
    "address_key" UUID NOT NULL,
    "event_id" BIGINT NOT NULL,
    "type" "FailureType" NOT NULL,
    "reason" "FailureReason" NOT NULL,
    "fault" "Fault" NOT NULL,
    "decided_by" TEXT,
    "ignored" BOOLEAN NOT NULL,
    "applied" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "requalified_failure_pkey" PRIMARY KEY ("requalification_id","address_key","event_id")
);

-- The corrections of a failure, and all failures of an address.
CREATE INDEX "delivery_event_correction_idx" ON "delivery_event" (corrects_id, id) WHERE corrects_id IS NOT NULL;
CREATE INDEX "delivery_event_address_idx" ON "delivery_event" (address_key, id) WHERE failure_type IS NOT NULL;

-- Held reports may be dismissed, and are listed.
ALTER TABLE "inbound_event" DROP CONSTRAINT "inbound_event_state_check";
ALTER TABLE "inbound_event" ADD CONSTRAINT "inbound_event_state_check" CHECK (state IN ('PROCESSED', 'UNPROVEN', 'DISMISSED'));
CREATE INDEX "inbound_event_unproven_idx" ON "inbound_event" (id) WHERE state = 'UNPROVEN';
