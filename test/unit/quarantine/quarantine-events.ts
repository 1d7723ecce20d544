import { decideQuarantine } from '../../../src/domain/quarantine/decide-quarantine.ts';
import type {
  FailureEvent,
  QuarantineInput,
  QuarantinePolicy,
  QuarantineState,
  SuccessEvent,
  WishEvent,
} from '../../../src/domain/quarantine/quarantine-state.ts';
import { DEFAULT_SETTINGS, quarantinePolicy } from '../../../src/domain/settings/settings.ts';
import type { FailureReason } from '../../../src/domain/vocabulary.ts';

/** The policy of an instance on which nobody has changed anything. */
export const POLICY: QuarantinePolicy = quarantinePolicy(DEFAULT_SETTINGS, 'EMAIL');

/** An instant of 2025 in UTC: '03-01 08:00' or '03-01 08:00:01'. */
export function at(text: string): Date {
  const [day, time = '00:00'] = text.split(' ');
  return new Date(`2025-${day}T${time.length === 5 ? `${time}:00` : time}.000Z`);
}

export function failure(when: Date | string, more: Partial<FailureEvent> = {}): FailureEvent {
  const occurredAt = typeof when === 'string' ? at(when) : when;
  return {
    kind: 'FAILURE',
    type: 'SOFT',
    reason: 'UNREACHABLE',
    fault: 'RECIPIENT',
    text: `refused at ${occurredAt.toISOString()}`,
    occurredAt,
    receivedAt: occurredAt,
    source: 'BOUNCE_SYNC',
    ignoredByQualification: false,
    delayed: false,
    ...more,
  };
}

export const soft = (when: Date | string, reason: FailureReason = 'UNREACHABLE') => failure(when, { reason });
export const hard = (when: Date | string, reason: FailureReason = 'USER_UNKNOWN') => failure(when, { type: 'HARD', reason });

export function success(when: Date | string): SuccessEvent {
  const occurredAt = typeof when === 'string' ? at(when) : when;
  return { kind: 'SUCCESS', occurredAt, receivedAt: occurredAt };
}

export function wish(kind: 'COMPLAINT' | 'STOP', when: Date | string): WishEvent {
  const occurredAt = typeof when === 'string' ? at(when) : when;
  const source = kind === 'COMPLAINT' ? 'FEEDBACK_LOOP' : 'SMS_STOP';
  return { kind, text: kind === 'COMPLAINT' ? 'Feedback-Type: abuse' : 'STOP', occurredAt, receivedAt: occurredAt, source };
}

export const complaint = (when: Date | string) => wish('COMPLAINT', when);
export const stop = (when: Date | string) => wish('STOP', when);

/** Entry after a sequence of events. */
export function play(
  events: readonly QuarantineInput[],
  start: QuarantineState | null = null,
  policy: QuarantinePolicy = POLICY,
): QuarantineState | null {
  return events.reduce<QuarantineState | null>((entry, event) => {
    const decision = decideQuarantine(entry, event, policy);
    return decision.changed ? decision.next : entry;
  }, start);
}

/** What the list shows after each event: 'ERRONEOUS 1', or 'none'. */
export function trace(
  events: readonly QuarantineInput[],
  start: QuarantineState | null = null,
  policy: QuarantinePolicy = POLICY,
): string[] {
  return events.map((_, index) => shown(play(events.slice(0, index + 1), start, policy)));
}

export function shown(entry: QuarantineState | null): string {
  return entry === null ? 'none' : `${entry.status} ${entry.errorCount}`;
}

/** An entry as the list may hold it. */
export function anEntry(more: Partial<QuarantineState> = {}): QuarantineState {
  return {
    status: 'ERRONEOUS',
    reason: 'UNREACHABLE',
    errorText: '451 try again',
    errorCount: 2,
    lastErrorAt: at('03-02 08:00'),
    lastSignificantErrorAt: at('03-02 08:00'),
    lastSuccessAt: null,
    softCaused: false,
    source: 'BOUNCE_SYNC',
    statusUpdatedAt: at('03-01 08:00'),
    ...more,
  };
}
