import { afterAll, beforeAll, expect, test } from 'vitest';
import { runDueCleanup } from '../../../src/operations/cleanup-schedule.ts';
import { type Queryable, sql } from '../../../src/store/database.ts';
import { takeLease } from '../../../src/store/lease.ts';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp('2025-03-01T00:00:00Z');
});
afterAll(() => life.close());

const UNREACHABLE = '451 4.3.0 system resources low';
const JOBS = '{ jobs { name lastRunAt nextRunAt lastReport { tasks { name rows error } } } }';
const cleanupJob = async () => (await life.call(JOBS)).jobs.find(({ name }: { name: string }) => name === 'cleanup');

let made = 0;
/** An address that the cleanup of 15 March is to release. */
async function dueAddress(): Promise<string> {
  made += 1;
  const address = `due-${made}@cleanup.example`;
  await life.happens({ address, at: '2025-03-04T08:00:00Z', text: UNREACHABLE });
  return address;
}

test('the tasks run in their order, the report is that of the job, and a second run finds nothing to do', async () => {
  const address = await dueAddress();
  const tasks = await life.cleanUp('2025-03-15T04:00:00Z');
  expect(tasks.map(({ name }) => name).slice(0, 4)).toEqual(['expiredDeliveries', 'releasedEntries', 'purgedEntries', 'earlierRuns']);
  expect(tasks.slice(0, 3).map(({ rows }) => rows)).toEqual([0, 1, 1]);
  expect(tasks.map(({ error }) => error)).toEqual(tasks.map(() => null));
  expect(await life.stateOf(address)).toBe('none');
  expect(await cleanupJob()).toEqual({
    name: 'cleanup',
    lastRunAt: '2025-03-15T04:00:00.000Z',
    nextRunAt: '2025-03-16T04:00:00.000Z',
    lastReport: { tasks },
  });
  expect((await life.cleanUp('2025-03-15T04:00:00Z')).map(({ rows }) => rows)).toEqual(tasks.map(() => 0));
});

test('the first task that fails ends the run: no row is purged after a transition that failed (REL-6)', async () => {
  const address = await dueAddress();
  // A fault of the database in the middle of the night: the ledger cannot be written.
  const { database } = life.app.instance;
  const refuse = (on: Queryable) =>
    on.execute(sql`ALTER TABLE quarantine_event ADD CONSTRAINT no_cleanup CHECK (actor <> 'cleanup') NOT VALID`);
  await refuse(database);
  const tasks = await life.cleanUp('2025-03-15T04:00:00Z');
  expect(tasks).toEqual([
    { name: 'expiredDeliveries', rows: 0, error: null },
    { name: 'releasedEntries', rows: 0, error: expect.stringContaining('no_cleanup') },
  ]);
  expect((await cleanupJob()).lastReport.tasks).toEqual(tasks);
  expect(await life.stateOf(address)).toBe('ERRONEOUS 1');
  await database.execute(sql`ALTER TABLE quarantine_event DROP CONSTRAINT no_cleanup`);
  await life.cleanUp('2025-03-15T04:00:00Z');
  expect(await life.stateOf(address)).toBe('none');
});

test('one node at a time: while another one cleans up, a call does nothing and says so', async () => {
  const address = await dueAddress();
  const { database } = life.app.instance;
  const before = await cleanupJob();
  expect(await takeLease(database, 'cleanup', 'another node', 600_000)).toBe(true);
  const tasks = await life.cleanUp('2025-03-15T04:00:00Z');
  expect(tasks).toEqual([{ name: 'cleanup', rows: 0, error: 'A cleanup is running already: nothing was done.' }]);
  expect((await cleanupJob()).lastReport).toEqual(before.lastReport);
  expect(await life.stateOf(address)).toBe('ERRONEOUS 1');
  await database.execute(sql`DELETE FROM lease WHERE name = 'cleanup'`);
  await life.cleanUp('2025-03-15T04:00:00Z');
  expect(await life.stateOf(address)).toBe('none');
});

test('the job that nobody runs by hand comes every night at its time and is made up for where a night was missed', async () => {
  const { app } = life;
  await life.set('cleanupTime', '05:30');
  await life.set('timeZone', 'Europe/Berlin');
  const runs = async (at: string) => {
    app.clock.set(at);
    return (await runDueCleanup(app.instance)) !== null;
  };
  await life.cleanUp('2025-03-16T12:00:00Z');
  expect((await cleanupJob()).nextRunAt).toBe('2025-03-17T04:30:00.000Z');
  expect([await runs('2025-03-17T04:29:59Z'), await runs('2025-03-17T04:30:00Z'), await runs('2025-03-17T04:30:30Z')]).toEqual([
    false,
    true,
    false,
  ]);
  expect([await runs('2025-03-20T12:00:00Z'), await runs('2025-03-20T12:01:00Z')]).toEqual([true, false]);
  expect((await cleanupJob()).lastRunAt).toBe('2025-03-20T12:00:00.000Z');
});
