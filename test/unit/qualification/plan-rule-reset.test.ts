import { expect, test } from 'vitest';
import { planRuleReset } from '../../../src/domain/qualification/plan-rule-reset.ts';
import type { QualificationRuleData } from '../../../src/domain/qualification/qualification-rule.ts';

const aRule = (name: string, over: Partial<QualificationRuleData> = {}): QualificationRuleData => ({
  name,
  position: 1_000_000,
  patterns: [`words of ${name}`],
  regex: null,
  type: 'SOFT',
  reason: 'UNREACHABLE',
  fault: 'INFRASTRUCTURE',
  active: true,
  shadow: false,
  origin: 'BUILT_IN',
  ...over,
});

const shipped = [aRule('First'), aRule('Second', { position: 1_000_001 })];
const NOTHING = { restored: [], removedUpdates: [], removedOwn: [], keptOwn: [], nameTaken: [] };

test('a table that stands as it ships needs nothing', () => {
  expect(planRuleReset(shipped, shipped, true)).toEqual(NOTHING);
});

test.each([
  { active: false },
  { shadow: true },
  { position: 1_000_007 },
  { patterns: ['other words'] },
  { type: 'HARD' },
  { fault: 'SENDER' },
] as const)('a shipped rule with %o is restored, and no other', (over) => {
  const present = [aRule('First', over), aRule('Second', { position: 1_000_001 })];
  expect(planRuleReset(present, shipped, false)).toEqual({ ...NOTHING, restored: ['First'] });
});

test('a shipped rule that is missing comes back', () => {
  expect(planRuleReset([aRule('First')], shipped, false).restored).toEqual(['Second']);
});

test('rules of updates go in any case, those of users only when asked', () => {
  const present = [...shipped, aRule('Mine', { origin: 'USER' }), aRule('Kept 1', { origin: 'DELIVERABILITY_UPDATE' })];
  expect(planRuleReset(present, shipped, false)).toEqual({ ...NOTHING, removedUpdates: ['Kept 1'], keptOwn: ['Mine'] });
  expect(planRuleReset(present, shipped, true)).toEqual({ ...NOTHING, removedUpdates: ['Kept 1'], removedOwn: ['Mine'] });
});

test("A2: a user's rule with the name of a shipped one stands in its place until it is removed", () => {
  const present = [aRule('First', { origin: 'USER' }), aRule('Second', { position: 1_000_001 })];
  expect(planRuleReset(present, shipped, false)).toEqual({ ...NOTHING, keptOwn: ['First'], nameTaken: ['First'] });
  expect(planRuleReset(present, shipped, true)).toEqual({ ...NOTHING, removedOwn: ['First'], restored: ['First'] });
});
