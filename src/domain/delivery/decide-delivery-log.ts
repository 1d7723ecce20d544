/**
 * What one result does to the delivery log of a message (contract `DeliveryOutcome`, spec SND-6, amendment A5).
 *
 * | outcome | status |
 * |---|---|
 * | DELIVERED | SENT; of an SMS: RECEIVED_ON_MOBILE |
 * | FAILED | FAILED |
 * | others | stays |
 *
 * The newest result decides: an older one is appended to the ledger and leaves the log as it is. Equal instants: order of arrival.
 */
import type { Channel, EventOrigin, FailureReason, FailureType, Fault, MessageStatus } from '../vocabulary.ts';

export type DeliveryLogState = Readonly<{
  status: MessageStatus;
  failureType: FailureType | null;
  failureReason: FailureReason | null;
  fault: Fault | null;
  origin: EventOrigin | null;
  messageId: string | null;
  qualificationId: bigint | null;
  rawText: string | null;
  attempts: number;
  nextAttemptAt: Date | null;
  sentAt: Date | null;
  /** `occurredAt` of the result that decided the status. */
  lastEventAt: Date | null;
  /** This failure put the address into quarantine. */
  quarantined: boolean;
  version: number;
}>;

export type LoggedFailure = Readonly<{
  type: FailureType;
  reason: FailureReason;
  fault: Fault;
  qualificationId: bigint | null;
  quarantined: boolean;
}>;

export type LogResult = Readonly<{
  /** OTHER stands for every outcome that leaves the status. */
  outcome: 'DELIVERED' | 'FAILED' | 'OTHER';
  /** Of FAILED only. */
  failure: LoggedFailure | null;
  channel: Channel;
  origin: EventOrigin;
  messageId: string | null;
  text: string | null;
  occurredAt: Date;
}>;

/**
 * The log after a result. Its version rises with every result, also with one that is only appended, so that readers of the ledger can
 * tell the order.
 *
 * @param counts false: the result is kept but changes nothing (too late after sending, ASY-1)
 */
export function decideDeliveryLog(log: DeliveryLogState, result: LogResult, counts: boolean): DeliveryLogState {
  const appended = { ...log, version: log.version + 1 };
  if (!counts || result.outcome === 'OTHER') return appended;
  const attempts = log.attempts + (result.origin === 'SYNC' ? 1 : 0);
  if (log.lastEventAt !== null && result.occurredAt.getTime() < log.lastEventAt.getTime()) return { ...appended, attempts };
  const decided = {
    ...appended,
    attempts,
    origin: result.origin,
    messageId: result.messageId ?? log.messageId,
    rawText: result.text,
    lastEventAt: result.occurredAt,
  };
  return result.failure === null ? delivered(decided, result) : failed(decided, result.failure);
}

/** The log of a message whose failure is taken for something else than before: what happened, and when, stays. */
export function correctDeliveryLog(log: DeliveryLogState, failure: LoggedFailure): DeliveryLogState {
  return { ...failed(log, failure), version: log.version + 1 };
}

/** An asynchronous result may come later than this after sending and is then kept without effect (ASY-1). */
export function isTooLate(
  log: Pick<DeliveryLogState, 'sentAt'>,
  result: Pick<LogResult, 'origin' | 'occurredAt'>,
  windowMs: number,
): boolean {
  const isAsync = result.origin === 'ASYNC' || result.origin === 'STATUS_REPORT' || result.origin === 'WEBHOOK';
  return isAsync && log.sentAt !== null && result.occurredAt.getTime() - log.sentAt.getTime() > windowMs;
}

/** The counter of a delivery that a message with this status belongs to: pending + sent + failed + cancelled = toDeliver. */
export function counterOfStatus(status: MessageStatus): 'pending' | 'sent' | 'failed' | 'cancelled' {
  switch (status) {
    case 'PENDING':
    case 'PREPARED':
      return 'pending';
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
    case 'IGNORED':
      return 'cancelled';
    default:
      return 'sent';
  }
}

/** The counter of a delivery that a failed message belongs to beside `failed`; null = none of them. */
export function counterOfFailure(log: Pick<DeliveryLogState, 'status' | 'failureType'>): 'hard' | 'soft' | 'ignored' | null {
  if (log.status !== 'FAILED') return null;
  switch (log.failureType) {
    case 'HARD':
      return 'hard';
    case 'SOFT':
      return 'soft';
    case 'IGNORED':
      return 'ignored';
    default:
      return null;
  }
}

function delivered(log: DeliveryLogState, result: LogResult): DeliveryLogState {
  return {
    ...log,
    status: result.channel === 'SMS' ? 'RECEIVED_ON_MOBILE' : 'SENT',
    failureType: null,
    failureReason: null,
    fault: null,
    qualificationId: null,
    nextAttemptAt: null,
    sentAt: log.sentAt ?? result.occurredAt,
    quarantined: false,
  };
}

/** No further attempt after a hard failure (SND-1), nor where soft ones have brought the address into quarantine (QTN-4). */
function failed(log: DeliveryLogState, failure: LoggedFailure): DeliveryLogState {
  return {
    ...log,
    status: 'FAILED',
    failureType: failure.type,
    failureReason: failure.reason,
    fault: failure.fault,
    qualificationId: failure.qualificationId,
    nextAttemptAt: failure.type === 'HARD' || failure.quarantined ? null : log.nextAttemptAt,
    quarantined: failure.quarantined,
  };
}
