import type { DeliveryResultItem } from '../../src/operations/check-delivery-result.ts';
import type { Door } from '../../src/operations/feedback-item.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { type DeliveryResultOutcome, recordDeliveryResults } from '../../src/operations/record-delivery-results.ts';
import { rows, sql } from '../../src/store/database.ts';
import { freshAddress, freshWord } from './fresh.ts';
import { testDatabase } from './test-database.ts';
import { testInstance } from './test-instance.ts';

let shared: Promise<Instance> | undefined;

/** The instance of this worker, on its database, shared by its files. */
export function feedbackInstance(): Promise<Instance> {
  shared ??= testDatabase().then((database) => testInstance(database));
  return shared;
}

export const API_DOOR: Door = { name: 'test', authenticated: true, actor: { name: 'test', tokenId: null } };

export const TEXT = {
  unknownUser: '550 5.1.1 <someone@example.com>: Recipient address rejected: User unknown in virtual mailbox table',
  mailboxFull: '452 4.2.2 The mailbox is over quota',
  greylisted: '451 4.7.1 Greylisted, try again after 300 seconds',
};

/** A soft failure of an own address unless told otherwise. */
export function aResult(result: Partial<DeliveryResultItem> = {}): DeliveryResultItem {
  return {
    channel: 'EMAIL',
    address: freshAddress(),
    outcome: 'FAILED',
    text: TEXT.mailboxFull,
    occurredAt: new Date('2025-03-01T08:00:00Z'),
    ...result,
  };
}

export async function record(instance: Instance, item: DeliveryResultItem, door: Door = API_DOOR): Promise<DeliveryResultOutcome> {
  const [outcome] = await recordDeliveryResults(instance, [item], door);
  if (outcome === undefined) throw new Error('no outcome came back');
  return outcome;
}

export interface EntryView {
  readonly id: bigint;
  readonly status: string;
  readonly errorCount: number;
  readonly reason: string | null;
  readonly errorText: string | null;
  readonly source: string;
  readonly shortCode: string;
  readonly version: number;
  readonly lastErrorAt: Date | null;
  readonly lastDeliveryId: bigint | null;
}

export function entriesOf(instance: Instance, address: string): Promise<EntryView[]> {
  return instance.database.query<EntryView>(sql`
    SELECT id, status, error_count AS "errorCount", reason, error_text AS "errorText", source, short_code AS "shortCode", version,
      last_error_at AS "lastErrorAt", last_delivery_id AS "lastDeliveryId"
    FROM quarantine_entry WHERE address = ${address} ORDER BY short_code`);
}

/** `QUARANTINE 5`, or `none`. */
export async function stateOf(instance: Instance, address: string): Promise<string> {
  const [entry] = await entriesOf(instance, address);
  return entry === undefined ? 'none' : `${entry.status} ${entry.errorCount}`;
}

/** A profile with these addresses, written as the profile operations would. */
export async function aProfile(instance: Instance, channel: string, ...addresses: string[]): Promise<bigint> {
  const book = await instance.addressBook();
  const [profile] = await instance.database.query<{ id: bigint }>(sql`INSERT INTO profile DEFAULT VALUES RETURNING id`);
  if (profile === undefined) throw new Error('the profile has no id');
  const held = addresses.map((value) => ({ value, key: book.key(channel as 'EMAIL', value) }));
  await instance.database.execute(sql`
    INSERT INTO address (profile_id, channel, value, original, address_key)
    SELECT ${profile.id}::bigint, ${channel}::"Channel", r.value, r.value, r.key
    FROM jsonb_to_recordset(${rows(held)}::jsonb) AS r(value text, key uuid)`);
  return profile.id;
}

export interface TestDelivery {
  readonly id: bigint;
  readonly logIds: readonly bigint[];
}

/** A prepared delivery with one message per recipient. */
export async function aDelivery(
  instance: Instance,
  recipients: readonly { address: string; profileId?: bigint }[],
  options: { channel?: string; state?: string; run?: number } = {},
): Promise<TestDelivery> {
  const { channel = 'EMAIL', state = 'READY', run = 1 } = options;
  const book = await instance.addressBook();
  const [delivery] = await instance.database.query<{ id: bigint }>(sql`
    INSERT INTO delivery (label, internal_name, channel, state, target_all, run)
    VALUES ('Test', ${freshWord()}, ${channel}::"Channel", ${state}::"DeliveryState", false, ${run}) RETURNING id`);
  if (delivery === undefined) throw new Error('the delivery has no id');
  if (run > 0) {
    await instance.database.execute(sql`
      INSERT INTO delivery_run (delivery_id, run, state, last_profile_id, targeted, to_deliver)
      VALUES (${delivery.id}, ${run}, 'DONE', 0, ${recipients.length}, ${recipients.length})`);
  }
  const logs = recipients.map(({ address, profileId }) => ({ address, key: book.key(channel as 'EMAIL', address), profileId }));
  const inserted = await instance.database.query<{ id: bigint }>(sql`
    INSERT INTO delivery_log (delivery_id, run, profile_id, address, address_key, channel)
    SELECT ${delivery.id}::bigint, ${run}::int, r."profileId", r.address, r.key, ${channel}::"Channel"
    FROM jsonb_to_recordset(${rows(logs)}::jsonb) AS r(address text, key uuid, "profileId" bigint) RETURNING id`);
  return { id: delivery.id, logIds: inserted.map(({ id }) => id) };
}

export interface LogView {
  readonly status: string;
  readonly failureType: string | null;
  readonly failureReason: string | null;
  readonly origin: string | null;
  readonly attempts: number;
  readonly quarantined: boolean;
  readonly version: number;
  readonly rawText: string | null;
  readonly messageId: string | null;
  readonly sentAt: Date | null;
  readonly qualificationText: string | null;
}

export async function logOf(instance: Instance, id: bigint | undefined): Promise<LogView> {
  const [log] = await instance.database.query<LogView>(sql`
    SELECT l.status, l.failure_type AS "failureType", l.failure_reason AS "failureReason", l.origin, l.attempts, l.quarantined, l.version,
      l.raw_text AS "rawText", l.message_id AS "messageId", l.sent_at AS "sentAt", q.text AS "qualificationText"
    FROM delivery_log l LEFT JOIN qualification q ON q.id = l.qualification_id WHERE l.id = ${id ?? 0n}::bigint`);
  if (log === undefined) throw new Error('there is no such delivery log');
  return log;
}

/** The counters of a delivery, folded and pending ones together. */
export async function countersOf(instance: Instance, deliveryId: bigint, run = 1): Promise<Record<string, number>> {
  const found = await instance.database.query<{ metric: string; amount: number }>(sql`
    SELECT metric, sum(amount)::int AS amount FROM (
      SELECT metric, amount FROM counter_delta WHERE kind = 'DELIVERY' AND subject = ${deliveryId}::bigint AND run = ${run}::int
      UNION ALL SELECT metric, amount FROM delivery_counter WHERE delivery_id = ${deliveryId}::bigint AND run = ${run}::int) AS both_parts
    GROUP BY metric HAVING sum(amount) <> 0`);
  return Object.fromEntries(found.map(({ metric, amount }) => [metric, amount]));
}
