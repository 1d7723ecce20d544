import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp('2025-01-10T00:00:00Z');
});
afterAll(() => life.close());

const UNKNOWN = '550 5.1.1 User unknown';

test('R34, R35, R36, R86: of addresses that live three years, in a database that grows by half a year, 22 % and then 32.5 % are shut', async () => {
  const project = `query ($years: Int!) { quarantineGrowth(addressLifetimeYears: 3, annualGrowth: 0.5, years: $years) { year ratio label extrapolated } }`;
  const { quarantineGrowth } = await life.call(project, { years: 10 });
  expect(quarantineGrowth.slice(0, 3)).toEqual([
    { year: 1, ratio: 0.22, label: '22 %', extrapolated: false },
    { year: 2, ratio: 0.3256, label: '32.5 %', extrapolated: false },
    { year: 3, ratio: 0.3467, label: '34.6 %', extrapolated: true },
  ]);
  const steady = `{ quarantineGrowth(addressLifetimeYears: 3, annualGrowth: 0, years: 5) { ratio } }`;
  const ratios = (await life.call(steady)).quarantineGrowth.map(({ ratio }: { ratio: number }) => ratio);
  expect(ratios).toEqual([...ratios].sort((a, b) => a - b));
  expect(new Set(ratios).size).toBe(5);
});

const sharesAdded = (tasks: readonly { name: string; rows: number }[]) => tasks.find(({ name }) => name === 'quarantineShares')?.rows;

describe('the actual share at the end of each month', () => {
  const SHARE = `query ($months: Int) { quarantineShare(months: $months) { month endedAt known shut ratio label domains { domain known shut ratio label } } }`;
  const shares = async (months = 12) => (await life.call(SHARE, { months })).quarantineShare;
  const at = (name: string, domain = 'big.example') => ({ channel: 'EMAIL' as const, value: `${name}@${domain}` });
  let tasks: { name: string; rows: number }[];

  beforeAll(async () => {
    await life.set('timeZone', 'Europe/Berlin');
    life.app.clock.set('2025-01-10T00:00:00Z');
    await life.profile(at('ann'), at('bob'), at('cid', 'small.example'), { channel: 'SMS', value: '+33612346001' });
    // The same address at another profile counts once.
    await life.profile(at('ann'));
    // The last second of January in Berlin is still January, the next one is February.
    await life.happens({ address: at('ann').value, at: '2025-01-31T22:59:59Z', text: UNKNOWN });
    await life.happens({ address: at('bob').value, at: '2025-01-31T23:00:00Z', text: UNKNOWN });
    // Nobody holds this one; the list names it until it is deleted. A soft error shuts nothing.
    await life.happens({ address: 'gone@small.example', at: '2025-02-10T08:00:00Z', outcome: 'COMPLAINT', text: 'abuse' });
    await life.happens({ address: at('cid', 'small.example').value, at: '2025-02-10T08:00:00Z', text: '451 4.3.0 system resources low' });
    // Two codes of one number are one address.
    for (const shortCode of ['12345', '67890']) {
      await life.happens({ address: '+33612346001', channel: 'SMS', at: '2025-02-11T08:00:00Z', outcome: 'STOP', text: 'Stop', shortCode });
    }
    life.app.clock.set('2025-03-05T08:00:00Z');
    await life.updateEntry({ id: (await life.entryOf(at('ann').value)).id, status: 'VALID' });
    const { id } = await life.entryOf('gone@small.example');
    await life.call('mutation ($id: ID!) { deleteQuarantineEntry(id: $id) { __typename } }', { id });
    tasks = await life.cleanUp('2025-04-30T21:59:59Z');
  });

  test('is written down by the cleanup, also for months before it, from the ledger (R34)', async () => {
    expect(sharesAdded(tasks)).toBe(3);
    const total = (await shares()).map(({ domains: _domains, ...point }: { domains: unknown }) => point);
    expect(total).toEqual([
      { month: '2025-01', endedAt: '2025-01-31T23:00:00.000Z', known: 4, shut: 1, ratio: 0.25, label: '25 %' },
      { month: '2025-02', endedAt: '2025-02-28T23:00:00.000Z', known: 5, shut: 4, ratio: 0.8, label: '80 %' },
      { month: '2025-03', endedAt: '2025-03-31T22:00:00.000Z', known: 4, shut: 2, ratio: 0.5, label: '50 %' },
    ]);
  });

  test('R15: tells the share of each large domain, by which its provider judges the sender', async () => {
    const [january, february] = await shares();
    expect(january.domains).toEqual([
      { domain: 'big.example', known: 2, shut: 1, ratio: 0.5, label: '50 %' },
      { domain: 'small.example', known: 1, shut: 0, ratio: 0, label: '0 %' },
    ]);
    expect(february.domains).toEqual([
      { domain: 'big.example', known: 2, shut: 2, ratio: 1, label: '100 %' },
      { domain: 'small.example', known: 2, shut: 1, ratio: 0.5, label: '50 %' },
    ]);
  });

  test('a month that is over is added once, by the first cleanup after its end', async () => {
    expect(sharesAdded(await life.cleanUp('2025-04-30T21:59:59Z'))).toBe(0);
    expect(sharesAdded(await life.cleanUp('2025-04-30T22:00:00Z'))).toBe(1);
    expect(sharesAdded(await life.cleanUp('2025-05-01T04:00:00Z'))).toBe(0);
    expect((await shares(2)).map(({ month, shut }: { month: string; shut: number }) => [month, shut])).toEqual([
      ['2025-03', 2],
      ['2025-04', 2],
    ]);
  });
});
