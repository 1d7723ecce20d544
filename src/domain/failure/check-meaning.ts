import type { FailureReason, FailureType } from '../vocabulary.ts';
import { failureReasonFacts } from './failure-reasons.ts';

/**
 * Whether a person may give a text this type and reason; a sentence where not.
 *
 * Reasons that only message preparation sets are refused: no remote server can give them. Reasons that are always ignored errors
 * cannot be made to count.
 */
export function refusedMeaning(type: FailureType, reason: FailureReason): string | null {
  const facts = failureReasonFacts(reason);
  if (facts.atPreparation) return `The reason ${reason} is set by message preparation only, never by what a remote server answers.`;
  const onlyIgnored = facts.types.every((known) => known === 'IGNORED');
  if (onlyIgnored && type !== 'IGNORED') return `A failure with the reason ${reason} is always IGNORED.`;
  return null;
}
