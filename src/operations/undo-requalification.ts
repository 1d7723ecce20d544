import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { retentionCutoffs } from '../domain/retention/retention-cutoffs.ts';
import { takeLease } from '../store/lease.ts';
import { beginRequalificationUndo, lockRequalification, type StoredRequalification } from '../store/requalification.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { requalificationName, requalificationWork } from './run-requalification.ts';
import { SLICE_LEASE_MS, type SliceOptions, startSlices } from './run-slices.ts';

/**
 * Takes a requalification back: its failures are again taken for what they were, and entries are what they were before, from the ledger. What
 * has moved on since is left alone and counted: an entry with a newer failure, or that a person has edited, and a failure that another
 * requalification has corrected. What the cleanup job alone has done to an entry is no moving on.
 *
 * A small one is done when this returns; a larger one goes on behind it and survives a restart. It can be undone once; an undo that met a
 * fault goes on where it was when it is asked for again.
 *
 * @returns the requalification's id
 * @throws NotFoundError
 * @throws InvalidStateError for a dry run, one that is still running, one that was undone and one that is older than what is kept
 */
export async function undoRequalification(instance: Instance, id: bigint, actor: Actor, options: SliceOptions = {}): Promise<bigint> {
  const at = instance.now();
  const kept = retentionCutoffs(await instance.settings(), at).logsBefore;
  await instance.database.transaction(async (tx) => {
    const requalification = await lockRequalification(tx, id);
    if (requalification === null) throw new NotFoundError('There is no requalification with this id.');
    const refusal = refusedUndo(requalification, kept);
    if (refusal !== null) throw new InvalidStateError(refusal);
    await beginRequalificationUndo(tx, id);
    await takeLease(tx, requalificationName(id), instance.node, SLICE_LEASE_MS);
    await recordAudit(tx, actor, 'qualification.undoRequalification', `Requalification ${id}`, {}, at);
  });
  await startSlices(instance, requalificationWork(instance, id), options);
  return id;
}

function refusedUndo({ dryRun, undone, state, createdAt }: StoredRequalification, kept: Date): string | null {
  if (dryRun) return 'This was a dry run: it changed nothing that could be undone.';
  if (undone && state === 'DONE') return 'This requalification has been undone already.';
  if (undone && state === 'RUNNING') return 'This requalification is being undone.';
  if (state === 'RUNNING') return 'This requalification is still running: it can be undone when it is done.';
  return createdAt <= kept ? 'What this requalification has changed is no longer kept.' : null;
}
