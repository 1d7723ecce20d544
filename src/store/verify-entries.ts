/** Compares the quarantine list with its ledger, which is the truth. Each statement sees one state of both, so writers need not be held up. */
import { type Queryable, type Sql, sql } from './database.ts';
import { followLedger, lastLine } from './follow-ledger.ts';

/**
 * DIFFERS: the entry does not say what its last line says. DELETED: the last line says that the entry is gone. MISSING: the last line says that there
 * is an entry. UNKNOWN: the ledger has never heard of it.
 */
export type DifferenceKind = 'DIFFERS' | 'DELETED' | 'MISSING' | 'UNKNOWN';

export interface LedgerDifference {
  readonly kind: DifferenceKind;
  readonly entryId: bigint;
  readonly address: string;
  readonly addressKey: string;
  readonly shortCode: string;
  /** What differs, as in the schema of the database; empty but for DIFFERS. */
  readonly fields: readonly string[];
}

export interface ComparedSlice {
  readonly compared: number;
  readonly differences: readonly LedgerDifference[];
  /** Where the next slice goes on; null at the end. */
  readonly next: bigint | null;
}

/** Columns of an entry beside those of the line that say the same. */
const SAME: readonly (readonly [entry: Sql, line: Sql, name: string])[] = [
  [sql`e.channel`, sql`l.channel`, 'channel'],
  [sql`e.address`, sql`l.address`, 'address'],
  [sql`e.domain`, sql`l.domain`, 'domain'],
  [sql`e.status`, sql`l.status`, 'status'],
  [sql`e.reason`, sql`l.reason`, 'reason'],
  [sql`e.error_text`, sql`l.text`, 'error_text'],
  [sql`e.error_count`, sql`l.error_count`, 'error_count'],
  [sql`e.last_error_at`, sql`l.last_error_at`, 'last_error_at'],
  [sql`e.last_significant_error_at`, sql`l.last_significant_error_at`, 'last_significant_error_at'],
  [sql`e.last_success_at`, sql`l.last_success_at`, 'last_success_at'],
  [sql`e.soft_caused`, sql`l.soft_caused`, 'soft_caused'],
  [sql`e.source`, sql`l.source`, 'source'],
  [sql`e.status_updated_at`, sql`l.status_updated_at`, 'status_updated_at'],
  [sql`e.version`, sql`l.version`, 'version'],
];

const DIFFERING = SAME.map(([entry, line, name]) => sql`CASE WHEN ${entry} IS DISTINCT FROM ${line} THEN ${name}::text END`).reduce(
  (list, one) => sql`${list}, ${one}`,
);

/** One look into the index for each row: the planner would read the whole table to compare a slice with it. */
const PROBE = sql`OFFSET 0`;

/** The next entries after an id, each beside the last line of its ledger. */
export async function compareEntries(database: Queryable, after: bigint, size: number): Promise<ComparedSlice> {
  const end = await sliceEnd(database, sql`quarantine_entry`, after, size);
  const differences = await database.query<LedgerDifference>(sql`
    SELECT e.id AS "entryId", e.address, e.address_key::text AS "addressKey", e.short_code AS "shortCode",
      CASE WHEN l.id IS NULL THEN 'UNKNOWN' WHEN l.status IS NULL THEN 'DELETED' ELSE 'DIFFERS' END AS kind,
      CASE WHEN l.status IS NULL THEN ARRAY[]::text[] ELSE d.fields END AS fields
    FROM quarantine_entry e LEFT JOIN ${lastLine(sql`e`)} ON true
    CROSS JOIN LATERAL (SELECT array_remove(ARRAY[${DIFFERING}], NULL) AS fields) AS d
    WHERE e.id > ${after} AND e.id <= ${end.last} AND (l.id IS NULL OR cardinality(d.fields) > 0) ORDER BY e.id`);
  return { compared: end.count, differences, next: end.count < size ? null : end.last };
}

/** The next lines of the ledger: does what the last one of an address speaks of exist? */
export async function compareLines(database: Queryable, after: bigint, size: number): Promise<ComparedSlice> {
  const end = await sliceEnd(database, sql`quarantine_event`, after, size);
  const differences = await database.query<LedgerDifference>(sql`
    SELECT l.entry_id AS "entryId", l.address, l.address_key::text AS "addressKey", l.short_code AS "shortCode", 'MISSING' AS kind,
      ARRAY[]::text[] AS fields
    FROM quarantine_event l
    WHERE l.id > ${after} AND l.id <= ${end.last} AND l.status IS NOT NULL
      AND NOT EXISTS (SELECT FROM quarantine_entry e WHERE e.address_key = l.address_key AND e.short_code = l.short_code ${PROBE})
      AND NOT EXISTS (SELECT FROM quarantine_event n WHERE n.address_key = l.address_key AND n.short_code = l.short_code AND n.version > l.version ${PROBE})
    ORDER BY l.id`);
  return { compared: 0, differences, next: end.count < size ? null : end.last };
}

async function sliceEnd(database: Queryable, table: Sql, after: bigint, size: number): Promise<{ last: bigint; count: number }> {
  const [row] = await database.query<{ last: bigint | null; count: number }>(sql`
    SELECT max(id) AS last, count(*)::int AS count FROM (SELECT id FROM ${table} WHERE id > ${after} ORDER BY id LIMIT ${size}) AS slice`);
  return { last: row?.last ?? after, count: row?.count ?? 0 };
}

/**
 * Makes the list say what the ledger says, for these addresses. What the ledger has never heard of gets its first line: an entry is not taken away for
 * want of one, that would open a gate. The caller holds the locks of the addresses.
 */
export async function repairEntries(tx: Queryable, differences: readonly LedgerDifference[], actor: string, at: Date): Promise<void> {
  const wanted = await followLedger(tx, differences);
  await tx.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, short_code, domain, status, reason, error_count, text, last_error_at,
      last_significant_error_at, last_success_at, soft_caused, status_updated_at, delivery_id, source, actor, version, occurred_at)
    SELECT e.id, e.channel, e.address, e.address_key, e.short_code, e.domain, e.status, e.reason, e.error_count, e.error_text, e.last_error_at,
      e.last_significant_error_at, e.last_success_at, e.soft_caused, e.status_updated_at, e.last_delivery_id, e.source, ${actor}::text, e.version,
      ${at}::timestamptz
    FROM ${wanted} JOIN quarantine_entry e ON e.address_key = w.address_key AND e.short_code = w.short_code
    WHERE NOT EXISTS (SELECT FROM quarantine_event v WHERE v.address_key = e.address_key AND v.short_code = e.short_code)`);
}
