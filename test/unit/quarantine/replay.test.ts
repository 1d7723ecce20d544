import { describe, expect, it } from 'vitest';
import type { Meaning } from '../../../src/domain/qualification/verdict.ts';
import { type ReplayedFailure, replayAddress } from '../../../src/domain/quarantine/replay.ts';
import { DEFAULT_SETTINGS, quarantinePolicy } from '../../../src/domain/settings/settings.ts';

const POLICY = quarantinePolicy(DEFAULT_SETTINGS, 'EMAIL');
const NOTHING = { state: null, lastSuccessAt: null, firstUndefinedAt: null };
const SOFT: Meaning = { type: 'SOFT', reason: 'MAILBOX_FULL', fault: 'RECIPIENT' };
const HARD: Meaning = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' };
const UNDEFINED: Meaning = { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };

const day = (n: number) => new Date(Date.UTC(2026, 4, n));
const failed = (meaning: Meaning, ...days: number[]): ReplayedFailure[] =>
  days.map((n) => ({ meaning, occurredAt: day(n), ignored: false }));
const outcome = (failures: readonly ReplayedFailure[], successes: readonly Date[] = []) => {
  const state = replayAddress(NOTHING, failures, successes, POLICY);
  return state === null ? 'none' : `${state.status} ${state.errorCount}`;
};

describe('replaying an address', () => {
  it('counts as the state machine does, in the order in which it happened', () => {
    expect(outcome(failed(SOFT, 5, 1, 3, 2, 4))).toBe('QUARANTINE 5');
    expect(outcome(failed(SOFT, 1, 2, 3, 4))).toBe('ERRONEOUS 4');
    expect(outcome(failed(HARD, 1))).toBe('QUARANTINE 1');
    expect(outcome([])).toBe('none');
  });

  it('a success in between starts the count again', () => {
    expect(outcome(failed(SOFT, 1, 2, 3, 5, 6), [day(4)])).toBe('ERRONEOUS 2');
  });

  it('the first undefined failure does not count, a later one does (QUA-9)', () => {
    expect(outcome(failed(UNDEFINED, 1))).toBe('none');
    expect(outcome(failed(UNDEFINED, 1, 3))).toBe('ERRONEOUS 1');
  });

  it('what is on IGNORE, or not the fault of the address, never counts', () => {
    expect(outcome(failed(HARD, 1).map((failure) => ({ ...failure, ignored: true })))).toBe('none');
    expect(outcome(failed({ ...HARD, fault: 'SENDER' }, 1))).toBe('none');
  });

  it('begins where the address stood', () => {
    const state = replayAddress(NOTHING, failed(SOFT, 1, 2, 3), [], POLICY);
    expect(replayAddress({ ...NOTHING, state }, failed(SOFT, 4, 5), [], POLICY)).toMatchObject({ status: 'QUARANTINE', errorCount: 5 });
  });
});
