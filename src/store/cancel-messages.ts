import { type Queryable, sql } from './database.ts';

export interface CancelSlice {
  readonly deliveryId: bigint;
  readonly run: number;
  /** Messages beyond this id, */
  readonly after: bigint;
  /** at most so many. */
  readonly size: number;
  readonly at: Date;
}

/**
 * Cancels the next pending messages: state, ledger and counters in the transaction of the caller.
 *
 * Takes every lock of addresses before the first write, in the order of all writers: a message's versions rise in the order of the feed.
 *
 * @returns the last message that was cancelled; null where none is pending any more
 */
export async function cancelSlice(tx: Queryable, { deliveryId, run, after, size, at }: CancelSlice): Promise<bigint | null> {
  await tx.query(sql`SELECT pg_advisory_xact_lock(1, bucket) FROM generate_series(0, 255) AS bucket`);
  const [row] = await tx.query<{ last: bigint | null }>(sql`
    WITH pending AS MATERIALIZED (
      SELECT id FROM delivery_log WHERE delivery_id = ${deliveryId} AND run = ${run} AND id > ${after} AND status = 'PENDING'
      ORDER BY id LIMIT ${size} FOR NO KEY UPDATE
    ),
    cancelled AS (
      UPDATE delivery_log AS log
      SET status = 'CANCELLED', version = log.version + 1, next_attempt_at = NULL, updated_at = ${at}::timestamptz
      FROM pending WHERE log.id = pending.id
      RETURNING log.*
    ),
    told AS (
      INSERT INTO delivery_event (delivery_log_id, delivery_id, run, profile_id, channel, address, address_key, domain, previous_status,
        previous_failure_type, previous_failure_reason, previous_fault, status, failure_type, failure_reason, fault, qualification_id, raw_text,
        origin, message_id, version, occurred_at)
      SELECT id, delivery_id, run, profile_id, channel, address, address_key, domain, 'PENDING',
        failure_type, failure_reason, fault, status, failure_type, failure_reason, fault, qualification_id, raw_text,
        'API', message_id, version, ${at}::timestamptz
      FROM cancelled ORDER BY id
      RETURNING delivery_log_id
    ),
    counted AS (
      INSERT INTO counter_delta (kind, subject, run, metric, amount)
      SELECT 'DELIVERY', ${deliveryId}, ${run}, metric, amount
      FROM (SELECT count(*)::int AS volume FROM cancelled) AS slice
      CROSS JOIN LATERAL (VALUES ('cancelled', volume), ('pending', -volume)) AS delta (metric, amount)
      WHERE volume > 0
    )
    SELECT max(delivery_log_id) AS last FROM told`);
  return row?.last ?? null;
}
