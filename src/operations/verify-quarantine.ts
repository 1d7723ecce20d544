import { lockAddresses } from '../store/feedback-reads.ts';
import { type ComparedSlice, compareEntries, compareLines, type LedgerDifference, repairEntries } from '../store/verify-entries.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

const SLICE_SIZE = 5_000;

export interface VerifyOptions {
  /** Make the list say what its ledger says. */
  readonly repair?: boolean;
  readonly sliceSize?: number;
  /** Told of each difference as it is found. */
  readonly onDifference?: (difference: LedgerDifference) => void;
}

export interface VerifyReport {
  /** Entries that were compared. */
  readonly compared: number;
  readonly different: number;
  readonly repaired: number;
}

/**
 * Is every quarantine entry the fold of its ledger, and does every ledger that speaks of an entry have one? Works in slices on a living database and
 * holds up nobody. With `repair` the ledger wins, each entry under its lock and with a line in the audit trail.
 */
export async function verifyQuarantine(instance: Instance, actor: Actor, options: VerifyOptions = {}): Promise<VerifyReport> {
  const total = { compared: 0, different: 0, repaired: 0 };
  for (const compare of [compareEntries, compareLines]) {
    for (let after: bigint | null = 0n; after !== null; ) {
      const slice: ComparedSlice = await compare(instance.database, after, options.sliceSize ?? SLICE_SIZE);
      total.compared += slice.compared;
      total.different += slice.differences.length;
      for (const difference of slice.differences) options.onDifference?.(difference);
      if (options.repair && slice.differences.length > 0) {
        await repair(instance, slice.differences, actor);
        total.repaired += slice.differences.length;
      }
      after = slice.next;
    }
  }
  return total;
}

async function repair(instance: Instance, differences: readonly LedgerDifference[], actor: Actor): Promise<void> {
  const at = instance.now();
  await instance.database.transaction(async (tx) => {
    await lockAddresses(
      tx,
      differences.map(({ addressKey }) => addressKey),
    );
    await repairEntries(tx, differences, actor.name, at);
    for (const { kind, entryId, fields } of differences) {
      await recordAudit(tx, actor, 'quarantine.repair', `QuarantineEntry ${entryId}`, { kind, fields }, at);
    }
  });
}
