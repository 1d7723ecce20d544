/**
 * When the share of one kind of failure at one receiving domain has jumped, so that an incident opens (issue 5.4).
 *
 * A provider that loses its list of users for an hour answers "user unknown" to everybody. Each of these answers would quarantine a good address,
 * for good. One answer cannot be told from a true one; their share can, beside the share that the same domain had on the days before.
 *
 * | | opens |
 * |---|---|
 * | incidents are switched off, or the reason says what a person wants (DENYLISTED) or nothing about an address | never |
 * | fewer results than the minimum in the window | no: a few failures are no share |
 * | share below the minimum share | no, however much it was multiplied |
 * | fewer results than the minimum in the past | no: what has no past has not jumped |
 * | share below factor x the share of the past | no: that is how this domain is |
 * | else | yes |
 *
 * A domain without a past opens none on purpose: its first failures look the same whether its provider is ill or the list is old, and an old list
 * that is not quarantined costs the sender's good name, while a quarantine too many is released with one call.
 */
import { FAILURE_REASON_CATALOGUE } from '../failure/failure-reasons.ts';
import { part } from '../statistics/domain-figures.ts';
import type { FailureReason } from '../vocabulary.ts';

/** Results at one domain over some time: messages delivered or failed, each result counted. Complaints, delays and replies are none. */
export type ResultVolume = Readonly<{
  messages: number;
  /** Those that failed for the reason in question. */
  failures: number;
}>;

/** The figures that decide; `incidentPolicy` of domain/settings makes it. */
export type IncidentPolicy = Readonly<{
  enabled: boolean;
  windowMs: number;
  /** How far back from the window the past reaches. */
  baselineMs: number;
  minimumMessages: number;
  /** 0 to 1. */
  minimumShare: number;
  factor: number;
  /** An incident closes by itself when the share has been normal for so long; 0 = never. */
  closeAfterMs: number;
}>;

export type IncidentDecision = 'OPEN' | 'OFF' | 'NEVER' | 'TOO_FEW' | 'SHARE_TOO_SMALL' | 'NO_PAST' | 'NO_JUMP';

/** Does an incident of this reason open at a domain with this present and this past? If not, the word says why. */
export function decideIncident(
  reason: FailureReason,
  present: ResultVolume,
  past: ResultVolume,
  policy: Omit<IncidentPolicy, 'windowMs' | 'baselineMs' | 'closeAfterMs'>,
): IncidentDecision {
  if (!policy.enabled) return 'OFF';
  if (!INCIDENT_REASONS.includes(reason)) return 'NEVER';
  if (present.messages < policy.minimumMessages) return 'TOO_FEW';
  if (shareOf(present) < policy.minimumShare) return 'SHARE_TOO_SMALL';
  if (past.messages < policy.minimumMessages) return 'NO_PAST';
  // In whole numbers as far as they go: three times a share of 0.2 is more than 0.6.
  const jumped = present.failures * past.messages >= policy.factor * past.failures * present.messages;
  return jumped ? 'OPEN' : 'NO_JUMP';
}

/**
 * Is an incident over, so that it closes by itself? An incident that nobody closes would hold true failures back for ever.
 *
 * It is, where the share was normal over the whole time to wait for, and is now: below the minimum share, or below factor x the share of the past. With
 * fewer results than the minimum in that time nothing is said, and it stays open: silence is no recovery. A window with few results is no relapse.
 *
 * @param waited results of the last `closeAfterMs`; of an incident that was opened before them
 * @param present results of the window
 */
export function isOver(
  baselineShare: number,
  waited: ResultVolume,
  present: ResultVolume,
  { minimumMessages, minimumShare, factor }: Pick<IncidentPolicy, 'minimumMessages' | 'minimumShare' | 'factor'>,
): boolean {
  const isNormal = (volume: ResultVolume) => shareOf(volume) < Math.max(minimumShare, factor * baselineShare);
  return waited.messages >= minimumMessages && isNormal(waited) && (present.messages < minimumMessages || isNormal(present));
}

/** 0 to 1; nothing of nothing is 0. */
export function shareOf({ messages, failures }: ResultVolume): number {
  return part(failures, messages);
}

/** What a receiving server may say of an address or of us: neither what a person wants, nor what preparation decides, nor what never counts. */
export const INCIDENT_REASONS: readonly FailureReason[] = FAILURE_REASON_CATALOGUE.filter(
  ({ reason, atPreparation, types }) => reason !== 'DENYLISTED' && !atPreparation && types.some((type) => type !== 'IGNORED'),
).map(({ reason }) => reason);
