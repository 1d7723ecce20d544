-- CreateTable
CREATE TABLE "quarantine_share" (
    "month" TEXT NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "known" INTEGER NOT NULL,
    "shut" INTEGER NOT NULL,
    "domains" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "quarantine_share_pkey" PRIMARY KEY ("month")
);

ALTER TABLE "quarantine_share" ADD CONSTRAINT "quarantine_share_month_check" CHECK (month ~ '^\d{4}-\d{2}$');
ALTER TABLE "quarantine_share" ADD CONSTRAINT "quarantine_share_counts_check" CHECK (shut BETWEEN 0 AND known);
