import type { QuarantinePolicy } from '../quarantine/quarantine-state.ts';
import { type ReleaseClock, releasedAt } from '../quarantine/release.ts';
import { assertNever, type ExclusionScope, type FailureReason } from '../vocabulary.ts';
import { EXCLUSION_RULES, type ExclusionRule } from './exclusion-rules.ts';

/** What the lists say of one address and, where asked, one person. Who could not read a list must not ask: no fact is no permission. */
export type ContactFacts = Readonly<{
  /** The canonical address; null = the profile has none of this channel. */
  address: string | null;
  /**
   * The profile that was asked about; where none was named, every profile that holds the address. The person's gate is shut where
   * there is at least one and all of them have opted out of the channel.
   */
  holders: readonly ContactHolder[];
  /** Entries for the address with the short code asked about or none; more than one only for SMS. */
  entries: readonly ContactEntry[];
  /** When the address was erased and shut for good; null = it was not. */
  erasedAt: Date | null;
  domainListed: boolean;
  addressListed: boolean;
}>;

export type ContactHolder = Readonly<{ profileId: bigint; optedOut: boolean; optedOutSince: Date | null }>;
export type ContactEntry = Readonly<{ entryId: bigint; state: ReleaseClock }>;

/** One shut gate, with its evidence. */
export type ContactBlockFacts = Readonly<{
  key: ExclusionRule['key'];
  reason: FailureReason;
  scope: ExclusionScope | null;
  text: string;
  since: Date | null;
  /** The first cleanup after this instant opens it; null = nothing but a person does. */
  until: Date | null;
  remedy: string;
  profileId: bigint | null;
  entryId: bigint | null;
}>;

type Evidence = Pick<ContactBlockFacts, 'since' | 'until' | 'profileId' | 'entryId'>;

const GATES = EXCLUSION_RULES.filter((rule) => rule.isGate);
const NONE: readonly Evidence[] = [];
const NO_EVIDENCE: Evidence = { since: null, until: null, profileId: null, entryId: null };

/**
 * Every gate that is shut, in the order of the exclusion rules: the first is the one that preparation would log. None = the address may be
 * written to. ERRONEOUS, VALID, UNKNOWN and ALLOWLISTED entries shut nothing (SUP-4).
 */
export function decideContact(facts: ContactFacts, policy: QuarantinePolicy): readonly ContactBlockFacts[] {
  const blocks: ContactBlockFacts[] = [];
  for (const rule of GATES) for (const found of evidence(rule, facts, policy)) blocks.push(block(rule, found));
  return blocks;
}

function evidence(rule: ExclusionRule, facts: ContactFacts, policy: QuarantinePolicy): readonly Evidence[] {
  switch (rule.key) {
    case 'ADDRESS_MISSING':
      return facts.address === null ? [NO_EVIDENCE] : NONE;
    case 'PROFILE_DENYLISTED':
      return deniedByHolders(facts.holders);
    case 'ADDRESS_ERASED':
      return facts.erasedAt === null ? NONE : [{ ...NO_EVIDENCE, since: facts.erasedAt }];
    case 'ADDRESS_DENYLISTED':
      return entriesWith('DENYLISTED', facts, policy);
    case 'ADDRESS_QUARANTINED':
      return entriesWith('QUARANTINE', facts, policy);
    case 'DOMAIN_LISTED':
      return facts.domainListed ? [NO_EVIDENCE] : NONE;
    case 'ADDRESS_LISTED':
      return facts.addressListed ? [NO_EVIDENCE] : NONE;
    case 'DUPLICATE':
    case 'TARGET_LIMITED':
    case 'CONTROL_GROUP':
      return NONE;
    default:
      return assertNever(rule.key);
  }
}

function deniedByHolders(holders: readonly ContactHolder[]): readonly Evidence[] {
  const [first] = holders;
  if (first === undefined || holders.some((holder) => !holder.optedOut)) return NONE;
  return [{ ...NO_EVIDENCE, since: first.optedOutSince, profileId: first.profileId }];
}

function entriesWith(status: 'DENYLISTED' | 'QUARANTINE', facts: ContactFacts, policy: QuarantinePolicy): readonly Evidence[] {
  if (facts.entries.length === 0) return NONE;
  return facts.entries
    .filter(({ state }) => state.status === status)
    .map(({ entryId, state }) => ({ ...NO_EVIDENCE, since: state.statusUpdatedAt, until: releasedAt(state, policy), entryId }));
}

function block(rule: ExclusionRule, found: Evidence): ContactBlockFacts {
  const { key, reason, scope, text, remedy } = rule;
  return { key, reason, scope, text, remedy, ...found };
}
