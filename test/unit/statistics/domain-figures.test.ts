import { describe, expect, it } from 'vitest';
import { domainFigures } from '../../../src/domain/statistics/domain-figures.ts';
import { dayOfSlot, foldedBefore, slotFrom, slotOf, startOfSlot } from '../../../src/domain/statistics/result-slot.ts';

describe('the figures of a domain', () => {
  it('are the shares of MON-2 and the invalid addresses of R15', () => {
    const figures = domainFigures([
      { reason: null, count: 60 },
      { reason: 'MAILBOX_FULL', count: 10 },
      { reason: 'USER_UNKNOWN', count: 25 },
      { reason: 'ACCOUNT_DISABLED', count: 5 },
    ]);
    expect(figures).toEqual({
      messages: 100,
      delivered: 60,
      failures: 40,
      failureShare: 0.4,
      invalid: 30,
      invalidShare: 0.3,
      reasons: [
        { reason: 'USER_UNKNOWN', count: 25, shareOfFailures: 0.625, shareOfMessages: 0.25 },
        { reason: 'MAILBOX_FULL', count: 10, shareOfFailures: 0.25, shareOfMessages: 0.1 },
        { reason: 'ACCOUNT_DISABLED', count: 5, shareOfFailures: 0.125, shareOfMessages: 0.05 },
      ],
    });
  });

  it('of nothing are 0', () => {
    expect(domainFigures([])).toEqual({
      messages: 0,
      delivered: 0,
      failures: 0,
      failureShare: 0,
      invalid: 0,
      invalidShare: 0,
      reasons: [],
    });
  });
});

describe('a slot', () => {
  const noon = slotOf(new Date('2025-06-10T12:00:00Z'));

  it.each([
    ['2025-06-10T12:00:00.000Z', noon, noon],
    ['2025-06-10T12:09:59.999Z', noon, noon + 1],
    ['2025-06-10T12:10:00.000Z', noon + 1, noon + 1],
  ])('of %s', (text, within, from) => {
    expect([slotOf(new Date(text)), slotFrom(new Date(text))]).toEqual([within, from]);
  });

  it('begins where it says, and its day at midnight in UTC', () => {
    expect(startOfSlot(noon)).toEqual(new Date('2025-06-10T12:00:00Z'));
    expect(startOfSlot(dayOfSlot(noon))).toEqual(new Date('2025-06-10T00:00:00Z'));
  });

  it('is folded into its day when the two days after it have ended too', () => {
    expect(startOfSlot(foldedBefore(new Date('2025-06-10T23:59:59Z')))).toEqual(new Date('2025-06-08T00:00:00Z'));
    expect(startOfSlot(foldedBefore(new Date('2025-06-11T00:00:00Z')))).toEqual(new Date('2025-06-09T00:00:00Z'));
  });
});
