/** Past failures and what surrounds them, for judging them anew. */
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import type { AddressStatus, Channel, DeliveryOutcome, EventOrigin, FailureReason, FailureType, Fault } from '../domain/vocabulary.ts';
import { empty, type Queryable, raw, rows, type Sql, sql } from './database.ts';

/** Condition on `line`, a failure in the ledger: no later line says what it is taken for instead. */
export function isCurrentFailure(line: string): Sql {
  const e = raw(line);
  return sql`NOT EXISTS (
    SELECT FROM delivery_event later WHERE later.corrects_id = COALESCE(${e}.corrects_id, ${e}.id) AND later.id > ${e}.id OFFSET 0)`;
}

/** A failure with what it is taken for now. */
export interface PastFailure {
  /** Its line in the ledger: the last one that corrects it, if there is any. */
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
  /** Its text was on IGNORE: it did not count (QUA-7). */
  readonly ignored: boolean;
  /** Null = it was not kept what it came in. */
  readonly inboundEventId: bigint | null;
}

export interface PastFailures {
  readonly from: Date;
  /** A condition on `e`, a line of the ledger; absent = all. */
  readonly where?: Sql;
}

/** The failures with a text since an instant, newest first, a slice at a time. */
export function readPastFailures(
  database: Queryable,
  failures: PastFailures,
  before: Pick<PastFailure, 'occurredAt' | 'id'> | null,
  size: number,
): Promise<PastFailure[]> {
  const behind = before === null ? empty : sql`AND (e.occurred_at, e.id) < (${before.occurredAt}::timestamptz, ${before.id}::bigint)`;
  return database.query<PastFailure>(sql`
    SELECT e.id, e.channel, e.address, e.address_key::text AS "addressKey", e.raw_text AS "rawText", e.origin, e.failure_type AS type,
      e.failure_reason AS reason, e.fault, e.decided_by AS "decidedBy", e.occurred_at AS "occurredAt", e.ignored,
      e.inbound_event_id AS "inboundEventId"
    FROM delivery_event e WHERE ${pastFailure(failures)} ${behind} ORDER BY e.occurred_at DESC, e.id DESC LIMIT ${size}`);
}

export async function countPastFailures(database: Queryable, failures: PastFailures): Promise<number> {
  const [row] = await database.query<{ count: number }>(sql`
    SELECT count(*)::int AS count FROM delivery_event e WHERE ${pastFailure(failures)}`);
  return row?.count ?? 0;
}

function pastFailure({ from, where = sql`true` }: PastFailures): Sql {
  return sql`e.failure_type IS NOT NULL AND e.outcome = 'FAILED' AND e.raw_text IS NOT NULL AND e.occurred_at >= ${from}::timestamptz
    AND ${isCurrentFailure('e')} AND ${where}`;
}

/** One failure or success of an address. */
export interface HistoryEvent {
  readonly id: bigint;
  readonly addressKey: string;
  readonly channel: Channel;
  readonly outcome: DeliveryOutcome;
  readonly occurredAt: Date;
  readonly origin: EventOrigin;
  /** When the message was sent that it speaks of; null = unknown. */
  readonly sentAt: Date | null;
  /** Of a failure; null for a success. */
  readonly type: FailureType | null;
  readonly reason: FailureReason | null;
  readonly fault: Fault | null;
  readonly decidedBy: string | null;
  readonly rawText: string | null;
  readonly ignored: boolean;
  readonly quarantined: boolean;
  /** Reason of the incident that held its quarantine back; null = none did. */
  readonly heldFor: FailureReason | null;
  readonly deliveryId: bigint | null;
}

export interface EarlierFailure {
  readonly id: bigint;
  readonly occurredAt: Date;
  /** What it is taken for now. */
  readonly type: FailureType;
}

/** An address from the first of its failures on that was ever taken for something else than at first, or is now to be. */
export interface AddressHistory {
  readonly addressKey: string;
  readonly address: string;
  readonly channel: Channel;
  readonly domain: string | null;
  /** The entry as it was before, from its ledger; null = there was none. */
  readonly state: QuarantineState | null;
  readonly lastSuccessAt: Date | null;
  /** Of the failures before that are not to be judged anew. */
  readonly firstUndefinedAt: Date | null;
  /** Failures before that are to be judged anew: of them it matters whether they were unknown (QUA-9). */
  readonly earlier: readonly EarlierFailure[];
  /** A person or an import has decided about the entry since. */
  readonly byHand: boolean;
  /** Of the last line of the entry's ledger; 0 = there is none. */
  readonly lastVersion: number;
  /** In the order in which they came in. Where somebody released or deleted the entry since: only what came after that. */
  readonly events: readonly HistoryEvent[];
}

/** Lines of one address are compared by their transactions; those of a restored dump have lost them, and go by the clock (see feed-state.ts). */
const isEarlier = (a: string, b: string) => {
  const [left, right] = [raw(a), raw(b)];
  return sql`CASE WHEN ${left}.txid > '3'::xid8 AND ${right}.txid > '3'::xid8 THEN ${left}.txid < ${right}.txid
    ELSE ${left}.recorded_at < ${right}.recorded_at END`;
};

interface StartRow extends Omit<AddressHistory, 'state' | 'events' | 'earlier'>, Omit<QuarantineState, 'status' | 'lastSuccessAt'> {
  readonly pastStatus: AddressStatus | null;
  readonly stateSuccessAt: Date | null;
  readonly earlier: readonly { readonly id: string; readonly at: number; readonly type: FailureType }[];
  readonly txid: string;
  readonly recordedAt: Date;
  /** What came in with the start itself is not part of the history. */
  readonly exclusive: boolean;
}

/**
 * Reads the histories of addresses of which these lines are to be judged anew.
 *
 * @param automatic the actor of the cleanup: what it does is no decision of a person
 */
export async function readAddressHistories(
  database: Queryable,
  lines: readonly { readonly addressKey: string; readonly eventId: bigint }[],
  automatic: string,
): Promise<readonly AddressHistory[]> {
  if (lines.length === 0) return [];
  const starts = await readStarts(database, lines, automatic);
  const events = new Map<string, HistoryEvent[]>();
  for (const event of await readEvents(database, starts)) {
    const known = events.get(event.addressKey);
    if (known) known.push(event);
    else events.set(event.addressKey, [event]);
  }
  return starts.map((row) => historyOf(row, events.get(row.addressKey) ?? []));
}

function historyOf(row: StartRow, events: readonly HistoryEvent[]): AddressHistory {
  const { addressKey, address, channel, domain, pastStatus, stateSuccessAt, lastSuccessAt, firstUndefinedAt, byHand, lastVersion } = row;
  const { reason, errorText, errorCount, lastErrorAt, lastSignificantErrorAt, softCaused, source, statusUpdatedAt } = row;
  const dates = { lastErrorAt, lastSignificantErrorAt, lastSuccessAt: stateSuccessAt, statusUpdatedAt };
  const state = pastStatus === null ? null : { status: pastStatus, reason, errorText, errorCount, softCaused, source, ...dates };
  const earlier = row.earlier.map(({ id, at, type }) => ({ id: BigInt(id), occurredAt: new Date(at), type }));
  return { addressKey, address, channel, domain, state, lastSuccessAt, firstUndefinedAt, earlier, byHand, lastVersion, events };
}

/**
 * Where each history begins: before the first line that is corrected, or at the last line since by which somebody released, deleted or
 * repaired the entry. Earlier requalifications are no such line: what they corrected is replayed as it is now. Where retention has taken
 * the failure that one of them corrected, its line is what the history begins with.
 */
function readStarts(
  database: Queryable,
  lines: readonly { readonly addressKey: string; readonly eventId: bigint }[],
  automatic: string,
): Promise<StartRow[]> {
  const known = (line: string) => sql`CASE WHEN b.id IS NULL THEN ${isEarlier(line, 'f')} ELSE NOT (${isEarlier('b', line)}) END`;
  return database.query<StartRow>(sql`
    WITH wanted AS MATERIALIZED (
      SELECT w.key, w.event FROM jsonb_to_recordset(${rows(lines.map(({ addressKey: key, eventId: event }) => ({ key, event })))}::jsonb) AS w(key uuid, event bigint)
    ),
    keys AS MATERIALIZED (SELECT DISTINCT key FROM wanted),
    firsts AS MATERIALIZED (
      SELECT w.key, COALESCE(e.corrects_id, e.id) AS id FROM wanted w JOIN delivery_event e ON e.id = w.event
      UNION
      SELECT k.key, e.corrects_id FROM keys k CROSS JOIN LATERAL (
        SELECT corrects_id FROM delivery_event WHERE address_key = k.key AND failure_type IS NOT NULL OFFSET 0) e
      WHERE e.corrects_id IS NOT NULL
    ),
    found AS MATERIALIZED (
      SELECT f.key, f.id AS first_id, e.id, e.txid, e.recorded_at, e.address, e.channel, e.domain FROM firsts f LEFT JOIN delivery_event e ON e.id = f.id
    )
    SELECT f.key::text AS "addressKey", f.address, f.channel, f.domain, COALESCE(b.txid, f.txid)::text AS txid, COALESCE(b.recorded_at, f.recorded_at) AS "recordedAt",
      b.id IS NOT NULL AS exclusive, p.status AS "pastStatus", p.reason, p.text AS "errorText", p.error_count AS "errorCount",
      p.last_error_at AS "lastErrorAt", p.last_significant_error_at AS "lastSignificantErrorAt", p.last_success_at AS "stateSuccessAt",
      p.soft_caused AS "softCaused", p.source, p.status_updated_at AS "statusUpdatedAt",
      (SELECT max(e.occurred_at) FROM delivery_event e WHERE e.address_key = f.key AND ${known('e')} AND e.outcome = 'DELIVERED') AS "lastSuccessAt",
      (SELECT min(e.occurred_at) FROM delivery_event e JOIN delivery_event o ON o.id = COALESCE(e.corrects_id, e.id)
        WHERE e.address_key = f.key AND e.failure_type = 'UNDEFINED' AND ${isCurrentFailure('e')} AND ${known('o')}
          AND NOT EXISTS (SELECT FROM wanted w WHERE w.key = f.key AND w.event = e.id)) AS "firstUndefinedAt",
      COALESCE((SELECT jsonb_agg(jsonb_build_object('id', e.id::text, 'at', extract(epoch FROM e.occurred_at) * 1000, 'type', e.failure_type))
        FROM wanted w JOIN delivery_event e ON e.id = w.event JOIN delivery_event o ON o.id = COALESCE(e.corrects_id, e.id)
        WHERE w.key = f.key AND b.id IS NOT NULL AND ${known('o')}), '[]') AS earlier,
      (q.source IS NOT NULL AND COALESCE(h.source, q.source) IN ('MANUAL', 'IMPORT')) OR EXISTS (
        SELECT FROM quarantine_event l WHERE l.address_key = f.key AND l.short_code = '' AND l.source IN ('MANUAL', 'IMPORT')
          AND l.requalification_id IS NULL AND NOT (${isEarlier('l', 'f')})) AS "byHand",
      COALESCE((SELECT max(l.version) FROM quarantine_event l WHERE l.address_key = f.key AND l.short_code = ''), 0) AS "lastVersion"
    FROM (SELECT DISTINCT ON (key) * FROM found WHERE id IS NOT NULL ORDER BY key, id) f
    LEFT JOIN (SELECT DISTINCT key FROM found WHERE id IS NULL) lost ON lost.key = f.key
    LEFT JOIN LATERAL (
      SELECT l.* FROM quarantine_event l
      WHERE l.address_key = f.key AND l.short_code = '' AND NOT (${isEarlier('l', 'f')}) AND CASE
        WHEN l.requalification_id IS NULL THEN l.actor <> ${automatic}
        ELSE lost.key IS NOT NULL END
      ORDER BY l.version DESC LIMIT 1) b ON true
    LEFT JOIN LATERAL (
      SELECT l.* FROM quarantine_event l
      WHERE l.address_key = f.key AND l.short_code = '' AND CASE WHEN b.id IS NULL THEN ${isEarlier('l', 'f')} ELSE l.id = b.id END
      ORDER BY l.version DESC LIMIT 1) p ON true
    LEFT JOIN LATERAL (
      SELECT l.source FROM quarantine_event l WHERE l.address_key = f.key AND l.short_code = '' AND l.requalification_id IS NULL
      ORDER BY l.version DESC LIMIT 1) h ON true
    LEFT JOIN LATERAL (SELECT e.source FROM quarantine_entry e WHERE e.address_key = f.key AND e.short_code = '' OFFSET 0) q ON true
    ORDER BY f.key`);
}

function readEvents(database: Queryable, starts: readonly StartRow[]): Promise<HistoryEvent[]> {
  const begin = starts.map(({ addressKey: key, txid, recordedAt: recorded_at, exclusive }) => ({ key, txid, recorded_at, exclusive }));
  const since = sql`CASE WHEN s.exclusive THEN ${isEarlier('s', 'o')} ELSE NOT (${isEarlier('o', 's')}) END`;
  const columns = sql`e.id, e.channel, e.outcome, e.occurred_at, e.origin, e.failure_type, e.failure_reason, e.fault, e.decided_by, e.raw_text, e.ignored,
    e.quarantined, e.delivery_id, e.delivery_log_id, o.id AS first_id, o.txid`;
  return database.query<HistoryEvent>(sql`
    SELECT s.key::text AS "addressKey", h.id, h.channel, h.outcome, h.occurred_at AS "occurredAt", h.origin,
      (SELECT l.sent_at FROM delivery_log l WHERE l.id = h.delivery_log_id) AS "sentAt",
      h.failure_type AS type, h.failure_reason AS reason, h.fault, h.decided_by AS "decidedBy", h.raw_text AS "rawText", h.ignored, h.quarantined,
      h.delivery_id AS "deliveryId", (
        SELECT i.reason FROM quarantine_event q JOIN incident i ON i.id = q.incident_id
        WHERE q.address_key = s.key AND q.short_code = '' AND q.held_type IS NOT NULL AND q.txid = h.txid AND q.occurred_at = h.occurred_at LIMIT 1
      ) AS "heldFor"
    FROM jsonb_to_recordset(${rows(begin)}::jsonb) AS r(key uuid, txid text, recorded_at timestamptz, exclusive boolean)
    CROSS JOIN LATERAL (SELECT r.key, r.txid::xid8 AS txid, r.recorded_at, r.exclusive OFFSET 0) s
    CROSS JOIN LATERAL (
      SELECT ${columns} FROM delivery_event e JOIN delivery_event o ON o.id = COALESCE(e.corrects_id, e.id)
      WHERE e.address_key = s.key AND e.failure_type IS NOT NULL AND e.outcome = 'FAILED' AND ${isCurrentFailure('e')} AND ${since}
      UNION ALL
      SELECT ${columns} FROM delivery_event e JOIN delivery_event o ON o.id = e.id
      WHERE e.address_key = s.key AND e.outcome = 'DELIVERED' AND ${since}
    ) h
    ORDER BY s.key, h.first_id`);
}
