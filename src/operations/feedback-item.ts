import type { Qualified } from '../domain/qualification/qualify.ts';
import type { AddressStatus, Channel, DeliveryOutcome, EventOrigin } from '../domain/vocabulary.ts';
import type { Actor } from './instance.ts';

/** Where feedback comes in: the API with a token, a mailbox, an upload. */
export interface Door {
  readonly name: string;
  /** Whoever knocks has shown who they are; an unauthenticated door needs proof (amendment A11). */
  readonly authenticated: boolean;
  readonly actor: Actor;
}

/** One checked and qualified result about one address, whichever door it came through. */
export interface FeedbackItem {
  readonly index: number;
  readonly channel: Channel;
  /** Canonical. */
  readonly address: string;
  readonly addressKey: string;
  readonly domain: string | null;
  /** '' = none. */
  readonly shortCode: string;
  readonly deliveryId: bigint | null;
  /** The current run of `deliveryId`. */
  readonly run: number | null;
  readonly deliveryLogId: bigint | null;
  readonly messageId: string | null;
  /** Where nothing else names the message: the last one sent to the address before this result. */
  readonly findByAddress: boolean;
  /** Unless it is proven to speak of a message of ours, this result is held (amendment A11). */
  readonly needsProof: boolean;
  readonly outcome: DeliveryOutcome;
  readonly text: string | null;
  readonly origin: EventOrigin;
  readonly occurredAt: Date;
  /** Of FAILED only. */
  readonly qualified: Qualified | null;
}

export type StoredFeedbackItem = FeedbackItem & { readonly inboundEventId: bigint };

/** What became of one item. */
export interface AppliedFeedback {
  readonly deliveryLogId: bigint | null;
  /** Of the address after this item; null = there is no entry. */
  readonly addressStatus: AddressStatus | null;
  /** Kept without effect for want of proof. */
  readonly held: boolean;
}
