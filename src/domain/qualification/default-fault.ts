import type { FailureReason, Fault } from '../vocabulary.ts';

const FAULT_OF_REASON: Partial<Record<FailureReason, Fault>> = {
  USER_UNKNOWN: 'RECIPIENT',
  INVALID_DOMAIN: 'RECIPIENT',
  UNREACHABLE: 'INFRASTRUCTURE',
  ACCOUNT_DISABLED: 'RECIPIENT',
  MAILBOX_FULL: 'RECIPIENT',
  NOT_CONNECTED: 'RECIPIENT',
  REFUSED: 'SENDER',
};

/**
 * The fault of a reason where neither a rule nor a person has set one (amendment A3).
 *
 * A refusal is the sender's until somebody says otherwise: most refusals speak of reputation, and blaming the recipient
 * would quarantine living addresses for a listing of our own IP. Reasons that a remote server never gives are UNDETERMINED.
 */
export function defaultFault(reason: FailureReason): Fault {
  return FAULT_OF_REASON[reason] ?? 'UNDETERMINED';
}
