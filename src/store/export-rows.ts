/** Reads whole tables for an export, slice by slice, in the order of the ids. */
import { type Queryable, raw, type Sql, sql } from './database.ts';

export type ExportTable = 'quarantine_entry' | 'delivery_log' | 'exclusion_log';

/** One exported row: its columns in the order of the export; instants in UTC. */
export interface ExportRow {
  readonly id: bigint;
  readonly [column: string]: string | number | bigint | boolean | Date | null;
}

/** So many ids are looked through by one statement, however few rows a filter finds among them: none runs long. */
const IDS_A_STATEMENT = 100_000n;
const ROWS_A_STATEMENT = 5_000;

/** Fenced: one probe a row, or a slice could cost the planner a reading of all profiles. */
const PROFILE = sql`SELECT held.external_id FROM profile held WHERE held.id = c.profile_id OFFSET 0`;

const SELECTED: Readonly<Record<ExportTable, { readonly columns: Sql; readonly joins: Sql }>> = {
  quarantine_entry: {
    columns: sql`c.id, c.channel, c.address, c.status, c.reason, c.error_count, c.error_text, c.last_error_at, c.short_code, c.domain, c.source,
      c.created_at, c.status_updated_at, c.version, c.last_significant_error_at, c.last_success_at, c.soft_caused`,
    joins: sql``,
  },
  delivery_log: {
    columns: sql`c.id, c.delivery_id, d.internal_name AS delivery, c.profile_id, p.external_id, c.channel, c.address, c.domain, c.status,
      c.failure_type, c.failure_reason, c.fault, c.origin, c.raw_text, c.message_id, c.attempts, c.quarantined, c.control_group, c.sent_at,
      c.updated_at`,
    joins: sql`JOIN delivery d ON d.id = c.delivery_id LEFT JOIN LATERAL (${PROFILE}) AS p ON true`,
  },
  exclusion_log: {
    columns: sql`c.id, c.delivery_id, d.internal_name AS delivery, c.profile_id, p.external_id, c.channel, c.address, c.reason, c.scope, c.text,
      c.created_at`,
    joins: sql`JOIN delivery d ON d.id = c.delivery_id LEFT JOIN LATERAL (${PROFILE}) AS p ON true`,
  },
};

/**
 * The rows that fulfil the condition (on `c`) and were there when the export began, in no more memory than one slice takes. What changes
 * while the export runs is shown as it is when its slice is read.
 */
export async function* readExportRows(database: Queryable, table: ExportTable, condition: Sql): AsyncGenerator<readonly ExportRow[]> {
  const { columns, joins } = SELECTED[table];
  const [range] = await database.query<{ first: bigint | null; last: bigint | null }>(sql`
    SELECT min(id) AS first, max(id) AS last FROM ${raw(table)}`);
  const last = range?.last ?? 0n;
  let after = (range?.first ?? 1n) - 1n;
  while (after < last) {
    const upTo = after + IDS_A_STATEMENT < last ? after + IDS_A_STATEMENT : last;
    const found = await database.query<ExportRow>(sql`
      SELECT ${columns} FROM ${raw(table)} c ${joins}
      WHERE c.id > ${after}::bigint AND c.id <= ${upTo}::bigint AND ${condition} ORDER BY c.id LIMIT ${ROWS_A_STATEMENT}`);
    if (found.length > 0) yield found;
    after = found.length < ROWS_A_STATEMENT ? upTo : (found.at(-1)?.id ?? upTo);
  }
}
