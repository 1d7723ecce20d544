import type { FailureReason, FailureType, Fault } from '../vocabulary.ts';

/** The meaning of a failure: exactly one type and one reason (QUA-1), and whose fault it is (amendment A3). */
export interface Meaning {
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
}

export function sameMeaning(a: Meaning, b: Meaning): boolean {
  return a.type === b.type && a.reason === b.reason && a.fault === b.fault;
}

/** A meaning with its evidence. */
export interface Verdict extends Meaning {
  /** `qualification <md5>`, `rule <Name>`, `status 5.1.1`, `reply 550` or `fallback`. */
  readonly decidedBy: string;
  /** The text without what varies from message to message (QUA-4). */
  readonly normalizedText: string;
  /** Hex MD5 of the UTF-8 normalised text: with the channel, the key of the qualification row. */
  readonly md5: string;
  readonly smtpCode: number | null;
  readonly enhancedCode: string | null;
}
