import { type Queryable, sql } from './database.ts';
import { uuids } from './feedback-reads.ts';
import { entryName } from './feedback-writes.ts';

/** The last versions of these addresses in the ledger, by `entryName`: they go on rising where an entry was deleted and comes back. */
export async function lastVersions(tx: Queryable, addressKeys: Iterable<string>): Promise<ReadonlyMap<string, number>> {
  const found = await tx.query<{ addressKey: string; shortCode: string; version: number }>(sql`
    SELECT address_key::text AS "addressKey", short_code AS "shortCode", max(version) AS version
    FROM quarantine_event WHERE address_key = ANY(${uuids(addressKeys)}::uuid[]) GROUP BY 1, 2`);
  return new Map(found.map(({ addressKey, shortCode, version }) => [entryName(addressKey, shortCode), version]));
}
