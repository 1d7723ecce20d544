import { describe, expect, it } from 'vitest';
import type { Meaning } from '../../../src/domain/qualification/verdict.ts';
import type { QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import { type JudgedEvent, type JudgedPast, rejudgeAddress } from '../../../src/domain/quarantine/rejudge.ts';
import { DEFAULT_SETTINGS, quarantinePolicy } from '../../../src/domain/settings/settings.ts';

const POLICY = quarantinePolicy(DEFAULT_SETTINGS, 'EMAIL');
const HARD: Meaning = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' };
const SOFT: Meaning = { type: 'SOFT', reason: 'UNREACHABLE', fault: 'INFRASTRUCTURE' };
const NOTHING: Meaning = { type: 'IGNORED', reason: 'REFUSED', fault: 'SENDER' };
const day = (n: number) => new Date(Date.UTC(2026, 4, n));
const NOW = day(8);

const QUARANTINED: QuarantineState = {
  status: 'QUARANTINE',
  reason: 'USER_UNKNOWN',
  errorText: 'said',
  errorCount: 1,
  lastErrorAt: day(1),
  lastSignificantErrorAt: day(1),
  lastSuccessAt: null,
  softCaused: false,
  source: 'BOUNCE_SYNC',
  statusUpdatedAt: day(1),
};

const said = (meaning: Meaning) => ({ meaning, ignored: false, text: 'said', source: 'BOUNCE_SYNC' as const, heldFor: null });
const failed = (n: number, before: Meaning, after: Meaning): JudgedEvent => ({
  occurredAt: day(n),
  before: said(before),
  after: said(after),
});
const NOTHING_BEFORE = { state: null, lastSuccessAt: null, firstUndefinedAt: null };
const judge = (past: Partial<JudgedPast>) =>
  rejudgeAddress(
    {
      start: { before: NOTHING_BEFORE, after: NOTHING_BEFORE },
      events: [],
      entry: null,
      byHand: false,
      movedOn: false,
      ...past,
    },
    POLICY,
    NOW,
  );

describe('an address whose failures are taken for something else', () => {
  const released = [failed(1, HARD, SOFT)];

  it('is released where only those quarantined it, from now on', () => {
    const { effect, next, quarantining } = judge({ entry: QUARANTINED, events: released });
    expect(effect).toBe('RELEASED');
    expect(next).toMatchObject({ status: 'ERRONEOUS', errorCount: 1, reason: 'UNREACHABLE', statusUpdatedAt: NOW });
    expect([...quarantining]).toEqual([[0, false]]);
  });

  it('is on the list no more where nothing of it counts', () => {
    expect(judge({ entry: QUARANTINED, events: [failed(1, HARD, NOTHING)] })).toMatchObject({ effect: 'RELEASED', next: null });
  });

  it('stays in quarantine where another failure quarantines, which is then the one that did', () => {
    const { effect, next, quarantining, decisive } = judge({ entry: QUARANTINED, events: [...released, failed(2, HARD, HARD)] });
    expect([effect, next?.status, next?.statusUpdatedAt, decisive]).toEqual(['CHANGED', 'QUARANTINE', day(1), 1]);
    expect([...quarantining]).toEqual([
      [0, false],
      [1, true],
    ]);
  });

  it('is quarantined where one of them does it', () => {
    expect(judge({ events: [failed(1, NOTHING, HARD)] })).toMatchObject({ effect: 'QUARANTINED', next: { status: 'QUARANTINE' } });
  });

  it('stays as it is where it ends as it did, and where a VALID entry would be all there is', () => {
    const twice = [failed(1, HARD, HARD), failed(2, NOTHING, NOTHING)];
    expect(judge({ entry: QUARANTINED, events: twice })).toMatchObject({ effect: 'NONE', next: QUARANTINED });
    const success = { occurredAt: day(3), before: null, after: null };
    expect(judge({ events: [failed(1, NOTHING, SOFT), success] })).toMatchObject({ effect: 'NONE', next: null });
  });

  it.each([
    ['DENYLISTED', { entry: { ...QUARANTINED, status: 'DENYLISTED' } }],
    ['ALLOWLISTED', { entry: { ...QUARANTINED, status: 'ALLOWLISTED' } }],
    ['BY_HAND', { entry: QUARANTINED, byHand: true }],
    ['MOVED_ON', { entry: QUARANTINED, movedOn: true }],
  ] as const)('is left alone as %s', (effect, past) => {
    const result = judge({ ...past, events: released });
    expect(result).toMatchObject({ effect, next: past.entry });
    expect(result.quarantining.size).toBe(0);
  });
});
