-- CreateEnum
CREATE TYPE "AlertKind" AS ENUM ('UNKNOWN_TEXT', 'IMPORT_IN_QUARANTINE');

-- CreateTable
CREATE TABLE "alert" (
    "id" BIGSERIAL NOT NULL,
    "txid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "kind" "AlertKind" NOT NULL,
    "subject" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "qualification_id" BIGINT,
    "raised_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" TEXT,

    CONSTRAINT "alert_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "alert_qualification_id_idx" ON "alert"("qualification_id");

-- CreateIndex
CREATE UNIQUE INDEX "alert_kind_subject_key" ON "alert"("kind", "subject");

-- AddForeignKey
ALTER TABLE "alert" ADD CONSTRAINT "alert_qualification_id_fkey" FOREIGN KEY ("qualification_id") REFERENCES "qualification"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "alert" ADD CONSTRAINT "alert_acknowledged_check" CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL));

CREATE INDEX "alert_open_idx" ON "alert" (kind, id) WHERE acknowledged_at IS NULL;
CREATE INDEX "alert_feed_idx" ON "alert" (txid, id);

INSERT INTO "feed_state" (ledger) VALUES ('ALERT');
