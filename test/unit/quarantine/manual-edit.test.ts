import { describe, expect, it } from 'vitest';
import { createByHand, editByHand, type ManualChange } from '../../../src/domain/quarantine/manual-edit.ts';
import { decideCleanup } from '../../../src/domain/quarantine/release.ts';
import { ADDRESS_STATUSES } from '../../../src/domain/vocabulary.ts';
import { anEntry, at, POLICY, play, shown, soft } from './quarantine-events.ts';

const NOW = at('06-01 12:00');

function edited(entry: ReturnType<typeof anEntry>, change: ManualChange) {
  const decision = editByHand(entry, change, NOW);
  if (!decision.ok) throw new Error(decision.message);
  return decision;
}

function created(change: ManualChange) {
  const decision = createByHand(change, NOW);
  if (!decision.ok) throw new Error(decision.message);
  return decision;
}

describe('an entry made by hand', () => {
  it('is QUARANTINE unless told otherwise', () => {
    expect(created({})).toEqual({
      ok: true,
      changed: true,
      newlyQuarantined: true,
      next: {
        status: 'QUARANTINE',
        reason: null,
        errorText: null,
        errorCount: 0,
        lastErrorAt: null,
        lastSignificantErrorAt: null,
        lastSuccessAt: null,
        softCaused: false,
        source: 'MANUAL',
        statusUpdatedAt: NOW,
      },
    });
  });

  it('is never released from QUARANTINE by the clock, full mailbox or not', () => {
    const { next } = created({ reason: 'MAILBOX_FULL', errorCount: 5, lastErrorAt: at('01-01') });
    expect(decideCleanup(next, new Date('2030-01-01'), POLICY)).toEqual({ changed: false });
  });

  it('counts on from the counter and the date that were entered', () => {
    const { next } = created({ status: 'ERRONEOUS', errorCount: 4, lastErrorAt: at('03-04 08:00') });
    expect(shown(play([soft('03-14 08:00:00')], next))).toBe('QUARANTINE 5');
    expect(shown(play([soft('03-14 08:00:01')], next))).toBe('ERRONEOUS 1');
    expect(shown(play([soft('03-05 07:59:59')], next))).toBe('ERRONEOUS 4');
  });

  it('with a counter but no date counts the next soft error', () => {
    expect(shown(play([soft('03-14 08:00')], created({ status: 'ERRONEOUS', errorCount: 3 }).next))).toBe('ERRONEOUS 4');
  });

  it('from an import names the import as its source', () => {
    expect(createByHand({ status: 'DENYLISTED', reason: 'DENYLISTED' }, NOW, 'IMPORT')).toMatchObject({
      newlyQuarantined: false,
      next: { status: 'DENYLISTED', source: 'IMPORT' },
    });
  });
});

describe('an edit by hand', () => {
  it.each(ADDRESS_STATUSES)('may leave %s for every status', (status) => {
    for (const other of ADDRESS_STATUSES) expect(edited(anEntry({ status }), { status: other }).next.status).toBe(other);
  });

  it('to VALID puts the counter to 0', () => {
    const entry = anEntry({ status: 'QUARANTINE', errorCount: 5, softCaused: true });
    expect(edited(entry, { status: 'VALID' }).next).toEqual({
      ...entry,
      status: 'VALID',
      errorCount: 0,
      softCaused: false,
      source: 'MANUAL',
      statusUpdatedAt: NOW,
    });
  });

  it('to VALID with a counter keeps the counter that was named', () => {
    expect(edited(anEntry(), { status: 'VALID', errorCount: 3 }).next.errorCount).toBe(3);
  });

  it('changes the date of the status only with the status', () => {
    expect(edited(anEntry(), { errorText: 'seen by hand' }).next.statusUpdatedAt).toEqual(anEntry().statusUpdatedAt);
    expect(edited(anEntry(), { status: 'ERRONEOUS', errorCount: 3 }).next.statusUpdatedAt).toEqual(anEntry().statusUpdatedAt);
    expect(edited(anEntry(), { status: 'ALLOWLISTED' }).next.statusUpdatedAt).toEqual(NOW);
  });

  it('clears with null and keeps what is absent', () => {
    const { next } = edited(anEntry(), { reason: null, errorText: null, lastErrorAt: null, errorCount: null });
    expect(next).toMatchObject({ status: 'ERRONEOUS', reason: null, errorText: null, lastErrorAt: null, errorCount: 0 });
    expect(edited(anEntry(), { reason: 'REFUSED' }).next).toMatchObject({ errorText: '451 try again', errorCount: 2, reason: 'REFUSED' });
  });

  it('that names what is there already changes nothing', () => {
    const entry = anEntry();
    const decision = edited(entry, { status: 'ERRONEOUS', errorCount: 2, lastErrorAt: at('03-02 08:00'), reason: 'UNREACHABLE' });
    expect(decision).toEqual({ ok: true, changed: false, next: entry, newlyQuarantined: false });
  });

  it('of the date moves what the gap is counted from', () => {
    const { next } = edited(anEntry(), { lastErrorAt: at('05-01 08:00') });
    expect(shown(play([soft('05-02 07:59:59')], next))).toBe('ERRONEOUS 2');
    expect(shown(play([soft('05-02 08:00:00')], next))).toBe('ERRONEOUS 3');
  });

  it('of a text leaves a quarantine for a full mailbox to the clock, a change of status takes it away', () => {
    const full = anEntry({ status: 'QUARANTINE', reason: 'MAILBOX_FULL', softCaused: true });
    expect(edited(full, { errorText: 'noted' }).next.softCaused).toBe(true);
    const back = edited(edited(full, { status: 'VALID' }).next, { status: 'QUARANTINE' });
    expect(back).toMatchObject({ newlyQuarantined: true, next: { softCaused: false } });
  });

  it.each<[string, ManualChange]>([
    ['status', { status: null }],
    ['errorCount', { errorCount: -1 }],
    ['errorCount', { errorCount: 1.5 }],
    ['errorCount', { errorCount: 2 ** 31 }],
    ['errorText', { errorText: 'a\0b' }],
    ['errorText', { errorText: 'a\ud800b' }],
    ['lastErrorAt', { lastErrorAt: new Date(NOW.getTime() + 5 * 60_000 + 1) }],
    ['lastErrorAt', { lastErrorAt: new Date(Number.NaN) }],
  ])('is refused, naming the field %s', (field, change) => {
    expect(editByHand(anEntry(), change, NOW)).toMatchObject({ ok: false, field });
    expect(createByHand(change, NOW)).toMatchObject({ ok: false, field });
  });
});
