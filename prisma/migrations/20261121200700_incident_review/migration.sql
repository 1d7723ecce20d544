-- DropForeignKey
ALTER TABLE "quarantine_release" DROP CONSTRAINT "quarantine_release_incident_id_fkey";

-- AddForeignKey
-- A release without its incident would be one of everything that its empty filter leaves in.
ALTER TABLE "quarantine_release" ADD CONSTRAINT "quarantine_release_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
