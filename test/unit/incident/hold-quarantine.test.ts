import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concerned,
  countOpen,
  holdingIncident,
  holdQuarantine,
  indexIncidents,
  type OpenIncident,
} from '../../../src/domain/incident/hold-quarantine.ts';
import { decideQuarantine } from '../../../src/domain/quarantine/decide-quarantine.ts';
import type { QuarantineChange, QuarantineInput, QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import { at, complaint, hard, POLICY, play, soft, stop, success } from '../quarantine/quarantine-events.ts';

const INCIDENT: OpenIncident = {
  id: 7n,
  channel: 'EMAIL',
  domain: 'ill.example',
  reason: 'USER_UNKNOWN',
  hitsFrom: at('03-02 08:00'),
  closedAt: null,
};
const OPEN = indexIncidents([INCIDENT]);
const PLACE = { channel: 'EMAIL', domain: 'ill.example', occurredAt: at('03-02 08:00') } as const;

function changeOf(entry: QuarantineState | null, event: QuarantineInput): QuarantineChange {
  const decision = decideQuarantine(entry, event, POLICY);
  if (!decision.changed) throw new Error(`nothing changed: ${decision.reason}`);
  return decision;
}

describe('a quarantine is held back', () => {
  const quarantined = changeOf(null, hard('03-02 08:00'));

  it('by the open incident of its channel, domain and reason', () => {
    expect(holdingIncident(OPEN, quarantined, PLACE)).toBe(INCIDENT);
  });

  it('by one that is closed only where it failed before the end', () => {
    const closed = { ...INCIDENT, id: 6n, closedAt: at('03-02 08:30') };
    const again = { ...INCIDENT, hitsFrom: at('03-02 12:00') };
    const both = indexIncidents([closed, again]);
    const holder = (time: string) => holdingIncident(both, quarantined, { ...PLACE, occurredAt: at(time) });
    expect(['03-02 08:29:59', '03-02 08:30', '03-02 12:00'].map(holder)).toEqual([closed, null, again]);
    expect(countOpen(both)).toBe(1);
  });

  it.each([
    ['another channel', quarantined, { ...PLACE, channel: 'SMS' as const }],
    ['another domain', quarantined, { ...PLACE, domain: 'well.example' }],
    ['no domain', quarantined, { ...PLACE, domain: null }],
    ['another reason', changeOf(null, hard('03-02 08:00', 'REFUSED')), PLACE],
    ['a failure of before', quarantined, { ...PLACE, occurredAt: at('03-02 07:59:59') }],
    ['a soft error that only counts', changeOf(null, soft('03-02 08:00', 'USER_UNKNOWN')), PLACE],
    ['a further hard error of what is quarantined', changeOf(quarantined.next, hard('03-02 09:00')), PLACE],
    ['a complaint', changeOf(null, complaint('03-02 08:00')), PLACE],
    ['a STOP', changeOf(null, stop('03-02 08:00')), PLACE],
    ['a success', changeOf(play([soft('03-01 08:00')]), success('03-02 08:00')), PLACE],
  ])('not: %s', (_case, change, place) => {
    expect(holdingIncident(OPEN, change, place)).toBeNull();
  });
});

describe('while it is held back', () => {
  it('an address is ERRONEOUS with all that the failure says', () => {
    const { next } = changeOf(null, hard('03-02 08:00'));
    expect(holdQuarantine(null, changeOf(null, hard('03-02 08:00')), POLICY)).toEqual({
      changed: true,
      newlyQuarantined: false,
      next: { ...next, status: 'ERRONEOUS', softCaused: false },
    });
  });

  it('one that was ERRONEOUS keeps the instant since when', () => {
    const entry = play([soft('03-01 08:00')]);
    expect(holdQuarantine(entry, changeOf(entry, hard('03-02 08:00')), POLICY).next).toMatchObject({
      status: 'ERRONEOUS',
      errorCount: 2,
      reason: 'USER_UNKNOWN',
      statusUpdatedAt: at('03-01 08:00'),
    });
  });

  it('one that was VALID has become ERRONEOUS now', () => {
    const entry = play([soft('03-01 08:00'), success('03-01 09:00')]);
    expect(holdQuarantine(entry, changeOf(entry, hard('03-02 08:00')), POLICY).next.statusUpdatedAt).toEqual(at('03-02 08:00'));
  });

  it('a success clears it, and the next failure after the incident quarantines it', () => {
    const held = holdQuarantine(null, changeOf(null, hard('03-02 08:00')), POLICY).next;
    expect(play([success('03-02 09:00')], held)).toMatchObject({ status: 'VALID', errorCount: 0 });
    expect(play([hard('03-02 09:00')], held)).toMatchObject({ status: 'QUARANTINE', errorCount: 2 });
    expect(play([complaint('03-02 09:00')], held)).toMatchObject({ status: 'DENYLISTED' });
  });

  it('whatever came before, it counts as a soft error of its time would, and says what the failure said', () => {
    const hours = fc.array(fc.tuple(fc.integer({ min: 1, max: 23 }), fc.constantFrom('soft', 'hard', 'success')), { maxLength: 6 });
    fc.assert(
      fc.property(hours, (before) => {
        const entry = before
          .sort(([a], [b]) => a - b)
          .reduce<QuarantineState | null>((state, [hour, kind]) => {
            const when = `03-01 ${String(hour).padStart(2, '0')}:00`;
            if (kind === 'hard') return holdQuarantine(state, changeOf(state, hard(when)), POLICY).next;
            return play([kind === 'soft' ? soft(when) : success(when)], state);
          }, null);
        const change = changeOf(entry, hard('03-02 08:00'));
        const { statusUpdatedAt, ...held } = holdQuarantine(entry, change, POLICY).next;
        const { errorCount, lastSignificantErrorAt } = play([soft('03-02 08:00')], entry) ?? {};
        const { reason, errorText, lastErrorAt, lastSuccessAt, source } = change.next;
        const said = { reason, errorText, lastErrorAt, lastSuccessAt, source };
        expect(held).toEqual({ ...said, errorCount, lastSignificantErrorAt, status: 'ERRONEOUS', softCaused: false });
        expect(statusUpdatedAt.getTime()).toBeLessThanOrEqual(change.next.statusUpdatedAt.getTime());
      }),
    );
  });

  it('the messages of one morning count once, so that the first soft error of the next day quarantines nobody', () => {
    const morning = ['08:00', '08:10', '09:00', '09:30', '11:00', '11:59'];
    const held = morning.reduce<QuarantineState | null>(
      (state, time) => holdQuarantine(state, changeOf(state, hard(`03-02 ${time}`)), POLICY).next,
      null,
    );
    expect(held).toMatchObject({ errorCount: 1, lastSignificantErrorAt: at('03-02 08:00'), lastErrorAt: at('03-02 11:59') });
    expect(play([soft('03-03 12:00')], held)).toMatchObject({ status: 'ERRONEOUS', errorCount: 2 });
  });

  it('one that is told late counts nothing', () => {
    const entry = play([soft('03-01 08:00'), soft('03-02 08:00')]);
    const held = holdQuarantine(entry, changeOf(entry, hard('03-01 20:00')), POLICY).next;
    expect(held).toMatchObject({ errorCount: 2, lastSignificantErrorAt: at('03-02 08:00') });
    const cleared = play([success('03-03 08:00')], entry);
    expect(holdQuarantine(cleared, changeOf(cleared, hard('03-02 20:00')), POLICY).next).toMatchObject({ errorCount: 0 });
  });
});

describe('a batch concerns an incident', () => {
  const result = { ...PLACE, outcome: 'FAILED' as const };

  it('where something failed at its place', () => {
    expect(concerned(OPEN, [{ ...result, domain: 'well.example' }, result])).toEqual([INCIDENT]);
  });

  it.each([
    ['nothing failed there', [{ ...result, outcome: 'DELIVERED' as const }]],
    ['it failed elsewhere', [{ ...result, domain: 'well.example' }]],
    ['it failed by another channel', [{ ...result, channel: 'SMS' as const }]],
    ['it is empty', []],
  ])('not where %s', (_case, results) => {
    expect(concerned(OPEN, results)).toEqual([]);
  });
});
