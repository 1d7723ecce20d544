/** Retention of what staff was told: alerts that somebody has seen, and incidents that are over. */
import { type Ledger, type Queryable, type Sql, sql } from './database.ts';
import { raiseFloor } from './feed-state.ts';
import type { PurgedSlice, PurgeSlice } from './purge-old-rows.ts';

interface Place {
  readonly id: bigint;
  readonly txid: string;
}

/**
 * Alerts by when they were acknowledged. That of a text which nobody has qualified stays: without it the next failure would raise it anew. There is one a
 * text at most.
 */
export async function purgeAlerts(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  const gone = await tx.query<Place>(sql`
    DELETE FROM alert WHERE id = ANY(ARRAY(
      SELECT a.id FROM alert a WHERE a.acknowledged_at <= ${before}::timestamptz AND NOT EXISTS (
        SELECT FROM qualification q
        WHERE q.id = a.qualification_id AND q.type = 'UNDEFINED' AND q.status = 'TO_QUALIFY' AND NOT q.edited_by_user OFFSET 0)
      ORDER BY a.acknowledged_at LIMIT ${size} FOR UPDATE OF a))
    RETURNING id, txid::text AS txid`);
  await raiseTo(tx, 'ALERT', gone);
  return { deleted: gone.length, next: gone.length < size ? null : 0n };
}

/**
 * Incidents by when they were closed, with their lines of the ledger. One that is being carried out stays, one that was told of since, and one that a
 * release names: the release would be one of everything.
 */
export async function purgeIncidents(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  const found = await tx.query<{ id: bigint }>(sql`
    SELECT i.id FROM incident i
    WHERE i.state = 'CLOSED' AND i.closed_at <= ${before}::timestamptz AND i.carry_state IS DISTINCT FROM 'RUNNING'
      AND NOT EXISTS (SELECT FROM quarantine_release r WHERE r.incident_id = i.id)
      AND NOT EXISTS (SELECT FROM incident_event e WHERE e.incident_id = i.id AND e.occurred_at > ${before}::timestamptz)
    ORDER BY i.closed_at LIMIT ${size} FOR UPDATE OF i`);
  if (found.length === 0) return { deleted: 0, next: null };
  const ids = sql`${`{${found.map(({ id }) => id).join(',')}}`}::bigint[]`;
  const lines = await deleteLines(tx, ids, size);
  // An incident with more lines than a slice has goes with its last ones.
  if (lines === size) return { deleted: 0, next: 0n };
  const deleted = await tx.execute(sql`DELETE FROM incident WHERE id = ANY(${ids})`);
  return { deleted, next: found.length < size ? null : 0n };
}

async function deleteLines(tx: Queryable, incidents: Sql, size: number): Promise<number> {
  const gone = await tx.query<Place>(sql`
    DELETE FROM incident_event WHERE id = ANY(ARRAY(
      SELECT e.id FROM incident_event e WHERE e.incident_id = ANY(${incidents}) ORDER BY e.incident_id, e.id LIMIT ${size}))
    RETURNING id, txid::text AS txid`);
  await raiseTo(tx, 'INCIDENT', gone);
  return gone.length;
}

/** Cursors before the last row that is gone have expired. */
async function raiseTo(tx: Queryable, ledger: Ledger, gone: readonly Place[]): Promise<void> {
  const places = gone.map(({ id, txid }) => ({ id, txid: BigInt(txid) }));
  const last = places.reduce<(typeof places)[number] | null>(
    (most, place) => (most === null || place.txid > most.txid || (place.txid === most.txid && place.id > most.id) ? place : most),
    null,
  );
  if (last !== null) await raiseFloor(tx, ledger, last);
}
