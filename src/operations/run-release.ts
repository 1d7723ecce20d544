import type { Queryable } from '../store/database.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { failRelease } from '../store/quarantine-release.ts';
import { startBackgroundWork } from './background-work.ts';
import type { Instance } from './instance.ts';

/** Another node may take a release over when its holder has not written a slice for this long. */
const LEASE_MS = 20_000;
/** Entries in one transaction, whose addresses nobody else can change meanwhile. */
const SLICE_SIZE = 5_000;
/** What is done before the caller is answered. */
const FOREGROUND_SLICES = 2;

export const releaseName = (id: bigint): string => `release:${id}`;

/** One slice of a release or of its undo; answers whether that was the last. */
export type ReleaseSlice = (instance: Instance, id: bigint, size: number) => Promise<boolean>;

export interface ReleaseOptions {
  readonly sliceSize?: number;
  /** Ends the work after the current slice; whoever comes next goes on. */
  readonly signal?: AbortSignal;
  /** Called after each slice has been committed. */
  readonly onSlice?: () => void;
}

/** In the transaction that begins a release or an undo: no other node takes it for one that was left. */
export async function claimRelease(tx: Queryable, instance: Instance, id: bigint): Promise<void> {
  await takeLease(tx, releaseName(id), instance.node, LEASE_MS);
}

/** Does the first slices and leaves the others to the background. */
export async function startRelease(instance: Instance, id: bigint, slice: ReleaseSlice, options: ReleaseOptions = {}): Promise<void> {
  if (await runRelease(instance, id, slice, { ...options, mostSlices: FOREGROUND_SLICES })) return;
  startBackgroundWork(instance, releaseName(id), async (signal) => {
    await runRelease(instance, id, slice, { ...options, signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal });
  });
}

/**
 * Works at a release, or at its undo, slice by slice. Killed anywhere it goes on where it was; two nodes at the same release wait for each other's
 * slices. A fault ends it as FAILED: what was done stays, stands in the ledger and can be undone.
 *
 * @returns false where slices are left
 */
export async function runRelease(
  instance: Instance,
  id: bigint,
  slice: ReleaseSlice,
  options: ReleaseOptions & { mostSlices?: number } = {},
): Promise<boolean> {
  const { database, node } = instance;
  const { sliceSize = SLICE_SIZE, mostSlices = Number.POSITIVE_INFINITY, signal, onSlice } = options;
  const name = releaseName(id);
  try {
    for (let done = 0; done < mostSlices; done += 1) {
      if (signal?.aborted) break;
      // Somebody else is at it.
      if (!(await takeLease(database, name, node, LEASE_MS))) return true;
      if (await slice(instance, id, sliceSize)) {
        await releaseLease(database, name, node);
        return true;
      }
      onSlice?.();
    }
  } catch (error) {
    // Where even this cannot be written the release stays RUNNING, and is taken up again.
    await failRelease(database, id, instance.now()).catch(() => undefined);
    await releaseLease(database, name, node).catch(() => undefined);
    throw error;
  }
  if (signal?.aborted) await releaseLease(database, name, node);
  return false;
}
