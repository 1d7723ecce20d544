import { type Queryable, sql } from './database.ts';

/**
 * How many of these addresses the quarantine list shuts for every sender of their channel. A key that stands twice counts twice. Fenced, so that it
 * stays one probe an address however many entries there are.
 */
export async function countShutAddresses(database: Queryable, addressKeys: readonly string[]): Promise<number> {
  if (addressKeys.length === 0) return 0;
  const [row] = await database.query<{ shut: number }>(sql`
    SELECT count(*)::int AS shut FROM unnest(${`{${addressKeys.join(',')}}`}::uuid[]) AS k(address_key)
    CROSS JOIN LATERAL (
      SELECT FROM quarantine_entry e
      WHERE e.address_key = k.address_key AND e.short_code = '' AND e.status IN ('QUARANTINE', 'DENYLISTED') LIMIT 1) AS shut`);
  return row?.shut ?? 0;
}
