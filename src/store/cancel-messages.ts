import type { FailureReason, FailureType, Fault } from '../domain/vocabulary.ts';
import { empty, type Queryable, type Sql, sql } from './database.ts';

export interface CancelSlice {
  readonly deliveryId: bigint;
  readonly run: number;
  /** Messages beyond this id, */
  readonly after: bigint;
  /** at most so many. */
  readonly size: number;
  readonly at: Date;
  /** Why they could not be sent any more; absent = somebody wanted it so. */
  readonly because?: CancelCause;
}

export interface CancelCause {
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly text: string;
}

export interface CancelledSlice {
  readonly last: bigint;
  readonly cancelled: number;
}

/**
 * Cancels the next pending messages: state, ledger and counters in the transaction of the caller.
 *
 * Takes every lock of addresses before the first write, in the order of all writers: a message's versions rise in the order of the feed.
 *
 * @returns the last message that was cancelled, and how many were; null where none is pending any more
 */
export async function cancelSlice(
  tx: Queryable,
  { deliveryId, run, after, size, at, because }: CancelSlice,
): Promise<CancelledSlice | null> {
  await tx.query(sql`SELECT pg_advisory_xact_lock(1, bucket) FROM generate_series(0, 255) AS bucket`);
  const wanted = sql`m.delivery_id = ${deliveryId} AND m.run = ${run} AND m.id > ${after}`;
  return cancelPending(tx, { wanted, size, at, set: because ? failed(because) : empty });
}

interface Cancelling {
  /** Condition on `m`, a message: those of them that are pending are cancelled, in the order of their ids. */
  readonly wanted: Sql;
  readonly size: number;
  readonly at: Date;
  /** What is set beside the status. */
  readonly set: Sql;
}

/** The same for messages of any deliveries. The caller holds the locks of the addresses. */
export async function cancelPending(tx: Queryable, { wanted, size, at, set }: Cancelling): Promise<CancelledSlice | null> {
  const [row] = await tx.query<{ last: bigint | null; cancelled: number }>(sql`
    WITH pending AS MATERIALIZED (
      SELECT m.id, m.failure_type AS type_before, m.failure_reason AS reason_before, m.fault AS fault_before
      FROM delivery_log m WHERE ${wanted} AND m.status = 'PENDING'
      ORDER BY m.id LIMIT ${size} FOR NO KEY UPDATE
    ),
    cancelled AS (
      UPDATE delivery_log AS log
      SET status = 'CANCELLED', version = log.version + 1, next_attempt_at = NULL, updated_at = ${at}::timestamptz${set}
      FROM pending WHERE log.id = pending.id
      RETURNING log.*, type_before, reason_before, fault_before
    ),
    told AS (
      INSERT INTO delivery_event (delivery_log_id, delivery_id, run, profile_id, channel, address, address_key, domain, previous_status,
        previous_failure_type, previous_failure_reason, previous_fault, status, failure_type, failure_reason, fault, qualification_id, raw_text,
        origin, message_id, version, occurred_at)
      SELECT id, delivery_id, run, profile_id, channel, address, address_key, domain, 'PENDING',
        type_before, reason_before, fault_before, status, failure_type, failure_reason, fault, qualification_id, raw_text,
        'API', message_id, version, ${at}::timestamptz
      FROM cancelled ORDER BY id
      RETURNING delivery_log_id
    ),
    counted AS (
      INSERT INTO counter_delta (kind, subject, run, metric, amount)
      SELECT 'DELIVERY', slice.delivery_id, slice.run, metric, amount
      FROM (SELECT delivery_id, run, count(*)::int AS volume FROM cancelled GROUP BY delivery_id, run) AS slice
      CROSS JOIN LATERAL (VALUES ('cancelled', volume), ('pending', -volume)) AS delta (metric, amount)
    )
    SELECT max(delivery_log_id) AS last, count(*)::int AS cancelled FROM told`);
  return row == null || row.last === null ? null : { last: row.last, cancelled: row.cancelled };
}

/** As SET clauses, after others. */
export function failed({ type, reason, fault, text }: CancelCause): Sql {
  return sql`, failure_type = ${type}::"FailureType", failure_reason = ${reason}::"FailureReason", fault = ${fault}::"Fault", raw_text = ${text}`;
}
