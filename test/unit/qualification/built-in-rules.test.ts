import { describe, expect, it } from 'vitest';
import { BUILT_IN_RULES, builtInRules } from '../../../src/domain/qualification/built-in-rules.ts';
import type { FailureEvidence } from '../../../src/domain/qualification/failure-evidence.ts';
import type { QualificationRuleData } from '../../../src/domain/qualification/qualification-rule.ts';
import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { compileRuleBook, defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';

const book = defaultRuleBook();

const VENDOR_DEFAULTS = [
  ['AOL_postmaster', 'IGNORED', 'ERROR_IGNORED'],
  ['User_unknown', 'HARD', 'USER_UNKNOWN'],
  ['Mailbox_full', 'SOFT', 'MAILBOX_FULL'],
  ['Unreachable', 'SOFT', 'UNREACHABLE'],
  ['Account_disabled', 'SOFT', 'ACCOUNT_DISABLED'],
  ['Auto_replies', 'IGNORED', 'UNREACHABLE'],
  ['Probably_unreachable', 'SOFT', 'UNREACHABLE'],
  ['Other_responses', 'IGNORED', 'UNREACHABLE'],
] as const;

function evidence(rule: (typeof BUILT_IN_RULES)[number], text: string): FailureEvidence {
  return { channel: rule.channel ?? 'EMAIL', origin: 'SYNC', text };
}

/** Rules of which no example reaches them: another one takes each before. */
function shadowed(rows: readonly QualificationRuleData[]): string[] {
  const compiled = compileRuleBook({ rules: rows, edited: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const decides = (rule: (typeof BUILT_IN_RULES)[number], text: string) =>
    qualify(evidence(rule, text), compiled.book).verdict.decidedBy === `rule ${rule.name}`;
  return BUILT_IN_RULES.filter((rule) => !rule.examples.some((text) => decides(rule, text))).map(({ name }) => name);
}

const examples = BUILT_IN_RULES.flatMap((rule) => rule.examples.map((text) => [rule.name, text, rule] as const));

describe('the shipped table', () => {
  it.each(examples)('%s decides its example: %s', (name, text, rule) => {
    const { verdict } = qualify(evidence(rule, text), book);
    expect(verdict.decidedBy).toBe(`rule ${name}`);
    expect(verdict).toMatchObject({ type: rule.type, reason: rule.reason, fault: rule.fault });
  });

  it('has no rule that is shadowed by the others', () => {
    expect(BUILT_IN_RULES.length).toBeGreaterThan(50);
    expect(BUILT_IN_RULES.filter((rule) => rule.examples.length === 0)).toEqual([]);
    expect(shadowed(builtInRules())).toEqual([]);
  });

  it('would be found out if a rule took the texts of another', () => {
    const full = BUILT_IN_RULES.find(({ name }) => name === 'Mailbox_full');
    const [row] = builtInRules();
    if (full === undefined || row === undefined) throw new Error('the defaults are not there');
    const greedy = { ...row, name: 'Greedy', position: 0, patterns: full.examples, origin: 'USER' } as const;
    expect(shadowed([greedy, ...builtInRules()])).toContain('Mailbox_full');
    const switchedOff = builtInRules().map((rule) => (rule.name === full.name ? { ...rule, active: false } : rule));
    expect(shadowed(switchedOff)).toContain('Mailbox_full');
  });

  it('holds the eight defaults of the field in their order', () => {
    const names = BUILT_IN_RULES.map((rule) => rule.name);
    const positions = VENDOR_DEFAULTS.map(([name]) => names.indexOf(name));
    expect(positions).not.toContain(-1);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });

  it.each(VENDOR_DEFAULTS)('%s means %s, %s', (name, type, reason) => {
    expect(BUILT_IN_RULES.find((rule) => rule.name === name)).toMatchObject({ type, reason });
  });

  it('names each rule once and has no pattern twice in one rule', () => {
    const rows = builtInRules();
    expect(new Set(rows.map((rule) => rule.name)).size).toBe(rows.length);
    const repeated = rows.filter((rule) => new Set(rule.patterns).size < rule.patterns.length).map((rule) => rule.name);
    expect(repeated).toEqual([]);
  });

  it('blames a recipient for every rule that quarantines at once', () => {
    expect(BUILT_IN_RULES.filter((rule) => rule.type === 'HARD' && rule.fault !== 'RECIPIENT')).toEqual([]);
  });

  it('has no pattern so short that chance would match it', () => {
    const short = builtInRules().flatMap((rule) => rule.patterns.filter((pattern) => /^[\x20-\x7e]{0,3}$/.test(pattern)));
    expect(short.filter((pattern) => !/^ .* $/.test(pattern) && pattern.trim().length < 4)).toEqual([]);
  });

  it('never names a person: no pattern holds an address or a message file', () => {
    const patterns = builtInRules().flatMap((rule) => rule.patterns);
    expect(patterns.filter((pattern) => pattern.includes('@') || /\.(?:eml|msg|txt)\b/.test(pattern))).toEqual([]);
  });
});
