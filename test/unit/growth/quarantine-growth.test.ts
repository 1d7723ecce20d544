import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quarantineGrowth } from '../../../src/domain/growth/quarantine-growth.ts';

const points = (addressLifetimeYears: number, annualGrowth: number, years: number) => {
  const result = quarantineGrowth({ addressLifetimeYears, annualGrowth, years });
  if (!result.ok) throw new Error(result.message);
  return result.points;
};

describe('the growth of the quarantine', () => {
  it('of addresses that live three years in a base that grows by half is the example of the specification (7.1)', () => {
    expect(points(3, 0.5, 3)).toEqual([
      { year: 1, ratio: 0.22, label: '22 %', extrapolated: false },
      { year: 2, ratio: 0.3256, label: '32.5 %', extrapolated: false },
      { year: 3, ratio: 0.3467, label: '34.6 %', extrapolated: true },
    ]);
  });

  it('without growth of the base rises every year', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), (lifetime) => {
        const ratios = points(lifetime, 0, 10).map(({ ratio }) => ratio);
        expect(ratios).toEqual([...ratios].sort((a, b) => a - b));
        expect(new Set(ratios).size).toBe(10);
      }),
    );
  });

  it('has one point a year', () => {
    expect(points(5, 0.2, 100).map(({ year }) => year)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it.each([
    [0, 0.5, 3, 'addressLifetimeYears'],
    [-3, 0.5, 3, 'addressLifetimeYears'],
    [0.5, 0.5, 3, 'addressLifetimeYears'],
    [Number.POSITIVE_INFINITY, 0.5, 3, 'addressLifetimeYears'],
    [Number.NaN, 0.5, 3, 'addressLifetimeYears'],
    [3, -0.1, 3, 'annualGrowth'],
    [3, 101, 3, 'annualGrowth'],
    [3, Number.NaN, 3, 'annualGrowth'],
    [3, 0.5, 0, 'years'],
    [3, 0.5, 1.5, 'years'],
    [3, 0.5, 101, 'years'],
  ] as const)(
    'for a lifetime of %d, a growth of %d and %d years is refused, naming %s',
    (addressLifetimeYears, annualGrowth, years, field) => {
      expect(quarantineGrowth({ addressLifetimeYears, annualGrowth, years })).toMatchObject({ ok: false, field });
    },
  );
});
