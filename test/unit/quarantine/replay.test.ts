import { describe, expect, it } from 'vitest';
import type { Meaning } from '../../../src/domain/qualification/verdict.ts';
import { type ReplayedEvent, replayAddress } from '../../../src/domain/quarantine/replay.ts';
import { DEFAULT_SETTINGS, quarantinePolicy } from '../../../src/domain/settings/settings.ts';

const POLICY = quarantinePolicy(DEFAULT_SETTINGS, 'EMAIL');
const NOTHING = { state: null, lastSuccessAt: null, firstUndefinedAt: null };
const SOFT: Meaning = { type: 'SOFT', reason: 'MAILBOX_FULL', fault: 'RECIPIENT' };
const HARD: Meaning = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' };
const UNDEFINED: Meaning = { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };

const day = (n: number) => new Date(Date.UTC(2026, 4, n));
const failed = (meaning: Meaning, ...days: number[]): ReplayedEvent[] =>
  days.map((n) => ({
    occurredAt: day(n),
    failure: { meaning, ignored: false, text: `on day ${n}`, source: 'BOUNCE_ASYNC', heldFor: null },
  }));
const delivered = (n: number): ReplayedEvent => ({ occurredAt: day(n), failure: null });
const replay = (events: readonly ReplayedEvent[], now = day(8)) => replayAddress(NOTHING, events, POLICY, now);
const outcome = (events: readonly ReplayedEvent[], now = day(8)) => {
  const { state } = replay(events, now);
  return state === null ? 'none' : `${state.status} ${state.errorCount}`;
};

describe('replaying an address', () => {
  it('counts as the state machine does, in the order in which it came in', () => {
    expect(outcome(failed(SOFT, 1, 2, 3, 4, 5))).toBe('QUARANTINE 5');
    expect(outcome(failed(SOFT, 1, 2, 3, 4))).toBe('ERRONEOUS 4');
    expect(outcome(failed(SOFT, 1, 5, 3, 4))).toBe('ERRONEOUS 2');
    expect(outcome(failed(HARD, 1))).toBe('QUARANTINE 1');
    expect(outcome([])).toBe('none');
  });

  it('a success in between starts the count again', () => {
    expect(outcome([...failed(SOFT, 1, 2, 3), delivered(4), ...failed(SOFT, 5, 6)])).toBe('ERRONEOUS 2');
  });

  it('is late by the last success, also by one that came while the address was shut (A5)', () => {
    const shut = [...failed(HARD, 3), delivered(6), ...failed(HARD, 4)];
    expect(replay(shut).state).toMatchObject({ lastErrorAt: day(3) });
    expect(replay([...failed(SOFT, 1), delivered(2), ...shut]).state).toMatchObject({ lastErrorAt: day(3) });
  });

  it('the first undefined failure does not count, a later one does (QUA-9)', () => {
    expect(outcome(failed(UNDEFINED, 1))).toBe('none');
    expect(outcome(failed(UNDEFINED, 1, 3))).toBe('ERRONEOUS 1');
  });

  it('what is on IGNORE, or not the fault of the address, never counts', () => {
    const [event] = failed(HARD, 1);
    if (event?.failure == null) throw new Error('there is no failure');
    expect(outcome([{ ...event, failure: { ...event.failure, ignored: true } }])).toBe('none');
    expect(outcome(failed({ ...HARD, fault: 'SENDER' }, 1))).toBe('none');
  });

  it('begins where the address stood', () => {
    const { state } = replay(failed(SOFT, 1, 2, 3));
    expect(replayAddress({ ...NOTHING, state }, failed(SOFT, 4, 5), POLICY, day(8)).state).toMatchObject({
      status: 'QUARANTINE',
      errorCount: 5,
    });
  });

  it('says which failures put it into quarantine and which one decided last', () => {
    expect(replay(failed(SOFT, 1, 2, 3, 4, 5, 6))).toMatchObject({ quarantining: new Set([4]), decisive: 4 });
    expect(replay(failed(HARD, 1, 2))).toMatchObject({ quarantining: new Set([0]), decisive: 1, state: { errorText: 'on day 2' } });
  });

  it('the cleanup has been at work between the events and until now', () => {
    expect(outcome(failed(SOFT, 1), day(31))).toBe('VALID 0');
    expect(outcome(failed({ ...SOFT, reason: 'UNREACHABLE' }, 1, 12), day(13))).toBe('ERRONEOUS 1');
    expect(outcome(failed(HARD, 1), day(400))).toBe('QUARANTINE 1');
  });
});
