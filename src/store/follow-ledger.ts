/** Entries follow their ledger: whoever has appended to it makes the list say the same. */
import { type Queryable, rows, type Sql, sql } from './database.ts';

/** The last line of what `place` names: one probe of the unique key. */
export const lastLine = (place: Sql) => sql`
  LATERAL (SELECT * FROM quarantine_event v WHERE v.address_key = ${place}.address_key AND v.short_code = ${place}.short_code
    ORDER BY v.version DESC LIMIT 1) AS l`;

export interface EntryPlace {
  readonly addressKey: string;
  readonly shortCode: string;
}

/**
 * Makes the entries of these places what the last lines of their ledgers say: changed, gone, or there again as old as their first line. A
 * place without any line stays as it is. The caller holds the locks of the addresses.
 *
 * @returns the places as a source named `w`, for what else is to be done with them
 */
export async function followLedger(tx: Queryable, places: readonly EntryPlace[]): Promise<Sql> {
  const keys = places.map(({ addressKey: address_key, shortCode: short_code }) => ({ address_key, short_code }));
  const wanted = sql`jsonb_to_recordset(${rows(keys)}::jsonb) AS w(address_key uuid, short_code text)`;
  await tx.execute(sql`
    UPDATE quarantine_entry AS e SET channel = l.channel, address = l.address, domain = l.domain, status = l.status, reason = l.reason, error_text = l.text, error_count = l.error_count,
      last_error_at = l.last_error_at, last_significant_error_at = l.last_significant_error_at, last_success_at = l.last_success_at,
      soft_caused = l.soft_caused, source = l.source, status_updated_at = l.status_updated_at, version = l.version
    FROM ${wanted} CROSS JOIN ${lastLine(sql`w`)}
    WHERE e.address_key = w.address_key AND e.short_code = w.short_code AND l.status IS NOT NULL`);
  await tx.execute(sql`
    DELETE FROM quarantine_entry AS e USING ${wanted} CROSS JOIN ${lastLine(sql`w`)}
    WHERE e.address_key = w.address_key AND e.short_code = w.short_code AND l.status IS NULL`);
  await tx.execute(sql`
    INSERT INTO quarantine_entry (id, channel, address, address_key, short_code, domain, status, reason, error_text, error_count, last_error_at,
      last_significant_error_at, last_success_at, soft_caused, last_delivery_id, source, created_at, status_updated_at, version)
    SELECT l.entry_id, l.channel, l.address, l.address_key, l.short_code, l.domain, l.status, l.reason, l.text, l.error_count, l.last_error_at,
      l.last_significant_error_at, l.last_success_at, l.soft_caused, l.delivery_id, l.source, first.status_updated_at, l.status_updated_at, l.version
    FROM ${wanted} CROSS JOIN ${lastLine(sql`w`)}
    CROSS JOIN LATERAL (
      SELECT f.status_updated_at FROM quarantine_event f
      WHERE f.address_key = w.address_key AND f.short_code = w.short_code AND f.entry_id = l.entry_id ORDER BY f.id LIMIT 1) AS first
    WHERE l.status IS NOT NULL
    ON CONFLICT (address_key, short_code) DO NOTHING`);
  return wanted;
}
