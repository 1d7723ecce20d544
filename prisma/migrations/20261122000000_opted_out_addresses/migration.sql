-- What an address says of its holder's wish decides from here on, where no profile is named: it must be what the profile says.
UPDATE "address" AS a SET "opted_out" = w."opted_out"
FROM (
  SELECT o."id", p."opted_out_all" OR CASE o."channel" WHEN 'EMAIL' THEN p."opted_out_email" WHEN 'SMS' THEN p."opted_out_sms"
    WHEN 'PHONE' THEN p."opted_out_phone" WHEN 'DIRECT_MAIL' THEN p."opted_out_direct_mail" WHEN 'FAX' THEN p."opted_out_fax"
    WHEN 'PUSH' THEN p."opted_out_push" ELSE false END AS "opted_out"
  FROM "address" AS o JOIN "profile" AS p ON p."id" = o."profile_id"
) AS w
WHERE w."id" = a."id" AND w."opted_out" <> a."opted_out";

-- CreateIndex
-- Those who have opted out are few: asking for them does not walk the index of all addresses.
CREATE INDEX "address_opted_out_idx" ON "address"("address_key") WHERE "opted_out";
