import { afterAll, beforeAll, expect, test } from 'vitest';
import { profileKey } from '../../../src/domain/address/address-key.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { createDelivery } from '../../../src/operations/create-delivery.ts';
import { deliveryCounters } from '../../../src/operations/delivery-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { preparationName } from '../../../src/operations/run-preparation.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { profileKeySql } from '../../../src/store/profile-key-sql.ts';
import { freshNumber } from '../../support/fresh.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { causes, fresh, insertPeople, outcomes, prepareAndWait, prepared, tester } from './people.ts';

let database: Database;
let instance: Instance;
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
});
afterAll(() => database.close());

const kept = async (deliveryId: bigint) =>
  (await outcomes(instance, deliveryId)).filter(({ outcome }) => outcome === 'send').map(({ address }) => address);
const counted = async (deliveryId: bigint) => (await deliveryCounters(instance, [deliveryId])).get(deliveryId);
const crowd = (size: number) => Array.from({ length: size }, (_, place) => ({ emails: [fresh(`p${place}`)] }));

test('without a list all profiles are the target that have an address of the channel or none at all', async () => {
  const [withEmail, withPhone, withNothing] = await insertPeople(instance, [{ emails: [fresh('a')] }, { phones: [freshNumber()] }, {}]);
  const found = await outcomes(instance, await prepared(instance, {}));
  const outcomeOf = (id: bigint | undefined) => found.filter(({ profileId }) => profileId === id).map(({ outcome }) => outcome);
  expect(outcomeOf(withEmail)).toEqual(['send']);
  expect(outcomeOf(withPhone)).toEqual([]);
  expect(outcomeOf(withNothing)).toEqual(['ADDRESS_UNDEFINED']);
});

test('a profile that was named and lacks an address of the channel is excluded with reason 7', async () => {
  const profileIds = await insertPeople(instance, [{ phones: [freshNumber()] }]);
  expect(await outcomes(instance, await prepared(instance, { profileIds }))).toMatchObject([
    { outcome: 'ADDRESS_UNDEFINED', address: null },
  ]);
});

test('profiles that come while the preparation is at work are not part of it', async () => {
  await insertPeople(instance, crowd(6));
  let late: bigint[] = [];
  const deliveryId = await createDelivery(instance, { label: 'late', channel: 'EMAIL' }, tester);
  const came: Promise<void>[] = [];
  const onSlice = () => {
    if (came.length > 0) return;
    came.push(
      insertPeople(instance, crowd(3)).then((ids) => {
        late = ids;
      }),
    );
  };
  await prepareDelivery(instance, deliveryId, tester, { sliceSize: 1, onSlice });
  await backgroundWorkEnded(instance, preparationName(deliveryId));
  await Promise.all(came);
  expect(late).toHaveLength(3);
  const targeted = (await outcomes(instance, deliveryId)).map(({ profileId }) => profileId);
  expect(targeted.filter((id) => late.includes(id))).toEqual([]);
});

test.each([1, 2, 3, 1000])('of duplicates the first in target order survives, with slices of %i profiles', async (sliceSize) => {
  const [shared, denied] = [fresh('shared'), fresh('denied')];
  const profileIds = await insertPeople(instance, [
    { emails: [denied], optedOut: 'email' },
    { emails: [shared, fresh('own')] },
    { emails: [denied] },
    { emails: [shared] },
    { emails: [denied, shared] },
  ]);
  const found = await outcomes(instance, await prepared(instance, { profileIds }, sliceSize));
  const of = (address: string) => found.filter((row) => row.address === address).map(({ outcome }) => outcome);
  expect(of(shared)).toEqual(['send', 'DUPLICATE', 'DUPLICATE']);
  // Who was excluded before is no survivor.
  expect(of(denied)).toEqual(['DENYLISTED', 'send', 'DUPLICATE']);
  expect(found).toHaveLength(7);
});

test('duplicates stay where the delivery wants them', async () => {
  const address = fresh('twice');
  const profileIds = await insertPeople(instance, [{ emails: [address] }, { emails: [address] }]);
  expect(await kept(await prepared(instance, { profileIds, excludeDuplicates: false }))).toEqual([address, address]);
});

test('a message of an earlier delivery or run is no duplicate', async () => {
  const profileIds = await insertPeople(instance, crowd(3));
  expect(await kept(await prepared(instance, { profileIds }))).toHaveLength(3);
  const second = await prepared(instance, { profileIds }, 1);
  expect(await kept(second)).toHaveLength(3);
  await prepareAndWait(instance, second, 1);
  expect(await kept(second)).toHaveLength(3);
});

test('preparing again starts a new run: counters and causes are its own (A15)', async () => {
  const profileIds = await insertPeople(instance, crowd(4));
  const deliveryId = await prepared(instance, { profileIds });
  await database.execute(sql`UPDATE profile SET opted_out_email = true WHERE id = ${profileIds[0]}`);
  await prepareAndWait(instance, deliveryId);
  expect(await counted(deliveryId)).toMatchObject({ targeted: 4, excluded: 1, toDeliver: 3, pending: 3 });
  expect(await causes(instance, deliveryId)).toMatchObject({ Blacklisted: 1, AddressUndefined: 0 });
  const runs = await database.query(sql`SELECT run, to_deliver FROM delivery_run WHERE delivery_id = ${deliveryId} ORDER BY run`);
  expect(runs).toEqual([
    { run: 1, to_deliver: 4 },
    { run: 2, to_deliver: 3 },
  ]);
});

test.each([1, 7, 1000])('a limit keeps exactly as many as it says, the same at any slice size (%i)', async (sliceSize) => {
  const profileIds = await insertPeople(instance, crowd(40));
  const deliveryId = await prepared(instance, { profileIds, limitTo: 13 }, sliceSize);
  expect(await counted(deliveryId)).toMatchObject({ targeted: 40, excluded: 27, toDeliver: 13, pending: 13 });
  expect(await causes(instance, deliveryId)).toMatchObject({ TargetLimited: 27, ControlGroup: 0 });
  expect(await kept(deliveryId)).toHaveLength(13);
  expect(await outcomes(instance, deliveryId)).toHaveLength(40);
});

test('a limit that is not reached cuts nothing', async () => {
  const profileIds = await insertPeople(instance, crowd(5));
  expect(await counted(await prepared(instance, { profileIds, limitTo: 5 }))).toMatchObject({ targeted: 5, toDeliver: 5 });
});

test('the control group is taken from what the limit leaves', async () => {
  const profileIds = await insertPeople(instance, crowd(60));
  const deliveryId = await prepared(instance, { profileIds, limitTo: 40, controlGroupPercent: 50 }, 9);
  const found = await causes(instance, deliveryId);
  expect(found.TargetLimited).toBe(20);
  expect(found.ControlGroup).toBeGreaterThan(5);
  expect(found.ControlGroup).toBeLessThan(35);
  expect((await counted(deliveryId))?.toDeliver).toBe(40 - (found.ControlGroup ?? 0));
});

test.each([
  [0, 'all in one slice', 1000],
  [0, 'one by one', 1],
  [2, 'with a limit, one by one', 1],
])('a repeat of an address in the control group is a duplicate (limit %i, %s)', async (limitTo, _slices, sliceSize) => {
  const address = fresh('twice');
  const profileIds = await insertPeople(instance, [{ emails: [address] }, { emails: [address] }, { emails: [address] }]);
  const deliveryId = await prepared(instance, { profileIds, controlGroupPercent: 100, limitTo }, sliceSize);
  expect((await outcomes(instance, deliveryId)).map(({ outcome }) => outcome)).toEqual(['CONTROL_GROUP', 'DUPLICATE', 'DUPLICATE']);
});

test('a control group of 100 percent leaves nobody, of 0 percent everybody', async () => {
  const profileIds = await insertPeople(instance, crowd(30));
  expect(await kept(await prepared(instance, { profileIds, controlGroupPercent: 100 }))).toEqual([]);
  expect(await kept(await prepared(instance, { profileIds, controlGroupPercent: 100, limitTo: 10 }))).toEqual([]);
  expect(await kept(await prepared(instance, { profileIds, controlGroupPercent: 0 }))).toHaveLength(30);
});

test('the share of the control group is about what was asked for, and differs from delivery to delivery', async () => {
  const profileIds = await insertPeople(instance, crowd(400));
  const one = await prepared(instance, { profileIds, controlGroupPercent: 25 }, 50);
  const two = await prepared(instance, { profileIds, controlGroupPercent: 25 }, 50);
  const size = (await causes(instance, one)).ControlGroup ?? 0;
  expect(size).toBeGreaterThan(60);
  expect(size).toBeLessThan(140);
  expect(await kept(one)).not.toEqual(await kept(two));
});

test('a delivery whose target is empty is ready and reaches nobody', async () => {
  const [id] = await insertPeople(instance, [{}]);
  const deliveryId = await createDelivery(instance, { label: 'empty', channel: 'EMAIL', profileIds: [id ?? 0n] }, tester);
  await database.execute(sql`DELETE FROM delivery_target WHERE delivery_id = ${deliveryId}`);
  await prepareAndWait(instance, deliveryId);
  expect(await counted(deliveryId)).toMatchObject({ targeted: 0, excluded: 0, toDeliver: 0 });
});

test('the key of a profile without an address is the same in SQL and in JavaScript', async () => {
  const { sqlPads } = await instance.addressBook();
  const [stored] = await database.query<{ secret: string }>(sql`
    SELECT value ->> 'secret' AS secret FROM setting WHERE key = 'instance.address_key'`);
  for (const id of [1n, 42n, 9_007_199_254_740_993n]) {
    const [row] = await database.query<{ key: string }>(sql`SELECT ${profileKeySql(sqlPads, sql`${id}::bigint`)} AS key`);
    expect(row?.key).toBe(profileKey(Buffer.from(stored?.secret ?? ''), id));
  }
});
