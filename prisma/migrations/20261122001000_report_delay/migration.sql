-- How late a domain's delivered messages are told: `told` by class of delay, and the slots after which most of them are.
CREATE TABLE "domain_delay" (
    "channel" "Channel" NOT NULL,
    "domain" TEXT NOT NULL,
    "told" INTEGER[],
    "settle_slots" INTEGER NOT NULL,
    "last_slot" INTEGER NOT NULL,

    CONSTRAINT "domain_delay_pkey" PRIMARY KEY ("channel","domain")
);

-- CreateIndex
CREATE INDEX "domain_delay_last_slot_idx" ON "domain_delay"("last_slot");


-- What follows Prisma's schema cannot say.

ALTER TABLE "counter_delta" DROP CONSTRAINT "counter_delta_kind_check";
ALTER TABLE "counter_delta" ADD CONSTRAINT "counter_delta_kind_check"
  CHECK (kind IN ('DELIVERY', 'QUALIFICATION', 'RULE', 'DOMAIN', 'INCIDENT', 'DELAY'));

-- Places at which the search for incidents waits: none where everything is told at once.
CREATE INDEX "domain_delay_settle_idx" ON "domain_delay" (channel, domain) WHERE settle_slots > 0;
-- Closed incidents of which bounces may still come in.
CREATE INDEX "incident_closed_idx" ON "incident" (closed_at) WHERE state = 'CLOSED';
