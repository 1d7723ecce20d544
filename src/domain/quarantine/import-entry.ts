import type { AddressStatus } from '../vocabulary.ts';
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

/**
 * What a row of an imported list makes of an address (SUP-9).
 *
 * An import only ever adds protection: the stronger status wins, so that a list from elsewhere never opens a gate that failures, a complaint
 * or a person shut. DENYLISTED wins over everything, as a complaint does; ALLOWLISTED, which a person gave, yields to nothing else, and an
 * imported ALLOWLISTED is taken only where no gate is shut. An equal or weaker row changes nothing, so a repeat does not either.
 *
 * A row without a status comes from an external denylist: DENYLISTED with that reason.
 *
 * @param present null = there is no entry
 */
export function decideImport(present: QuarantineState | null, row: ManualChange, now: Date): ManualDecision {
  const imported: ManualChange = row.status ? row : { ...row, status: 'DENYLISTED', reason: row.reason ?? 'DENYLISTED' };
  if (present === null) return createByHand(imported, now, 'IMPORT');
  const edited = editByHand(present, imported, now, 'IMPORT');
  if (!edited.ok || isStronger(imported.status ?? 'DENYLISTED', present.status)) return edited;
  return { ok: true, changed: false, next: present, newlyQuarantined: false };
}

function isStronger(imported: AddressStatus, present: AddressStatus): boolean {
  if (imported === present || present === 'DENYLISTED') return false;
  if (imported === 'DENYLISTED') return true;
  if (present === 'ALLOWLISTED') return false;
  return imported === 'ALLOWLISTED' ? STRENGTH[present] < STRENGTH.QUARANTINE : STRENGTH[imported] > STRENGTH[present];
}
