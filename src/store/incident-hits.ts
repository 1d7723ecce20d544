/**
 * What an incident hit: the quarantines that it held back, by their mark in the ledger, and those that took place before it was noticed, by place,
 * reason and time. Batches that were under way when it opened did not know of it: what they quarantined is found the same way.
 */
import { type Queryable, type Sql, sql } from './database.ts';

/** Failures have quarantined the address of this line of the ledger, at the incident's place, for its reason and since it began. */
export function quarantinedThere(line: Sql, incident: Sql): Sql {
  return sql`${line}.status = 'QUARANTINE' AND ${line}.previous_status IS DISTINCT FROM 'QUARANTINE' AND ${line}.actor IS NULL
    AND ${line}.domain IS NOT NULL AND ${line}.domain = ${incident}.domain AND ${line}.reason = ${incident}.reason
    AND ${line}.channel = ${incident}.channel AND ${line}.status_updated_at >= ${incident}.hits_from
    AND ${line}.status_updated_at <= COALESCE(${incident}.closed_at, 'infinity') AND ${line}.occurred_at >= ${incident}.hits_from`;
}

/**
 * An entry has had the status that this line of its ledger gave it ever since; what a release changed and its undo put back counts as never changed.
 */
const stillAs = (line: Sql, entry: Sql) => sql`${entry}.status = ${line}.status AND ${entry}.status_updated_at = ${line}.status_updated_at`;

/**
 * Condition on `c`, an entry: the incident has made it what it is, and nothing has changed its status since. Goes through the entries of the domain,
 * as a release by domain and reason does, and looks into the ledger for each that could be meant.
 */
export function hitBy(incidentId: bigint, place: { readonly domain: string; readonly reason: string }): Sql {
  return sql`c.domain = ${place.domain} AND c.reason = ${place.reason}::"FailureReason" AND EXISTS (
    SELECT FROM quarantine_event l JOIN incident i ON i.id = ${incidentId}
    WHERE l.address_key = c.address_key AND l.short_code = c.short_code AND ${stillAs(sql`l`, sql`c`)}
      AND (l.incident_id = i.id OR (${quarantinedThere(sql`l`, sql`i`)})) OFFSET 0)`;
}

/** The newest lines of the ledger that each incident hit, at most so many each. */
export async function readHitSamples(database: Queryable, incidentIds: readonly bigint[], size: number): Promise<Map<bigint, bigint[]>> {
  const found = await database.query<{ incident: bigint; line: bigint }>(sql`
    SELECT i.id AS incident, s.id AS line FROM incident i CROSS JOIN LATERAL (
      SELECT u.id FROM (
        (SELECT e.id FROM quarantine_event e WHERE e.incident_id = i.id AND e.held_type IS NOT NULL ORDER BY e.id DESC LIMIT ${size}::int)
        UNION ALL
        (SELECT e.id FROM quarantine_event e WHERE ${quarantinedThere(sql`e`, sql`i`)} ORDER BY e.status_updated_at DESC LIMIT ${size}::int)
      ) u ORDER BY u.id DESC LIMIT ${size}::int
    ) s WHERE i.id = ANY(${`{${incidentIds.join(',')}}`}::bigint[])`);
  const samples = new Map<bigint, bigint[]>();
  for (const { incident, line } of found) samples.set(incident, [...(samples.get(incident) ?? []), line]);
  return samples;
}

export interface HeldLine {
  readonly id: bigint;
  readonly addressKey: string;
}

/** The next lines of the ledger that the incident held back. */
export async function findHeldLines(database: Queryable, incidentId: bigint, after: bigint, size: number): Promise<HeldLine[]> {
  return database.query<HeldLine>(sql`
    SELECT id, address_key::text AS "addressKey" FROM quarantine_event
    WHERE incident_id = ${incidentId} AND id > ${after} AND held_type IS NOT NULL ORDER BY id LIMIT ${size}`);
}

export interface CarrySlice {
  readonly incidentId: bigint;
  /** Lines beyond this id, */
  readonly after: bigint;
  /** up to this one. */
  readonly upTo: bigint;
  readonly actor: string;
  readonly at: Date;
}

/**
 * Quarantines what was held back, with the reason that was held: entries that have been ERRONEOUS ever since. A success, a release, the clock or a
 * person has cleared the others. Counted among the new quarantines of the deliveries that failed. The caller holds the locks of the addresses.
 *
 * @returns how many were quarantined
 */
export async function carryOutSlice(tx: Queryable, { incidentId, after, upTo, actor, at }: CarrySlice): Promise<number> {
  const [row] = await tx.query<{ changed: number }>(sql`
    WITH lines AS MATERIALIZED (
      SELECT DISTINCT ON (address_key, short_code) * FROM quarantine_event
      WHERE incident_id = ${incidentId} AND id > ${after} AND id <= ${upTo} AND held_type IS NOT NULL
      ORDER BY address_key, short_code, id DESC
    ),
    found AS MATERIALIZED (
      SELECT e.id, e.status, e.reason, l.reason AS held_reason, l.held_type, l.address_key, l.delivery_id FROM lines l
      JOIN quarantine_entry e ON e.address_key = l.address_key AND e.short_code = l.short_code
      WHERE e.id = l.entry_id AND ${stillAs(sql`l`, sql`e`)}
      ORDER BY e.id FOR UPDATE OF e
    ),
    changed AS (
      UPDATE quarantine_entry AS e SET status = 'QUARANTINE', reason = found.held_reason, soft_caused = found.held_type <> 'HARD',
        status_updated_at = ${at}::timestamptz, version = e.version + 1
      FROM found WHERE e.id = found.id
      RETURNING e.*, found.status AS previous_status, found.reason AS previous_reason
    ),
    told AS (
      INSERT INTO quarantine_event (entry_id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status, reason,
        error_count, text, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, delivery_id, source,
        actor, incident_id, version, occurred_at)
      SELECT id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status, reason,
        error_count, error_text, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, last_delivery_id, source,
        ${actor}::text, ${incidentId}::bigint, version, ${at}::timestamptz
      FROM changed ORDER BY id
      RETURNING id
    ),
    counted AS (
      INSERT INTO counter_delta (kind, subject, run, metric, amount)
      SELECT 'DELIVERY', found.delivery_id, failure.run, 'newQuarantines', count(*)::int FROM found
      CROSS JOIN LATERAL (SELECT v.run FROM delivery_event v
        WHERE v.address_key = found.address_key AND v.delivery_id = found.delivery_id AND v.run IS NOT NULL ORDER BY v.id DESC LIMIT 1) AS failure
      GROUP BY found.delivery_id, failure.run
    )
    SELECT count(*)::int AS changed FROM told`);
  return row?.changed ?? 0;
}
