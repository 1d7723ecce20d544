/** What the import writes of profiles that are new: nobody else can know them before the commit, so nothing needs to be compared. */

import { type Queryable, sql } from './database.ts';
import type { HeldAddress } from './profile-writes.ts';

export interface NewAddress extends HeldAddress {
  readonly profileId: bigint;
  /** The person has opted out of the channel, by the same row of the import. */
  readonly optedOut: boolean;
}

export async function insertNewAddresses(tx: Queryable, addresses: readonly NewAddress[], at: Date): Promise<void> {
  if (addresses.length === 0) return;
  // `rows` asks for every value whether it is a bigint: too slow for millions.
  const given = JSON.stringify(addresses.map(({ profileId, ...address }) => ({ ...address, profileId: profileId.toString() })));
  await tx.execute(sql`
    INSERT INTO address (profile_id, channel, value, original, address_key, domain, opted_out, created_at)
    SELECT r."profileId", r.channel, r.value, r.original, r."addressKey", r.domain, r."optedOut", ${at}::timestamptz
    FROM jsonb_to_recordset(${given}::jsonb) AS r("profileId" bigint, channel "Channel", value text, original text,
      "addressKey" uuid, domain text, "optedOut" boolean)`);
}
