import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/domain/errors.ts';
import { type DomainStatisticsInput, domainStatistics, failuresOfAllDomains } from '../../../src/operations/domain-statistics.ts';
import { foldCounters } from '../../../src/operations/fold-counters.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { sql } from '../../../src/store/database.ts';
import { record, TEXT } from '../../support/feedback-instance.ts';
import { freshDomain, freshNumber } from '../../support/fresh.ts';
import { type Life, openLife } from '../life/life.ts';
import { give } from './outage.ts';

let life: Life;

beforeAll(async () => {
  life = await openLife('2025-06-10T12:00:00Z');
});
afterAll(() => life.close());

const ask = (input: Partial<DomainStatisticsInput>) =>
  domainStatistics(life.instance, {
    channel: 'EMAIL',
    domains: null,
    from: new Date('2025-06-10T00:00:00Z'),
    to: null,
    period: null,
    first: 20,
    ...input,
  });

describe('the statistics of a domain', () => {
  test('count what was delivered and what failed, by reason, and nothing else', async () => {
    const domain = freshDomain();
    const { instance } = life;
    await give(instance, { domain, count: 6, name: 'ok', outcome: 'DELIVERED' });
    await give(instance, { domain, count: 3, name: 'gone' });
    await give(instance, { domain, count: 1, name: 'full', text: TEXT.mailboxFull });
    for (const outcome of ['COMPLAINT', 'DELAYED', 'AUTO_REPLY'] as const)
      await give(instance, { domain, count: 5, name: outcome, outcome });
    await foldCounters(instance);
    await give(instance, { domain, count: 3, name: 'gone' });
    await foldCounters(instance);
    expect(await ask({ domains: [domain.toUpperCase()] })).toEqual([
      {
        channel: 'EMAIL',
        domain,
        from: new Date('2025-06-10T00:00:00Z'),
        to: new Date('2025-06-10T12:00:00Z'),
        messages: 10,
        delivered: 6,
        failures: 4,
        failureShare: 0.4,
        invalid: 3,
        invalidShare: 0.3,
        reasons: [
          { reason: 'USER_UNKNOWN', count: 3, shareOfFailures: 0.75, shareOfMessages: 0.3 },
          { reason: 'MAILBOX_FULL', count: 1, shareOfFailures: 0.25, shareOfMessages: 0.1 },
        ],
      },
    ]);
  });

  test('a repeat counts once, and a number has no domain', async () => {
    const [before] = await life.instance.database.query<{ sum: number }>(
      sql`SELECT coalesce(sum(amount), 0)::int AS sum FROM domain_result`,
    );
    const item = {
      channel: 'SMS' as const,
      address: freshNumber(),
      outcome: 'DELIVERED' as const,
      occurredAt: new Date('2025-06-10T11:00:00Z'),
    };
    await record(life.instance, item);
    await foldCounters(life.instance);
    expect(await life.instance.database.query(sql`SELECT coalesce(sum(amount), 0)::int AS sum FROM domain_result`)).toEqual([before]);
  });

  test('come by hour and by day, at the time at which things happened, those with the most results first', async () => {
    const [small, big] = [freshDomain(), freshDomain()];
    const { instance } = life;
    await give(instance, { domain: small, count: 2, name: 'a' });
    await give(instance, { domain: big, count: 3, name: 'a', minutesAgo: 50 });
    await give(instance, { domain: big, count: 4, name: 'b', minutesAgo: 24 * 60, outcome: 'DELIVERED' });
    await foldCounters(instance);
    const from = new Date('2025-06-09T00:00:00Z');
    const hours = await ask({ domains: [small, big], from, period: 'HOUR' });
    expect(hours.map(({ domain, from, to, messages }) => [domain, from.toISOString(), to.getTime() - from.getTime(), messages])).toEqual([
      [big, '2025-06-09T12:00:00.000Z', 3_600_000, 4],
      [big, '2025-06-10T11:00:00.000Z', 3_600_000, 3],
      [small, '2025-06-10T11:00:00.000Z', 3_600_000, 2],
    ]);
    const days = await ask({ domains: [small, big], from, period: 'DAY' });
    expect(days.map(({ domain, from, failures }) => [domain, from.toISOString(), failures])).toEqual([
      [big, '2025-06-09T00:00:00.000Z', 0],
      [big, '2025-06-10T00:00:00.000Z', 3],
      [small, '2025-06-10T00:00:00.000Z', 2],
    ]);
    expect((await ask({ from, first: 1 })).map(({ messages }) => messages)).toEqual([10]);
  });

  test('of a period that was asked for in part say which part, and are a share of the failures of that part', async () => {
    const own = await openLife('2025-06-10T12:00:00Z');
    try {
      const domain = freshDomain();
      await give(own.instance, { domain, count: 4, name: 'before', minutesAgo: 100 });
      await give(own.instance, { domain, count: 6, name: 'within', minutesAgo: 10 });
      await foldCounters(own.instance);
      const part = { channel: 'EMAIL', domains: null, to: null, first: 1 } as const;
      for (const [period, from] of [
        ['DAY', '2025-06-10T11:00:00.000Z'],
        ['HOUR', '2025-06-10T11:30:00.000Z'],
      ] as const) {
        const [figures, ...others] = await domainStatistics(own.instance, { ...part, period, from: new Date(from) });
        expect(others).toEqual([]);
        if (figures === undefined) throw new Error('there are no figures');
        expect([figures.from.toISOString(), figures.to.toISOString(), figures.failures]).toEqual([from, '2025-06-10T12:00:00.000Z', 6]);
        expect(await failuresOfAllDomains(own.instance, figures)).toBe(6);
      }
    } finally {
      await own.close();
    }
  });

  test('stay the same when the cleanup folds ten minutes into days, until retention takes them', async () => {
    const own = await openLife('2025-06-10T12:00:00Z');
    try {
      const [a, b] = [freshDomain(), freshDomain()];
      await give(own.instance, { domain: a, count: 3, name: 'x', minutesAgo: 5 });
      await give(own.instance, { domain: a, count: 2, name: 'y', minutesAgo: 300 });
      await give(own.instance, { domain: b, count: 4, name: 'z', minutesAgo: 300, outcome: 'DELIVERED' });
      await foldCounters(own.instance);
      const day = {
        channel: 'EMAIL',
        domains: null,
        from: new Date('2025-06-10T00:00:00Z'),
        to: new Date('2025-06-11T00:00:00Z'),
        first: 20,
      } as const;
      const before = await domainStatistics(own.instance, { ...day, period: 'DAY' });
      own.setNow('2025-06-13T04:00:00Z');
      const { tasks } = await runCleanup(own.instance, SCHEDULED_CLEANUP, { sliceSize: 2 });
      expect(tasks.find(({ name }) => name === 'domainDays')).toMatchObject({ rows: 3, error: null });
      expect(await domainStatistics(own.instance, { ...day, period: 'DAY' })).toEqual(before);
      const afternoon = { ...day, from: new Date('2025-06-10T15:00:00Z'), period: null };
      expect((await domainStatistics(own.instance, afternoon)).map(({ messages, from }) => [messages, from])).toEqual([
        [5, new Date('2025-06-10T00:00:00Z')],
        [4, new Date('2025-06-10T00:00:00Z')],
      ]);
      await give(own.instance, { domain: a, count: 1, name: 'late', minutesAgo: 64 * 60 });
      await foldCounters(own.instance);
      own.setNow('2025-06-14T04:00:00Z');
      await runCleanup(own.instance, SCHEDULED_CLEANUP);
      expect((await domainStatistics(own.instance, { ...day, period: 'DAY' }))[0]).toMatchObject({ domain: a, messages: 6 });
      own.setNow('2025-12-07T23:59:00Z');
      await runCleanup(own.instance, SCHEDULED_CLEANUP);
      expect(await domainStatistics(own.instance, { ...day, period: 'DAY' })).toHaveLength(2);
      own.setNow('2025-12-08T04:00:00Z');
      await runCleanup(own.instance, SCHEDULED_CLEANUP);
      expect(await domainStatistics(own.instance, { ...day, period: 'DAY' })).toEqual([]);
    } finally {
      await own.close();
    }
  });

  test('know the failures of all domains that theirs are a share of', async () => {
    const [one] = await ask({ first: 1 });
    if (one === undefined) throw new Error('there is no domain');
    const all = await ask({ first: 100 });
    expect(await failuresOfAllDomains(life.instance, one)).toBe(all.reduce((sum, { failures }) => sum + failures, 0));
  });

  test.each([
    ['from', { from: new Date('2025-06-10T12:00:00Z') }],
    ['from', { from: new Date('2024-01-01T00:00:00Z') }],
    ['period', { from: new Date('2025-06-07T00:00:00Z'), period: 'HOUR' as const }],
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['domain', { domains: [] }],
    ['domain', { domains: Array.from({ length: 101 }, (_, at) => `d${at}.example`) }],
  ])('refuse what cannot be asked and name %s', async (field, input) => {
    await expect(ask(input)).rejects.toThrow(InvalidInputError);
    await expect(ask(input)).rejects.toMatchObject({ field });
  });
});
