import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADDRESS_STATUSES, type AddressStatus } from '../../../src/domain/vocabulary.ts';
import { monthEnds } from '../../../src/operations/record-shares.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { updateQuarantineEntry } from '../../../src/operations/update-quarantine-entry.ts';
import { sql } from '../../../src/store/database.ts';
import { readShares } from '../../../src/store/quarantine-share.ts';
import { type Life, OPERATOR, openLife, putEntry } from './life.ts';

let life: Life;

beforeAll(async () => {
  life = await openLife('2025-01-15T00:00:00Z');
});
afterAll(() => life.close());

test('months end at midnight of the zone, also where the clocks are changed', () => {
  const named = (zone: string, from: string, to: string) =>
    monthEnds(new Date(from), new Date(to), zone).map(({ month, endedAt }) => `${month} ${endedAt.toISOString()}`);
  expect(named('UTC', '2025-01-15T00:00:00Z', '2025-03-01T00:00:00Z')).toEqual([
    '2025-01 2025-02-01T00:00:00.000Z',
    '2025-02 2025-03-01T00:00:00.000Z',
  ]);
  expect(named('America/New_York', '2025-03-01T04:59:59Z', '2025-04-30T00:00:00Z')).toEqual([
    '2025-02 2025-03-01T05:00:00.000Z',
    '2025-03 2025-04-01T04:00:00.000Z',
  ]);
  expect(named('UTC', '1990-01-01T00:00:00Z', '2025-01-01T00:00:00Z')).toHaveLength(120);
});

/** What one address becomes in each of six months. */
const years = fc.array(fc.array(fc.option(fc.constantFrom<AddressStatus>(...ADDRESS_STATUSES)), { minLength: 6, maxLength: 6 }), {
  minLength: 1,
  maxLength: 12,
});

test('in slices of any size the months say what the statuses were', async () => {
  const { instance } = life;
  const wipe = sql`TRUNCATE quarantine_entry, quarantine_event, quarantine_share`;
  let made = 0;
  await fc.assert(
    fc.asyncProperty(years, fc.integer({ min: 1, max: 5 }), async (addresses, sliceSize) => {
      await instance.database.execute(wipe);
      const expected = [1, 2, 3, 4, 5, 6].map(() => 0);
      for (const months of addresses) {
        made += 1;
        const start = new Date('2025-01-10T00:00:00Z');
        let status: AddressStatus = 'VALID';
        const id = await putEntry(instance, { address: `s${made}@share.example`, status, errorCount: 0, statusUpdatedAt: start });
        for (const [month, next] of months.entries()) {
          life.setNow(new Date(Date.UTC(2025, month, 20)).toISOString());
          if (next !== null) await updateQuarantineEntry(instance, { id, status: next }, OPERATOR);
          status = next ?? status;
          if (status === 'QUARANTINE' || status === 'DENYLISTED') expected[month] = (expected[month] ?? 0) + 1;
        }
      }
      life.setNow('2025-07-01T00:00:00Z');
      await runCleanup(instance, SCHEDULED_CLEANUP, { sliceSize });
      const shares = await readShares(instance.database, 12);
      expect(shares.map(({ known, shut }) => [known, shut])).toEqual(expected.map((shut) => [addresses.length, shut]));
    }),
    { numRuns: 8 },
  );
});
