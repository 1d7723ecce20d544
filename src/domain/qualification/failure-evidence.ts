import type { Channel, EventOrigin } from '../vocabulary.ts';

/**
 * What is known about one failure of one recipient, before anybody says what it means.
 *
 * Made by the reports layer (bounces, receipts), by webhooks and by the sender itself; read by `qualify` only.
 */
export interface FailureEvidence {
  readonly channel: Channel;
  /** The innermost reply of the receiving server, or the provider's message, as it was received. May be empty. */
  readonly text: string;
  /** The address that failed; taken out of the normalised text so that it never leaks (QUA-4). */
  readonly recipient?: string;
  readonly origin: EventOrigin;
  /** Three-digit reply code, where it is known apart from the text. */
  readonly smtpCode?: number;
  /** Enhanced status code (RFC 3463) such as `5.1.1`, where it is known apart from the text. */
  readonly enhancedCode?: string;
  /** The server that refused: its habits decide before the general rules. */
  readonly remoteHost?: string;
  /** The server that wrote the report. */
  readonly reportingHost?: string;
  /** The SMTP command that was refused: `RCPT`, `DATA`, ... */
  readonly smtpCommand?: string;
  /** The human-readable rest of the report, consulted where `text` says nothing. */
  readonly notice?: string;
}
