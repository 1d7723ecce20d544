import type { AddressStatus } from '../vocabulary.ts';
import { isAheadOfClock } from './event-order.ts';
import { createByHand, editByHand, type ManualChange, type ManualDecision } from './manual-edit.ts';
import type { QuarantineState } from './quarantine-state.ts';

/** How much a status holds back; ALLOWLISTED is no step on this ladder. */
const STRENGTH: Readonly<Record<Exclude<AddressStatus, 'ALLOWLISTED'>, number>> = {
  UNKNOWN: 0,
  VALID: 1,
  ERRONEOUS: 2,
  QUARANTINE: 3,
  DENYLISTED: 4,
};

/** What a list that Lazaret exported says beyond that: absent = the list does not say. */
export type ImportedRow = ManualChange &
  Readonly<{
    /** The last error that raised the counter; null = none did. */
    lastSignificantErrorAt?: Date | null | undefined;
    lastSuccessAt?: Date | null | undefined;
    /** Soft errors led to the QUARANTINE, so that time may release it (X5). */
    softCaused?: boolean | undefined;
    statusUpdatedAt?: Date | undefined;
  }>;

/**
 * What a row of an imported list makes of an address (SUP-9).
 *
 * An import only ever adds protection: the stronger status wins, so that a list from elsewhere never opens a gate that failures, a complaint
 * or a person shut. DENYLISTED wins over everything, as a complaint does; ALLOWLISTED, which a person gave, yields to nothing else, and an
 * imported ALLOWLISTED is taken only where no gate is shut. An equal or weaker row changes nothing, so a repeat does not either.
 *
 * A row without a status comes from an external denylist: DENYLISTED with that reason.
 *
 * A new entry has all that the row says of its past, so that an exported list goes into an empty database as it was: only who brought it
 * (IMPORT), when, and the numbers of its versions are those of the import.
 *
 * @param present null = there is no entry
 */
export function decideImport(present: QuarantineState | null, row: ImportedRow, now: Date): ManualDecision {
  const refusal = refusedDate(row, now);
  if (refusal !== null) return refusal;
  const imported: ManualChange = row.status ? row : { ...row, status: 'DENYLISTED', reason: row.reason ?? 'DENYLISTED' };
  if (present === null) return withPast(createByHand(imported, now, 'IMPORT'), row, row.statusUpdatedAt ?? now);
  const edited = editByHand(present, imported, now, 'IMPORT');
  if (!edited.ok || isStronger(imported.status ?? 'DENYLISTED', present.status)) return withPast(edited, row, now);
  return { ok: true, changed: false, next: present, newlyQuarantined: false };
}

/** The entry with what an exported list knows of its past: without it the clock would release it at another time, or never. */
function withPast(decided: ManualDecision, row: ImportedRow, statusUpdatedAt: Date): ManualDecision {
  if (!decided.ok) return decided;
  const { next } = decided;
  return {
    ...decided,
    next: {
      ...next,
      lastSignificantErrorAt: row.lastSignificantErrorAt === undefined ? next.lastSignificantErrorAt : row.lastSignificantErrorAt,
      lastSuccessAt: later(next.lastSuccessAt, row.lastSuccessAt ?? null),
      softCaused: next.status === 'QUARANTINE' && (row.softCaused ?? next.softCaused),
      statusUpdatedAt,
    },
  };
}

function later(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a.getTime() >= b.getTime() ? a : b;
}

const DATES = { lastSignificantErrorAt: 'counted error', lastSuccessAt: 'success', statusUpdatedAt: 'change of status' } as const;

function refusedDate(row: ImportedRow, now: Date): ManualDecision | null {
  for (const [field, what] of Object.entries(DATES)) {
    const at = row[field as keyof typeof DATES];
    if (at && isAheadOfClock(at, now)) return { ok: false, field, message: `The last ${what} lies in the future.` };
  }
  return null;
}

function isStronger(imported: AddressStatus, present: AddressStatus): boolean {
  if (imported === present || present === 'DENYLISTED') return false;
  if (imported === 'DENYLISTED') return true;
  if (present === 'ALLOWLISTED') return false;
  return imported === 'ALLOWLISTED' ? STRENGTH[present] < STRENGTH.QUARANTINE : STRENGTH[imported] > STRENGTH[present];
}
