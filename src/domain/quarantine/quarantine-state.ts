import type { AddressStatus, FailureReason, FailureType, Fault, QuarantineSource } from '../vocabulary.ts';

/** What the quarantine list knows of one address. Null in its place = there is no entry. */
export type QuarantineState = Readonly<{
  status: AddressStatus;
  /** Of the last counted error, complaint or STOP. */
  reason: FailureReason | null;
  /** Raw text of the last error, never the normalised one. */
  errorText: string | null;
  errorCount: number;
  lastErrorAt: Date | null;
  /** The last error that raised the counter. Kept after a reset: it is what later events are ordered against (amendment A5). */
  lastSignificantErrorAt: Date | null;
  lastSuccessAt: Date | null;
  /** The entry is in QUARANTINE because soft errors reached the threshold; only such a one is ever released by the clock (X5). */
  softCaused: boolean;
  source: QuarantineSource;
  /** Changes when the status changes, and only then. */
  statusUpdatedAt: Date;
}>;

/** What is known of the address beside its entry: an entry that was purged takes its dates with it. */
export type KnownFromLogs = Readonly<{
  /** The last success in the delivery logs; null or absent = none known. */
  lastSuccessAt?: Date | null;
  /** The earliest UNDEFINED failure of this address that is still known, other than this one; only asked for where the type is UNDEFINED. */
  previousUndefinedAt?: Date | null;
}>;

export type FailureEvent = KnownFromLogs &
  Readonly<{
    kind: 'FAILURE';
    type: FailureType;
    reason: FailureReason;
    fault: Fault;
    text: string | null;
    /** When the receiving server refused, not when we read it. */
    occurredAt: Date;
    /** When we took it in: becomes `statusUpdatedAt` where the status changes. */
    receivedAt: Date;
    source: QuarantineSource;
    /** The text's qualification has the status IGNORE: it never counts. */
    ignoredByQualification: boolean;
    /** A report of a delay (`Action: delayed`): no failure (amendment A4). */
    delayed: boolean;
  }>;

export type SuccessEvent = Readonly<{ kind: 'SUCCESS'; occurredAt: Date; receivedAt: Date }>;

/** COMPLAINT: the recipient pressed "spam". STOP: the recipient answered an SMS with a keyword. Both are wishes, not failures. */
export type WishEvent = KnownFromLogs &
  Readonly<{ kind: 'COMPLAINT' | 'STOP'; text: string | null; occurredAt: Date; receivedAt: Date; source: QuarantineSource }>;

export type QuarantineInput = FailureEvent | SuccessEvent | WishEvent;

/** The figures that govern one channel; `quarantinePolicy` of domain/settings makes it. Durations in milliseconds. */
export type QuarantinePolicy = Readonly<{
  /** The counter at which an address is quarantined; 1 = at the first soft error. */
  threshold: number;
  /** Least distance from the last counted error at which a soft error counts. */
  significantGapMs: number;
  /** The counter starts again when the last counted error is older than this. */
  counterResetMs: number;
  /** The same where the reason is MAILBOX_FULL (amendment A14). */
  mailboxFullResetMs: number;
  erroneousReleaseMs: number;
  mailboxFullReleaseMs: number;
  /** Release a QUARANTINE that soft errors of a full mailbox led to (X5). */
  releaseMailboxFullQuarantine: boolean;
  /** The faults that count against an address (amendment A3). */
  quarantineOnFaults: readonly Fault[];
}>;

/** Why an event changed nothing. */
export type UnchangedReason =
  | 'IGNORED'
  | 'DELAYED'
  | 'FAULT_DOES_NOT_COUNT'
  | 'FIRST_UNDEFINED'
  | 'LATE'
  | 'ALLOWLISTED'
  | 'ALREADY_QUARANTINED'
  | 'ALREADY_DENYLISTED'
  | 'NOTHING_TO_CLEAR';

export type QuarantineDecision =
  | Readonly<{ changed: false; reason: UnchangedReason }>
  | Readonly<{ changed: true; next: QuarantineState; newlyQuarantined: boolean }>;

export type QuarantineChange = Extract<QuarantineDecision, { changed: true }>;
