import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DELAY_MEMORY, settleSlots } from '../../../src/domain/statistics/report-delay.ts';
import { foldCounters } from '../../../src/operations/fold-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { sql } from '../../../src/store/database.ts';
import { appendDeltas } from '../../../src/store/feedback-writes.ts';
import { freshDomain } from '../../support/fresh.ts';
import { type Life, openLife, setSetting, stateOf } from '../life/life.ts';
import { anOutage, detect, give, incidentOf, putPast, storyOf } from './outage.ts';

let life: Life;
let instance: Instance;
let domain: string;

beforeAll(async () => {
  life = await openLife();
  ({ instance } = life);
});
beforeEach(async () => {
  life.setNow('2025-06-10T12:00:00Z');
  await instance.database.execute(sql`DELETE FROM lease`);
  domain = freshDomain();
});
afterAll(() => life.close());

async function delayOf(place: string): Promise<{ told: number[]; slots: number } | undefined> {
  const [row] = await instance.database.query<{ told: number[]; slots: number }>(sql`
    SELECT told, settle_slots AS slots FROM domain_delay WHERE domain = ${place}`);
  return row;
}

/** 150 delivered messages of yesterday that were told three hours late. */
async function tellsLate(): Promise<void> {
  await putPast(instance, domain, { DELIVERED: 1_000, USER_UNKNOWN: 50 });
  life.setNow('2025-06-09T12:00:00Z');
  for (let told = 0; told < 8; told += 1) {
    await give(instance, { domain, count: 150, name: `past${told}x`, outcome: 'DELIVERED', minutesAgo: 180 });
  }
  await foldCounters(instance);
  life.setNow('2025-06-10T12:00:00Z');
}

describe('at a domain whose delivered messages are told hours late', () => {
  test('failures that are told at once open nothing, neither before nor after the delivered ones are told', async () => {
    await tellsLate();
    await give(instance, { domain, count: 120, name: 'gone' });
    expect(await detect(instance)).toEqual([]);
    life.setNow('2025-06-10T15:00:00Z');
    await give(instance, { domain, count: 900, name: 'fine', outcome: 'DELIVERED', minutesAgo: 181 });
    expect(await detect(instance)).toEqual([]);
    life.setNow('2025-06-10T16:05:00Z');
    expect(await detect(instance)).toEqual([]);
  });

  test('an outage is seen as soon as its hour is settled, with the figures of that hour', async () => {
    await tellsLate();
    const [hit = ''] = await give(instance, { domain, count: 120, name: 'gone' });
    life.setNow('2025-06-10T15:00:00Z');
    await give(instance, { domain, count: 30, name: 'fine', outcome: 'DELIVERED', minutesAgo: 181 });
    expect(await detect(instance)).toEqual([]);
    life.setNow('2025-06-10T16:05:00Z');
    const [id = 0n] = await detect(instance);
    expect(await incidentOf(instance, id)).toMatchObject({ openingShare: 120 / 150, quarantined: 120 });
    expect(await stateOf(instance, hit)).toBe('QUARANTINE 1');
    life.setNow('2025-06-10T16:05:20Z');
    await detect(instance);
    expect((await incidentOf(instance, id)).currentShare).toBe(120 / 150);
  });
});

describe('how late a domain is told', () => {
  test('is not kept where everything is told at once, nor where history is brought in', async () => {
    await give(instance, { domain, count: 200, outcome: 'DELIVERED', minutesAgo: 1 });
    await give(instance, { domain, count: 200, name: 'old', outcome: 'DELIVERED', minutesAgo: 3 * 1_440 });
    await give(instance, { domain, count: 200, name: 'gone', minutesAgo: 200 });
    await foldCounters(instance);
    expect(await delayOf(domain)).toBeUndefined();
  });

  test('is reckoned against what was delivered there before, and fades when it is told at once', async () => {
    await putPast(instance, domain, { DELIVERED: 400, USER_UNKNOWN: 9 });
    await give(instance, { domain, count: 50, outcome: 'DELIVERED', minutesAgo: 30 });
    await foldCounters(instance);
    expect(await delayOf(domain)).toEqual({ told: [400, 0, 50, 0, 0, 0, 0], slots: 6 });
    await give(instance, { domain, count: 100, name: 'now', outcome: 'DELIVERED' });
    await foldCounters(instance);
    expect(await delayOf(domain)).toEqual({ told: [500, 0, 50, 0, 0, 0, 0], slots: 0 });
  });

  test('is reckoned in one slice for the thousands of domains of a file at night', async () => {
    const places = Array.from({ length: 8_000 }, () => freshDomain());
    const base = { subject: 2_900_000n, run: 0, amount: 100 };
    const deltas = places.flatMap((place) => [
      { ...base, kind: 'DOMAIN' as const, metric: `EMAIL DELIVERED ${place}` },
      { ...base, kind: 'DELAY' as const, metric: `EMAIL 3 ${place}` },
    ]);
    await instance.database.transaction((tx) => appendDeltas(tx, deltas));
    expect(await foldCounters(instance)).toBe(deltas.length);
    expect(await delayOf(places.at(-1) ?? '')).toEqual({ told: [0, 0, 0, 100, 0, 0, 0], slots: 12 });
  });

  test('is what the rule says, whatever is told in whatever portions', async () => {
    const portion = fc.array(fc.nat(900), { minLength: 7, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(fc.array(portion, { minLength: 1, maxLength: 4 }), async (portions) => {
        const place = freshDomain();
        let told = [0, 0, 0, 0, 0, 0, 0];
        let known = false;
        for (const amounts of portions) {
          const all = amounts.reduce((sum, amount) => sum + amount, 0);
          const late = all - (amounts[0] ?? 0);
          const base = { subject: 2_900_000n, run: 0 };
          const deltas = [
            { ...base, kind: 'DOMAIN' as const, metric: `EMAIL DELIVERED ${place}`, amount: all },
            ...amounts.flatMap((amount, index) =>
              index === 0 || amount === 0 ? [] : [{ ...base, kind: 'DELAY' as const, metric: `EMAIL ${index} ${place}`, amount }],
            ),
          ].filter(({ amount }) => amount > 0);
          await instance.database.transaction((tx) => appendDeltas(tx, deltas));
          await foldCounters(instance);
          // What came before the first late one is read from the roll-up, as far as it is remembered.
          const before = known ? told : [Math.min(told[0] ?? 0, DELAY_MEMORY / 2), 0, 0, 0, 0, 0, 0];
          const sums = before.map((amount, index) => amount + (amounts[index] ?? 0));
          known ||= late > 0;
          const total = sums.reduce((sum, amount) => sum + amount, 0);
          if (known) {
            const expected = total > DELAY_MEMORY ? sums.map((amount) => Math.floor((amount * DELAY_MEMORY) / 2 / total)) : sums;
            expect(await delayOf(place)).toEqual({ told: expected, slots: settleSlots(sums) });
            told = expected;
          } else {
            expect(await delayOf(place)).toBeUndefined();
            told = sums;
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  test('is forgotten when nothing was delivered there for as long as logs are kept', async () => {
    await tellsLate();
    life.setNow('2025-12-05T12:00:00Z');
    await runCleanup(instance, SCHEDULED_CLEANUP);
    expect(await delayOf(domain)).toBeDefined();
    life.setNow('2025-12-09T12:00:00Z');
    await runCleanup(instance, SCHEDULED_CLEANUP);
    expect(await delayOf(domain)).toBeUndefined();
  });
});

describe('an incident that nobody closes', () => {
  /** Results that are told as they happen, at that time. */
  const results = async (delivered: number, failed: number, at: string) => {
    life.setNow(at);
    await give(instance, { domain, count: delivered, name: 'later', outcome: 'DELIVERED', minutesAgo: 0 });
    await give(instance, { domain, count: failed, name: 'worse', minutesAgo: 0 });
  };

  test('closes by itself when its share was normal for a day, and releases nothing', async () => {
    const id = await anOutage(instance, domain);
    const node = await life.otherNode('knows');
    const [held = ''] = await give(node, { domain, count: 1, name: 'held' });
    await results(150, 1, '2025-06-11T10:30:00Z');
    life.setNow('2025-06-11T12:30:00Z');
    expect(await detect(instance)).toEqual([]);
    expect(await incidentOf(instance, id)).toMatchObject({ state: 'CLOSED', closedBy: 'incidents', carryState: null });
    expect([await stateOf(instance, `hit0@${domain}`), await stateOf(instance, held)]).toEqual(['QUARANTINE 1', 'ERRONEOUS 1']);
    expect((await storyOf(instance, id)).at(-1)).toBe('CLOSED');
  });

  test.each([
    ['it is younger than that', '2025-06-11T11:59:00Z', 150, 1],
    ['hardly anything was sent', '2025-06-11T12:30:00Z', 90, 0],
    ['the share is still high', '2025-06-11T12:30:00Z', 60, 60],
  ])('stays open where %s', async (_case, now, delivered, failed) => {
    const id = await anOutage(instance, domain);
    await results(delivered, failed, '2025-06-11T10:30:00Z');
    life.setNow(now);
    await detect(instance);
    expect(await incidentOf(instance, id)).toMatchObject({ state: 'OPEN' });
  });

  test('stays open where the setting says never, and closes after an hour where it says that', async () => {
    const id = await anOutage(instance, domain);
    await results(150, 1, '2025-06-11T12:10:00Z');
    life.setNow('2025-06-11T12:30:00Z');
    await foldCounters(instance);
    const { detectIncidents } = await import('../../../src/operations/detect-incidents.ts');
    const with0 = await setSetting(instance, 'incidentCloseAfter', 0);
    await detectIncidents(with0);
    expect(await incidentOf(instance, id)).toMatchObject({ state: 'OPEN' });
    const withHour = await setSetting(instance, 'incidentCloseAfter', 3_600);
    await detectIncidents(withHour);
    expect(await incidentOf(instance, id)).toMatchObject({ state: 'CLOSED' });
    await instance.database.execute(sql`DELETE FROM setting WHERE key = 'incidentCloseAfter'`);
  });
});
