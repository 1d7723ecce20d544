import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CountedOfDomain, ShareTally } from '../../../src/domain/growth/share-tally.ts';

const counted = fc
  .record({ domain: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')), known: fc.integer({ min: 1, max: 9 }), shut: fc.nat(9) })
  .map(({ domain, known, shut }): CountedOfDomain => ({ domain, known, shut: Math.min(shut, known) }));

test('the sums are those of all slices, whatever is counted by domain', () => {
  fc.assert(
    fc.property(fc.array(fc.array(counted)), fc.integer({ min: 1, max: 6 }), (slices, most) => {
      const tally = new ShareTally(most, Math.min(most, 2));
      for (const slice of slices) tally.add(slice);
      const all = slices.flat();
      const sumOf = (of: readonly CountedOfDomain[]) => {
        return of.reduce((sum, { known, shut }) => ({ known: sum.known + known, shut: sum.shut + shut }), { known: 0, shut: 0 });
      };
      expect(tally.total).toEqual(sumOf(all));
      expect(tally.domains).toBeLessThanOrEqual(most);
      for (const { domain, ...own } of tally.largest(6)) expect(own).toEqual(sumOf(all.filter((one) => one.domain === domain)));
    }),
  );
});

test('with more domains than fit, the most frequent ones go on and no other begins', () => {
  const tally = new ShareTally(3, 2);
  const slice = (...domains: readonly [string, number][]) => domains.map(([domain, known]) => ({ domain, known, shut: 1 }));
  tally.add(slice(['large', 50], ['middle', 20], ['small', 1], ['tiny', 1]));
  expect(tally.domains).toBe(2);
  tally.add(slice(['large', 50], ['small', 1], ['new', 1]));
  expect(tally.largest(5)).toEqual([
    { domain: 'large', known: 100, shut: 2 },
    { domain: 'middle', known: 20, shut: 1 },
  ]);
  expect(tally.total).toEqual({ known: 124, shut: 7 });
});
