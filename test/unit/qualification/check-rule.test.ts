import { describe, expect, it } from 'vitest';
import { checkRule, type RuleDraft } from '../../../src/domain/qualification/check-rule.ts';
import { defaultFault } from '../../../src/domain/qualification/default-fault.ts';

function aDraft(over: Partial<RuleDraft> = {}): RuleDraft {
  return { name: 'Mine', patterns: ['mailbox closed'], regex: null, type: 'SOFT', reason: 'ACCOUNT_DISABLED', ...over };
}

function messageOf(draft: RuleDraft): string {
  const check = checkRule(draft);
  return check.ok ? '' : check.messages.join(' ');
}

describe("checking a user's rule", () => {
  it('accepts strings, and gives the fault of the reason where none is set', () => {
    expect(checkRule(aDraft())).toEqual({ ok: true, fault: 'RECIPIENT' });
    expect(checkRule(aDraft({ fault: 'SENDER' }))).toEqual({ ok: true, fault: 'SENDER' });
  });

  it('accepts a regular expression of linear cost, the infamous ones included', () => {
    for (const regex of ['^550 .* closed', '(a+)+$', '(?i)mailbox (?:full|closed)', '[\\p{L}]+']) {
      expect(checkRule(aDraft({ patterns: [], regex })).ok).toBe(true);
    }
  });

  it.each([
    ['a(?=b)', 'look-ahead'],
    ['(?<!a)b', 'look-behind'],
    ['(a)\\1', 'backreferences'],
    ['(?>a)b', 'atomic'],
    ['(a', 'cannot be read'],
  ])('refuses %s with a sentence that names %s', (regex, word) => {
    expect(messageOf(aDraft({ patterns: [], regex }))).toContain(word);
  });

  it.each([
    [aDraft({ patterns: [] }), 'at least one'],
    [aDraft({ regex: 'x+' }), 'not both'],
    [aDraft({ patterns: ['  '] }), 'must not be empty'],
    [aDraft({ patterns: [], regex: '' }), 'must not be empty'],
    [aDraft({ patterns: [], regex: 'x*' }), 'every text'],
    [aDraft({ patterns: ['x'.repeat(501)] }), '500 characters'],
    [aDraft({ patterns: [], regex: 'x'.repeat(1001) }), '1000 characters'],
    [aDraft({ patterns: Array.from({ length: 101 }, (_, index) => `text ${index}`) }), '100 strings'],
    [aDraft({ name: ' ' }), 'needs a name'],
    [aDraft({ reason: 'DUPLICATE' }), 'by message preparation only'],
    [aDraft({ reason: 'EXPIRED', type: 'HARD' }), 'always IGNORED'],
    [aDraft({ reason: 'NOT_CONNECTED', type: 'SOFT' }), 'always IGNORED'],
    [aDraft({ reason: 'DENYLISTED', type: 'HARD' }), 'by message preparation only'],
  ] as const)('refuses %j: %s', (draft, words) => {
    expect(messageOf(draft)).toContain(words);
  });

  it('says all that is wrong at once', () => {
    const check = checkRule(aDraft({ name: '', patterns: [''], reason: 'DUPLICATE' }));
    expect(check.ok ? [] : check.messages).toHaveLength(3);
  });
});

describe('the fault of a reason', () => {
  it.each([
    ['USER_UNKNOWN', 'RECIPIENT'],
    ['INVALID_DOMAIN', 'RECIPIENT'],
    ['MAILBOX_FULL', 'RECIPIENT'],
    ['ACCOUNT_DISABLED', 'RECIPIENT'],
    ['NOT_CONNECTED', 'RECIPIENT'],
    ['UNREACHABLE', 'INFRASTRUCTURE'],
    ['REFUSED', 'SENDER'],
    ['UNDEFINED', 'UNDETERMINED'],
    ['CONTROL_GROUP', 'UNDETERMINED'],
  ] as const)('%s is %s', (reason, fault) => {
    expect(defaultFault(reason)).toBe(fault);
  });
});
