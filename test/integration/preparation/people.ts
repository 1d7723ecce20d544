import type { AddressStatus, Channel } from '../../../src/domain/vocabulary.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { type CreateDeliveryInput, createDelivery } from '../../../src/operations/create-delivery.ts';
import type { Actor, Instance } from '../../../src/operations/instance.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { preparationName } from '../../../src/operations/run-preparation.ts';
import { type Queryable, rows, sql } from '../../../src/store/database.ts';
import { freshAddress } from '../../support/fresh.ts';

export const tester: Actor = { name: 'test', tokenId: null };

export interface Person {
  readonly emails?: readonly string[];
  readonly phones?: readonly string[];
  readonly optedOut?: 'all' | 'email' | 'sms';
}

/** Profiles with addresses, in the order given; written straight into the tables. */
export async function insertPeople(instance: Instance, people: readonly Person[]): Promise<bigint[]> {
  const book = await instance.addressBook();
  const ids: bigint[] = [];
  await instance.database.transaction(async (tx) => {
    ids.length = 0;
    for (const person of people) ids.push(await insertProfile(tx, person));
    const addresses = people.flatMap((person, place) => [
      ...(person.emails ?? []).map((value) => addressRow(book, 'EMAIL', value, ids[place])),
      ...(person.phones ?? []).map((value) => addressRow(book, 'SMS', value, ids[place])),
    ]);
    await tx.execute(sql`
      INSERT INTO address (profile_id, channel, value, original, address_key, domain, opted_out)
      SELECT "profileId", channel::"Channel", value, value, "addressKey", r.domain,
        p.opted_out_all OR CASE channel WHEN 'EMAIL' THEN p.opted_out_email ELSE p.opted_out_sms END
      FROM jsonb_to_recordset(${rows(addresses)}::jsonb) AS r ("profileId" bigint, channel text, value text, "addressKey" uuid, domain text)
      JOIN profile AS p ON p.id = "profileId"`);
  });
  return ids;
}

async function insertProfile(tx: Queryable, person: Person): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO profile (opted_out_all, opted_out_email, opted_out_sms)
    VALUES (${person.optedOut === 'all'}, ${person.optedOut === 'email'}, ${person.optedOut === 'sms'}) RETURNING id`);
  if (row === undefined) throw new Error('no profile was inserted');
  return row.id;
}

function addressRow(book: Awaited<ReturnType<Instance['addressBook']>>, channel: Channel, given: string, profileId: bigint | undefined) {
  const canonical = book.canonical(channel, given);
  if (!canonical.ok) throw new Error(canonical.message);
  return { profileId, channel, value: canonical.canonical, addressKey: book.key(channel, canonical.canonical), domain: canonical.domain };
}

/** An entry of the quarantine list. */
export async function insertEntry(
  instance: Instance,
  address: string,
  status: AddressStatus,
  options: { channel?: Channel; shortCode?: string; errorCount?: number } = {},
): Promise<void> {
  const book = await instance.addressBook();
  const channel = options.channel ?? 'EMAIL';
  const row = addressRow(book, channel, address, undefined);
  await instance.database.execute(sql`
    INSERT INTO quarantine_entry (channel, address, address_key, short_code, domain, status, error_count, source, status_updated_at)
    VALUES (${channel}::"Channel", ${row.value}, ${row.addressKey}::uuid, ${options.shortCode ?? ''}, ${row.domain}, ${status}::"AddressStatus",
            ${options.errorCount ?? 0}::int, 'MANUAL', '2026-05-01T00:00:00Z'::timestamptz)`);
}

/** Creates a delivery, prepares it and waits until that is done. */
export async function prepared(instance: Instance, input: Partial<CreateDeliveryInput>, sliceSize?: number): Promise<bigint> {
  const id = await createDelivery(instance, { label: 'News', channel: 'EMAIL', ...input }, tester);
  await prepareAndWait(instance, id, sliceSize);
  return id;
}

export async function prepareAndWait(instance: Instance, id: bigint, sliceSize?: number): Promise<void> {
  await prepareDelivery(instance, id, tester, sliceSize === undefined ? {} : { sliceSize });
  await backgroundWorkEnded(instance, preparationName(id));
}

/** What became of each recipient of the current run, in target order: `send`, or the reason. */
export async function outcomes(instance: Instance, deliveryId: bigint): Promise<Outcome[]> {
  return instance.database.query<Outcome>(sql`
    SELECT profile_id AS "profileId", address, outcome, cause, scope, text FROM (
      SELECT profile_id, address, 'send' AS outcome, NULL AS cause, NULL AS scope, NULL AS text, id, delivery_id, run FROM delivery_log
      UNION ALL
      SELECT profile_id, address, reason::text, cause, scope::text, text, id, delivery_id, run FROM exclusion_log
    ) AS recipient
    WHERE delivery_id = ${deliveryId} AND run = (SELECT run FROM delivery WHERE id = ${deliveryId})
    ORDER BY profile_id, address`);
}

export interface Outcome {
  readonly profileId: bigint;
  readonly address: string | null;
  readonly outcome: string;
  readonly cause: string | null;
  readonly scope: string | null;
  readonly text: string | null;
}

export async function causes(instance: Instance, deliveryId: bigint): Promise<Record<string, number>> {
  const found = await instance.database.query<{ name: string; volume: number }>(sql`
    SELECT name, volume FROM exclusion_cause WHERE delivery_id = ${deliveryId} AND run = (SELECT run FROM delivery WHERE id = ${deliveryId})
    ORDER BY position`);
  return Object.fromEntries(found.map(({ name, volume }) => [name, volume]));
}

export async function deliveryState(instance: Instance, deliveryId: bigint): Promise<string | undefined> {
  const [row] = await instance.database.query<{ state: string }>(sql`SELECT state::text AS state FROM delivery WHERE id = ${deliveryId}`);
  return row?.state;
}

/** An address that no other test knows. */
export const fresh = (name: string): string => freshAddress(name, 'people.test');
