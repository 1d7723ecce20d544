import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileFinder } from '../../../src/domain/qualification/own-rule-finder.ts';

const placesOf = (required: readonly (readonly (readonly string[])[])[], lowered: string): number[] => {
  const mayMatch = compileFinder(required).find(lowered);
  return required.flatMap((_sets, place) => (mayMatch(place) ? [place] : []));
};

describe('the finder of the rules that a text may match', () => {
  test('finds those of which every list has a string in the text, and those of which nothing is known', () => {
    const required = [[['quota']], [['quota', 'full'], ['code 17']], [], [['quota'], ['nowhere']]];
    expect(placesOf(required, '552 quota exceeded, code 17')).toEqual([0, 1, 2]);
    expect(placesOf(required, 'nothing of it')).toEqual([2]);
  });

  test('knows nothing of rules that were added later', () => {
    const mayMatch = compileFinder([[['quota']]]).find('nothing');
    expect([mayMatch(0), mayMatch(1)]).toEqual([false, true]);
  });

  test('a text with more hits than are noted may match any rule', () => {
    const required = [[['a'], ['z']], [['nowhere']]];
    expect(placesOf(required, 'a'.repeat(600))).toEqual([0, 1]);
    expect(placesOf(required, 'a'.repeat(100))).toEqual([]);
    expect(placesOf(required, `${'a'.repeat(100)}z`)).toEqual([0]);
  });

  test('rules for whose strings there is no room are asked for every text', () => {
    const required = Array.from({ length: 6_000 }, (_, index) => [[`string number ${index} of very many`]]);
    const found = placesOf(required, 'nothing');
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toBeGreaterThan(3_000);
    expect(found.at(-1)).toBe(5_999);
  });

  test('never leaves out a rule whose strings are there', () => {
    const string = fc
      .array(fc.constantFrom('a', 'b', '5', ' ', '-', ':', 'é', 'ж'), { minLength: 1, maxLength: 30 })
      .map((all) => all.join(''));
    const sets = fc.array(fc.array(string, { minLength: 1, maxLength: 20 }), { maxLength: 10 });
    let left = 0;
    fc.assert(
      fc.property(fc.array(sets, { maxLength: 8 }), fc.array(string, { maxLength: 8 }), (required, parts) => {
        const lowered = parts.join('');
        const found = placesOf(required, lowered);
        for (const [place, all] of required.entries()) {
          if (all.every((any) => any.some((one) => lowered.includes(one)))) expect(found).toContain(place);
          else if (!found.includes(place)) left += 1;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(left).toBeGreaterThan(100);
  });
});
