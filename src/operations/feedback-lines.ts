/** One item of feedback in the forms that the domain and the ledgers take. */
import type { DeliveryLogState, LoggedFailure, LogResult } from '../domain/delivery/decide-delivery-log.ts';
import type { QuarantineInput } from '../domain/quarantine/quarantine-state.ts';
import type { QuarantineSource } from '../domain/vocabulary.ts';
import type { StoredLog } from '../store/feedback-reads.ts';
import { type DeliveryLine, idText } from '../store/feedback-writes.ts';
import type { StoredFeedbackItem } from './feedback-item.ts';

/** What the ledgers and the batch so far know of an address beside its entry. */
export interface KnownOfAddress {
  readonly firstUndefinedAt: Date | null;
  readonly lastSuccessAt: Date | null;
}

/** The event for the state machine; null where the outcome says nothing about the address (amendment A4, contract `DeliveryOutcome`). */
export function quarantineInput(item: StoredFeedbackItem, known: KnownOfAddress, now: Date): QuarantineInput | null {
  const { occurredAt, text } = item;
  if (item.outcome === 'DELIVERED') return { kind: 'SUCCESS', occurredAt, receivedAt: now };
  if (item.outcome === 'COMPLAINT' || item.outcome === 'STOP') {
    const source = item.outcome === 'STOP' ? 'SMS_STOP' : 'FEEDBACK_LOOP';
    return { kind: item.outcome, text, occurredAt, receivedAt: now, source, lastSuccessAt: known.lastSuccessAt };
  }
  if (item.qualified === null) return null;
  const { type, reason, fault } = item.qualified.verdict;
  return {
    kind: 'FAILURE',
    type,
    reason,
    fault,
    text,
    occurredAt,
    receivedAt: now,
    source: failureSource(item),
    ignoredByQualification: item.qualified.ignored,
    delayed: false,
    previousUndefinedAt: known.firstUndefinedAt,
    lastSuccessAt: known.lastSuccessAt,
  };
}

/** What an entry names as its source after a failure. */
export function failureSource({ channel, origin }: Pick<StoredFeedbackItem, 'channel' | 'origin'>): QuarantineSource {
  if (channel === 'PUSH') return 'PUSH';
  if (channel === 'DIRECT_MAIL') return 'RETURN_TO_SENDER';
  return origin === 'SYNC' ? 'BOUNCE_SYNC' : 'BOUNCE_ASYNC';
}

export function logResult(item: StoredFeedbackItem, failure: LoggedFailure | null): LogResult {
  const { channel, origin, messageId, text, occurredAt } = item;
  const outcome = item.outcome === 'DELIVERED' || item.outcome === 'FAILED' ? item.outcome : 'OTHER';
  return { outcome, failure, channel, origin, messageId, text, occurredAt };
}

export function deliveryLine(
  item: StoredFeedbackItem,
  log: StoredLog | null,
  before: DeliveryLogState | null,
  after: DeliveryLogState | null,
  failure: LoggedFailure | null,
): DeliveryLine {
  return {
    deliveryLogId: idText(log?.id),
    deliveryId: idText(log?.deliveryId ?? item.deliveryId),
    run: log?.run ?? item.run,
    profileId: idText(log?.profileId),
    inboundEventId: item.inboundEventId.toString(),
    channel: item.channel,
    address: item.address,
    addressKey: item.addressKey,
    domain: item.domain,
    outcome: item.outcome,
    previousStatus: before?.status ?? null,
    previousFailureType: before?.failureType ?? null,
    previousFailureReason: before?.failureReason ?? null,
    previousFault: before?.fault ?? null,
    status: after?.status ?? null,
    failureType: failure?.type ?? null,
    failureReason: failure?.reason ?? null,
    fault: failure?.fault ?? null,
    decidedBy: item.qualified?.verdict.decidedBy ?? null,
    qualificationId: idText(failure?.qualificationId),
    ignored: item.qualified?.ignored ?? false,
    quarantined: failure?.quarantined ?? false,
    rawText: item.text,
    origin: item.origin,
    messageId: item.messageId,
    version: after?.version ?? null,
    occurredAt: item.occurredAt,
  };
}
