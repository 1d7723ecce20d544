import { describe, expect, it } from 'vitest';
import { decideQuarantine } from '../../../src/domain/quarantine/decide-quarantine.ts';
import type { QuarantineInput, QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import { decideCleanup } from '../../../src/domain/quarantine/release.ts';
import { FAILURE_TYPES, FAULTS } from '../../../src/domain/vocabulary.ts';
import { anEntry, at, complaint, failure, hard, POLICY, play, shown, soft, stop, success } from './quarantine-events.ts';

const LATER = '03-03 08:00';
const STATES = {
  none: null,
  ERRONEOUS: anEntry(),
  'ERRONEOUS one below the threshold': anEntry({ errorCount: 4 }),
  VALID: anEntry({ status: 'VALID', errorCount: 0 }),
  UNKNOWN: anEntry({ status: 'UNKNOWN', errorCount: 0 }),
  QUARANTINE: anEntry({ status: 'QUARANTINE', errorCount: 5, softCaused: true }),
  DENYLISTED: anEntry({ status: 'DENYLISTED' }),
  ALLOWLISTED: anEntry({ status: 'ALLOWLISTED' }),
} as const;
type StateName = keyof typeof STATES;

const EVENTS = {
  soft: soft(LATER),
  'insignificant soft': soft('03-02 20:00'),
  hard: hard(LATER),
  complaint: complaint(LATER),
  STOP: stop(LATER),
  success: success(LATER),
  ignored: failure(LATER, { type: 'IGNORED' }),
  'first undefined': failure(LATER, { type: 'UNDEFINED' }),
  'undefined again': failure(LATER, { type: 'UNDEFINED', previousUndefinedAt: at('03-01 08:00') }),
  'hard by fault of the sender': failure(LATER, { type: 'HARD', fault: 'SENDER' }),
  'soft by fault of the content': failure(LATER, { fault: 'CONTENT' }),
  'hard delay report': failure(LATER, { type: 'HARD', delayed: true }),
  'hard, but the qualification says IGNORE': failure(LATER, { type: 'HARD', ignoredByQualification: true }),
} as const satisfies Record<string, QuarantineInput>;
type EventName = keyof typeof EVENTS;

/** Each cell of W6: what the list shows afterwards. */
const CELLS: Readonly<Record<StateName, Readonly<Record<EventName, string>>>> = {
  none: {
    soft: 'ERRONEOUS 1',
    'insignificant soft': 'ERRONEOUS 1',
    hard: 'QUARANTINE 1',
    complaint: 'DENYLISTED 0',
    STOP: 'DENYLISTED 0',
    success: 'none',
    ignored: 'none',
    'first undefined': 'none',
    'undefined again': 'ERRONEOUS 1',
    'hard by fault of the sender': 'none',
    'soft by fault of the content': 'none',
    'hard delay report': 'none',
    'hard, but the qualification says IGNORE': 'none',
  },
  ERRONEOUS: {
    soft: 'ERRONEOUS 3',
    'insignificant soft': 'ERRONEOUS 2',
    hard: 'QUARANTINE 3',
    complaint: 'DENYLISTED 2',
    STOP: 'DENYLISTED 2',
    success: 'VALID 0',
    ignored: 'ERRONEOUS 2',
    'first undefined': 'ERRONEOUS 2',
    'undefined again': 'ERRONEOUS 3',
    'hard by fault of the sender': 'ERRONEOUS 2',
    'soft by fault of the content': 'ERRONEOUS 2',
    'hard delay report': 'ERRONEOUS 2',
    'hard, but the qualification says IGNORE': 'ERRONEOUS 2',
  },
  'ERRONEOUS one below the threshold': {
    soft: 'QUARANTINE 5',
    'insignificant soft': 'ERRONEOUS 4',
    hard: 'QUARANTINE 5',
    complaint: 'DENYLISTED 4',
    STOP: 'DENYLISTED 4',
    success: 'VALID 0',
    ignored: 'ERRONEOUS 4',
    'first undefined': 'ERRONEOUS 4',
    'undefined again': 'QUARANTINE 5',
    'hard by fault of the sender': 'ERRONEOUS 4',
    'soft by fault of the content': 'ERRONEOUS 4',
    'hard delay report': 'ERRONEOUS 4',
    'hard, but the qualification says IGNORE': 'ERRONEOUS 4',
  },
  VALID: {
    soft: 'ERRONEOUS 1',
    'insignificant soft': 'ERRONEOUS 1',
    hard: 'QUARANTINE 1',
    complaint: 'DENYLISTED 0',
    STOP: 'DENYLISTED 0',
    success: 'VALID 0',
    ignored: 'VALID 0',
    'first undefined': 'VALID 0',
    'undefined again': 'ERRONEOUS 1',
    'hard by fault of the sender': 'VALID 0',
    'soft by fault of the content': 'VALID 0',
    'hard delay report': 'VALID 0',
    'hard, but the qualification says IGNORE': 'VALID 0',
  },
  UNKNOWN: {
    soft: 'ERRONEOUS 1',
    'insignificant soft': 'ERRONEOUS 1',
    hard: 'QUARANTINE 1',
    complaint: 'DENYLISTED 0',
    STOP: 'DENYLISTED 0',
    success: 'VALID 0',
    ignored: 'UNKNOWN 0',
    'first undefined': 'UNKNOWN 0',
    'undefined again': 'ERRONEOUS 1',
    'hard by fault of the sender': 'UNKNOWN 0',
    'soft by fault of the content': 'UNKNOWN 0',
    'hard delay report': 'UNKNOWN 0',
    'hard, but the qualification says IGNORE': 'UNKNOWN 0',
  },
  QUARANTINE: rowOf('QUARANTINE 5', { complaint: 'DENYLISTED 5', STOP: 'DENYLISTED 5' }),
  DENYLISTED: rowOf('DENYLISTED 2', {}),
  ALLOWLISTED: rowOf('ALLOWLISTED 2', { complaint: 'DENYLISTED 2', STOP: 'DENYLISTED 2' }),
};

function rowOf(same: string, but: Partial<Record<EventName, string>>): Readonly<Record<EventName, string>> {
  const names = Object.keys(EVENTS) as EventName[];
  return Object.fromEntries(names.map((name) => [name, but[name] ?? same])) as Record<EventName, string>;
}

const cells = (Object.keys(CELLS) as StateName[]).flatMap((state) =>
  (Object.keys(EVENTS) as EventName[]).map((event) => [state, event, CELLS[state][event]] as const),
);

describe('the state machine of W6', () => {
  it.each(cells)('%s + %s -> %s', (state, event, expected) => {
    expect(shown(play([EVENTS[event]], STATES[state]))).toBe(expected);
  });

  it.each([
    ['ERRONEOUS', 'VALID 0'],
    ['ERRONEOUS one below the threshold', 'VALID 0'],
    ['VALID', 'VALID 0'],
    ['UNKNOWN', 'UNKNOWN 0'],
    ['QUARANTINE', 'QUARANTINE 5'],
    ['DENYLISTED', 'DENYLISTED 2'],
    ['ALLOWLISTED', 'ALLOWLISTED 2'],
  ] as const)('%s + cleanup after a year -> %s', (state, expected) => {
    const decision = decideCleanup(STATES[state], new Date('2026-03-01T04:00:00Z'), POLICY);
    expect(shown(decision.changed ? decision.next : STATES[state])).toBe(expected);
  });
});

describe('what an event writes', () => {
  const decided = (entry: QuarantineState | null, event: QuarantineInput) => {
    const decision = decideQuarantine(entry, event, POLICY);
    if (!decision.changed) throw new Error(`nothing changed: ${decision.reason}`);
    return decision;
  };

  it('a hard error sets reason, text, dates and source', () => {
    const event = { ...hard(LATER), text: '550 5.1.1 user unknown', receivedAt: at('03-03 09:00'), source: 'BOUNCE_ASYNC' as const };
    expect(decided(STATES.ERRONEOUS, event)).toEqual({
      changed: true,
      newlyQuarantined: true,
      next: {
        status: 'QUARANTINE',
        reason: 'USER_UNKNOWN',
        errorText: '550 5.1.1 user unknown',
        errorCount: 3,
        lastErrorAt: at(LATER),
        lastSignificantErrorAt: at(LATER),
        lastSuccessAt: null,
        softCaused: false,
        source: 'BOUNCE_ASYNC',
        statusUpdatedAt: at('03-03 09:00'),
      },
    });
  });

  it('an insignificant soft error updates text and date only', () => {
    const event = { ...soft('03-02 20:00', 'MAILBOX_FULL'), text: 'again' };
    const expected = { ...STATES.ERRONEOUS, errorText: 'again', lastErrorAt: at('03-02 20:00') };
    expect(decided(STATES.ERRONEOUS, event)).toEqual({ changed: true, newlyQuarantined: false, next: expected });
  });

  it('a counted soft error that leaves the status alone leaves the date of the status alone', () => {
    expect(decided(STATES.ERRONEOUS, EVENTS.soft).next).toMatchObject({ errorCount: 3, statusUpdatedAt: at('03-01 08:00') });
  });

  it('the fifth soft error is the new quarantine, an event on a quarantined address is none', () => {
    expect(decided(STATES['ERRONEOUS one below the threshold'], EVENTS.soft)).toMatchObject({
      newlyQuarantined: true,
      next: { softCaused: true },
    });
    expect(decided(STATES.QUARANTINE, EVENTS.hard)).toMatchObject({ newlyQuarantined: false });
    expect(decided(null, EVENTS.complaint)).toMatchObject({ newlyQuarantined: false });
  });

  it('a hard error again updates text and date of a quarantine, not its counter', () => {
    const quarantined = anEntry({ status: 'QUARANTINE', reason: 'USER_UNKNOWN', errorCount: 1 });
    const { next } = decided(quarantined, { ...hard(LATER, 'ACCOUNT_DISABLED'), text: 'gone' });
    expect(next).toEqual({ ...quarantined, errorText: 'gone', lastErrorAt: at(LATER) });
  });

  it('a hard error takes a quarantine for a full mailbox away from the clock', () => {
    const full = anEntry({ status: 'QUARANTINE', reason: 'MAILBOX_FULL', errorCount: 5, softCaused: true });
    const { next } = decided(full, EVENTS.hard);
    expect(next).toMatchObject({ reason: 'USER_UNKNOWN', softCaused: false, errorCount: 5 });
    expect(decideCleanup(next, at('12-31 04:00'), POLICY)).toEqual({ changed: false });
  });

  it('a complaint has reason REFUSED and a STOP reason DENYLISTED', () => {
    expect(decided(STATES.QUARANTINE, EVENTS.complaint).next).toMatchObject({
      reason: 'REFUSED',
      source: 'FEEDBACK_LOOP',
      softCaused: false,
    });
    expect(decided(null, EVENTS.STOP).next).toMatchObject({ reason: 'DENYLISTED', source: 'SMS_STOP', lastErrorAt: at(LATER) });
  });

  it('a success on a VALID entry is noted, the same one twice is not', () => {
    const { next } = decided(STATES.VALID, EVENTS.success);
    expect(next).toEqual({ ...STATES.VALID, lastSuccessAt: at(LATER) });
    expect(decideQuarantine(next, EVENTS.success, POLICY)).toEqual({ changed: false, reason: 'NOTHING_TO_CLEAR' });
  });

  it('no event changes the entry it was given', () => {
    const entry = Object.freeze(anEntry({ errorCount: 4 }));
    for (const event of Object.values(EVENTS)) decideQuarantine(entry, event, POLICY);
    expect(entry).toEqual(anEntry({ errorCount: 4 }));
  });
});

describe('the figures of the policy', () => {
  it('with threshold 1 the first soft error quarantines', () => {
    expect(shown(play([soft(LATER)], null, { ...POLICY, threshold: 1 }))).toBe('QUARANTINE 1');
  });

  it('with threshold 6 the fifth does not and the sixth does', () => {
    const policy = { ...POLICY, threshold: 6 };
    expect(shown(play([soft(LATER)], anEntry({ errorCount: 4 }), policy))).toBe('ERRONEOUS 5');
    expect(shown(play([soft(LATER)], anEntry({ errorCount: 5 }), policy))).toBe('QUARANTINE 6');
  });

  it('a threshold lowered below the counter takes effect with the next counted error', () => {
    expect(shown(play([soft(LATER)], anEntry({ errorCount: 4 }), { ...POLICY, threshold: 3 }))).toBe('QUARANTINE 5');
  });

  it('the gap is honoured to the second', () => {
    const policy = { ...POLICY, significantGapMs: 3_600_000 };
    expect(shown(play([soft('03-02 08:59:59')], anEntry(), policy))).toBe('ERRONEOUS 2');
    expect(shown(play([soft('03-02 09:00:00')], anEntry(), policy))).toBe('ERRONEOUS 3');
  });

  it('for a full mailbox the counter goes on at exactly 30 d and starts again 1 s later (A14)', () => {
    const full = anEntry({ reason: 'MAILBOX_FULL' });
    expect(shown(play([soft('03-13 08:00', 'MAILBOX_FULL')], full))).toBe('ERRONEOUS 3');
    expect(shown(play([soft('04-01 08:00:00', 'MAILBOX_FULL')], full))).toBe('ERRONEOUS 3');
    expect(shown(play([soft('04-01 08:00:01', 'MAILBOX_FULL')], full))).toBe('ERRONEOUS 1');
  });

  const faultCells = FAULTS.flatMap((fault) => FAILURE_TYPES.map((type) => [fault, type] as const));
  it.each(faultCells)('a failure by fault of %s and of type %s counts as A3 says', (fault, type) => {
    const counts = !['SENDER', 'CONTENT'].includes(fault);
    const expected = { UNDEFINED: 'ERRONEOUS 1', SOFT: 'ERRONEOUS 1', HARD: 'QUARANTINE 1', IGNORED: 'none' }[type];
    const event = failure(LATER, { fault, type, previousUndefinedAt: at('03-01 08:00') });
    expect(shown(play([event]))).toBe(counts ? expected : 'none');
  });

  it('with all five faults listed the behaviour is that of the vendor', () => {
    const policy = { ...POLICY, quarantineOnFaults: FAULTS };
    expect(shown(play([EVENTS['hard by fault of the sender']], null, policy))).toBe('QUARANTINE 1');
  });

  it('a fault that does not count does not stop a complaint', () => {
    expect(shown(play([complaint(LATER)], null, { ...POLICY, quarantineOnFaults: [] }))).toBe('DENYLISTED 0');
  });
});

describe('the order of events (A5)', () => {
  const counted = anEntry({ lastSignificantErrorAt: at('03-02 08:00'), lastErrorAt: at('03-02 20:00') });
  const valid = anEntry({ status: 'VALID', errorCount: 0, lastSuccessAt: at('03-05 08:00') });

  it.each([
    ['a soft error before the last counted one', counted, soft('03-02 07:59:59')],
    ['an unknown text before the last counted error', counted, { ...EVENTS['undefined again'], occurredAt: at('03-02 07:00') }],
    ['a success before the last counted error', counted, success('03-02 07:59:59')],
    ['a soft error before the last success', valid, soft('03-05 07:59:59')],
    ['a success before the last success', valid, success('03-05 07:59:59')],
    ['an insignificant error before the last error', counted, soft('03-02 19:59:59')],
    ['a hard error before the last error of a quarantined address', anEntry({ status: 'QUARANTINE' }), hard('03-02 07:59:59')],
  ])('%s changes nothing', (_, entry, event) => {
    expect(decideQuarantine(entry, event, POLICY)).toEqual({ changed: false, reason: 'LATE' });
  });

  it('an error as old as the last success or the last counted error is not late', () => {
    expect(shown(play([soft('03-05 08:00')], valid))).toBe('ERRONEOUS 1');
    expect(shown(play([success('03-02 08:00')], counted))).toBe('VALID 0');
  });

  it('a soft error before a success that only the logs know changes nothing', () => {
    expect(play([{ ...soft(LATER), lastSuccessAt: at('03-03 08:00:01') }])).toBeNull();
    expect(shown(play([{ ...soft(LATER), lastSuccessAt: at('03-03 08:00:00') }]))).toBe('ERRONEOUS 1');
  });

  it('a late hard error quarantines and changes no counter and no date', () => {
    const next = play([{ ...hard('03-01 08:00'), receivedAt: at('03-09 08:00') }], counted);
    expect(next).toMatchObject({ status: 'QUARANTINE', reason: 'USER_UNKNOWN', statusUpdatedAt: at('03-09 08:00') });
    expect(next).toMatchObject({
      errorCount: counted.errorCount,
      lastErrorAt: counted.lastErrorAt,
      lastSignificantErrorAt: counted.lastSignificantErrorAt,
    });
  });

  it('a hard error before the last success still quarantines', () => {
    expect(play([hard('03-05 07:00')], valid)).toMatchObject({ status: 'QUARANTINE', errorCount: 0, lastSuccessAt: at('03-05 08:00') });
  });

  it('a hard error before a success that only the logs know makes an entry with a counter of 0', () => {
    expect(play([{ ...hard(LATER), lastSuccessAt: at('03-04 08:00') }])).toMatchObject({
      status: 'QUARANTINE',
      errorCount: 0,
      lastErrorAt: at(LATER),
      lastSignificantErrorAt: null,
      lastSuccessAt: at('03-04 08:00'),
    });
  });

  it.each([complaint, stop])('a late complaint or STOP denylists and changes no counter and no date', (event) => {
    expect(play([event('03-01 08:00')], counted)).toMatchObject({
      status: 'DENYLISTED',
      errorCount: counted.errorCount,
      lastErrorAt: counted.lastErrorAt,
      lastSignificantErrorAt: counted.lastSignificantErrorAt,
    });
  });

  it('a soft error from before the cleanup that released the address changes nothing', () => {
    const released = decideCleanup(counted, at('04-01 04:00'), POLICY);
    expect(released.changed && play([soft('03-02 07:00')], released.next)).toMatchObject({ status: 'VALID', errorCount: 0 });
  });
});
