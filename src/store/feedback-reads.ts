/** What the recording of feedback reads: one statement for a whole batch each, with the locks of architecture.md in their order. */
import { lockBucket } from '../domain/address/address-key.ts';
import type { DeliveryLogState } from '../domain/delivery/decide-delivery-log.ts';
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import type { AddressStatus, Channel, DeliveryState } from '../domain/vocabulary.ts';
import { type Queryable, rows, type Sql, sql } from './database.ts';
import { passDeliveryGates } from './delivery-gate.ts';
import { isCurrentFailure } from './failure-history.ts';

/** Uuids as one parameter that both engines take. */
export function uuids(keys: Iterable<string>): string {
  return `{${[...keys].join(',')}}`;
}

/** Takes the locks of the addresses, ascending. The first statement of a transaction, before it has an id (architecture, "Storage"). */
export async function lockAddresses(tx: Queryable, addressKeys: Iterable<string>): Promise<void> {
  const buckets = [...new Set(Array.from(addressKeys, lockBucket))].sort((a, b) => a - b);
  await tx.query(sql`SELECT pg_advisory_xact_lock(1, bucket) FROM unnest(${`{${buckets.join(',')}}`}::int[]) AS bucket`);
}

export interface NamedDelivery {
  readonly id: bigint;
  readonly run: number;
  readonly state: DeliveryState;
  readonly channel: Channel;
}

export interface NamedLog {
  readonly id: bigint;
  readonly delivery_id: bigint;
  readonly run: number;
  readonly current_run: number;
  readonly state: DeliveryState;
  readonly channel: Channel;
  readonly address_key: string;
}

export async function findNamedDeliveries(database: Queryable, ids: Iterable<bigint>): Promise<ReadonlyMap<bigint, NamedDelivery>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const found = await database.query<NamedDelivery>(sql`
    SELECT id, run, state, channel FROM delivery WHERE id = ANY(${`{${wanted.join(',')}}`}::bigint[])`);
  return new Map(found.map((row) => [row.id, row]));
}

/**
 * The deliveries that results name, by themselves or by a log, held as they are until the end of the transaction: none is prepared again
 * meanwhile. Results of many batches share the hold.
 */
export async function lockNamedDeliveries(
  tx: Queryable,
  ids: Iterable<bigint>,
  logIds: Iterable<bigint>,
): Promise<ReadonlyMap<bigint, NamedDelivery>> {
  const [wanted, logs] = [[...new Set(ids)], [...new Set(logIds)]];
  if (wanted.length + logs.length === 0) return new Map();
  const named = sql`
    SELECT unnest(${`{${wanted.join(',')}}`}::bigint[])
    UNION SELECT delivery_id FROM delivery_log WHERE id = ANY(${`{${logs.join(',')}}`}::bigint[])`;
  await passDeliveryGates(tx, named);
  const found = await tx.query<NamedDelivery>(sql`
    SELECT id, run, state, channel FROM delivery WHERE id IN (${named}) ORDER BY id FOR SHARE`);
  return new Map(found.map((row) => [row.id, row]));
}

/** The logs that results name. To be asked for when their deliveries are held. */
export async function findNamedLogs(tx: Queryable, ids: Iterable<bigint>): Promise<ReadonlyMap<bigint, NamedLog>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const found = await tx.query<NamedLog>(sql`
    SELECT l.id, l.delivery_id, l.run, d.run AS current_run, d.state, l.channel, l.address_key::text AS address_key
    FROM delivery_log l JOIN delivery d ON d.id = l.delivery_id WHERE l.id = ANY(${`{${wanted.join(',')}}`}::bigint[])`);
  return new Map(found.map((row) => [row.id, row]));
}

/** An entry of the quarantine list as the recording of feedback knows it. */
export interface StoredEntry {
  readonly id: bigint | null;
  readonly addressKey: string;
  readonly shortCode: string;
  readonly state: QuarantineState;
  readonly lastDeliveryId: bigint | null;
  readonly createdAt: Date;
  readonly version: number;
}

interface EntryRow extends QuarantineState {
  readonly id: bigint;
  readonly addressKey: string;
  readonly shortCode: string;
  readonly lastDeliveryId: bigint | null;
  readonly createdAt: Date;
  readonly version: number;
}

/** Locks and reads the entries of these addresses, of every short code. */
export function lockEntries(tx: Queryable, addressKeys: Iterable<string>): Promise<readonly StoredEntry[]> {
  return selectEntries(tx, addressKeys, sql`FOR UPDATE`);
}

/** The same without locking them. */
export function readEntries(database: Queryable, addressKeys: Iterable<string>): Promise<readonly StoredEntry[]> {
  return selectEntries(database, addressKeys, sql``);
}

async function selectEntries(tx: Queryable, addressKeys: Iterable<string>, lock: Sql): Promise<readonly StoredEntry[]> {
  const found = await tx.query<EntryRow>(sql`
    SELECT id, address_key::text AS "addressKey", short_code AS "shortCode", status, reason, error_text AS "errorText",
      error_count AS "errorCount", last_error_at AS "lastErrorAt", last_significant_error_at AS "lastSignificantErrorAt",
      last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source, status_updated_at AS "statusUpdatedAt",
      last_delivery_id AS "lastDeliveryId", created_at AS "createdAt", version
    FROM quarantine_entry WHERE address_key = ANY(${uuids(addressKeys)}::uuid[]) ORDER BY id ${lock}`);
  return found.map(({ id, addressKey, shortCode, lastDeliveryId, createdAt, version, ...state }) => ({
    id,
    addressKey,
    shortCode,
    state,
    lastDeliveryId,
    createdAt,
    version,
  }));
}

/** A delivery log with what it is found by. */
export interface StoredLog {
  readonly id: bigint;
  readonly deliveryId: bigint;
  readonly run: number;
  readonly profileId: bigint | null;
  readonly addressKey: string;
  readonly state: DeliveryLogState;
}

interface LogRow extends DeliveryLogState {
  readonly id: bigint;
  readonly deliveryId: bigint;
  readonly run: number;
  readonly profileId: bigint | null;
  readonly addressKey: string;
}

/** How an item names the message that it speaks of. */
export interface WantedLog {
  readonly addressKey: string;
  readonly deliveryLogId: bigint | null;
  readonly deliveryId: bigint | null;
  readonly messageId: string | null;
  /** Instant before which the message must have been sent; null = not to be looked for by address alone. */
  readonly sentBefore: Date | null;
  readonly sentAfter: Date | null;
}

/** A Message-ID as it stands in a header, and without its angle brackets. */
export function messageIdForms(messageId: string): readonly string[] {
  const bare = messageId.trim().replace(/^<(.*)>$/, '$1');
  return [bare, `<${bare}>`];
}

/**
 * Locks and reads the logs of the current runs that the items speak of: by id; by delivery and address; by Message-ID and address; or
 * the last message sent to the address.
 */
export async function lockLogs(tx: Queryable, wanted: readonly WantedLog[]): Promise<readonly StoredLog[]> {
  const ids = wanted.flatMap(({ deliveryLogId }) => (deliveryLogId === null ? [] : [{ deliveryLogId: deliveryLogId.toString() }]));
  const byDelivery = wanted.flatMap(({ deliveryId, addressKey }) =>
    deliveryId === null ? [] : [{ deliveryId: deliveryId.toString(), addressKey }],
  );
  const byMessage = wanted.flatMap(({ messageId, addressKey }) =>
    messageId === null ? [] : messageIdForms(messageId).map((form) => ({ messageId: form, addressKey })),
  );
  const byAddress = wanted.flatMap(({ addressKey, sentAfter, sentBefore }) =>
    sentBefore === null ? [] : [{ addressKey, sentAfter, sentBefore }],
  );
  if (ids.length + byDelivery.length + byMessage.length + byAddress.length === 0) return [];
  const found = await tx.query<LogRow>(sql`
    SELECT l.id, l.delivery_id AS "deliveryId", l.run, l.profile_id AS "profileId", l.address_key::text AS "addressKey", l.status,
      l.failure_type AS "failureType", l.failure_reason AS "failureReason", l.fault, l.origin, l.message_id AS "messageId",
      l.qualification_id AS "qualificationId", l.raw_text AS "rawText", l.attempts, l.next_attempt_at AS "nextAttemptAt",
      l.sent_at AS "sentAt", l.last_event_at AS "lastEventAt", l.quarantined, l.version
    FROM delivery_log l JOIN delivery d ON d.id = l.delivery_id AND d.run = l.run
    WHERE l.id IN (
      SELECT w."deliveryLogId" FROM jsonb_to_recordset(${rows(ids)}::jsonb) AS w("deliveryLogId" bigint)
      UNION
      SELECT m.id FROM jsonb_to_recordset(${rows(byDelivery)}::jsonb) AS w("deliveryId" bigint, "addressKey" uuid)
        JOIN delivery_log m ON m.address_key = w."addressKey" AND m.delivery_id = w."deliveryId"
      UNION
      SELECT m.id FROM jsonb_to_recordset(${rows(byMessage)}::jsonb) AS w("messageId" text, "addressKey" uuid)
        JOIN delivery_log m ON m.message_id = w."messageId" AND m.address_key = w."addressKey"
      UNION
      SELECT m.id FROM jsonb_to_recordset(${rows(byAddress)}::jsonb) AS w("addressKey" uuid, "sentAfter" timestamptz, "sentBefore" timestamptz)
        CROSS JOIN LATERAL (SELECT m.id FROM delivery_log m JOIN delivery c ON c.id = m.delivery_id AND c.run = m.run
          WHERE m.address_key = w."addressKey" AND m.sent_at BETWEEN w."sentAfter" AND w."sentBefore" ORDER BY m.id DESC LIMIT 1) AS m)
    ORDER BY l.id FOR UPDATE OF l`);
  return found.map(({ id, deliveryId, run, profileId, addressKey, ...state }) => ({ id, deliveryId, run, profileId, addressKey, state }));
}

/** What the ledgers know of an address that its entry does not. */
export interface LedgerFacts {
  readonly addressKey: string;
  readonly shortCode: string;
  readonly lastSuccessAt: Date | null;
  readonly firstUndefinedAt: Date | null;
  /** Versions go on rising after an entry was deleted. */
  readonly lastVersion: number | null;
}

export async function readLedgerFacts(
  tx: Queryable,
  wanted: readonly { addressKey: string; shortCode: string }[],
): Promise<readonly LedgerFacts[]> {
  if (wanted.length === 0) return [];
  return tx.query<LedgerFacts>(sql`
    SELECT w."addressKey"::text AS "addressKey", w."shortCode",
      (SELECT max(e.occurred_at) FROM delivery_event e WHERE e.address_key = w."addressKey" AND e.outcome = 'DELIVERED') AS "lastSuccessAt",
      (SELECT min(e.occurred_at) FROM delivery_event e
        WHERE e.address_key = w."addressKey" AND e.failure_type = 'UNDEFINED' AND ${isCurrentFailure('e')}) AS "firstUndefinedAt",
      (SELECT max(e.version) FROM quarantine_event e WHERE e.address_key = w."addressKey" AND e.short_code = w."shortCode") AS "lastVersion"
    FROM jsonb_to_recordset(${rows(wanted)}::jsonb) AS w("addressKey" uuid, "shortCode" text)`);
}

/** The status of each entry of these addresses, by `entryName` with the canonical short code; takes no lock. */
export async function readStatuses(database: Queryable, addressKeys: Iterable<string>): Promise<ReadonlyMap<string, AddressStatus>> {
  const found = await database.query<{ name: string; status: AddressStatus }>(sql`
    SELECT address_key::text || ' ' || ltrim(short_code, '+') AS name, status FROM quarantine_entry
    WHERE address_key = ANY(${uuids(addressKeys)}::uuid[])`);
  return new Map(found.map(({ name, status }) => [name, status]));
}
