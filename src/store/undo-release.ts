import { type Queryable, sql } from './database.ts';
import { isErased } from './erased-keys.ts';

export interface ReleaseLine {
  readonly id: bigint;
  readonly addressKey: string;
}

/** The next lines that a release wrote to the ledger, in their order. */
export async function findReleaseLines(database: Queryable, releaseId: bigint, after: bigint, size: number): Promise<ReleaseLine[]> {
  return database.query<ReleaseLine>(sql`
    SELECT id, address_key::text AS "addressKey" FROM quarantine_event WHERE release_id = ${releaseId} AND id > ${after}
    ORDER BY id LIMIT ${size}`);
}

export interface UndoSlice {
  readonly releaseId: bigint;
  /** Lines beyond this id, */
  readonly after: bigint;
  /** up to this one. */
  readonly upTo: bigint;
  readonly at: Date;
  readonly actor: string;
  /** The actor of the cleanup job: what it alone has done to an entry since is not the entry's own moving on. */
  readonly cleanup: string;
}

/**
 * Puts entries back to what they were before the release, from the line before it. Entries whose ledger has gone on since stay as they are; one
 * that only the cleanup job has deleted, as valid, is put back too. What was erased since is not. The caller holds the locks of the addresses.
 *
 * @returns how many were put back
 */
export async function undoSlice(tx: Queryable, { releaseId, after, upTo, at, actor, cleanup }: UndoSlice): Promise<number> {
  // OFFSET 0: one look into the index for each line. The planner would read the whole ledger to join a slice with it.
  const sameEntry = sql`v.address_key = l.address_key AND v.short_code = l.short_code`;
  const [row] = await tx.query<{ restored: number }>(sql`
    WITH lines AS MATERIALIZED (
      SELECT * FROM quarantine_event WHERE release_id = ${releaseId} AND id > ${after} AND id <= ${upTo}
    ),
    todo AS MATERIALIZED (
      SELECT l.entry_id, l.channel, l.address, l.address_key, l.short_code, l.domain, l.delivery_id, b.status, b.reason, b.text, b.error_count,
        b.last_error_at, b.last_significant_error_at, b.last_success_at, b.soft_caused, b.source, b.status_updated_at,
        COALESCE(n.version, l.version) AS version, l.status IS NULL OR n.id IS NOT NULL AS gone
      FROM lines l
      CROSS JOIN LATERAL (SELECT * FROM quarantine_event v WHERE ${sameEntry} AND v.version = l.version - 1 OFFSET 0) AS b
      LEFT JOIN LATERAL (SELECT * FROM quarantine_event v WHERE ${sameEntry} AND v.version = l.version + 1 OFFSET 0) AS n ON true
      LEFT JOIN LATERAL (SELECT * FROM quarantine_event v WHERE ${sameEntry} AND v.version = l.version + 2 OFFSET 0) AS m ON true
      WHERE (n.id IS NULL OR (n.status IS NULL AND n.actor = ${cleanup} AND m.id IS NULL)) AND NOT ${isErased(sql`l.address_key`)}
    ),
    changed AS (
      UPDATE quarantine_entry AS e
      SET status = t.status, reason = t.reason, error_text = t.text, error_count = t.error_count, last_error_at = t.last_error_at,
        last_significant_error_at = t.last_significant_error_at, last_success_at = t.last_success_at, soft_caused = t.soft_caused,
        source = t.source, status_updated_at = t.status_updated_at, version = t.version + 1
      FROM todo t WHERE NOT t.gone AND e.id = t.entry_id AND e.version = t.version
      RETURNING e.*
    ),
    created AS (
      INSERT INTO quarantine_entry (id, channel, address, address_key, short_code, domain, status, reason, error_text, error_count, last_error_at,
        last_significant_error_at, last_success_at, soft_caused, last_delivery_id, source, created_at, status_updated_at, version)
      SELECT t.entry_id, t.channel, t.address, t.address_key, t.short_code, t.domain, t.status, t.reason, t.text, t.error_count, t.last_error_at,
        t.last_significant_error_at, t.last_success_at, t.soft_caused, t.delivery_id, t.source, first.status_updated_at, t.status_updated_at, t.version + 1
      FROM todo t
      CROSS JOIN LATERAL (
        SELECT f.status_updated_at FROM quarantine_event f
        WHERE f.address_key = t.address_key AND f.short_code = t.short_code AND f.entry_id = t.entry_id ORDER BY f.id LIMIT 1
      ) AS first
      WHERE t.gone
      ON CONFLICT (address_key, short_code) DO NOTHING
      RETURNING *
    ),
    told AS (
      INSERT INTO quarantine_event (entry_id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status, reason,
        error_count, text, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, delivery_id, source,
        actor, version, occurred_at)
      SELECT id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status, reason,
        error_count, error_text, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, last_delivery_id, source,
        ${actor}::text, version, ${at}::timestamptz
      FROM (
        SELECT *, 'VALID'::"AddressStatus" AS previous_status, reason AS previous_reason FROM changed
        UNION ALL SELECT *, NULL, NULL FROM created
      ) AS restored ORDER BY id
      RETURNING id
    )
    SELECT count(*)::int AS restored FROM told`);
  return row?.restored ?? 0;
}
