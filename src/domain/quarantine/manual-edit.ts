import type { AddressStatus, FailureReason, QuarantineSource } from '../vocabulary.ts';
import { isAheadOfClock } from './event-order.ts';
import type { QuarantineState } from './quarantine-state.ts';

/** What a person asks for. An absent field keeps, null clears. */
export type ManualChange = Readonly<{
  status?: AddressStatus | null | undefined;
  reason?: FailureReason | null | undefined;
  errorCount?: number | null | undefined;
  errorText?: string | null | undefined;
  lastErrorAt?: Date | null | undefined;
}>;

export type ManualDecision =
  | Readonly<{ ok: true; changed: boolean; next: QuarantineState; newlyQuarantined: boolean }>
  | Readonly<{ ok: false; field: string; message: string }>;

const ERROR_COUNT_MAX = 1_000_000;

/**
 * The entry that a person or an import makes (QTN-11): QUARANTINE unless told otherwise.
 * It counts as set by hand: the clock never releases it from QUARANTINE, even with reason MAILBOX_FULL (REL-4).
 */
export function createByHand(change: ManualChange, now: Date, source: QuarantineSource = 'MANUAL'): ManualDecision {
  const empty: QuarantineState = {
    status: 'QUARANTINE',
    reason: null,
    errorText: null,
    errorCount: 0,
    lastErrorAt: null,
    lastSignificantErrorAt: null,
    lastSuccessAt: null,
    softCaused: false,
    source,
    statusUpdatedAt: now,
  };
  const edited = editByHand(empty, change, now, source);
  return edited.ok ? { ...edited, changed: true, newlyQuarantined: edited.next.status === 'QUARANTINE' } : edited;
}

/**
 * The entry after a person's edit (QTN-11). Every status may be left and entered by hand, DENYLISTED too.
 *
 * Setting VALID puts the counter to 0 unless the same edit names another figure. `statusUpdatedAt` changes only with the status.
 * `changed: false` = nothing differs: there is nothing to write to the ledger.
 */
export function editByHand(entry: QuarantineState, change: ManualChange, now: Date, source: QuarantineSource = 'MANUAL'): ManualDecision {
  const refusal = refused(change, now);
  if (refusal !== null) return refusal;
  const status = change.status ?? entry.status;
  const statusChanged = status !== entry.status;
  const edited: QuarantineState = {
    ...entry,
    status,
    reason: kept(change.reason, entry.reason),
    errorText: kept(change.errorText, entry.errorText),
    errorCount: editedCount(entry, change),
    lastErrorAt: kept(change.lastErrorAt, entry.lastErrorAt),
    softCaused: entry.softCaused && !statusChanged,
    statusUpdatedAt: statusChanged ? now : entry.statusUpdatedAt,
  };
  const next: QuarantineState = { ...edited, lastSignificantErrorAt: editedSignificantErrorAt(entry, edited) };
  const changed = !sameState(entry, next);
  return { ok: true, changed, next: changed ? { ...next, source } : entry, newlyQuarantined: statusChanged && status === 'QUARANTINE' };
}

/** Do two states say the same, whoever brought them about? */
export function sameState(a: QuarantineState, b: QuarantineState): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.errorText === b.errorText &&
    a.errorCount === b.errorCount &&
    a.softCaused === b.softCaused &&
    a.lastErrorAt?.getTime() === b.lastErrorAt?.getTime() &&
    a.lastSignificantErrorAt?.getTime() === b.lastSignificantErrorAt?.getTime() &&
    a.lastSuccessAt?.getTime() === b.lastSuccessAt?.getTime() &&
    a.statusUpdatedAt.getTime() === b.statusUpdatedAt.getTime()
  );
}

function editedCount(entry: QuarantineState, change: ManualChange): number {
  if (change.errorCount !== undefined) return change.errorCount ?? 0;
  return change.status === 'VALID' ? 0 : entry.errorCount;
}

/** A person who sets the counter or its date sets where the gap and the reset are counted from. */
function editedSignificantErrorAt(entry: QuarantineState, edited: QuarantineState): Date | null {
  const touched = entry.lastErrorAt?.getTime() !== edited.lastErrorAt?.getTime() || entry.errorCount !== edited.errorCount;
  return touched && edited.errorCount > 0 ? edited.lastErrorAt : entry.lastSignificantErrorAt;
}

function refused(change: ManualChange, now: Date): ManualDecision | null {
  if (change.status === null) return refuse('status', 'An entry always has a status: leave the field out to keep the present one.');
  const count = change.errorCount ?? 0;
  if (!Number.isInteger(count) || count < 0 || count > ERROR_COUNT_MAX) {
    return refuse('errorCount', `The number of errors is a whole number from 0 to ${ERROR_COUNT_MAX}.`);
  }
  if (/[\0\p{Cs}]/u.test(change.errorText ?? '')) {
    return refuse('errorText', 'The error text contains a NUL character or half of a surrogate pair.');
  }
  if (change.lastErrorAt && isAheadOfClock(change.lastErrorAt, now)) return refuse('lastErrorAt', 'The last error lies in the future.');
  return null;
}

function refuse(field: string, message: string): ManualDecision {
  return { ok: false, field, message };
}

function kept<T>(change: T | null | undefined, present: T | null): T | null {
  return change === undefined ? present : change;
}
