import type { Queryable } from '../store/database.ts';
import { takeLease } from '../store/lease.ts';
import { failRelease } from '../store/quarantine-release.ts';
import type { Instance } from './instance.ts';
import { runSlices, SLICE_LEASE_MS, type SlicedWork, type SliceOptions, startSlices } from './run-slices.ts';

export const releaseName = (id: bigint): string => `release:${id}`;

/** One slice of a release or of its undo; answers whether that was the last. */
export type ReleaseSlice = (instance: Instance, id: bigint, size: number) => Promise<boolean>;

export type ReleaseOptions = SliceOptions;

/** In the transaction that begins a release or an undo: no other node takes it for one that was left. */
export async function claimRelease(tx: Queryable, instance: Instance, id: bigint): Promise<void> {
  await takeLease(tx, releaseName(id), instance.node, SLICE_LEASE_MS);
}

/** Does the first slices and leaves the others to the background. */
export async function startRelease(instance: Instance, id: bigint, slice: ReleaseSlice, options: ReleaseOptions = {}): Promise<void> {
  await startSlices(instance, workOf(instance, id, slice), options);
}

/**
 * Works at a release, or at its undo, slice by slice. A fault ends it as FAILED: what was done stays, stands in the ledger and can be undone.
 *
 * @returns false where slices are left
 */
export function runRelease(
  instance: Instance,
  id: bigint,
  slice: ReleaseSlice,
  options: ReleaseOptions & { mostSlices?: number } = {},
): Promise<boolean> {
  return runSlices(instance, workOf(instance, id, slice), options);
}

function workOf(instance: Instance, id: bigint, slice: ReleaseSlice): SlicedWork {
  return {
    name: releaseName(id),
    slice: (size) => slice(instance, id, size),
    fail: () => failRelease(instance.database, id, instance.now()),
  };
}
