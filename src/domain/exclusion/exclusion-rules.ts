/**
 * Why a recipient is left out of a delivery: THE ordered list, of which message preparation, the check before sending and `mayContact`
 * are made (spec PRE-3, SUP-4, 2.4; order of technical values 7, 8, 9, domain and address exclusions, 10, 17, 127).
 *
 * The first rule that holds decides, so that each excluded recipient has exactly one row with one reason. A missing fact excludes.
 *
 * The SQL predicates speak of these rows, which preparation provides for one slice of recipients:
 *
 * | alias | row | columns used |
 * |---|---|---|
 * | `d` | the delivery | exclude_duplicates, limit_to |
 * | `r` | one recipient: an address of the channel of a targeted profile, or the profile where it has none | value (null = no address), opted_out |
 * | `q` | the quarantine entry that holds for `r`, or nulls: same address_key, short code that of the delivery or '' ; of two, the DENYLISTED one | status |
 * | `x` | what the global exclusion lists and the list of erased addresses say of `r` | domain_listed, address_listed, erased |
 * | `s` | what only the recipients that no rule before has excluded can tell, in target order | is_repeat, place (from 1), in_control_group |
 */
import type { ExclusionScope, FailureReason } from '../vocabulary.ts';

/** Names of the causes tab. One cause may have several rules: Blacklisted is the person or the address. */
export type ExclusionCauseName =
  | 'AddressUndefined'
  | 'Blacklisted'
  | 'Quarantine'
  | 'domainExclusions'
  | 'addressExclusions'
  | 'Duplicate'
  | 'TargetLimited'
  | 'ControlGroup';

export type ExclusionRuleKey =
  | 'ADDRESS_MISSING'
  | 'PROFILE_DENYLISTED'
  | 'ADDRESS_ERASED'
  | 'ADDRESS_DENYLISTED'
  | 'ADDRESS_QUARANTINED'
  | 'DOMAIN_LISTED'
  | 'ADDRESS_LISTED'
  | 'DUPLICATE'
  | 'TARGET_LIMITED'
  | 'CONTROL_GROUP';

export type ExclusionRule = Readonly<{
  key: ExclusionRuleKey;
  cause: ExclusionCauseName;
  reason: FailureReason;
  /** The person or the address; null where it is neither. */
  scope: ExclusionScope | null;
  /** What the exclusion log and a contact decision say. */
  text: string;
  /** What a person can do about it. */
  remedy: string;
  /** Holds for the recipient whom the rule excludes; over the aliases above. */
  sqlPredicate: string;
  /** A gate shuts for an address or a person at any time; the others concern one delivery and its target. */
  isGate: boolean;
}>;

export const EXCLUSION_RULES: readonly ExclusionRule[] = [
  {
    key: 'ADDRESS_MISSING',
    cause: 'AddressUndefined',
    reason: 'ADDRESS_UNDEFINED',
    scope: null,
    text: 'Address not specified.',
    remedy: 'Give the profile an address of this channel.',
    sqlPredicate: 'r.value IS NULL',
    isGate: true,
  },
  {
    key: 'PROFILE_DENYLISTED',
    cause: 'Blacklisted',
    reason: 'DENYLISTED',
    scope: 'PROFILE',
    text: 'The recipient no longer wants to be contacted.',
    remedy: 'Only the person can change this: record an opt-in once they have asked for messages again.',
    sqlPredicate: 'r.opted_out IS NOT FALSE',
    isGate: true,
  },
  {
    key: 'ADDRESS_ERASED',
    cause: 'Blacklisted',
    reason: 'DENYLISTED',
    scope: 'ADDRESS',
    text: 'The address was erased because the person asked for it.',
    remedy:
      'Write to somebody else. Only if the person has come back of their own will, an administrator lifts the block of the erasure; editing the entry does not.',
    sqlPredicate: 'x.erased IS NOT FALSE',
    isGate: true,
  },
  {
    key: 'ADDRESS_DENYLISTED',
    cause: 'Blacklisted',
    reason: 'DENYLISTED',
    scope: 'ADDRESS',
    text: 'The address is on the denylist.',
    remedy:
      'Somebody complained about or stopped messages to this address, or an external list, an erasure or a person shut it: quarantineHistory says which. If that was a mistake, set the entry to VALID or delete it.',
    sqlPredicate: "q.status = 'DENYLISTED'",
    isGate: true,
  },
  {
    key: 'ADDRESS_QUARANTINED',
    cause: 'Quarantine',
    reason: 'QUARANTINED',
    scope: 'ADDRESS',
    text: 'The address is in quarantine.',
    remedy: 'Use another address of the person; if this one works again, set the entry to VALID or delete it.',
    sqlPredicate: "q.status = 'QUARANTINE'",
    isGate: true,
  },
  {
    key: 'DOMAIN_LISTED',
    cause: 'domainExclusions',
    reason: 'EXCLUDED_BY_SQL_RULE',
    scope: null,
    text: 'The domain is on the global exclusion list.',
    remedy: 'Nothing: the list is kept for the whole platform and is not shown.',
    sqlPredicate: 'x.domain_listed',
    isGate: true,
  },
  {
    key: 'ADDRESS_LISTED',
    cause: 'addressExclusions',
    reason: 'EXCLUDED_BY_SQL_RULE',
    scope: null,
    text: 'The address is on the global exclusion list.',
    remedy: 'Nothing: the list is kept for the whole platform and is not shown.',
    sqlPredicate: 'x.address_listed',
    isGate: true,
  },
  {
    key: 'DUPLICATE',
    cause: 'Duplicate',
    reason: 'DUPLICATE',
    scope: null,
    text: 'Exclusion of duplicates (based on address)',
    remedy: 'Nothing: the address gets the message once, through the first recipient that holds it.',
    sqlPredicate: 'd.exclude_duplicates AND s.is_repeat',
    isGate: false,
  },
  {
    key: 'TARGET_LIMITED',
    cause: 'TargetLimited',
    reason: 'TARGET_LIMITED',
    scope: null,
    text: 'The delivery has reached its greatest number of recipients.',
    remedy: 'Raise or remove the limit of the delivery and prepare it again.',
    sqlPredicate: 'd.limit_to > 0 AND s.place > d.limit_to',
    isGate: false,
  },
  {
    key: 'CONTROL_GROUP',
    cause: 'ControlGroup',
    reason: 'CONTROL_GROUP',
    scope: null,
    text: 'The recipient belongs to the control group.',
    remedy: 'Nothing: the group is left out on purpose, to compare with. Set the percentage to 0 to write to everybody.',
    sqlPredicate: 's.in_control_group',
    isGate: false,
  },
];

export type ExclusionCauseRow = Readonly<{ position: number; name: ExclusionCauseName; reason: FailureReason }>;

/** The rows of the causes tab in their order: one a cause, also where its volume is 0 (PRE-4). */
export const EXCLUSION_CAUSES: readonly ExclusionCauseRow[] = EXCLUSION_RULES.filter(
  (rule, place) => EXCLUSION_RULES.findIndex(({ cause }) => cause === rule.cause) === place,
).map(({ cause, reason }, place) => ({ position: place + 1, name: cause, reason }));

/** The rule of a key. */
export function exclusionRule(key: ExclusionRuleKey): ExclusionRule {
  const rule = EXCLUSION_RULES.find((candidate) => candidate.key === key);
  if (rule === undefined) throw new Error(`the list of exclusion rules lacks ${key}`);
  return rule;
}
