-- CreateEnum
CREATE TYPE "Channel" AS ENUM ('EMAIL', 'SMS', 'PHONE', 'DIRECT_MAIL', 'FAX', 'PUSH', 'OTHER');

-- CreateEnum
CREATE TYPE "AddressStatus" AS ENUM ('UNKNOWN', 'ERRONEOUS', 'VALID', 'DENYLISTED', 'QUARANTINE', 'ALLOWLISTED');

-- CreateEnum
CREATE TYPE "FailureType" AS ENUM ('UNDEFINED', 'SOFT', 'HARD', 'IGNORED');

-- CreateEnum
CREATE TYPE "FailureReason" AS ENUM ('UNDEFINED', 'USER_UNKNOWN', 'INVALID_DOMAIN', 'UNREACHABLE', 'ACCOUNT_DISABLED', 'MAILBOX_FULL', 'NOT_CONNECTED', 'ADDRESS_UNDEFINED', 'DENYLISTED', 'QUARANTINED', 'DUPLICATE', 'EXCLUDED_BY_SQL_RULE', 'EXCLUDED_BY_ARBITRATION', 'BAD_QUALITY_ADDRESS', 'UNQUALIFIED_ADDRESS', 'NOT_ELIGIBLE_FOR_OFFERS', 'TARGET_LIMITED', 'REFUSED', 'ERROR_IGNORED', 'CONTROL_GROUP', 'EXPIRED');

-- CreateEnum
CREATE TYPE "Fault" AS ENUM ('RECIPIENT', 'SENDER', 'CONTENT', 'INFRASTRUCTURE', 'UNDETERMINED');

-- CreateEnum
CREATE TYPE "MessageStatus" AS ENUM ('IGNORED', 'SENT', 'FAILED', 'TAKEN_INTO_ACCOUNT', 'RECEIVED_ON_MOBILE', 'PENDING', 'CANCELLED', 'PREPARED', 'SENT_TO_PROVIDER');

-- CreateEnum
CREATE TYPE "DeliveryState" AS ENUM ('EDITION', 'TARGET_PREP_PENDING', 'TARGET_SELECTION', 'TARGET_ARBITRATION', 'TARGET_READY', 'MESSAGE_PREP_PENDING', 'MESSAGE_PREPARATION', 'MESSAGE_READY', 'PREPARATION_ERROR', 'READY', 'START_PENDING', 'STARTED', 'RETRY_PENDING', 'RETRY_IN_PROGRESS', 'PAUSE_REQUESTED', 'PAUSE_IN_PROGRESS', 'PAUSED', 'STOPPED', 'FAILED', 'FINISHED', 'DELETED');

-- CreateEnum
CREATE TYPE "QualificationStatus" AS ENUM ('TO_QUALIFY', 'KEEP', 'IGNORE');

-- CreateEnum
CREATE TYPE "RuleOrigin" AS ENUM ('BUILT_IN', 'DELIVERABILITY_UPDATE', 'USER');

-- CreateEnum
CREATE TYPE "EventOrigin" AS ENUM ('SYNC', 'ASYNC', 'FEEDBACK_LOOP', 'STATUS_REPORT', 'WEBHOOK', 'API');

-- CreateEnum
CREATE TYPE "QuarantineSource" AS ENUM ('BOUNCE_SYNC', 'BOUNCE_ASYNC', 'FEEDBACK_LOOP', 'SMS_STOP', 'PUSH', 'MANUAL', 'IMPORT', 'RETURN_TO_SENDER');

-- CreateEnum
CREATE TYPE "ConsentSource" AS ENUM ('OPERATOR', 'LANDING_PAGE', 'UNSUBSCRIBE_LINK', 'ONE_CLICK', 'MAILTO', 'IMPORT', 'RETURN_TO_SENDER', 'API');

-- CreateEnum
CREATE TYPE "ReleaseMode" AS ENUM ('SET_VALID', 'DELETE');

-- CreateEnum
CREATE TYPE "JobState" AS ENUM ('RUNNING', 'DONE', 'FAILED');

-- CreateEnum
CREATE TYPE "DeliveryOutcome" AS ENUM ('DELIVERED', 'FAILED', 'DELAYED', 'COMPLAINT', 'AUTO_REPLY', 'UNSUBSCRIBE', 'STOP');

-- CreateEnum
CREATE TYPE "ExclusionScope" AS ENUM ('PROFILE', 'ADDRESS');

-- CreateTable
CREATE TABLE "profile" (
    "id" BIGSERIAL NOT NULL,
    "external_id" TEXT,
    "first_name" TEXT,
    "last_name" TEXT,
    "opted_out_all" BOOLEAN NOT NULL DEFAULT false,
    "opted_out_email" BOOLEAN NOT NULL DEFAULT false,
    "opted_out_sms" BOOLEAN NOT NULL DEFAULT false,
    "opted_out_phone" BOOLEAN NOT NULL DEFAULT false,
    "opted_out_direct_mail" BOOLEAN NOT NULL DEFAULT false,
    "opted_out_fax" BOOLEAN NOT NULL DEFAULT false,
    "opted_out_push" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "profile_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "address" (
    "id" BIGSERIAL NOT NULL,
    "profile_id" BIGINT NOT NULL,
    "channel" "Channel" NOT NULL,
    "value" TEXT NOT NULL,
    "original" TEXT NOT NULL,
    "address_key" UUID NOT NULL,
    "domain" TEXT,
    "opted_out" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "address_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consent_event" (
    "id" BIGSERIAL NOT NULL,
    "txid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "profile_id" BIGINT NOT NULL,
    "channel" "Channel",
    "opted_out" BOOLEAN NOT NULL,
    "source" "ConsentSource" NOT NULL,
    "note" TEXT,
    "actor" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "consent_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quarantine_entry" (
    "id" BIGSERIAL NOT NULL,
    "channel" "Channel" NOT NULL,
    "address" TEXT NOT NULL,
    "address_key" UUID NOT NULL,
    "short_code" TEXT NOT NULL DEFAULT '',
    "domain" TEXT,
    "status" "AddressStatus" NOT NULL,
    "reason" "FailureReason",
    "error_text" TEXT,
    "error_count" INTEGER NOT NULL DEFAULT 0,
    "last_error_at" TIMESTAMPTZ(3),
    "last_significant_error_at" TIMESTAMPTZ(3),
    "last_success_at" TIMESTAMPTZ(3),
    "soft_caused" BOOLEAN NOT NULL DEFAULT false,
    "last_delivery_id" BIGINT,
    "source" "QuarantineSource" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status_updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "quarantine_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quarantine_event" (
    "id" BIGSERIAL NOT NULL,
    "txid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "entry_id" BIGINT NOT NULL,
    "channel" "Channel" NOT NULL,
    "address" TEXT NOT NULL,
    "address_key" UUID NOT NULL,
    "short_code" TEXT NOT NULL DEFAULT '',
    "domain" TEXT,
    "previous_status" "AddressStatus",
    "previous_reason" "FailureReason",
    "status" "AddressStatus",
    "reason" "FailureReason",
    "fault" "Fault",
    "decided_by" TEXT,
    "error_count" INTEGER NOT NULL,
    "text" TEXT,
    "last_error_at" TIMESTAMPTZ(3),
    "last_significant_error_at" TIMESTAMPTZ(3),
    "last_success_at" TIMESTAMPTZ(3),
    "soft_caused" BOOLEAN NOT NULL DEFAULT false,
    "status_updated_at" TIMESTAMPTZ(3) NOT NULL,
    "delivery_id" BIGINT,
    "source" "QuarantineSource" NOT NULL,
    "actor" TEXT,
    "release_id" BIGINT,
    "version" INTEGER NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "quarantine_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery" (
    "id" BIGSERIAL NOT NULL,
    "label" TEXT NOT NULL,
    "internal_name" TEXT NOT NULL,
    "channel" "Channel" NOT NULL,
    "state" "DeliveryState" NOT NULL DEFAULT 'EDITION',
    "target_all" BOOLEAN NOT NULL,
    "contact_date" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "validity_hours" INTEGER,
    "valid_until" TIMESTAMPTZ(3),
    "exclude_duplicates" BOOLEAN NOT NULL DEFAULT true,
    "control_group_percent" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "limit_to" INTEGER NOT NULL DEFAULT 0,
    "subject" TEXT,
    "body" TEXT,
    "sender" TEXT,
    "short_code" TEXT,
    "run" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery_run" (
    "delivery_id" BIGINT NOT NULL,
    "run" INTEGER NOT NULL,
    "state" "JobState" NOT NULL DEFAULT 'RUNNING',
    "position" BIGINT NOT NULL DEFAULT 0,
    "last_profile_id" BIGINT NOT NULL,
    "targeted" INTEGER NOT NULL DEFAULT 0,
    "excluded" INTEGER NOT NULL DEFAULT 0,
    "to_deliver" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "purged_at" TIMESTAMPTZ(3),

    CONSTRAINT "delivery_run_pkey" PRIMARY KEY ("delivery_id","run")
);

-- CreateTable
CREATE TABLE "delivery_target" (
    "delivery_id" BIGINT NOT NULL,
    "profile_id" BIGINT NOT NULL,

    CONSTRAINT "delivery_target_pkey" PRIMARY KEY ("delivery_id","profile_id")
);

-- CreateTable
CREATE TABLE "exclusion_cause" (
    "delivery_id" BIGINT NOT NULL,
    "run" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "reason" "FailureReason" NOT NULL,
    "volume" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "exclusion_cause_pkey" PRIMARY KEY ("delivery_id","run","name")
);

-- CreateTable
CREATE TABLE "delivery_counter" (
    "delivery_id" BIGINT NOT NULL,
    "run" INTEGER NOT NULL,
    "metric" TEXT NOT NULL,
    "amount" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "delivery_counter_pkey" PRIMARY KEY ("delivery_id","run","metric")
);

-- CreateTable
CREATE TABLE "counter_delta" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" BIGINT NOT NULL,
    "run" INTEGER NOT NULL DEFAULT 0,
    "metric" TEXT NOT NULL,
    "amount" INTEGER NOT NULL,

    CONSTRAINT "counter_delta_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery_log" (
    "id" BIGSERIAL NOT NULL,
    "delivery_id" BIGINT NOT NULL,
    "run" INTEGER NOT NULL,
    "profile_id" BIGINT,
    "address" TEXT NOT NULL,
    "address_key" UUID NOT NULL,
    "channel" "Channel" NOT NULL,
    "domain" TEXT,
    "status" "MessageStatus" NOT NULL DEFAULT 'PENDING',
    "failure_type" "FailureType",
    "failure_reason" "FailureReason",
    "fault" "Fault",
    "origin" "EventOrigin",
    "message_id" TEXT,
    "qualification_id" BIGINT,
    "raw_text" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "last_event_at" TIMESTAMPTZ(3),
    "quarantined" BOOLEAN NOT NULL DEFAULT false,
    "control_group" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delivery_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery_event" (
    "id" BIGSERIAL NOT NULL,
    "txid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "delivery_log_id" BIGINT,
    "delivery_id" BIGINT,
    "run" INTEGER,
    "profile_id" BIGINT,
    "inbound_event_id" BIGINT,
    "channel" "Channel" NOT NULL,
    "address" TEXT NOT NULL,
    "address_key" UUID NOT NULL,
    "domain" TEXT,
    "outcome" "DeliveryOutcome" NOT NULL,
    "previous_status" "MessageStatus",
    "previous_failure_type" "FailureType",
    "previous_failure_reason" "FailureReason",
    "previous_fault" "Fault",
    "status" "MessageStatus",
    "failure_type" "FailureType",
    "failure_reason" "FailureReason",
    "fault" "Fault",
    "decided_by" TEXT,
    "qualification_id" BIGINT,
    "raw_text" TEXT,
    "origin" "EventOrigin" NOT NULL,
    "message_id" TEXT,
    "version" INTEGER,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delivery_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "exclusion_log" (
    "id" BIGSERIAL NOT NULL,
    "txid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "delivery_id" BIGINT NOT NULL,
    "run" INTEGER NOT NULL,
    "profile_id" BIGINT,
    "address" TEXT,
    "address_key" UUID NOT NULL,
    "channel" "Channel" NOT NULL,
    "reason" "FailureReason" NOT NULL,
    "cause" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "scope" "ExclusionScope",
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "exclusion_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "qualification" (
    "id" BIGSERIAL NOT NULL,
    "channel" "Channel" NOT NULL,
    "text" TEXT NOT NULL,
    "md5" TEXT NOT NULL,
    "first_text" TEXT NOT NULL,
    "first_address" TEXT,
    "type" "FailureType" NOT NULL,
    "reason" "FailureReason" NOT NULL,
    "fault" "Fault" NOT NULL,
    "status" "QualificationStatus" NOT NULL DEFAULT 'TO_QUALIFY',
    "edited_by_user" BOOLEAN NOT NULL DEFAULT false,
    "occurrences" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "qualification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "qualification_rule" (
    "id" BIGSERIAL NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "patterns" TEXT[],
    "regex" TEXT,
    "type" "FailureType" NOT NULL,
    "reason" "FailureReason" NOT NULL,
    "fault" "Fault" NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "shadow" BOOLEAN NOT NULL DEFAULT false,
    "hits" INTEGER NOT NULL DEFAULT 0,
    "origin" "RuleOrigin" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "qualification_rule_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inbound_event" (
    "id" BIGSERIAL NOT NULL,
    "door" TEXT NOT NULL,
    "dedupe_key" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "payload" JSONB,
    "raw" BYTEA,
    "address_key" UUID,
    "state" TEXT NOT NULL,
    "answer" JSONB,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbound_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "setting" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,

    CONSTRAINT "setting_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "token" (
    "id" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lease" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "lease_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "job_run" (
    "id" BIGSERIAL NOT NULL,
    "job" TEXT NOT NULL,
    "state" "JobState" NOT NULL DEFAULT 'RUNNING',
    "tasks" JSONB NOT NULL DEFAULT '[]',
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "job_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quarantine_release" (
    "id" BIGSERIAL NOT NULL,
    "state" "JobState" NOT NULL DEFAULT 'RUNNING',
    "mode" "ReleaseMode" NOT NULL,
    "dry_run" BOOLEAN NOT NULL,
    "filter" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "matched" INTEGER NOT NULL DEFAULT 0,
    "changed" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "undone" BOOLEAN NOT NULL DEFAULT false,
    "position" BIGINT NOT NULL DEFAULT 0,
    "last_entry_id" BIGINT NOT NULL,
    "sample" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "quarantine_release_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "feed_state" (
    "ledger" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "floor_txid" BIGINT NOT NULL DEFAULT 0,
    "floor_id" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "feed_state_pkey" PRIMARY KEY ("ledger")
);

-- CreateIndex
CREATE UNIQUE INDEX "profile_external_id_key" ON "profile"("external_id");

-- CreateIndex
CREATE INDEX "address_address_key_idx" ON "address"("address_key");

-- CreateIndex
CREATE UNIQUE INDEX "address_profile_id_channel_address_key_key" ON "address"("profile_id", "channel", "address_key");

-- CreateIndex
CREATE INDEX "consent_event_profile_id_id_idx" ON "consent_event"("profile_id", "id");

-- CreateIndex
CREATE INDEX "quarantine_entry_status_id_idx" ON "quarantine_entry"("status", "id");

-- CreateIndex
CREATE INDEX "quarantine_entry_domain_id_idx" ON "quarantine_entry"("domain", "id");

-- CreateIndex
CREATE INDEX "quarantine_entry_reason_id_idx" ON "quarantine_entry"("reason", "id");

-- CreateIndex
CREATE INDEX "quarantine_entry_created_at_id_idx" ON "quarantine_entry"("created_at", "id");

-- CreateIndex
CREATE INDEX "quarantine_entry_status_updated_at_id_idx" ON "quarantine_entry"("status_updated_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "quarantine_entry_address_key_short_code_key" ON "quarantine_entry"("address_key", "short_code");

-- CreateIndex
CREATE INDEX "quarantine_event_address_key_id_idx" ON "quarantine_event"("address_key", "id");

-- CreateIndex
CREATE UNIQUE INDEX "delivery_internal_name_key" ON "delivery"("internal_name");

-- CreateIndex
CREATE INDEX "delivery_state_idx" ON "delivery"("state");

-- CreateIndex
CREATE INDEX "counter_delta_kind_subject_run_idx" ON "counter_delta"("kind", "subject", "run");

-- CreateIndex
CREATE INDEX "delivery_log_delivery_id_run_id_idx" ON "delivery_log"("delivery_id", "run", "id");

-- CreateIndex
CREATE INDEX "delivery_log_address_key_id_idx" ON "delivery_log"("address_key", "id");

-- CreateIndex
CREATE INDEX "delivery_log_profile_id_id_idx" ON "delivery_log"("profile_id", "id");

-- CreateIndex
CREATE INDEX "delivery_log_domain_id_idx" ON "delivery_log"("domain", "id");

-- CreateIndex
CREATE INDEX "delivery_log_updated_at_id_idx" ON "delivery_log"("updated_at", "id");

-- CreateIndex
CREATE INDEX "delivery_event_delivery_log_id_id_idx" ON "delivery_event"("delivery_log_id", "id");

-- CreateIndex
CREATE INDEX "exclusion_log_delivery_id_run_id_idx" ON "exclusion_log"("delivery_id", "run", "id");

-- CreateIndex
CREATE INDEX "exclusion_log_address_key_id_idx" ON "exclusion_log"("address_key", "id");

-- CreateIndex
CREATE INDEX "exclusion_log_profile_id_id_idx" ON "exclusion_log"("profile_id", "id");

-- CreateIndex
CREATE INDEX "exclusion_log_reason_id_idx" ON "exclusion_log"("reason", "id");

-- CreateIndex
CREATE INDEX "exclusion_log_created_at_id_idx" ON "exclusion_log"("created_at", "id");

-- CreateIndex
CREATE INDEX "qualification_occurrences_id_idx" ON "qualification"("occurrences", "id");

-- CreateIndex
CREATE INDEX "qualification_status_id_idx" ON "qualification"("status", "id");

-- CreateIndex
CREATE INDEX "qualification_created_at_id_idx" ON "qualification"("created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "qualification_channel_md5_key" ON "qualification"("channel", "md5");

-- CreateIndex
CREATE UNIQUE INDEX "qualification_rule_name_key" ON "qualification_rule"("name");

-- CreateIndex
CREATE INDEX "qualification_rule_position_id_idx" ON "qualification_rule"("position", "id");

-- CreateIndex
CREATE INDEX "inbound_event_received_at_idx" ON "inbound_event"("received_at");

-- CreateIndex
CREATE UNIQUE INDEX "inbound_event_door_dedupe_key_key" ON "inbound_event"("door", "dedupe_key");

-- CreateIndex
CREATE UNIQUE INDEX "token_hash_key" ON "token"("hash");

-- CreateIndex
CREATE INDEX "job_run_job_id_idx" ON "job_run"("job", "id");

-- AddForeignKey
ALTER TABLE "delivery_run" ADD CONSTRAINT "delivery_run_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "delivery_target" ADD CONSTRAINT "delivery_target_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "exclusion_cause" ADD CONSTRAINT "exclusion_cause_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "delivery_counter" ADD CONSTRAINT "delivery_counter_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What follows Prisma's schema cannot say: checks, partial and expression indexes, the indexes of the feed.

ALTER TABLE "profile" ADD CONSTRAINT "profile_external_id_check" CHECK (external_id IS NULL OR external_id <> '');
ALTER TABLE "address" ADD CONSTRAINT "address_value_check" CHECK (value <> '');
ALTER TABLE "consent_event" ADD CONSTRAINT "consent_event_channel_check" CHECK (channel IS DISTINCT FROM 'OTHER');
ALTER TABLE "quarantine_entry"
  ADD CONSTRAINT "quarantine_entry_address_check" CHECK (address <> ''),
  ADD CONSTRAINT "quarantine_entry_error_count_check" CHECK (error_count >= 0),
  ADD CONSTRAINT "quarantine_entry_version_check" CHECK (version >= 1),
  ADD CONSTRAINT "quarantine_entry_short_code_check" CHECK (short_code = '' OR channel = 'SMS');
ALTER TABLE "quarantine_event"
  ADD CONSTRAINT "quarantine_event_error_count_check" CHECK (error_count >= 0),
  ADD CONSTRAINT "quarantine_event_version_check" CHECK (version >= 1);
ALTER TABLE "delivery"
  ADD CONSTRAINT "delivery_control_group_percent_check" CHECK (control_group_percent BETWEEN 0 AND 100),
  ADD CONSTRAINT "delivery_limit_to_check" CHECK (limit_to >= 0),
  ADD CONSTRAINT "delivery_validity_hours_check" CHECK (validity_hours IS NULL OR validity_hours > 0),
  ADD CONSTRAINT "delivery_run_check" CHECK (run >= 0);
ALTER TABLE "delivery_run" ADD CONSTRAINT "delivery_run_counts_check" CHECK (targeted = excluded + to_deliver AND excluded >= 0 AND to_deliver >= 0);
ALTER TABLE "exclusion_cause" ADD CONSTRAINT "exclusion_cause_volume_check" CHECK (volume >= 0);
ALTER TABLE "counter_delta" ADD CONSTRAINT "counter_delta_kind_check" CHECK (kind IN ('DELIVERY', 'QUALIFICATION', 'RULE'));
ALTER TABLE "delivery_log"
  ADD CONSTRAINT "delivery_log_attempts_check" CHECK (attempts >= 0),
  ADD CONSTRAINT "delivery_log_version_check" CHECK (version >= 1);
ALTER TABLE "qualification"
  ADD CONSTRAINT "qualification_occurrences_check" CHECK (occurrences BETWEEN 0 AND 100000),
  ADD CONSTRAINT "qualification_md5_check" CHECK (md5 ~ '^[0-9a-f]{32}$');
ALTER TABLE "qualification_rule"
  ADD CONSTRAINT "qualification_rule_pattern_check" CHECK (cardinality(patterns) > 0 OR regex IS NOT NULL),
  ADD CONSTRAINT "qualification_rule_hits_check" CHECK (hits >= 0);
ALTER TABLE "inbound_event"
  ADD CONSTRAINT "inbound_event_kind_check" CHECK ((kind = 'RESULT' AND payload IS NOT NULL) OR (kind = 'MESSAGE' AND raw IS NOT NULL)),
  ADD CONSTRAINT "inbound_event_state_check" CHECK (state IN ('PROCESSED', 'UNPROVEN'));
ALTER TABLE "token" ADD CONSTRAINT "token_scopes_check" CHECK (cardinality(scopes) > 0);

CREATE INDEX "profile_external_id_prefix_idx" ON "profile" (external_id text_pattern_ops);
-- Of the first 128 characters: a push token can be longer than an index takes.
CREATE INDEX "address_value_prefix_idx" ON "address" (left(value, 128) text_pattern_ops);
CREATE INDEX "quarantine_entry_address_prefix_idx" ON "quarantine_entry" (left(address, 128) text_pattern_ops);
CREATE INDEX "quarantine_entry_last_error_idx" ON "quarantine_entry" ((COALESCE(last_error_at, '-infinity'::timestamptz)), id);
CREATE UNIQUE INDEX "quarantine_event_version_key" ON "quarantine_event" (address_key, short_code, version);
CREATE INDEX "quarantine_event_release_idx" ON "quarantine_event" (release_id, id) WHERE release_id IS NOT NULL;
CREATE INDEX "delivery_event_success_idx" ON "delivery_event" (address_key, occurred_at) WHERE outcome = 'DELIVERED';
CREATE INDEX "delivery_event_undefined_idx" ON "delivery_event" (address_key, occurred_at) WHERE failure_type = 'UNDEFINED';
CREATE INDEX "delivery_log_message_id_idx" ON "delivery_log" (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX "delivery_log_failure_reason_idx" ON "delivery_log" (failure_reason, id) WHERE failure_reason IS NOT NULL;
CREATE INDEX "delivery_log_failed_idx" ON "delivery_log" (id) WHERE status = 'FAILED';
CREATE INDEX "delivery_log_pending_idx" ON "delivery_log" (id) WHERE status = 'PENDING';
CREATE INDEX "inbound_event_address_idx" ON "inbound_event" (address_key, id) WHERE address_key IS NOT NULL;

-- A reader of the feed asks for rows in (txid, id) order below the horizon.
CREATE INDEX "quarantine_event_feed_idx" ON "quarantine_event" (txid, id);
CREATE INDEX "delivery_event_feed_idx" ON "delivery_event" (txid, id);
CREATE INDEX "exclusion_log_feed_idx" ON "exclusion_log" (txid, id);

INSERT INTO "feed_state" (ledger) VALUES ('QUARANTINE'), ('DELIVERY_LOG'), ('EXCLUSION_LOG');
