-- CreateEnum
CREATE TYPE "IncidentState" AS ENUM ('OPEN', 'CLOSED');

-- CreateEnum
CREATE TYPE "IncidentEventKind" AS ENUM ('OPENED', 'CHANGED', 'RELEASED', 'CLOSED');

-- What became of messages by receiving domain and ten minutes.
CREATE TABLE "domain_result" (
    "channel" "Channel" NOT NULL,
    "domain" TEXT NOT NULL,
    "slot" INTEGER NOT NULL,
    "result" TEXT NOT NULL,
    "amount" INTEGER NOT NULL,

    CONSTRAINT "domain_result_pkey" PRIMARY KEY ("channel","domain","slot","result")
);

-- CreateTable
CREATE TABLE "incident" (
    "id" BIGSERIAL NOT NULL,
    "channel" "Channel" NOT NULL,
    "domain" TEXT NOT NULL,
    "reason" "FailureReason" NOT NULL,
    "state" "IncidentState" NOT NULL DEFAULT 'OPEN',
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_at" TIMESTAMPTZ(3),
    "closed_by" TEXT,
    "hits_from" TIMESTAMPTZ(3) NOT NULL,
    "baseline_messages" INTEGER NOT NULL,
    "baseline_share" DOUBLE PRECISION NOT NULL,
    "opening_messages" INTEGER NOT NULL,
    "opening_share" DOUBLE PRECISION NOT NULL,
    "current_messages" INTEGER NOT NULL,
    "current_share" DOUBLE PRECISION NOT NULL,
    "quarantined" INTEGER NOT NULL DEFAULT 0,
    "held" INTEGER NOT NULL DEFAULT 0,
    "told_held" INTEGER NOT NULL DEFAULT 0,
    "refreshed_at" TIMESTAMPTZ(3) NOT NULL,
    "carry_state" "JobState",
    "carry_actor" TEXT,
    "carry_position" BIGINT NOT NULL DEFAULT 0,
    "carried_out" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "incident_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_event" (
    "id" BIGSERIAL NOT NULL,
    "txid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "incident_id" BIGINT NOT NULL,
    "kind" "IncidentEventKind" NOT NULL,
    "channel" "Channel" NOT NULL,
    "domain" TEXT NOT NULL,
    "reason" "FailureReason" NOT NULL,
    "state" "IncidentState" NOT NULL,
    "share" DOUBLE PRECISION NOT NULL,
    "quarantined" INTEGER NOT NULL,
    "held" INTEGER NOT NULL,
    "actor" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "incident_event_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "quarantine_event" ADD COLUMN "incident_id" BIGINT, ADD COLUMN "held_type" "FailureType";

-- AlterTable
ALTER TABLE "quarantine_release" ADD COLUMN "incident_id" BIGINT;

-- CreateIndex
CREATE INDEX "domain_result_slot_idx" ON "domain_result"("slot");

-- CreateIndex
CREATE INDEX "incident_domain_id_idx" ON "incident"("domain", "id");

-- CreateIndex
CREATE INDEX "incident_event_incident_id_id_idx" ON "incident_event"("incident_id", "id");

-- AddForeignKey
ALTER TABLE "incident_event" ADD CONSTRAINT "incident_event_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "quarantine_release" ADD CONSTRAINT "quarantine_release_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE SET NULL ON UPDATE CASCADE;


-- What follows Prisma's schema cannot say.

ALTER TABLE "domain_result" ADD CONSTRAINT "domain_result_amount_check" CHECK (amount >= 0);
ALTER TABLE "incident" ADD CONSTRAINT "incident_closed_check" CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL AND closed_by IS NOT NULL));
ALTER TABLE "incident" ADD CONSTRAINT "incident_counts_check" CHECK (quarantined >= 0 AND held >= 0 AND carried_out >= 0);
ALTER TABLE "quarantine_event" ADD CONSTRAINT "quarantine_event_held_check" CHECK (held_type IS NULL OR incident_id IS NOT NULL);
ALTER TABLE "counter_delta" DROP CONSTRAINT "counter_delta_kind_check";
ALTER TABLE "counter_delta" ADD CONSTRAINT "counter_delta_kind_check"
  CHECK (kind IN ('DELIVERY', 'QUALIFICATION', 'RULE', 'DOMAIN', 'INCIDENT'));

-- One place and reason has one open incident at a time.
CREATE UNIQUE INDEX "incident_open_key" ON "incident" (channel, domain, reason) WHERE state = 'OPEN';
CREATE INDEX "incident_event_feed_idx" ON "incident_event" (txid, id);
-- What an incident has held, and what it has quarantined when it was closed.
CREATE INDEX "quarantine_event_incident_idx" ON "quarantine_event" (incident_id, id) WHERE incident_id IS NOT NULL;
-- What failures have quarantined at a place: what an incident hit before it was noticed.
CREATE INDEX "quarantine_event_place_idx" ON "quarantine_event" (domain, reason, status_updated_at)
  WHERE status = 'QUARANTINE' AND previous_status IS DISTINCT FROM 'QUARANTINE' AND actor IS NULL AND domain IS NOT NULL;
-- Slots that the cleanup has not folded into their day yet.
CREATE INDEX "domain_result_fine_idx" ON "domain_result" (slot) WHERE slot % 144 <> 0;

INSERT INTO "feed_state" (ledger) VALUES ('INCIDENT');
