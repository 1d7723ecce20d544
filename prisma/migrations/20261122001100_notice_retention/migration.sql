-- What the cleanup takes of what staff was told.
CREATE INDEX "alert_acknowledged_idx" ON "alert" (acknowledged_at) WHERE acknowledged_at IS NOT NULL;
CREATE INDEX "quarantine_release_incident_idx" ON "quarantine_release" (incident_id) WHERE incident_id IS NOT NULL;
