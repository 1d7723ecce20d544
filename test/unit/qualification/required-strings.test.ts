import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { requiredStrings } from '../../../src/domain/qualification/required-strings.ts';
import { compileRegex } from '../../../src/domain/qualification/user-pattern.ts';
import { millisecondsSince } from '../../support/cpu-time.ts';

describe('what a text must contain for a regular expression to match it', () => {
  test.each([
    ['mailbox full', [['mailbox full']]],
    ['(?i)Mailbox +(?:Full|closed)', [['mailbox '], ['full', 'closed']]],
    ['^550 .* account (?P<word>disabled|inactive)$', [[' account '], ['disabled', 'inactive'], ['550 ']]],
    ['quota(?: exceeded)?', [['quota']]],
    ['over ?quotas?', [['quota'], ['over']]],
    ['code \\(42\\)', [['code (42)']]],
    ['[[:alpha:]]+ blocked by [^]x]+', [[' blocked by ']]],
    ['a{0,3}bc{2,}d', [['bc'], ['d']]],
    ['x{2}', [['x']]],
    ['\\x41bc|\\pLdef', [['bc', 'def']]],
    ['wait {n} seconds', [['wait {n} seconds']]],
    ['grün gefärbt', [['n gef'], ['rbt'], ['gr']]],
    ['a+bb+ccc+dddd+eeeee', [['eeeee'], ['dddd'], ['ccc'], ['bb']]],
  ])('%s: %j', (regex, strings) => {
    expect(RE2JS.compile(regex)).toBeDefined();
    expect(requiredStrings(regex)).toEqual(strings);
  });

  test.each(['[a-z]+', 'full|', 'a*', '(?:full)?', '.*', '\\Qa+b\\E', '\\101', 'full|\\d+', '(a|b|)x*'])('%s: nothing', (regex) => {
    expect(RE2JS.compile(regex)).toBeDefined();
    expect(requiredStrings(regex)).toEqual([]);
  });
});

test('an expression that a backtracking engine would never finish is asked in no time', () => {
  const ours = compileRegex('(a+)+$');
  if (!ours.ok) throw new Error(ours.message);
  const long = 'a'.repeat(100_000);
  const started = process.cpuUsage();
  expect([ours.test(long, long), ours.test(`${long}!`, `${long}!`)]).toEqual([true, false]);
  expect(millisecondsSince(started)).toBeLessThan(2_000);
});

/** Expressions of all that users write, and texts in which they have a chance. */
const LETTERS = ['a', 'B', 's', 'K', 'ſ', '\u212a', 'é', ' ', '5', '-', '.'];
const atom = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'B', 's', 'K', 'é', ' ', '5', '-') },
  fc.constantFrom('.', '^', '$', '\\d', '\\b', '\\.', '\\x61', '\\pL', '[ab]', '[^s]', '[]a]', '[[:digit:]]', '\\s', '(?i)'),
);
const quantified = (inner: fc.Arbitrary<string>) =>
  fc.tuple(inner, fc.constantFrom('', '', '', '', '+', '*', '?', '{2}', '{0,2}', '{1,}', '+?', '*?')).map((parts) => parts.join(''));
const regexes = fc.letrec<{ sequence: string; group: string; regex: string }>((tie) => ({
  sequence: fc
    .array(fc.oneof({ weight: 5, arbitrary: quantified(atom) }, quantified(tie('group'))), { maxLength: 6 })
    .map((parts) => parts.join('')),
  group: fc.tuple(fc.constantFrom('(', '(?:', '(?i:', '(?P<n>'), tie('regex')).map(([open, inside]) => `${open}${inside})`),
  regex: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
})).regex;
const texts = fc.array(fc.constantFrom(...LETTERS), { maxLength: 12 }).map((letters) => letters.join(''));

function compiled(regex: string): RE2JS | null {
  try {
    return RE2JS.compile(regex);
  } catch {
    return null;
  }
}

test('asking for the words first never changes the answer', () => {
  let asked = 0;
  let matched = 0;
  fc.assert(
    fc.property(regexes, fc.array(texts, { minLength: 1, maxLength: 8 }), (regex, candidates) => {
      const plain = compiled(regex);
      fc.pre(plain !== null);
      const ours = compileRegex(regex);
      if (!ours.ok || plain === null) throw new Error(`${regex} compiles there and not here`);
      for (const text of candidates) {
        if (requiredStrings(regex).length > 0) asked += 1;
        if (plain.test(text)) matched += 1;
        expect([regex, text, ours.test(text, text.toLowerCase())]).toEqual([regex, text, plain.test(text)]);
      }
    }),
    { numRuns: 4_000, examples: [['(?i)s', ['ſ', 'S', 'x']]] },
  );
  expect(asked).toBeGreaterThan(1_000);
  expect(matched).toBeGreaterThan(1_000);
});
