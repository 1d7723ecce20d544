import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreesWithLedger, deletionLine, foldQuarantine, ledgerLine } from '../../../src/domain/quarantine/fold.ts';
import type { QuarantinePolicy, QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import {
  decideCleanup,
  decideRelease,
  erroneousReleasedBefore,
  isReleasable,
  mailboxFullReleasedBefore,
  releasedAt,
  validPurgedBefore,
} from '../../../src/domain/quarantine/release.ts';
import { ADDRESS_STATUSES } from '../../../src/domain/vocabulary.ts';
import { anEntry, at, POLICY } from './quarantine-events.ts';

describe('the release by the clock', () => {
  it('writes VALID, counter 0 and the date of the status, and keeps the evidence', () => {
    const entry = anEntry();
    const now = at('04-01 04:00');
    expect(decideCleanup(entry, now, POLICY)).toEqual({
      changed: true,
      next: { ...entry, status: 'VALID', errorCount: 0, statusUpdatedAt: now },
    });
  });

  it('goes by the last error, significant or not', () => {
    const entry = anEntry({ lastSignificantErrorAt: at('03-02 08:00'), lastErrorAt: at('03-03 07:00') });
    expect(decideCleanup(entry, at('03-12 12:00'), POLICY)).toEqual({ changed: false });
    expect(decideCleanup(entry, at('03-13 07:00:01'), POLICY)).toMatchObject({ changed: true });
  });

  it('goes by the age of the status where no error has a date', () => {
    const entry = anEntry({ lastErrorAt: null, statusUpdatedAt: at('03-01 08:00') });
    expect(releasedAt(entry, POLICY)).toEqual(at('03-11 08:00'));
  });

  it.each([
    ['QUARANTINE that a hard error caused', anEntry({ status: 'QUARANTINE', reason: 'MAILBOX_FULL' })],
    ['QUARANTINE for another reason', anEntry({ status: 'QUARANTINE', softCaused: true })],
    ['DENYLISTED', anEntry({ status: 'DENYLISTED', reason: 'MAILBOX_FULL' })],
    ['ALLOWLISTED', anEntry({ status: 'ALLOWLISTED' })],
    ['VALID', anEntry({ status: 'VALID' })],
    ['UNKNOWN', anEntry({ status: 'UNKNOWN' })],
  ])('never touches %s', (_, entry) => {
    expect(releasedAt(entry, POLICY)).toBeNull();
    expect(decideCleanup(entry, new Date('2035-01-01'), POLICY)).toEqual({ changed: false });
  });

  it('purges VALID entries at once by default and after two days where the delay says so', () => {
    expect(validPurgedBefore(at('03-05 04:00'), 0)).toEqual(at('03-05 04:00'));
    expect(validPurgedBefore(at('03-05 04:00'), 2 * 86_400_000)).toEqual(at('03-03 04:00'));
  });
});

describe('the cut-offs for SQL', () => {
  const DAY_MS = 86_400_000;
  const hours = fc.integer({ min: 0, max: 40 * 24 }).map((count) => new Date(at('01-01').getTime() + count * 3_600_000));
  const states = fc
    .record({
      status: fc.constantFrom(...ADDRESS_STATUSES),
      reason: fc.constantFrom('MAILBOX_FULL', 'UNREACHABLE' as const),
      softCaused: fc.boolean(),
      lastErrorAt: fc.option(hours),
      statusUpdatedAt: hours,
    })
    .map(anEntry);

  it('choose the entries that the decision releases', () => {
    fc.assert(
      fc.property(states, hours, fc.boolean(), fc.integer({ min: 1, max: 20 }), (state, now, releaseMailboxFullQuarantine, days) => {
        const policy = { ...POLICY, releaseMailboxFullQuarantine, mailboxFullReleaseMs: days * DAY_MS };
        expect(decideCleanup(state, now, policy).changed).toBe(chosenBySql(state, now, policy));
      }),
      { numRuns: 2000 },
    );
  });

  /** What the documentation of the cut-offs tells the store to select. */
  function chosenBySql(state: QuarantineState, now: Date, policy: QuarantinePolicy): boolean {
    const clock = state.lastErrorAt ?? state.statusUpdatedAt;
    const erroneous = state.status === 'ERRONEOUS';
    if (state.reason !== 'MAILBOX_FULL') return erroneous && clock < erroneousReleasedBefore(now, policy);
    const quarantined = state.status === 'QUARANTINE' && state.softCaused && policy.releaseMailboxFullQuarantine;
    return (erroneous || quarantined) && clock <= mailboxFullReleasedBefore(now, policy);
  }
});

describe('the bulk release', () => {
  it.each(ADDRESS_STATUSES)('of %s touches ERRONEOUS and QUARANTINE only', (status) => {
    const entry = anEntry({ status });
    const touched = status === 'ERRONEOUS' || status === 'QUARANTINE';
    expect(isReleasable(entry)).toBe(touched);
    expect(decideRelease(entry, at('04-01'))).toEqual(
      touched ? { changed: true, next: { ...entry, status: 'VALID', errorCount: 0, statusUpdatedAt: at('04-01') } } : { changed: false },
    );
  });
});

describe('the ledger of an address', () => {
  const first = anEntry({ errorCount: 1 });
  const second = anEntry({ errorCount: 2 });

  it('folds to its last line', () => {
    expect(foldQuarantine([ledgerLine(first), ledgerLine(second)])).toEqual(second);
  });

  it('folds to nothing where it is empty or ends with a deletion', () => {
    expect(foldQuarantine([])).toBeNull();
    expect(foldQuarantine([ledgerLine(first), deletionLine(first, at('04-01'))])).toBeNull();
  });

  it('goes on after a deletion', () => {
    expect(foldQuarantine([ledgerLine(first), deletionLine(first, at('04-01')), ledgerLine(second)])).toEqual(second);
  });

  it('a row of a database, with more columns, folds to the same', () => {
    const row = { ...ledgerLine(second), id: 7n, version: 2, actor: null };
    expect(foldQuarantine([row])).toEqual(second);
  });

  it('tells an entry that says something else', () => {
    expect(agreesWithLedger(second, [ledgerLine(first), ledgerLine(second)])).toBe(true);
    expect(agreesWithLedger(first, [ledgerLine(first), ledgerLine(second)])).toBe(false);
    expect(agreesWithLedger({ ...second, source: 'IMPORT' }, [ledgerLine(second)])).toBe(false);
    expect(agreesWithLedger(second, [])).toBe(false);
    expect(agreesWithLedger(null, [ledgerLine(second)])).toBe(false);
    expect(agreesWithLedger(null, [deletionLine(second, at('04-01'))])).toBe(true);
  });
});
