import type { FailureReason, FailureType } from '../vocabulary.ts';

export type FailureReasonFacts = Readonly<{
  reason: FailureReason;
  /** The vendor's number; null where none is documented. */
  technicalValue: number | null;
  types: readonly FailureType[];
  label: string;
  description: string;
  /** Set by message preparation, not by an answer to a message. */
  atPreparation: boolean;
}>;

/** All reasons of a failure or an exclusion, in the order of their technical values (spec 2.1). 13, 18, 19 and 21 to 24 are not assigned. */
export const FAILURE_REASON_CATALOGUE: readonly FailureReasonFacts[] = [
  {
    reason: 'UNDEFINED',
    technicalValue: 0,
    types: ['UNDEFINED'],
    label: 'Not defined',
    description: 'A text that nobody has qualified yet. The first one at an address does not count, the next one counts like a soft error.',
    atPreparation: false,
  },
  {
    reason: 'USER_UNKNOWN',
    technicalValue: 1,
    types: ['HARD'],
    label: 'User unknown',
    description: 'The address does not exist. Quarantined at once; no further attempts.',
    atPreparation: false,
  },
  {
    reason: 'INVALID_DOMAIN',
    technicalValue: 2,
    types: ['SOFT'],
    label: 'Invalid domain',
    description: 'The domain is wrong or no longer exists. Retried until the counter reaches the threshold, then quarantined.',
    atPreparation: false,
  },
  {
    reason: 'UNREACHABLE',
    technicalValue: 3,
    types: ['SOFT', 'HARD'],
    label: 'Unreachable',
    description:
      'The message could not be handed over: an incident at a relay, a domain out of reach for the time being. The error decides the type.',
    atPreparation: false,
  },
  {
    reason: 'ACCOUNT_DISABLED',
    technicalValue: 4,
    types: ['SOFT', 'HARD'],
    label: 'Account disabled',
    description: 'The account is not in use. Where it may come back: counted; where it is closed: quarantined at once.',
    atPreparation: false,
  },
  {
    reason: 'MAILBOX_FULL',
    technicalValue: 5,
    types: ['SOFT'],
    label: 'Mailbox full',
    description: 'Retried until the counter reaches the threshold, then quarantined; valid again after 30 days through the cleanup job.',
    atPreparation: false,
  },
  {
    reason: 'NOT_CONNECTED',
    technicalValue: 6,
    types: ['IGNORED'],
    label: 'Not connected',
    description: "The recipient's phone is switched off or has no network.",
    atPreparation: false,
  },
  {
    reason: 'ADDRESS_UNDEFINED',
    technicalValue: 7,
    types: ['HARD'],
    label: 'Address not specified',
    description: 'The profile has no address for the channel.',
    atPreparation: true,
  },
  {
    reason: 'DENYLISTED',
    technicalValue: 8,
    types: ['HARD'],
    label: 'Denylisted address',
    description: 'The person or the address is on the denylist; also the reason of entries imported from external lists.',
    atPreparation: true,
  },
  {
    reason: 'QUARANTINED',
    technicalValue: 9,
    types: ['HARD'],
    label: 'Address in quarantine',
    description: 'The address is in quarantine.',
    atPreparation: true,
  },
  {
    reason: 'DUPLICATE',
    technicalValue: 10,
    types: ['IGNORED'],
    label: 'Duplicate',
    description: 'The address occurs in this delivery already.',
    atPreparation: true,
  },
  {
    reason: 'EXCLUDED_BY_SQL_RULE',
    technicalValue: 11,
    types: ['IGNORED'],
    label: 'Excluded by a SQL rule',
    description: 'A filtering rule leaves the recipient out.',
    atPreparation: true,
  },
  {
    reason: 'EXCLUDED_BY_ARBITRATION',
    technicalValue: 12,
    types: ['IGNORED'],
    label: 'Excluded after arbitration',
    description: 'The recipient gets too many messages: a pressure rule leaves this one out.',
    atPreparation: true,
  },
  {
    reason: 'BAD_QUALITY_ADDRESS',
    technicalValue: 14,
    types: ['IGNORED'],
    label: 'Bad-quality address',
    description: 'The quality of the postal address is too low.',
    atPreparation: true,
  },
  {
    reason: 'UNQUALIFIED_ADDRESS',
    technicalValue: 15,
    types: ['IGNORED'],
    label: 'Unqualified address',
    description: 'The postal address was never checked.',
    atPreparation: true,
  },
  {
    reason: 'NOT_ELIGIBLE_FOR_OFFERS',
    technicalValue: 16,
    types: ['IGNORED'],
    label: 'Not eligible for the offers',
    description: 'There is no offer for this recipient.',
    atPreparation: true,
  },
  {
    reason: 'TARGET_LIMITED',
    technicalValue: 17,
    types: ['IGNORED'],
    label: 'Target limited in size',
    description: 'The delivery has as many recipients as it may have.',
    atPreparation: true,
  },
  {
    reason: 'REFUSED',
    technicalValue: 20,
    types: ['SOFT', 'HARD'],
    label: 'Refused',
    description: 'Refused for reasons of security or reported as spam. The error decides the type.',
    atPreparation: false,
  },
  {
    reason: 'ERROR_IGNORED',
    technicalValue: 25,
    types: ['IGNORED'],
    label: 'Error ignored',
    description: 'The address is on the allowlist: its errors are ignored and messages are still sent.',
    atPreparation: false,
  },
  {
    reason: 'CONTROL_GROUP',
    technicalValue: 127,
    types: ['IGNORED'],
    label: 'Control group',
    description: 'The recipient belongs to the control group and is deliberately not written to.',
    atPreparation: true,
  },
  {
    reason: 'EXPIRED',
    technicalValue: null,
    types: ['IGNORED'],
    label: 'Expired',
    description: 'The message could not be sent before the end of its validity.',
    atPreparation: false,
  },
];

const BY_REASON: ReadonlyMap<FailureReason, FailureReasonFacts> = new Map(FAILURE_REASON_CATALOGUE.map((facts) => [facts.reason, facts]));
const BY_VALUE: ReadonlyMap<number, FailureReason> = new Map(
  FAILURE_REASON_CATALOGUE.flatMap(({ technicalValue, reason }) => (technicalValue === null ? [] : [[technicalValue, reason] as const])),
);

/** The facts of one reason. */
export function failureReasonFacts(reason: FailureReason): FailureReasonFacts {
  const facts = BY_REASON.get(reason);
  if (facts === undefined) throw new Error(`the catalogue lacks the failure reason ${reason}`);
  return facts;
}

/** The reason behind one of the vendor's numbers; null where the number is not assigned. */
export function failureReasonOfValue(technicalValue: number): FailureReason | null {
  return BY_VALUE.get(technicalValue) ?? null;
}
