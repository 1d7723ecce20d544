/** Past failures and what surrounds them, for trying a rule on history. */
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import type { AddressStatus, Channel, EventOrigin, FailureReason, FailureType, Fault } from '../domain/vocabulary.ts';
import { empty, type Queryable, rows, sql } from './database.ts';

/** A failure as it was recorded. */
export interface PastFailure {
  readonly id: bigint;
  readonly channel: Channel;
  readonly address: string;
  readonly addressKey: string;
  readonly rawText: string;
  readonly origin: EventOrigin;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly decidedBy: string | null;
  readonly occurredAt: Date;
  /** When the message was sent that it speaks of; null = unknown. */
  readonly sentAt: Date | null;
  /** Its text is on IGNORE now: it never counts (QUA-7). */
  readonly ignored: boolean;
}

/** The failures since an instant, newest first, a slice at a time. */
export function readPastFailures(
  database: Queryable,
  since: Date,
  before: Pick<PastFailure, 'occurredAt' | 'id'> | null,
  size: number,
): Promise<PastFailure[]> {
  const behind = before === null ? empty : sql`AND (e.occurred_at, e.id) < (${before.occurredAt}::timestamptz, ${before.id}::bigint)`;
  return database.query<PastFailure>(sql`
    SELECT e.id, e.channel, e.address, e.address_key::text AS "addressKey", e.raw_text AS "rawText", e.origin, e.failure_type AS type,
      e.failure_reason AS reason, e.fault, e.decided_by AS "decidedBy", e.occurred_at AS "occurredAt", l.sent_at AS "sentAt",
      coalesce(q.status = 'IGNORE', false) AS ignored
    FROM (
      SELECT * FROM delivery_event e
      WHERE e.failure_type IS NOT NULL AND e.raw_text IS NOT NULL AND e.occurred_at >= ${since}::timestamptz ${behind}
      ORDER BY e.occurred_at DESC, e.id DESC LIMIT ${size}) AS e
    LEFT JOIN qualification q ON q.id = e.qualification_id
    LEFT JOIN delivery_log l ON l.id = e.delivery_log_id
    ORDER BY e.occurred_at DESC, e.id DESC`);
}

/** An address at an instant, and what became of it since. */
export interface AddressPast {
  readonly addressKey: string;
  /** The entry as it was before that instant, from its ledger; null = there was none. */
  readonly state: QuarantineState | null;
  readonly lastSuccessAt: Date | null;
  readonly firstUndefinedAt: Date | null;
  /** Successes since. */
  readonly successes: readonly Date[];
  /** Of the entry today; null = there is none. */
  readonly status: AddressStatus | null;
  /** A person or an import has decided about the entry, or it was created by one. */
  readonly byHand: boolean;
}

interface PastRow extends Omit<AddressPast, 'state'>, Omit<QuarantineState, 'status' | 'lastSuccessAt'> {
  readonly pastStatus: AddressStatus | null;
  readonly stateSuccessAt: Date | null;
}

/** Reads the past of addresses, each from its own instant on. */
export async function readAddressPasts(
  database: Queryable,
  wanted: readonly { readonly addressKey: string; readonly from: Date }[],
): Promise<AddressPast[]> {
  const found = await database.query<PastRow>(sql`
    SELECT w."addressKey"::text AS "addressKey", p.status AS "pastStatus", p.reason, p.text AS "errorText", p.error_count AS "errorCount",
      p.last_error_at AS "lastErrorAt", p.last_significant_error_at AS "lastSignificantErrorAt", p.last_success_at AS "stateSuccessAt",
      p.soft_caused AS "softCaused", p.source, p.status_updated_at AS "statusUpdatedAt",
      (SELECT max(e.occurred_at) FROM delivery_event e
        WHERE e.address_key = w."addressKey" AND e.outcome = 'DELIVERED' AND e.occurred_at < w."from") AS "lastSuccessAt",
      (SELECT min(e.occurred_at) FROM delivery_event e
        WHERE e.address_key = w."addressKey" AND e.failure_type = 'UNDEFINED' AND e.occurred_at < w."from") AS "firstUndefinedAt",
      ARRAY(SELECT e.occurred_at FROM delivery_event e
        WHERE e.address_key = w."addressKey" AND e.outcome = 'DELIVERED' AND e.occurred_at >= w."from" ORDER BY e.occurred_at) AS successes,
      q.status,
      coalesce(q.source IN ('MANUAL', 'IMPORT'), false) OR EXISTS (
        SELECT FROM quarantine_event m WHERE m.address_key = w."addressKey" AND m.short_code = '' AND m.source IN ('MANUAL', 'IMPORT')
          AND m.occurred_at >= w."from") AS "byHand"
    FROM jsonb_to_recordset(${rows(wanted)}::jsonb) AS w("addressKey" uuid, "from" timestamptz)
    LEFT JOIN LATERAL (
      SELECT * FROM quarantine_event e WHERE e.address_key = w."addressKey" AND e.short_code = '' AND e.occurred_at < w."from"
      ORDER BY e.id DESC LIMIT 1) AS p ON true
    LEFT JOIN quarantine_entry q ON q.address_key = w."addressKey" AND q.short_code = ''`);
  return found.map(pastOf);
}

function pastOf(row: PastRow): AddressPast {
  const { addressKey, pastStatus, stateSuccessAt, lastSuccessAt, firstUndefinedAt, successes, status, byHand, ...rest } = row;
  const state = pastStatus === null ? null : { ...rest, status: pastStatus, lastSuccessAt: stateSuccessAt };
  return { addressKey, state, lastSuccessAt, firstUndefinedAt, successes, status, byHand };
}
