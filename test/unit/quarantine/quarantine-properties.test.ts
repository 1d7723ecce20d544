import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideQuarantine } from '../../../src/domain/quarantine/decide-quarantine.ts';
import { compareInBatch, isAheadOfClock } from '../../../src/domain/quarantine/event-order.ts';
import { agreesWithLedger, foldQuarantine, type LedgerLine, ledgerLine } from '../../../src/domain/quarantine/fold.ts';
import type { QuarantineInput, QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import { ADDRESS_STATUSES, FAILURE_REASONS, FAILURE_TYPES, FAULTS } from '../../../src/domain/vocabulary.ts';
import { anEntry, at, complaint, failure, hard, POLICY, play, shown, soft, stop, success } from './quarantine-events.ts';

const HOUR_MS = 3_600_000;
/** Hours are coarse enough to hit the boundaries of gap and reset exactly. */
const instant = fc.integer({ min: 0, max: 60 * 24 }).map((hours) => new Date(at('01-01 00:00').getTime() + hours * HOUR_MS));
const anyFailure = fc
  .tuple(instant, fc.constantFrom(...FAILURE_TYPES), fc.constantFrom(...FAILURE_REASONS), fc.constantFrom(...FAULTS), fc.option(instant))
  .map(([when, type, reason, fault, previousUndefinedAt]) => failure(when, { type, reason, fault, previousUndefinedAt }));
const anyEvent: fc.Arbitrary<QuarantineInput> = fc.oneof(
  { weight: 4, arbitrary: instant.map((when) => soft(when)) },
  { weight: 4, arbitrary: anyFailure },
  { weight: 1, arbitrary: instant.map((when) => hard(when)) },
  { weight: 3, arbitrary: instant.map((when) => success(when)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(complaint, stop), instant).map(([wish, when]) => wish(when)) },
);
const events = fc.array(anyEvent, { maxLength: 40 });
const anyState: fc.Arbitrary<QuarantineState> = fc
  .record({
    status: fc.constantFrom(...ADDRESS_STATUSES),
    reason: fc.constantFrom(...FAILURE_REASONS),
    errorCount: fc.nat(6),
    lastErrorAt: fc.option(instant),
    lastSignificantErrorAt: fc.option(instant),
    lastSuccessAt: fc.option(instant),
  })
  .map(anEntry);
const runs = { numRuns: 1000 };

/** What an operation does: load the entry, decide, write the line that the entry is folded from. */
function record(lines: readonly LedgerLine[], event: QuarantineInput): readonly LedgerLine[] {
  const decision = decideQuarantine(foldQuarantine(lines), event, POLICY);
  return decision.changed ? [...lines, ledgerLine(decision.next)] : lines;
}

describe('any sequence of events', () => {
  it('gives the same state however it is cut into batches', () => {
    fc.assert(
      fc.property(events, fc.nat(40), fc.nat(40), (all, one, two) => {
        const [first = 0, second = 0] = [one, two].sort((a, b) => a - b);
        const batches = [all.slice(0, first), all.slice(first, second), all.slice(second)];
        const cut = batches.reduce<QuarantineState | null>((entry, batch) => play(batch, entry), null);
        expect(cut).toEqual(play(all));
      }),
      runs,
    );
  });

  it('leaves the entry that its ledger folds to', () => {
    fc.assert(
      fc.property(events, (all) => {
        const lines = all.reduce(record, []);
        expect(foldQuarantine(lines)).toEqual(play(all));
        expect(agreesWithLedger(play(all), lines)).toBe(true);
      }),
      runs,
    );
  });

  it('never leaves DENYLISTED', () => {
    fc.assert(
      fc.property(events, (all) => {
        const denied = anEntry({ status: 'DENYLISTED' });
        expect(play(all, denied)).toBe(denied);
      }),
    );
  });

  it('leaves QUARANTINE only for DENYLISTED, and ALLOWLISTED only for DENYLISTED', () => {
    fc.assert(
      fc.property(events, fc.constantFrom('QUARANTINE', 'ALLOWLISTED' as const), (all, status) => {
        expect([status, 'DENYLISTED']).toContain(play(all, anEntry({ status }))?.status);
      }),
      runs,
    );
  });

  it('shuts the gate once it contains a hard error of the recipient, wherever that stands', () => {
    fc.assert(
      fc.property(events, instant, fc.nat(40), (all, when, place) => {
        const withHard = [...all.slice(0, place), hard(when), ...all.slice(place)];
        expect(['QUARANTINE', 'DENYLISTED']).toContain(play(withHard)?.status);
      }),
      runs,
    );
  });

  it('counts no more than the events that count, and at most one a gap', () => {
    fc.assert(
      fc.property(fc.array(instant, { maxLength: 40 }), (instants) => {
        const sorted = [...instants].sort((a, b) => a.getTime() - b.getTime());
        const policy = { ...POLICY, threshold: 1000 };
        const entry = play(
          sorted.map((when) => soft(when)),
          null,
          policy,
        );
        const spanMs = (sorted.at(-1)?.getTime() ?? 0) - (sorted[0]?.getTime() ?? 0);
        expect(entry?.errorCount ?? 0).toBeLessThanOrEqual(1 + spanMs / policy.significantGapMs);
      }),
      runs,
    );
  });
});

describe('one event on any state', () => {
  it('older than the last counted error and the last success moves no counter and no date', () => {
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        const newest = Math.max(state.lastSignificantErrorAt?.getTime() ?? 0, state.lastSuccessAt?.getTime() ?? 0);
        fc.pre(event.occurredAt.getTime() < newest);
        const next = play([event], state);
        expect(next).toMatchObject({
          errorCount: state.errorCount,
          lastSignificantErrorAt: state.lastSignificantErrorAt,
          lastSuccessAt: state.lastSuccessAt,
        });
        if (state.lastErrorAt !== null) expect(next?.lastErrorAt).toEqual(state.lastErrorAt);
        expect([state.status, 'QUARANTINE', 'DENYLISTED']).toContain(next?.status);
      }),
      runs,
    );
  });

  it('never moves a date backwards', () => {
    const time = (date: Date | null | undefined) => date?.getTime() ?? Number.NEGATIVE_INFINITY;
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        const next = play([event], state);
        expect(time(next?.lastErrorAt)).toBeGreaterThanOrEqual(time(state.lastErrorAt));
        expect(time(next?.lastSignificantErrorAt)).toBeGreaterThanOrEqual(time(state.lastSignificantErrorAt));
        expect(time(next?.lastSuccessAt)).toBeGreaterThanOrEqual(time(state.lastSuccessAt));
      }),
      runs,
    );
  });

  it('that comes twice in a row changes nothing that anybody counts the second time', () => {
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        const once = play([event], state);
        expect(play([event, event], state)).toEqual(once);
      }),
      runs,
    );
  });

  it('changes the date of the status exactly when it changes the status', () => {
    fc.assert(
      fc.property(anyState, anyEvent, (state, event) => {
        const next = play([event], state);
        expect(next?.statusUpdatedAt).toEqual(next?.status === state.status ? state.statusUpdatedAt : event.receivedAt);
      }),
      runs,
    );
  });
});

describe('the order in a batch', () => {
  it('lets five soft errors a day apart count to five however they are listed', () => {
    const days = ['03-01 08:00', '03-02 08:00', '03-03 08:00', '03-04 08:00', '03-05 08:00'];
    fc.assert(
      fc.property(fc.shuffledSubarray(days, { minLength: 5 }), (shuffled) => {
        const items = shuffled.map((day, index) => ({ addressKey: 'a', occurredAt: at(day), index }));
        expect(shown(play([...items].sort(compareInBatch).map(({ occurredAt }) => soft(occurredAt))))).toBe('QUARANTINE 5');
      }),
    );
  });

  it('is by address, then by time, then as given', () => {
    const item = (addressKey: string, day: string, index: number) => ({ addressKey, occurredAt: at(day), index });
    const items = [item('b', '03-01', 0), item('a', '03-02', 1), item('a', '03-01', 2), item('a', '03-02', 3)];
    expect(
      [...items]
        .reverse()
        .sort(compareInBatch)
        .map(({ index }) => index),
    ).toEqual([2, 1, 3, 0]);
  });

  it('an event may lie 5 minutes ahead of the clock and not a millisecond more', () => {
    const now = at('03-01 08:00');
    expect(isAheadOfClock(at('03-01 08:05'), now)).toBe(false);
    expect(isAheadOfClock(new Date(at('03-01 08:05').getTime() + 1), now)).toBe(true);
    expect(isAheadOfClock(new Date(Number.NaN), now)).toBe(true);
  });
});
