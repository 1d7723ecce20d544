-- Failures of one text by time: how often it occurs, and its latest samples.
CREATE INDEX "delivery_event_qualification_idx" ON "delivery_event" (qualification_id, occurred_at) WHERE qualification_id IS NOT NULL;
-- All failures by time: what a rule would have made of the last days.
CREATE INDEX "delivery_event_failure_idx" ON "delivery_event" (occurred_at, id) WHERE failure_type IS NOT NULL;
