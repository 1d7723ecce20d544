import type { BuiltInRule } from './built-in-rule.ts';
import type { QualificationRuleData } from './qualification-rule.ts';
import { CONTENT_RULES } from './rules/content-rules.ts';
import { COMMAND_RULES, CONNECTION_RULES, DNS_RULES } from './rules/infrastructure-rules.ts';
import { LAST_WORDS } from './rules/last-words.ts';
import { STORAGE_RULES, USER_RULES } from './rules/mailbox-rules.ts';
import { NOTICE_RULES } from './rules/notice-rules.ts';
import { PUSH_RULES } from './rules/push-rules.ts';
import { RECEIVER_RULES } from './rules/receiver-rules.ts';
import { FILTER_RULES, POLICY_RULES, REPUTATION_RULES } from './rules/reputation-rules.ts';
import { SENDER_RULES } from './rules/sender-rules.ts';
import { SMS_RULES } from './rules/sms-rules.ts';
import { VAGUE_RULES } from './rules/vague-rules.ts';

/** The shipped table in the order in which it is tried. The eight defaults of the field stand in their own order (spec 2.5). */
export const BUILT_IN_RULES: readonly BuiltInRule[] = [
  ...NOTICE_RULES,
  ...RECEIVER_RULES,
  ...FILTER_RULES,
  ...SENDER_RULES,
  ...STORAGE_RULES,
  ...REPUTATION_RULES,
  ...CONTENT_RULES,
  ...POLICY_RULES,
  ...USER_RULES,
  ...DNS_RULES,
  ...CONNECTION_RULES,
  ...COMMAND_RULES,
  ...VAGUE_RULES,
  ...LAST_WORDS,
  ...PUSH_RULES,
  ...SMS_RULES,
];

const BY_NAME: ReadonlyMap<string, BuiltInRule> = new Map(BUILT_IN_RULES.map((rule) => [rule.name, rule]));

/** The shipped rule of that name, with its conditions and examples. */
export function findBuiltInRule(name: string): BuiltInRule | undefined {
  return BY_NAME.get(name);
}

const STEP = 10;

/** The shipped table as rows: what a new instance is seeded with, and what a reset to the defaults restores. */
export function builtInRules(): readonly QualificationRuleData[] {
  return BUILT_IN_RULES.map((rule, index) => ({
    name: rule.name,
    position: (index + 1) * STEP,
    patterns: rule.patterns,
    regex: null,
    type: rule.type,
    reason: rule.reason,
    fault: rule.fault,
    active: true,
    shadow: false,
    origin: 'BUILT_IN',
  }));
}
