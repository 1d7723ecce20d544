import { failRequalification, findLeftRequalifications, readRequalification } from '../store/requalification.ts';
import { applySlice } from './apply-requalification.ts';
import { startBackgroundWork } from './background-work.ts';
import { examineSlice } from './examine-failures.ts';
import type { Instance } from './instance.ts';
import { dropLeftLeases, runSlices, type SlicedWork } from './run-slices.ts';
import { undoRequalificationSlice } from './undo-requalification-slice.ts';

/** Failures of one slice; where they are corrected, with all others of the last one's address. */
const SLICE_SIZE = 1_000;

const REQUALIFICATIONS = 'requalification:';
export const requalificationName = (id: bigint): string => `${REQUALIFICATIONS}${id}`;

/** A requalification, or its undo, as work in slices. A fault ends it as FAILED: what was done stays and can be undone. */
export function requalificationWork(instance: Instance, id: bigint): SlicedWork {
  return {
    name: requalificationName(id),
    sliceSize: SLICE_SIZE,
    slice: (size) => requalifySlice(instance, id, size),
    fail: () => failRequalification(instance.database, id, instance.now()),
  };
}

/** The next slice of whatever is to be done. @returns whether that was the last */
async function requalifySlice(instance: Instance, id: bigint, size: number): Promise<boolean> {
  const seen = await readRequalification(instance.database, id);
  if (seen === null || seen.state !== 'RUNNING') return true;
  if (seen.phase === 'UNDO') return undoRequalificationSlice(instance, seen, size);
  if (seen.phase === 'APPLY') return applySlice(instance, seen, size);
  await examineSlice(instance, seen, size);
  return false;
}

/**
 * Takes up requalifications, and undos of them, that were under way in a process that has ended. Call at the start and every few seconds, on
 * any number of nodes: a lease keeps each with one.
 *
 * @returns how many were taken up
 */
export async function resumeRequalifications(instance: Instance): Promise<number> {
  await dropLeftLeases(instance, REQUALIFICATIONS);
  const left = await findLeftRequalifications(instance.database);
  for (const id of left) {
    startBackgroundWork(instance, requalificationName(id), async (signal) => {
      await runSlices(instance, requalificationWork(instance, id), { signal });
    });
  }
  return left.length;
}
