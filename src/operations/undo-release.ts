import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { lockAddresses } from '../store/feedback-reads.ts';
import { advanceRelease, beginUndo, lockRelease, readRelease, type StoredRelease } from '../store/quarantine-release.ts';
import { findReleaseLines, undoSlice } from '../store/undo-release.ts';
import { CLEANUP_ACTOR } from './cleanup-entries.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { isAt } from './release-quarantine.ts';
import { claimRelease, type ReleaseOptions, startRelease } from './run-release.ts';

/**
 * Takes a bulk release back: every entry becomes what it was before, from the ledger; what the release deleted is there again. Entries that
 * have moved on since (a new failure, a person's edit, a new entry for the address) are left alone and counted as skipped. That the cleanup
 * job has deleted a released entry meanwhile is no moving on.
 *
 * A small one is done when this returns; a larger one goes on behind it and survives a restart. A release can be undone once; an undo that
 * met a fault goes on where it was when it is asked for again.
 *
 * @returns the release's id; its `skipped` counts what the undo left alone
 * @throws NotFoundError
 * @throws InvalidStateError for a dry run, a release that is still running and one that was undone
 */
export async function undoRelease(instance: Instance, releaseId: bigint, actor: Actor, options: ReleaseOptions = {}): Promise<bigint> {
  const at = instance.now();
  await instance.database.transaction(async (tx) => {
    const release = await lockRelease(tx, releaseId);
    if (release === null) throw new NotFoundError('There is no release with this id.');
    const refusal = refusedUndo(release);
    if (refusal !== null) throw new InvalidStateError(refusal);
    await beginUndo(tx, releaseId, actor.name);
    await claimRelease(tx, instance, releaseId);
    await recordAudit(tx, actor, 'quarantine.undoRelease', `QuarantineRelease ${releaseId}`, { mode: release.mode }, at);
  });
  await startRelease(instance, releaseId, undoReleaseSlice, options);
  return releaseId;
}

function refusedUndo({ dryRun, undone, state }: StoredRelease): string | null {
  if (dryRun) return 'This was a dry run: it changed nothing that could be undone.';
  if (undone && state === 'DONE') return 'This release has been undone already.';
  if (undone && state === 'RUNNING') return 'This release is being undone.';
  return state === 'RUNNING' ? 'This release is still running: it can be undone when it is done.' : null;
}

/** Puts the next entries back. @returns whether the undo has ended */
export async function undoReleaseSlice(instance: Instance, id: bigint, size: number): Promise<boolean> {
  const { database } = instance;
  const release = await readRelease(database, id);
  if (release === null || release.state !== 'RUNNING' || !release.undone) return true;
  const at = instance.now();
  const lines = await findReleaseLines(database, id, release.position, size);
  const upTo = lines.at(-1)?.id ?? release.position;
  const last = lines.length < size;
  const ended = await database.transaction(async (tx) => {
    await lockAddresses(
      tx,
      lines.map(({ addressKey }) => addressKey),
    );
    if (!isAt(await lockRelease(tx, id), release)) return false;
    const slice = { releaseId: id, after: release.position, upTo, at, actor: release.actor, cleanup: CLEANUP_ACTOR };
    const restored = await undoSlice(tx, slice);
    await advanceRelease(tx, id, { position: upTo, changed: 0, skipped: lines.length - restored, endedAt: last ? at : null });
    return last;
  });
  if (lines.length > 0) database.hints.notify('QUARANTINE');
  return ended;
}
