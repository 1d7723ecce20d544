/** What the correction of recorded failures reads and writes: the ledger of messages is appended to, never changed. */
import type { Meaning } from '../domain/qualification/verdict.ts';
import type { FailureReason, FailureType, Fault } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from './database.ts';
import { isErased } from './erased-keys.ts';
import { isCurrentFailure } from './failure-history.ts';
import type { DeliveryLine } from './feedback-writes.ts';
import { requalifiedOf } from './requalification.ts';

/** A failure in the ledger, in all that its correction repeats. */
export interface FailureLine
  extends Omit<
    DeliveryLine,
    | 'previousStatus'
    | 'previousFailureType'
    | 'previousFailureReason'
    | 'previousFault'
    | 'status'
    | 'version'
    | 'deliveryLogId'
    | 'deliveryId'
    | 'qualificationId'
    | 'correctsId'
  > {
  readonly id: bigint;
  /** The line that recorded it first: itself, unless it is a correction. */
  readonly firstId: bigint;
  readonly deliveryLogId: bigint | null;
  readonly deliveryId: bigint | null;
  readonly qualificationId: bigint | null;
  readonly failureType: FailureType;
  readonly failureReason: FailureReason;
  readonly fault: Fault;
  /** No result of the same message and instant came after it. */
  readonly newest: boolean;
}

export function readFailureLines(tx: Queryable, ids: readonly bigint[]): Promise<FailureLine[]> {
  return tx.query<FailureLine>(sql`
    SELECT e.id, COALESCE(e.corrects_id, e.id) AS "firstId", e.delivery_log_id AS "deliveryLogId", e.delivery_id AS "deliveryId", e.run,
      e.profile_id AS "profileId", e.inbound_event_id AS "inboundEventId", e.channel, e.address, e.address_key::text AS "addressKey", e.domain,
      e.outcome, e.failure_type AS "failureType", e.failure_reason AS "failureReason", e.fault, e.decided_by AS "decidedBy",
      e.qualification_id AS "qualificationId", e.ignored, e.quarantined, e.raw_text AS "rawText", e.origin, e.message_id AS "messageId",
      e.occurred_at AS "occurredAt", e.requalification_id AS "requalificationId",
      NOT EXISTS (
        SELECT FROM delivery_event n
        WHERE n.delivery_log_id = e.delivery_log_id AND COALESCE(n.corrects_id, n.id) > COALESCE(e.corrects_id, e.id)
          AND n.occurred_at = e.occurred_at AND n.outcome IN ('FAILED', 'DELIVERED') OFFSET 0) AS newest
    FROM delivery_event e WHERE e.id = ANY(${`{${ids.join(',')}}`}::bigint[]) ORDER BY e.id`);
}

/** A correction of a requalification and what it corrected. */
export interface AppliedCorrection extends Meaning {
  /** The line that was corrected, with what it said. */
  readonly eventId: bigint;
  readonly addressKey: string;
  readonly decidedBy: string | null;
  readonly ignored: boolean;
  readonly quarantined: boolean;
  /** The correcting line; null where another one has followed it. */
  readonly lineId: bigint | null;
  /** What the correcting line says. */
  readonly lineQuarantined: boolean | null;
}

/** What a requalification has corrected at these addresses. What retention has taken, or was erased, is left out. */
export function readAppliedCorrections(tx: Queryable, id: bigint, addressKeys: string): Promise<AppliedCorrection[]> {
  return tx.query<AppliedCorrection>(sql`
    SELECT e.id AS "eventId", w.address_key::text AS "addressKey", e.failure_type AS type, e.failure_reason AS reason, e.fault,
      e.decided_by AS "decidedBy", e.ignored, e.quarantined, c.id AS "lineId", c.quarantined AS "lineQuarantined"
    FROM ${requalifiedOf(id, addressKeys)}
    JOIN delivery_event e ON e.id = w.event_id
    LEFT JOIN LATERAL (
      SELECT n.id, n.quarantined FROM delivery_event n
      WHERE n.corrects_id = COALESCE(e.corrects_id, e.id) AND n.requalification_id = ${id} AND ${isCurrentFailure('n')} OFFSET 0) c ON true
    WHERE w.applied AND NOT ${isErased(sql`w.address_key`)} ORDER BY e.id`);
}

/** Texts that no person edited record what their last failure was taken for (amendment A12). */
export async function recordMeanings(
  tx: Queryable,
  meanings: readonly (Meaning & { readonly qualificationId: bigint })[],
  now: Date,
): Promise<void> {
  const byId = new Map(
    meanings.map(({ qualificationId, type, reason, fault }) => [qualificationId, { id: qualificationId, type, reason, fault }]),
  );
  const sorted = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (sorted.length === 0) return;
  await tx.execute(sql`
    WITH wanted AS MATERIALIZED (
      SELECT q.id, r.type, r.reason, r.fault
      FROM jsonb_to_recordset(${rows(sorted)}::jsonb) AS r(id bigint, type "FailureType", reason "FailureReason", fault "Fault")
      JOIN qualification q ON q.id = r.id
      WHERE NOT q.edited_by_user AND (q.type, q.reason, q.fault) IS DISTINCT FROM (r.type, r.reason, r.fault)
      ORDER BY q.id FOR UPDATE OF q
    )
    UPDATE qualification AS q SET type = w.type, reason = w.reason, fault = w.fault, version = q.version + 1, updated_at = ${now}::timestamptz
    FROM wanted w WHERE q.id = w.id`);
}

/** Ids for entries that are about to be made. */
export async function reserveEntryIds(tx: Queryable, count: number): Promise<bigint[]> {
  const found = await tx.query<{ id: bigint }>(sql`
    SELECT nextval(pg_get_serial_sequence('quarantine_entry', 'id')) AS id FROM generate_series(1, ${count}::int)`);
  return found.map(({ id }) => id);
}

/** Lines that a requalification has written to the ledger of addresses, each with what came before it and what has become of it since. */
export interface RequalifiedEntry {
  readonly addressKey: string;
  readonly version: number;
  /** Version of the last line; with `untouched` false somebody else than the cleanup has written since. */
  readonly lastVersion: number;
  readonly untouched: boolean;
}

/** @param automatic the actor of the cleanup: what it alone has done since is not the entry's own moving on */
export function readRequalifiedEntries(tx: Queryable, id: bigint, addressKeys: string, automatic: string): Promise<RequalifiedEntry[]> {
  return tx.query<RequalifiedEntry>(sql`
    SELECT k.key::text AS "addressKey", l.version, n.version AS "lastVersion", n.untouched
    FROM unnest(${addressKeys}::uuid[]) AS k(key)
    CROSS JOIN LATERAL (
      SELECT min(v.version) AS version FROM quarantine_event v
      WHERE v.address_key = k.key AND v.short_code = '' AND v.requalification_id = ${id}) AS l
    CROSS JOIN LATERAL (
      SELECT max(v.version) AS version, bool_and(v.version = l.version OR v.actor IS NOT DISTINCT FROM ${automatic}::text) AS untouched
      FROM quarantine_event v WHERE v.address_key = k.key AND v.short_code = '' AND v.version >= l.version) AS n
    WHERE l.version IS NOT NULL AND NOT ${isErased(sql`k.key`)} ORDER BY k.key`);
}

/**
 * Appends to the ledger of addresses that each is again what the line before `version` says, or that there is no entry. The caller makes the
 * list follow.
 */
export async function putEntriesBack(
  tx: Queryable,
  entries: readonly RequalifiedEntry[],
  by: { readonly actor: string; readonly requalificationId: bigint; readonly at: Date },
): Promise<void> {
  await tx.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status, reason, fault,
      decided_by, error_count, text, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, delivery_id, source,
      actor, requalification_id, version, occurred_at)
    SELECT l.entry_id, l.channel, l.address, l.address_key, l.short_code, l.domain, n.status, CASE WHEN n.status IS NOT NULL THEN n.reason END,
      b.status, s.reason, s.fault, s.decided_by, s.error_count, s.text, s.last_error_at, s.last_significant_error_at, s.last_success_at, s.soft_caused,
      CASE WHEN b.status IS NULL THEN ${by.at}::timestamptz ELSE s.status_updated_at END, s.delivery_id, s.source, ${by.actor}::text, ${by.requalificationId}::bigint, n.version + 1, ${by.at}::timestamptz
    FROM jsonb_to_recordset(${rows(entries)}::jsonb) AS w("addressKey" uuid, version int, "lastVersion" int)
    JOIN quarantine_event l ON l.address_key = w."addressKey" AND l.short_code = '' AND l.version = w.version
    JOIN quarantine_event n ON n.address_key = w."addressKey" AND n.short_code = '' AND n.version = w."lastVersion"
    LEFT JOIN quarantine_event b ON b.address_key = w."addressKey" AND b.short_code = '' AND b.version = w.version - 1
    CROSS JOIN LATERAL (
      SELECT o.reason, o.fault, o.decided_by, o.error_count, o.text, o.last_error_at, o.last_significant_error_at,
        o.last_success_at, o.soft_caused, o.status_updated_at, o.delivery_id, o.source
      FROM quarantine_event o WHERE o.id = CASE WHEN b.status IS NULL THEN n.id ELSE b.id END) AS s
    WHERE b.status IS NOT NULL OR n.status IS NOT NULL
    ORDER BY w."addressKey"`);
}
