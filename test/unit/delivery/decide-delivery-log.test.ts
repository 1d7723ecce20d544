import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  counterOfFailure,
  counterOfStatus,
  type DeliveryLogState,
  decideDeliveryLog,
  isTooLate,
  type LogResult,
} from '../../../src/domain/delivery/decide-delivery-log.ts';
import { EVENT_ORIGINS, FAILURE_TYPES, MESSAGE_STATUSES } from '../../../src/domain/vocabulary.ts';

const PENDING: DeliveryLogState = {
  status: 'PENDING',
  failureType: null,
  failureReason: null,
  fault: null,
  origin: null,
  messageId: null,
  qualificationId: null,
  rawText: null,
  attempts: 0,
  nextAttemptAt: null,
  sentAt: null,
  lastEventAt: null,
  quarantined: false,
  version: 1,
};

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 8, minute));

function aResult(minute: number, result: Partial<LogResult> = {}): LogResult {
  const base = { outcome: 'DELIVERED', failure: null, channel: 'EMAIL', origin: 'SYNC', messageId: null, text: null } as const;
  return { ...base, occurredAt: at(minute), ...result };
}

const HARD = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT', qualificationId: 7n, quarantined: true } as const;
const failed = (minute: number, result: Partial<LogResult> = {}) =>
  aResult(minute, { outcome: 'FAILED', failure: HARD, text: '550', ...result });

describe('a delivery log', () => {
  test('is SENT after a delivery, an SMS is received on the mobile', () => {
    expect(decideDeliveryLog(PENDING, aResult(1), true)).toMatchObject({ status: 'SENT', sentAt: at(1), attempts: 1, version: 2 });
    expect(decideDeliveryLog(PENDING, aResult(1, { channel: 'SMS' }), true).status).toBe('RECEIVED_ON_MOBILE');
  });

  test('is FAILED after a failure and says why', () => {
    expect(decideDeliveryLog(PENDING, failed(1), true)).toMatchObject({
      status: 'FAILED',
      failureType: 'HARD',
      failureReason: 'USER_UNKNOWN',
      fault: 'RECIPIENT',
      qualificationId: 7n,
      quarantined: true,
      rawText: '550',
      sentAt: null,
    });
  });

  test('is not attempted again after a hard failure, nor after the soft one that brought the quarantine (SND-1, QTN-4)', () => {
    const due = { ...PENDING, nextAttemptAt: at(30) };
    const next = (failure: LogResult['failure']) => decideDeliveryLog(due, failed(1, { failure }), true).nextAttemptAt;
    expect(next({ ...HARD, quarantined: false })).toBeNull();
    expect(next({ ...HARD, type: 'SOFT', reason: 'MAILBOX_FULL' })).toBeNull();
    expect(next({ ...HARD, type: 'SOFT', reason: 'MAILBOX_FULL', quarantined: false })).toEqual(at(30));
  });

  test('forgets the failure after a later success', () => {
    const log = decideDeliveryLog(decideDeliveryLog(PENDING, failed(1), true), aResult(2), true);
    expect(log).toMatchObject({
      status: 'SENT',
      failureType: null,
      failureReason: null,
      qualificationId: null,
      quarantined: false,
      attempts: 2,
    });
  });

  test('keeps its state and counts the attempt where the result is older', () => {
    const sent = decideDeliveryLog(PENDING, aResult(5), true);
    expect(decideDeliveryLog(sent, failed(4), true)).toEqual({ ...sent, attempts: 2, version: 3 });
  });

  test('goes by the order of arrival where two results are of one instant', () => {
    const sent = decideDeliveryLog(PENDING, aResult(5), true);
    expect(decideDeliveryLog(sent, failed(5), true).status).toBe('FAILED');
  });

  test('only rises in version by what says nothing about it, or comes too late', () => {
    expect(decideDeliveryLog(PENDING, aResult(1, { outcome: 'OTHER' }), true)).toEqual({ ...PENDING, version: 2 });
    expect(decideDeliveryLog(PENDING, failed(1), false)).toEqual({ ...PENDING, version: 2 });
  });

  test('counts attempts of the dialogue only', () => {
    for (const origin of EVENT_ORIGINS) {
      expect(decideDeliveryLog(PENDING, failed(1, { origin }), true).attempts).toBe(origin === 'SYNC' ? 1 : 0);
    }
  });

  test('ends in the newest result, whatever the order of arrival', () => {
    const results = fc.uniqueArray(fc.record({ minute: fc.integer({ min: 0, max: 500 }), fails: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
      selector: ({ minute }) => minute,
    });
    fc.assert(
      fc.property(results, (steps) => {
        const log = steps.reduce(
          (state, { minute, fails }) => decideDeliveryLog(state, fails ? failed(minute) : aResult(minute), true),
          PENDING,
        );
        const newest = steps.reduce((a, b) => (b.minute > a.minute ? b : a));
        expect(log.status).toBe(newest.fails ? 'FAILED' : 'SENT');
        expect(log.version).toBe(1 + steps.length);
      }),
    );
  });
});

describe('the seven days (ASY-1)', () => {
  const WEEK_MS = 7 * 86_400_000;
  const sent = { sentAt: at(0) };
  const later = (ms: number) => new Date(at(0).getTime() + ms);

  test('end after exactly seven days', () => {
    expect(isTooLate(sent, { origin: 'ASYNC', occurredAt: later(WEEK_MS) }, WEEK_MS)).toBe(false);
    expect(isTooLate(sent, { origin: 'ASYNC', occurredAt: later(WEEK_MS + 1) }, WEEK_MS)).toBe(true);
  });

  test('bind neither the dialogue nor a message that was never sent', () => {
    expect(isTooLate(sent, { origin: 'SYNC', occurredAt: later(2 * WEEK_MS) }, WEEK_MS)).toBe(false);
    expect(isTooLate({ sentAt: null }, { origin: 'ASYNC', occurredAt: later(2 * WEEK_MS) }, WEEK_MS)).toBe(false);
  });
});

test('every status belongs to one counter, and only failed messages to one of their types', () => {
  expect(new Set(MESSAGE_STATUSES.map(counterOfStatus))).toEqual(new Set(['pending', 'sent', 'failed', 'cancelled']));
  for (const status of MESSAGE_STATUSES) {
    for (const failureType of FAILURE_TYPES) {
      const counter = counterOfFailure({ status, failureType });
      expect(counter === null).toBe(status !== 'FAILED' || failureType === 'UNDEFINED');
    }
  }
});
