import { afterAll, beforeAll, expect, test } from 'vitest';
import { erasedAddress } from '../../../src/domain/address/erased-address.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { createDelivery } from '../../../src/operations/create-delivery.ts';
import { createProfile } from '../../../src/operations/create-profile.ts';
import { deliveryCounters } from '../../../src/operations/delivery-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { preparationName } from '../../../src/operations/run-preparation.ts';
import { startDelivery } from '../../../src/operations/start-delivery.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { CANCELLED_TEXT } from '../../../src/store/erase-messages.ts';
import { API_DOOR } from '../../support/feedback-instance.ts';
import { findTexts } from '../../support/scan-database.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { anAddress, erase, OPERATOR, requestOf } from './somebody.ts';

let database: Database;
let instance: Instance;
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
});
afterAll(() => database.close());

const hold = (...values: string[]) =>
  createProfile(instance, { addresses: values.map((value) => ({ channel: 'EMAIL' as const, value })) }, OPERATOR);

async function prepared(profileIds: readonly bigint[], duplicates = false): Promise<bigint> {
  const input = { label: 'News', channel: 'EMAIL' as const, profileIds, excludeDuplicates: !duplicates };
  const id = await createDelivery(instance, input, OPERATOR);
  await prepareDelivery(instance, id, OPERATOR);
  await backgroundWorkEnded(instance, preparationName(id));
  return id;
}

interface Message {
  readonly id: bigint;
  readonly address: string;
  readonly status: string;
  readonly reason: string | null;
  readonly text: string | null;
  readonly version: number;
}

const messagesOf = (deliveryId: bigint) =>
  database.query<Message>(sql`
    SELECT id, address, status, failure_reason AS reason, raw_text AS text, version FROM delivery_log WHERE delivery_id = ${deliveryId}
    ORDER BY profile_id`);

const counted = async (id: bigint) => {
  const { toDeliver, pending, cancelled, failed, hard } = (await deliveryCounters(instance, [id])).get(id) ?? {};
  return { toDeliver, pending, cancelled, failed, hard };
};

const displayOf = async (address: string) => erasedAddress((await instance.addressBook()).key('EMAIL', address));

test('what was prepared for the person is cancelled and says why, in deliveries that wait and that are under way', async () => {
  const [address, other] = [anAddress('pending'), anAddress('stays')];
  const profileIds = [await hold(address), await hold(other)];
  const [waiting, started] = [await prepared(profileIds), await prepared(profileIds)];
  await startDelivery(instance, started, OPERATOR);

  const request = await erase(instance, { namespace: 'EMAIL', value: address }, { sliceSize: 1 });

  for (const delivery of [waiting, started]) {
    expect(await messagesOf(delivery)).toMatchObject([
      { address: await displayOf(address), status: 'CANCELLED', reason: 'DENYLISTED', text: CANCELLED_TEXT, version: 2 },
      { address: other, status: 'PENDING', reason: null, version: 1 },
    ]);
    expect(await counted(delivery)).toEqual({ toDeliver: 2, pending: 1, cancelled: 1, failed: 0, hard: 0 });
    const told = await database.query(sql`
      SELECT address, previous_status, status, failure_reason, raw_text, version, outcome FROM delivery_event WHERE delivery_id = ${delivery}`);
    expect(told).toEqual([
      {
        address: await displayOf(address),
        previous_status: 'PENDING',
        status: 'CANCELLED',
        failure_reason: 'DENYLISTED',
        raw_text: CANCELLED_TEXT,
        version: 2,
        outcome: null,
      },
    ]);
  }
  expect(await findTexts(database, [address])).toEqual([]);
  expect((await requestOf(database, request)).report.counts).toMatchObject({ delivery_log: 2 });
});

test('a message to the person at an address that others keep is cancelled, theirs is not', async () => {
  const shared = anAddress('shared');
  const [person, other] = [await hold(shared), await hold(shared)];
  const delivery = await prepared([person, other], true);
  await erase(instance, { profileId: person });
  const messages = await database.query(sql`
    SELECT profile_id = ${person} AS mine, status FROM delivery_log WHERE delivery_id = ${delivery} ORDER BY profile_id`);
  expect(messages).toEqual([
    { mine: true, status: 'CANCELLED' },
    { mine: false, status: 'PENDING' },
  ]);
});

test('a result that is told of it all the same stands, and what was sent before stays as it was', async () => {
  const [address, sent] = [anAddress('told'), anAddress('sent')];
  const delivery = await prepared([await hold(address), await hold(sent)]);
  await startDelivery(instance, delivery, OPERATOR);
  const result = { channel: 'EMAIL', deliveryId: delivery, outcome: 'DELIVERED', occurredAt: new Date('2026-05-12T09:59:00Z') } as const;
  await recordDeliveryResults(instance, [{ ...result, address: sent }], API_DOOR);
  for (const value of [address, sent]) await erase(instance, { namespace: 'EMAIL', value });
  expect((await messagesOf(delivery)).map(({ status }) => status)).toEqual(['CANCELLED', 'SENT']);
  await recordDeliveryResults(instance, [{ ...result, address }], API_DOOR);
  expect(await messagesOf(delivery)).toMatchObject([
    { status: 'SENT', reason: null, text: null, version: 3 },
    { status: 'SENT', version: 2 },
  ]);
  expect(await counted(delivery)).toEqual({ toDeliver: 2, pending: 0, cancelled: 0, failed: 0, hard: 0 });
  expect(await findTexts(database, [address, sent])).toEqual([]);
});
