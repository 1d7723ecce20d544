/** What the recording of feedback writes: one statement a table for a whole batch. */
import { withoutPlus } from '../domain/address/short-code.ts';
import type { DeliveryLogState } from '../domain/delivery/decide-delivery-log.ts';
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import type {
  AddressStatus,
  Channel,
  DeliveryOutcome,
  EventOrigin,
  FailureReason,
  FailureType,
  Fault,
  MessageStatus,
} from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from './database.ts';

export interface InboundResult {
  readonly dedupeKey: string;
  readonly payload: object;
  /** What a repeat is answered with. */
  readonly answer: object | null;
  readonly addressKey: string;
  /** Of others whom its text names. */
  readonly addressKeys: readonly string[];
}

/** Keeps what came in. Returns the ids by dedupe key: a key that is missing was there before, or a race for it was lost. */
export async function insertInboundResults(
  tx: Queryable,
  door: string,
  receivedAt: Date,
  results: readonly InboundResult[],
): Promise<ReadonlyMap<string, bigint>> {
  // In the order of the keys, so that two batches with the same events wait for each other in one order.
  const sorted = [...results].sort((a, b) => (a.dedupeKey < b.dedupeKey ? -1 : 1));
  const inserted = await tx.query<{ id: bigint; dedupeKey: string }>(sql`
    INSERT INTO inbound_event (door, dedupe_key, kind, payload, answer, address_key, address_keys, state, received_at)
    SELECT ${door}::text, r."dedupeKey", 'RESULT', r.payload, r.answer, r."addressKey", r."addressKeys", 'PROCESSED', ${receivedAt}::timestamptz
    FROM jsonb_to_recordset(${rows(sorted)}::jsonb) AS r("dedupeKey" uuid, payload jsonb, answer jsonb, "addressKey" uuid, "addressKeys" uuid[])
    ON CONFLICT (door, dedupe_key) DO NOTHING RETURNING id, dedupe_key::text AS "dedupeKey"`);
  return new Map(inserted.map((row) => [row.dedupeKey, row.id]));
}

/** An id on its way into the database; as text it needs no conversion in a big batch. */
export type Id = bigint | string;

/** The text of an id. */
export function idText(id: Id | null | undefined): string | null {
  return id == null ? null : id.toString();
}

export interface EntryWrite {
  readonly channel: Channel;
  readonly address: string;
  readonly addressKey: string;
  readonly shortCode: string;
  readonly domain: string | null;
  readonly lastDeliveryId: Id | null;
  readonly createdAt: Date;
  readonly version: number;
}

export type EntryInsert = EntryWrite & QuarantineState;
export type EntryUpdate = QuarantineState & {
  readonly id: Id;
  readonly lastDeliveryId: Id | null;
  readonly version: number;
  readonly baseVersion: number;
};

/** @returns the ids of the new entries by `entryName` */
export async function insertEntries(tx: Queryable, entries: readonly EntryInsert[]): Promise<ReadonlyMap<string, bigint>> {
  if (entries.length === 0) return new Map();
  const inserted = await tx.query<{ id: bigint; addressKey: string; shortCode: string }>(sql`
    INSERT INTO quarantine_entry (channel, address, address_key, short_code, domain, status, reason, error_text, error_count, last_error_at,
      last_significant_error_at, last_success_at, soft_caused, last_delivery_id, source, created_at, status_updated_at, version)
    SELECT r.channel, r.address, r."addressKey", r."shortCode", r.domain, r.status, r.reason, r."errorText", r."errorCount",
      r."lastErrorAt", r."lastSignificantErrorAt", r."lastSuccessAt", r."softCaused", r."lastDeliveryId", r.source, r."createdAt",
      r."statusUpdatedAt", r.version
    FROM jsonb_to_recordset(${rows(entries)}::jsonb) AS r(channel "Channel", address text, "addressKey" uuid, "shortCode" text,
      domain text, status "AddressStatus", reason "FailureReason", "errorText" text, "errorCount" int, "lastErrorAt" timestamptz,
      "lastSignificantErrorAt" timestamptz, "lastSuccessAt" timestamptz, "softCaused" boolean, "lastDeliveryId" bigint,
      source "QuarantineSource", "createdAt" timestamptz, "statusUpdatedAt" timestamptz, version int)
    RETURNING id, address_key::text AS "addressKey", short_code AS "shortCode"`);
  return new Map(inserted.map((row) => [entryName(row.addressKey, row.shortCode), row.id]));
}

/** Names an entry in memory before it has an id. An entry of an older version has the name of the short code without its plus. */
export function entryName(addressKey: string, shortCode: string): string {
  return `${addressKey} ${withoutPlus(shortCode)}`;
}

/** Compare-and-set on the version: whoever changes an entry holds its address lock, so a miss is a fault and nothing is committed. */
export async function updateEntries(tx: Queryable, entries: readonly EntryUpdate[]): Promise<void> {
  if (entries.length === 0) return;
  const updated = await tx.execute(sql`
    UPDATE quarantine_entry AS e SET status = r.status, reason = r.reason, error_text = r."errorText", error_count = r."errorCount",
      last_error_at = r."lastErrorAt", last_significant_error_at = r."lastSignificantErrorAt", last_success_at = r."lastSuccessAt",
      soft_caused = r."softCaused", last_delivery_id = r."lastDeliveryId", source = r.source, status_updated_at = r."statusUpdatedAt",
      version = r.version
    FROM jsonb_to_recordset(${rows(entries)}::jsonb) AS r(id bigint, status "AddressStatus", reason "FailureReason", "errorText" text,
      "errorCount" int, "lastErrorAt" timestamptz, "lastSignificantErrorAt" timestamptz, "lastSuccessAt" timestamptz,
      "softCaused" boolean, "lastDeliveryId" bigint, source "QuarantineSource", "statusUpdatedAt" timestamptz, version int,
      "baseVersion" int)
    WHERE e.id = r.id AND e.version = r."baseVersion"`);
  if (updated !== entries.length) throw new Error(`${entries.length - updated} quarantine entries changed under their address lock`);
}

export interface QuarantineLine extends Omit<QuarantineState, 'status'> {
  /** null = the entry is deleted */
  readonly status: AddressStatus | null;
  readonly entryId: Id;
  readonly channel: Channel;
  readonly address: string;
  readonly addressKey: string;
  readonly shortCode: string;
  readonly domain: string | null;
  readonly previousStatus: AddressStatus | null;
  readonly previousReason: FailureReason | null;
  readonly fault: Fault | null;
  readonly decidedBy: string | null;
  readonly deliveryId: Id | null;
  /** The incident that holds this quarantine back, and the type of the failure that asked for it. */
  readonly incidentId?: Id | null;
  readonly heldType?: FailureType | null;
  readonly version: number;
  readonly occurredAt: Date;
}

/** Appends to the ledger of the addresses, in the order given. `actor`: who imported or requalified them; null = failures. */
export async function insertQuarantineLines(
  tx: Queryable,
  lines: readonly QuarantineLine[],
  actor: string | null = null,
  requalificationId: bigint | null = null,
): Promise<void> {
  if (lines.length === 0) return;
  await tx.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status,
      reason, fault, decided_by, error_count, text, last_error_at, last_significant_error_at, last_success_at, soft_caused,
      status_updated_at, delivery_id, source, actor, incident_id, held_type, requalification_id, version, occurred_at)
    SELECT r."entryId", r.channel, r.address, r."addressKey", r."shortCode", r.domain, r."previousStatus", r."previousReason", r.status,
      r.reason, r.fault, r."decidedBy", r."errorCount", r."errorText", r."lastErrorAt", r."lastSignificantErrorAt", r."lastSuccessAt",
      r."softCaused", r."statusUpdatedAt", r."deliveryId", r.source, ${actor}::text, r."incidentId", r."heldType",
      ${requalificationId}::bigint, r.version, r."occurredAt"
    FROM jsonb_to_recordset(${rows(lines)}::jsonb) AS r("entryId" bigint, channel "Channel", address text, "addressKey" uuid,
      "shortCode" text, domain text, "previousStatus" "AddressStatus", "previousReason" "FailureReason", status "AddressStatus",
      reason "FailureReason", fault "Fault", "decidedBy" text, "errorCount" int, "errorText" text, "lastErrorAt" timestamptz,
      "lastSignificantErrorAt" timestamptz, "lastSuccessAt" timestamptz, "softCaused" boolean, "statusUpdatedAt" timestamptz,
      "deliveryId" bigint, source "QuarantineSource", "incidentId" bigint, "heldType" "FailureType", version int,
      "occurredAt" timestamptz)`);
}

export type LogUpdate = Omit<DeliveryLogState, 'qualificationId'> & {
  readonly id: Id;
  readonly qualificationId: Id | null;
  readonly updatedAt: Date;
};

export async function updateLogs(tx: Queryable, logs: readonly LogUpdate[]): Promise<void> {
  if (logs.length === 0) return;
  await tx.execute(sql`
    UPDATE delivery_log AS l SET status = r.status, failure_type = r."failureType", failure_reason = r."failureReason", fault = r.fault,
      origin = r.origin, message_id = r."messageId", qualification_id = r."qualificationId", raw_text = r."rawText",
      attempts = r.attempts, next_attempt_at = r."nextAttemptAt", sent_at = r."sentAt", last_event_at = r."lastEventAt",
      quarantined = r.quarantined, version = r.version, updated_at = r."updatedAt"
    FROM jsonb_to_recordset(${rows(logs)}::jsonb) AS r(id bigint, status "MessageStatus", "failureType" "FailureType",
      "failureReason" "FailureReason", fault "Fault", origin "EventOrigin", "messageId" text, "qualificationId" bigint,
      "rawText" text, attempts int, "nextAttemptAt" timestamptz, "sentAt" timestamptz, "lastEventAt" timestamptz,
      quarantined boolean, version int, "updatedAt" timestamptz)
    WHERE l.id = r.id`);
}

export interface DeliveryLine {
  readonly deliveryLogId: Id | null;
  readonly deliveryId: Id | null;
  readonly run: number | null;
  readonly profileId: Id | null;
  readonly inboundEventId: Id | null;
  readonly channel: Channel;
  readonly address: string;
  readonly addressKey: string;
  readonly domain: string | null;
  readonly outcome: DeliveryOutcome;
  readonly previousStatus: MessageStatus | null;
  readonly previousFailureType: FailureType | null;
  readonly previousFailureReason: FailureReason | null;
  readonly previousFault: Fault | null;
  readonly status: MessageStatus | null;
  readonly failureType: FailureType | null;
  readonly failureReason: FailureReason | null;
  readonly fault: Fault | null;
  readonly decidedBy: string | null;
  readonly qualificationId: Id | null;
  /** The text was on IGNORE: the failure never counts (QUA-7). */
  readonly ignored: boolean;
  /** The failure put the address into quarantine. */
  readonly quarantined: boolean;
  readonly rawText: string | null;
  readonly origin: EventOrigin;
  readonly messageId: string | null;
  readonly version: number | null;
  readonly occurredAt: Date;
  /** The failure, as it was first recorded, that this line corrects. */
  readonly correctsId?: Id;
  readonly requalificationId?: Id | null;
}

/** Appends to the ledger of the deliveries, in the order given. */
export async function insertDeliveryLines(tx: Queryable, lines: readonly DeliveryLine[]): Promise<void> {
  if (lines.length === 0) return;
  await tx.execute(sql`
    INSERT INTO delivery_event (delivery_log_id, delivery_id, run, profile_id, inbound_event_id, channel, address, address_key, domain,
      outcome, previous_status, previous_failure_type, previous_failure_reason, previous_fault, status, failure_type, failure_reason,
      fault, decided_by, qualification_id, ignored, quarantined, raw_text, origin, message_id, version, occurred_at, corrects_id,
      requalification_id)
    SELECT r."deliveryLogId", r."deliveryId", r.run, r."profileId", r."inboundEventId", r.channel, r.address, r."addressKey", r.domain,
      r.outcome, r."previousStatus", r."previousFailureType", r."previousFailureReason", r."previousFault", r.status, r."failureType",
      r."failureReason", r.fault, r."decidedBy", r."qualificationId", r.ignored, r.quarantined, r."rawText", r.origin, r."messageId",
      r.version, r."occurredAt", r."correctsId", r."requalificationId"
    FROM jsonb_to_recordset(${rows(lines)}::jsonb) AS r("deliveryLogId" bigint, "deliveryId" bigint, run int, "profileId" bigint,
      "inboundEventId" bigint, channel "Channel", address text, "addressKey" uuid, domain text, outcome "DeliveryOutcome",
      "previousStatus" "MessageStatus", "previousFailureType" "FailureType", "previousFailureReason" "FailureReason",
      "previousFault" "Fault", status "MessageStatus", "failureType" "FailureType", "failureReason" "FailureReason", fault "Fault",
      "decidedBy" text, "qualificationId" bigint, ignored boolean, quarantined boolean, "rawText" text, origin "EventOrigin", "messageId" text,
      version int, "occurredAt" timestamptz, "correctsId" bigint, "requalificationId" bigint)`);
}

export interface CounterDelta {
  /** DOMAIN: subject = slot of the roll-up, metric = channel, result and domain with a space between. INCIDENT: held. DELAY: slot of the telling; channel, class of delay and domain of delivered messages. */
  readonly kind: 'DELIVERY' | 'QUALIFICATION' | 'RULE' | 'DOMAIN' | 'INCIDENT' | 'DELAY';
  readonly subject: bigint;
  readonly run: number;
  readonly metric: string;
  readonly amount: number;
}

/** Appends to the shared counters; one lease holder folds them later. */
export async function appendDeltas(tx: Queryable, deltas: readonly CounterDelta[]): Promise<void> {
  if (deltas.length === 0) return;
  await tx.execute(sql`
    INSERT INTO counter_delta (kind, subject, run, metric, amount)
    SELECT r.kind, r.subject, r.run, r.metric, r.amount
    FROM jsonb_to_recordset(${rows(deltas)}::jsonb) AS r(kind text, subject bigint, run int, metric text, amount int)`);
}
