import type { QualificationRuleData } from './qualification-rule.ts';

/** What a reset to the defaults changes, by the names of the rules. */
export interface RuleReset {
  /** Shipped rules that stand differently from how they ship, or are missing. */
  readonly restored: readonly string[];
  /** Rules of deliverability updates. */
  readonly removedUpdates: readonly string[];
  readonly removedOwn: readonly string[];
  readonly keptOwn: readonly string[];
  /** Shipped rules that stay away because a rule that is kept has their name. */
  readonly nameTaken: readonly string[];
}

const KEPT_BY_NAME = ['position', 'regex', 'type', 'reason', 'fault', 'active', 'shadow'] as const;

function sameAsShipped(rule: QualificationRuleData, shipped: QualificationRuleData): boolean {
  return KEPT_BY_NAME.every((field) => rule[field] === shipped[field]) && rule.patterns.join('\0') === shipped.patterns.join('\0');
}

/**
 * What it takes to bring the shipped table back (amendment A2): a user may have switched its rules off, made shadows of them or moved them,
 * and deliverability updates have added rules before it. A user's own rules stand unless the reset is asked to take them too.
 *
 * @param present all rules as they stand now
 * @param shipped the rules of this version with their positions
 */
export function planRuleReset(
  present: readonly QualificationRuleData[],
  shipped: readonly QualificationRuleData[],
  removeUserRules: boolean,
): RuleReset {
  const namesOf = (origin: QualificationRuleData['origin']) => present.filter((rule) => rule.origin === origin).map(({ name }) => name);
  const own = namesOf('USER');
  const taken = new Set(removeUserRules ? [] : own);
  const known = new Map(present.filter(({ origin }) => origin === 'BUILT_IN').map((rule) => [rule.name, rule]));
  const differs = (rule: QualificationRuleData) => {
    const stored = known.get(rule.name);
    return stored === undefined || !sameAsShipped(stored, rule);
  };
  return {
    restored: shipped.filter((rule) => !taken.has(rule.name) && differs(rule)).map(({ name }) => name),
    removedUpdates: namesOf('DELIVERABILITY_UPDATE'),
    removedOwn: removeUserRules ? own : [],
    keptOwn: removeUserRules ? [] : own,
    nameTaken: shipped.filter(({ name }) => taken.has(name)).map(({ name }) => name),
  };
}
