import type { FailureEvidence } from '../domain/qualification/failure-evidence.ts';
import type { MessageKind } from '../domain/vocabulary.ts';
import type { OriginalMessage } from './original-message.ts';

/** What a report says happened to one recipient; only `failed` may ever count (amendment A4). */
export type RecipientAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | 'complained' | 'replied' | 'unsubscribed';

/** One recipient of a report, with what is known about it. */
export interface ReportedRecipient {
  /** As the report writes it: the address that was written to where the report tells it from its aliases; null where it names nobody. */
  readonly address: string | null;
  /** Another address of the same recipient (an alias's target, or what was expanded to it): a match for it is as good. */
  readonly otherAddress: string | null;
  readonly action: RecipientAction;
  readonly evidence: FailureEvidence;
}

/** A message from the world, read. */
export interface ParsedMessage {
  readonly kind: MessageKind;
  /** `Feedback-Type` of a complaint in lower case (`abuse`, `opt-out`, ...), else null. */
  readonly feedbackType: string | null;
  /** Message-ID of the report itself, without brackets. */
  readonly messageId: string | null;
  /** The report's own Date as written; null where it is missing or cannot be read as a date. */
  readonly date: Date | null;
  readonly from: string | null;
  readonly subject: string;
  /** Addresses the report was sent to, header and envelope as far as the headers show it. */
  readonly to: readonly string[];
  /** Hex SHA-256 of Message-ID, Date and body: the same message through two doors has one key (amendment A5). */
  readonly dedupeKey: string;
  /** The message of ours that the report speaks of, as far as it is shown. */
  readonly original: OriginalMessage | null;
  /** What looks like our own token, from the header of the returned message and the addresses of the report; unverified. */
  readonly tokens: readonly string[];
  /** Failed and delayed ones first, each in report order. */
  readonly recipients: readonly ReportedRecipient[];
}
