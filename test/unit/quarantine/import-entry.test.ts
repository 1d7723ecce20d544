import { expect, test } from 'vitest';
import { decideImport } from '../../../src/domain/quarantine/import-entry.ts';
import { createByHand } from '../../../src/domain/quarantine/manual-edit.ts';
import { ADDRESS_STATUSES, type AddressStatus } from '../../../src/domain/vocabulary.ts';

const THEN = new Date('2026-05-01T10:00:00Z');
const NOW = new Date('2026-05-12T10:00:00Z');

function entry(status: AddressStatus) {
  const made = createByHand({ status, errorText: 'as it was' }, THEN);
  if (!made.ok) throw new Error(made.message);
  return made.next;
}

function imported(present: AddressStatus, status: AddressStatus): AddressStatus {
  const decided = decideImport(entry(present), { status }, NOW);
  if (!decided.ok) throw new Error(decided.message);
  expect(decided.changed).toBe(decided.next.status !== present);
  return decided.next.status;
}

test('a row without a status is an external denylist: DENYLISTED with that reason, source IMPORT (SUP-9)', () => {
  expect(decideImport(null, {}, NOW)).toMatchObject({ ok: true, next: { status: 'DENYLISTED', reason: 'DENYLISTED', source: 'IMPORT' } });
  expect(decideImport(null, { status: 'QUARANTINE' }, NOW)).toMatchObject({ ok: true, next: { status: 'QUARANTINE', reason: null } });
});

/** Rows: what there is. Columns: what is imported, in the order of ADDRESS_STATUSES. */
test.each([
  ['UNKNOWN', ['UNKNOWN', 'ERRONEOUS', 'VALID', 'DENYLISTED', 'QUARANTINE', 'ALLOWLISTED']],
  ['ERRONEOUS', ['ERRONEOUS', 'ERRONEOUS', 'ERRONEOUS', 'DENYLISTED', 'QUARANTINE', 'ALLOWLISTED']],
  ['VALID', ['VALID', 'ERRONEOUS', 'VALID', 'DENYLISTED', 'QUARANTINE', 'ALLOWLISTED']],
  ['DENYLISTED', ['DENYLISTED', 'DENYLISTED', 'DENYLISTED', 'DENYLISTED', 'DENYLISTED', 'DENYLISTED']],
  ['QUARANTINE', ['QUARANTINE', 'QUARANTINE', 'QUARANTINE', 'DENYLISTED', 'QUARANTINE', 'QUARANTINE']],
  ['ALLOWLISTED', ['ALLOWLISTED', 'ALLOWLISTED', 'ALLOWLISTED', 'DENYLISTED', 'ALLOWLISTED', 'ALLOWLISTED']],
] as const)('what an import makes of %s: the stronger status wins', (present, outcomes) => {
  expect(ADDRESS_STATUSES.map((status) => imported(present, status))).toEqual(outcomes);
});

test('what changes nothing keeps the text and the time of the status', () => {
  expect(decideImport(entry('DENYLISTED'), { status: 'QUARANTINE', errorText: 'other' }, NOW)).toEqual({
    ok: true,
    changed: false,
    next: entry('DENYLISTED'),
    newlyQuarantined: false,
  });
});

test('a row that no entry may be made of is refused, whatever there is', () => {
  for (const present of [null, entry('DENYLISTED')])
    expect(decideImport(present, { lastErrorAt: new Date('2026-05-13T10:00:00Z') }, NOW)).toMatchObject({
      ok: false,
      field: 'lastErrorAt',
    });
});
