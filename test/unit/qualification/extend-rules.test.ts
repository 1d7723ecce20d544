import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it, test } from 'vitest';
import { extendRules, type KeptMeaning, settledText } from '../../../src/domain/qualification/extend-rules.ts';
import { normalizeText, qualificationKey } from '../../../src/domain/qualification/normalize-text.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { collapseSpaces, compileRegex, orderedLiterals } from '../../../src/domain/qualification/user-pattern.ts';

const book = defaultRuleBook();

function kept(firstText: string, meaning: Partial<KeptMeaning> = {}): KeptMeaning {
  const text = normalizeText(firstText);
  const said = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' } as const;
  return { channel: 'EMAIL', md5: qualificationKey(text), text, firstText, firstAddress: null, ...said, ...meaning };
}

describe('extending the rules by a kept text', () => {
  it('makes one string of a text without variable parts', () => {
    const extension = extendRules(kept('599 zquarn blorf gimble wabe'), book, []);
    expect(extension).toMatchObject({ kind: 'rule', rule: { patterns: ['599 zquarn blorf gimble wabe'], regex: null, type: 'HARD' } });
  });

  it('asks for all that does not vary, in its order, and for nothing that does', () => {
    const extension = extendRules(kept('599 zquarn <bob@x.example> blorf 1234567 (gimble) wabe'), book, []);
    if (extension.kind !== 'rule') throw new Error(`no rule: ${extension.why}`);
    expect(extension.rule.patterns).toEqual([]);
    const compiled = compileRegex(extension.rule.regex ?? '');
    if (!compiled.ok) throw new Error(compiled.message);
    const matches = (text: string) => compiled.test(collapseSpaces(text), collapseSpaces(text).toLowerCase());
    expect(matches('said: 599  ZQUARN <eve@y.example> blorf 7654321 (gimble) wabe, sorry')).toBe(true);
    expect(matches('599 blorf 7654321 zquarn <eve@y.example> (gimble) wabe')).toBe(false);
    expect(matches('599 zquarn <eve@y.example> blorf')).toBe(false);
  });

  it.each([
    ['DECIDED', kept('550 5.1.1 <bob@x.example>: Recipient address rejected: User unknown in virtual mailbox table')],
    ['UNDEFINED', kept('599 zquarn blorf gimble wabe', { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' })],
    ['TOO_GENERAL', kept('550 <bob@x.example> rejected 1234567')],
    ['TOO_GENERAL', kept('599')],
  ])('makes none where it is %s', (why, row) => {
    expect(extendRules(row, book, [])).toEqual({ kind: 'none', why });
  });

  it('makes none that would decide a text that means something else', () => {
    const row = kept('599 zquarn blorf gimble wabe');
    const full = { type: 'SOFT', reason: 'MAILBOX_FULL', fault: 'RECIPIENT' } as const;
    expect(extendRules(row, book, [settledText('oh: 599 Zquarn blorf gimble wabe is full', full)])).toEqual({
      kind: 'none',
      why: 'CONTRADICTS',
    });
    expect(extendRules(row, book, [settledText('oh: 599 Zquarn blorf gimble wabe', row)]).kind).toBe('rule');
  });
});

test('looking for parts in their order finds what the regular expression finds', () => {
  const part = fc.stringMatching(/^[a-c.*+()[\]\\ 0-9]{1,4}$/);
  const parts = fc.array(
    part.filter((text) => text.trim() === text && text !== ''),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(parts, fc.array(fc.oneof(part, fc.constant('ab')), { maxLength: 6 }), (wanted, pieces) => {
      const regex = orderedLiterals(wanted);
      const text = [...pieces, ...wanted.slice(0, pieces.length % 3), ...pieces].join('');
      const compiled = compileRegex(regex);
      if (!compiled.ok) throw new Error(compiled.message);
      expect(compiled.test(text, text.toLowerCase())).toBe(RE2JS.compile(regex).test(text));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['Σύρος ΟΔΟΣ', 'ΣΎΡΟΣ οδοσ'],
  ['été plein', 'ÉTÉ PLEIN'],
])('the case of letters beyond ASCII does not matter either: %s', (part, text) => {
  const compiled = compileRegex(orderedLiterals(['599', part]));
  expect(compiled.ok && compiled.test(`599 x ${text}`, `599 x ${text}`.toLowerCase())).toBe(true);
});
