import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { backgroundWorkEnded, endBackgroundWork } from '../../../src/operations/background-work.ts';
import { createDelivery } from '../../../src/operations/create-delivery.ts';
import { deliveryCounters } from '../../../src/operations/delivery-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { resumePreparations } from '../../../src/operations/resume-preparations.ts';
import { preparationName, runPreparation } from '../../../src/operations/run-preparation.ts';
import { stopDelivery } from '../../../src/operations/stop-delivery.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { lotSql } from '../../../src/store/recipient-lot.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { deliveryState, fresh, insertEntry, insertPeople, outcomes, prepared, tester } from './people.ts';

let database: Database;
let instance: Instance;
let profileIds: bigint[];
/** What an undisturbed preparation decides. */
let whole: string[];
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
  const [twice, quarantined] = [fresh('twice'), fresh('quarantined')];
  profileIds = await insertPeople(instance, [
    ...Array.from({ length: 20 }, (_, place) => ({ emails: [fresh(`p${place}`)] })),
    { emails: [twice] },
    { emails: [quarantined] },
    {},
    { emails: [twice] },
    { emails: [fresh('denied')], optedOut: 'all' as const },
  ]);
  await insertEntry(instance, quarantined, 'QUARANTINE');
  whole = await decided(await prepared(instance, { profileIds }));
});
afterAll(() => database.close());

let nodes = 0;
/** A process of its own, as far as leases and background work can tell. */
const node = () => {
  nodes += 1;
  return testInstance(database, { node: `node ${nodes}` });
};
beforeEach(async () => {
  instance = await node();
});

/** Prepares until so many slices are done, then leaves everything as a killed process would: the run RUNNING, its lease not given back. */
async function killedAfter(slices: number, input: { limitTo?: number; controlGroupPercent?: number }): Promise<bigint> {
  const victim = await node();
  const deliveryId = await createDelivery(victim, { label: 'crash', channel: 'EMAIL', profileIds, ...input }, tester);
  let left = slices;
  const killed: Promise<void>[] = [];
  const onSlice = () => {
    left -= 1;
    if (left <= 0) killed.push(endBackgroundWork(victim));
  };
  await prepareDelivery(victim, deliveryId, tester, { sliceSize: 4, onSlice });
  await backgroundWorkEnded(victim, preparationName(deliveryId));
  await Promise.all(killed);
  await database.execute(sql`
    INSERT INTO lease (name, holder, expires_at) VALUES (${preparationName(deliveryId)}, ${victim.node}, clock_timestamp() - interval '1 second')
    ON CONFLICT (name) DO NOTHING`);
  return deliveryId;
}

async function resumed(deliveryId: bigint): Promise<void> {
  await resumePreparations(instance);
  await backgroundWorkEnded(instance, preparationName(deliveryId));
}

const decided = async (deliveryId: bigint) =>
  (await outcomes(instance, deliveryId)).map(({ profileId, address, outcome }) => `${profileId} ${address} ${outcome}`);

/** Whether the limit took each recipient, in the order of the lots that the limit draws. */
const byLot = async (deliveryId: bigint) => {
  const lot = lotSql('LIMIT', deliveryId, 1, sql`address_key`);
  const rows = await database.query<{ limited: boolean }>(sql`
    SELECT reason = 'TARGET_LIMITED' AS limited FROM (
      SELECT address_key, NULL AS reason FROM delivery_log WHERE delivery_id = ${deliveryId}
      UNION ALL SELECT address_key, reason::text FROM exclusion_log
      WHERE delivery_id = ${deliveryId} AND reason IN ('TARGET_LIMITED', 'CONTROL_GROUP')) AS drawn
    ORDER BY ${lot}`);
  return rows.map(({ limited }) => limited === true);
};

test.each([1, 2, 3, 4, 5, 6, 7])('killed after slice %i and taken up again, it decides as if nothing had happened', async (slices) => {
  const deliveryId = await killedAfter(slices, {});
  if (slices < 7) expect((await decided(deliveryId)).length).toBe(Math.min(slices * 4, 25));
  await resumed(deliveryId);
  expect(await deliveryState(instance, deliveryId)).toBe('READY');
  expect(await decided(deliveryId)).toEqual(whole);
});

test.each([7, 8, 9, 10, 11, 12, 13, 14, 15, 16])(
  'killed after slice %i, while the limit and the control group are cut, it keeps the same recipients',
  async (slices) => {
    const deliveryId = await killedAfter(slices, { limitTo: 10, controlGroupPercent: 40 });
    await resumed(deliveryId);
    const found = await outcomes(instance, deliveryId);
    expect(found).toHaveLength(25);
    const of = (reason: string) => found.filter(({ outcome }) => outcome === reason).length;
    expect(of('TARGET_LIMITED')).toBe(25 - 4 - 10);
    expect(of('send') + of('CONTROL_GROUP')).toBe(10);
    expect(await byLot(deliveryId)).toEqual([...Array(10).fill(false), ...Array(11).fill(true)]);
    const counters = (await deliveryCounters(instance, [deliveryId])).get(deliveryId);
    expect(counters).toMatchObject({ targeted: 25, excluded: 25 - of('send'), toDeliver: of('send') });
  },
);

test('two nodes at one preparation decide each recipient once', async () => {
  const deliveryId = await killedAfter(1, {});
  const other = await node();
  // Also without the lease, that only saves work, the run itself keeps them apart.
  const takeTurns = database.execute(sql`UPDATE lease SET expires_at = clock_timestamp() WHERE name = ${preparationName(deliveryId)}`);
  await Promise.all([
    takeTurns,
    runPreparation(instance, deliveryId, { sliceSize: 1 }),
    runPreparation(other, deliveryId, { sliceSize: 1 }),
  ]);
  await resumed(deliveryId);
  expect(await decided(deliveryId)).toEqual(whole);
});

test('a preparation whose lease another living node holds is not taken up', async () => {
  if (database.engine === 'embedded') return;
  const deliveryId = await killedAfter(1, {});
  await database.execute(
    sql`UPDATE lease SET expires_at = clock_timestamp() + interval '1 minute' WHERE name = ${preparationName(deliveryId)}`,
  );
  await resumed(deliveryId);
  expect(await deliveryState(instance, deliveryId)).toBe('TARGET_SELECTION');
});

test('a fault ends in PREPARATION_ERROR with its reason, and the delivery can be prepared again', async () => {
  const deliveryId = await createDelivery(instance, { label: 'fault', channel: 'EMAIL', profileIds }, tester);
  const broken: Instance = {
    ...instance,
    addressBook: () => Promise.reject(new Error('the list cannot be read')),
  };
  await prepareDelivery(broken, deliveryId, tester);
  await backgroundWorkEnded(broken, preparationName(deliveryId));
  expect(await deliveryState(instance, deliveryId)).toBe('PREPARATION_ERROR');
  expect(await database.query(sql`SELECT state::text, error FROM delivery_run WHERE delivery_id = ${deliveryId}`)).toEqual([
    { state: 'FAILED', error: 'the list cannot be read' },
  ]);
  await prepareDelivery(instance, deliveryId, tester);
  await backgroundWorkEnded(instance, preparationName(deliveryId));
  expect(await deliveryState(instance, deliveryId)).toBe('READY');
});

test('a preparation that is stopped goes back to EDITION and its worker ends', async () => {
  const deliveryId = await killedAfter(2, {});
  await stopDelivery(instance, deliveryId, tester);
  await runPreparation(instance, deliveryId);
  expect(await deliveryState(instance, deliveryId)).toBe('EDITION');
  expect(await decided(deliveryId)).toHaveLength(8);
  expect(await resumePreparations(instance)).toBe(0);
});
