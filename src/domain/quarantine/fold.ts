import type { AddressStatus } from '../vocabulary.ts';
import { sameState } from './manual-edit.ts';
import type { QuarantineState } from './quarantine-state.ts';

/** One line of an address's ledger: the entry as it was after the event. Status null = the event deleted the entry. */
export type LedgerLine = Readonly<Omit<QuarantineState, 'status' | 'errorText'> & { status: AddressStatus | null; text: string | null }>;

/**
 * The entry that an address's ledger speaks of: its last line, or null after a deletion and where there is no line.
 *
 * @param lines of one address and one short code, in the order of the ledger
 */
export function foldQuarantine(lines: readonly LedgerLine[]): QuarantineState | null {
  const last = lines.at(-1);
  if (last === undefined || last.status === null) return null;
  const { status, text, ...rest } = last;
  return {
    status,
    reason: rest.reason,
    errorText: text,
    errorCount: rest.errorCount,
    lastErrorAt: rest.lastErrorAt,
    lastSignificantErrorAt: rest.lastSignificantErrorAt,
    lastSuccessAt: rest.lastSuccessAt,
    softCaused: rest.softCaused,
    source: rest.source,
    statusUpdatedAt: rest.statusUpdatedAt,
  };
}

/** The line that records a state. */
export function ledgerLine(state: QuarantineState): LedgerLine {
  const { errorText, ...rest } = state;
  return { ...rest, text: errorText };
}

/** The line that records a deletion: the status is gone, the rest is as it was, so that the history keeps the evidence (amendment A8). */
export function deletionLine(state: QuarantineState, now: Date): LedgerLine {
  return { ...ledgerLine(state), status: null, statusUpdatedAt: now };
}

/** Is an entry what its ledger says? Both null = there is none, and the ledger agrees. */
export function agreesWithLedger(entry: QuarantineState | null, lines: readonly LedgerLine[]): boolean {
  const folded = foldQuarantine(lines);
  if (entry === null || folded === null) return entry === folded;
  return entry.source === folded.source && sameState(entry, folded);
}
