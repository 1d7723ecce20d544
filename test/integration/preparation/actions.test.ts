import { beforeAll, expect, test } from 'vitest';
import { ConflictError, InvalidInputError, InvalidStateError, NotFoundError } from '../../../src/domain/errors.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { type CreateDeliveryInput, createDelivery } from '../../../src/operations/create-delivery.ts';
import { deliveryCounters } from '../../../src/operations/delivery-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { pauseDelivery } from '../../../src/operations/pause-delivery.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { purgeRuns } from '../../../src/operations/purge-runs.ts';
import { resumeDelivery } from '../../../src/operations/resume-delivery.ts';
import { startDelivery, startDueDeliveries } from '../../../src/operations/start-delivery.ts';
import { stopDelivery, stopName } from '../../../src/operations/stop-delivery.ts';
import { sql } from '../../../src/store/database.ts';
import { testDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { deliveryState, fresh, insertPeople, outcomes, prepareAndWait, prepared, tester } from './people.ts';

let instance: Instance;
let now = new Date('2026-05-12T10:00:00.000Z');
beforeAll(async () => {
  instance = await testInstance(await testDatabase(), { now: () => now });
});

const crowd = (size: number) =>
  insertPeople(
    instance,
    Array.from({ length: size }, () => ({ emails: [fresh('p')] })),
  );
const create = (input: Partial<CreateDeliveryInput>) => createDelivery(instance, { label: 'News', channel: 'EMAIL', ...input }, tester);
const deliveryRow = async (id: bigint) => (await instance.database.query(sql`SELECT * FROM delivery WHERE id = ${id}`))[0];

test('a delivery gets an internal name of its label and its id', async () => {
  const id = await create({ label: ' Été: News! ' });
  expect(await deliveryRow(id)).toMatchObject({ label: 'Été: News!', internal_name: `e-te-news-${id}`, state: 'EDITION', run: 0 });
});

test('an internal name that is taken is a conflict', async () => {
  const internalName = fresh('name');
  await create({ internalName });
  await expect(create({ internalName })).rejects.toThrow(ConflictError);
});

const REFUSED: [string, Partial<CreateDeliveryInput>][] = [
  ['label', { label: ' ' }],
  ['label', { label: 'x'.repeat(201) }],
  ['label', { label: 'a\0b' }],
  ['subject', { subject: '\ud800' }],
  ['internalName', { internalName: '' }],
  ['profileIds', { profileIds: [] }],
  ['profileIds.0', { profileIds: [987_654_321_987n] }],
  ['controlGroupPercent', { controlGroupPercent: 100.5 }],
  ['controlGroupPercent', { controlGroupPercent: Number.NaN }],
  ['limitTo', { limitTo: -1 }],
  ['validityHours', { validityHours: 0 }],
  ['contactDate', { contactDate: new Date('9999-01-01T00:00:00Z') }],
  ['shortCode', { shortCode: '12345' }],
  ['shortCode', { channel: 'SMS', shortCode: 'a\tb' }],
];

test.each(REFUSED)('a delivery is refused for its %s (%#)', async (field, input) => {
  const refusal = await create(input).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(InvalidInputError);
  expect(refusal).toMatchObject({ field });
});

test('the profile that does not exist is named by its place', async () => {
  const [id = 0n] = await crowd(1);
  await expect(create({ profileIds: [id, id, 987_654_321_987n] })).rejects.toMatchObject({ field: 'profileIds.2' });
});

test('start, pause, resume and stop follow each other, and each is in the audit trail', async () => {
  const id = await prepared(instance, { profileIds: await crowd(3), validityHours: 48 });
  await startDelivery(instance, id, tester);
  expect(await deliveryRow(id)).toMatchObject({ state: 'STARTED', started_at: now, valid_until: new Date('2026-05-14T10:00:00.000Z') });
  await pauseDelivery(instance, id, tester);
  expect(await deliveryState(instance, id)).toBe('PAUSED');
  await resumeDelivery(instance, id, tester);
  expect(await deliveryState(instance, id)).toBe('STARTED');
  await stopDelivery(instance, id, tester);
  expect(await deliveryState(instance, id)).toBe('STOPPED');
  const audit = await instance.database.query<{ action: string }>(sql`
    SELECT action FROM audit_entry WHERE subject = ${`Delivery ${id}`} ORDER BY id`);
  expect(audit.map(({ action }) => action.replace('delivery.', ''))).toEqual(['create', 'prepare', 'start', 'pause', 'resume', 'stop']);
});

test('without a validity of its own a delivery is valid for five days', async () => {
  const id = await prepared(instance, { profileIds: await crowd(1) });
  await startDelivery(instance, id, tester);
  expect(await deliveryRow(id)).toMatchObject({ valid_until: new Date('2026-05-17T10:00:00.000Z') });
});

test('a delivery with a contact date waits for it', async () => {
  const id = await prepared(instance, { profileIds: await crowd(1), contactDate: new Date('2026-05-12T11:00:00.000Z') });
  await startDelivery(instance, id, tester);
  expect(await deliveryState(instance, id)).toBe('START_PENDING');
  await startDueDeliveries(instance);
  expect(await deliveryState(instance, id)).toBe('START_PENDING');
  now = new Date('2026-05-12T11:00:00.000Z');
  await startDueDeliveries(instance);
  expect(await deliveryRow(id)).toMatchObject({ state: 'STARTED', started_at: now });
});

test('an action that the state does not allow is refused with the state and what would allow it', async () => {
  const id = await create({ profileIds: await crowd(1) });
  await expect(startDelivery(instance, id, tester)).rejects.toThrow(
    new InvalidStateError('A delivery can be started in the state READY; this one is EDITION.'),
  );
  await expect(pauseDelivery(instance, id, tester)).rejects.toThrow(InvalidStateError);
  await expect(resumeDelivery(instance, id, tester)).rejects.toThrow(InvalidStateError);
  await expect(stopDelivery(instance, id, tester)).rejects.toThrow(InvalidStateError);
  await prepareAndWait(instance, id);
  await startDelivery(instance, id, tester);
  await expect(prepareDelivery(instance, id, tester)).rejects.toThrow(/this one is STARTED/);
  await expect(startDelivery(instance, 987_654_321_987n, tester)).rejects.toThrow(NotFoundError);
});

test('a delivery that is being prepared cannot be prepared at the same time', async () => {
  const id = await create({ profileIds: await crowd(3) });
  await prepareDelivery(instance, id, tester, { sliceSize: 1 });
  await expect(prepareDelivery(instance, id, tester)).rejects.toThrow(InvalidStateError);
  await backgroundWorkEnded(instance, `preparation:${id}`);
  expect(await deliveryState(instance, id)).toBe('READY');
});

test('stopping cancels what is pending, tells the feed of each message and keeps the sum of the counters', async () => {
  const id = await prepared(instance, { profileIds: await crowd(5) });
  await startDelivery(instance, id, tester);
  await stopDelivery(instance, id, tester);
  await backgroundWorkEnded(instance, stopName(id));
  expect((await deliveryCounters(instance, [id])).get(id)).toMatchObject({ toDeliver: 5, pending: 0, cancelled: 5, sent: 0, failed: 0 });
  const told = await instance.database.query(sql`
    SELECT e.previous_status::text, e.status::text, e.version, e.outcome FROM delivery_event e JOIN delivery_log l ON l.id = e.delivery_log_id
    WHERE l.delivery_id = ${id} AND l.status = 'CANCELLED' AND l.version = e.version`);
  expect(told).toEqual(Array(5).fill({ previous_status: 'PENDING', status: 'CANCELLED', version: 2, outcome: null }));
  expect(await instance.database.query(sql`SELECT * FROM lease WHERE name = ${stopName(id)}`)).toEqual([]);
});

test('runs that were replaced are purged in slices after a day, and the feed says from where', async () => {
  const profileIds = await insertPeople(instance, [{ emails: [fresh('a')] }, {}, {}, { emails: [fresh('b')] }]);
  const id = await prepared(instance, { profileIds });
  await prepareAndWait(instance, id);
  const rowsOfRun = async (run: number) => {
    const [row] = await instance.database.query<{ rows: number }>(sql`
      SELECT ((SELECT count(*) FROM delivery_log WHERE delivery_id = ${id} AND run = ${run})
            + (SELECT count(*) FROM exclusion_log WHERE delivery_id = ${id} AND run = ${run}))::int AS rows`);
    return row?.rows;
  };
  await purgeRuns(instance);
  expect(await rowsOfRun(1)).toBe(4);
  const [last] = await instance.database.query<{ id: bigint }>(
    sql`SELECT max(id) AS id FROM exclusion_log WHERE delivery_id = ${id} AND run = 1`,
  );
  await purgeRuns(instance, { keepMs: 0, sliceSize: 1 });
  expect(await rowsOfRun(1)).toBe(0);
  expect(await rowsOfRun(2)).toBe(4);
  expect(await outcomes(instance, id)).toHaveLength(4);
  const [floor] = await instance.database.query<{ floor_id: bigint }>(sql`SELECT floor_id FROM feed_state WHERE ledger = 'EXCLUSION_LOG'`);
  expect(floor?.floor_id).toBeGreaterThanOrEqual(last?.id ?? 0n);
});

test('a run that ended long ago is kept for a day from when it was replaced', async () => {
  await crowd(2);
  const id = await create({ label: 'Replaced late' });
  await prepareAndWait(instance, id);
  const before = now;
  now = new Date(before.getTime() + 3 * 86_400_000);
  await prepareAndWait(instance, id);
  const rowsOfFirst = async () => {
    const [row] = await instance.database.query<{ rows: number }>(
      sql`SELECT count(*)::int AS rows FROM delivery_log WHERE delivery_id = ${id} AND run = 1`,
    );
    return row?.rows ?? 0;
  };
  await purgeRuns(instance);
  expect(await rowsOfFirst()).toBeGreaterThan(0);
  now = new Date(now.getTime() + 86_400_000);
  await purgeRuns(instance);
  expect(await rowsOfFirst()).toBe(0);
  now = before;
});
