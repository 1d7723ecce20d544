import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDueCleanup } from '../../../src/operations/cleanup-schedule.ts';
import { nextDailyRun } from '../../../src/operations/daily-schedule.ts';
import { listJobs } from '../../../src/operations/list-jobs.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { type Life, OPERATOR, openLife } from './life.ts';

describe('the next cleanup', () => {
  test.each([
    ['UTC', '04:00', '2025-03-14T03:59:59Z', '2025-03-14T04:00:00Z'],
    ['UTC', '04:00', '2025-03-14T04:00:00Z', '2025-03-15T04:00:00Z'],
    ['America/New_York', '04:00', '2025-03-08T12:00:00Z', '2025-03-09T08:00:00Z'],
    // That hour does not exist in the night in which summer time begins, and is there twice in the one in which it ends.
    ['Europe/Berlin', '02:30', '2025-03-29T12:00:00Z', '2025-03-30T01:00:00Z'],
    ['Europe/Berlin', '02:30', '2025-10-25T12:00:00Z', '2025-10-26T00:30:00Z'],
    ['Europe/Berlin', '02:30', '2025-10-26T00:30:00Z', '2025-10-27T01:30:00Z'],
  ])('in %s at %s after %s is %s', (timeZone, time, after, next) => {
    expect(nextDailyRun({ timeZone, time }, new Date(after)).toISOString()).toBe(new Date(next).toISOString());
  });
});

describe('the nightly run', () => {
  let life: Life;
  beforeAll(async () => {
    life = await openLife('2027-03-14T12:00:00Z');
    await runCleanup(life.instance, SCHEDULED_CLEANUP);
  });
  afterAll(() => life.close());

  const due = async (at: string) => {
    life.setNow(at);
    return (await runDueCleanup(life.instance)) !== null;
  };

  test('comes once a night, and makes up for a night that was missed', async () => {
    expect(await due('2027-03-15T03:59:59Z')).toBe(false);
    expect(await due('2027-03-15T04:00:00Z')).toBe(true);
    expect(await due('2027-03-15T04:00:15Z')).toBe(false);
    expect(await due('2027-03-18T23:00:00Z')).toBe(true);
    expect(await due('2027-03-18T23:00:15Z')).toBe(false);
    expect(await due('2027-03-19T04:00:00Z')).toBe(true);
  });

  test('a run by hand does not take its place', async () => {
    life.setNow('2027-03-20T03:00:00Z');
    await runCleanup(life.instance, OPERATOR);
    expect(await due('2027-03-20T03:30:00Z')).toBe(false);
    expect(await due('2027-03-20T04:00:00Z')).toBe(true);
  });

  test('is shown with its last and next run and what the last one did', async () => {
    expect(await due('2027-03-21T04:00:00Z')).toBe(true);
    life.setNow('2027-03-21T12:00:00Z');
    const [job] = await listJobs(life.instance);
    expect(job).toMatchObject({
      name: 'cleanup',
      schedule: 'daily at 04:00 (UTC)',
      lastRunAt: new Date('2027-03-21T04:00:00Z'),
      nextRunAt: new Date('2027-03-22T04:00:00Z'),
    });
    expect(job?.lastReport?.tasks[0]).toEqual({ name: 'expiredDeliveries', rows: 0, durationMs: expect.any(Number), error: null });
  });
});
