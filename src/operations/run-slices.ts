import { sql } from '../store/database.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { startBackgroundWork } from './background-work.ts';
import type { Instance } from './instance.ts';

/** Another node may take the work over when its holder has not written a slice for this long. */
export const SLICE_LEASE_MS = 20_000;
/** Entries in one transaction, whose addresses nobody else can change meanwhile. */
const SLICE_SIZE = 5_000;
/** What is done before the caller is answered. */
const FOREGROUND_SLICES = 2;

export interface SliceOptions {
  readonly sliceSize?: number;
  /** Ends the work after the current slice; whoever comes next goes on. */
  readonly signal?: AbortSignal;
  /** Called after each slice has been committed. */
  readonly onSlice?: () => void;
}

/** Work on many entries, of which the database knows how far it is. */
export interface SlicedWork {
  /** Of its lease: one node at a time works at it. */
  readonly name: string;
  /** What one slice takes, unless told otherwise; absent = 5,000. */
  readonly sliceSize?: number;
  /** Does the next slice in one transaction; answers whether that was the last. */
  slice(size: number): Promise<boolean>;
  /** Writes down that the work met a fault. */
  fail(): Promise<void>;
}

/** Does the first slices and leaves the others to the background. */
export async function startSlices(instance: Instance, work: SlicedWork, options: SliceOptions = {}): Promise<void> {
  if (await runSlices(instance, work, { ...options, mostSlices: FOREGROUND_SLICES })) return;
  startBackgroundWork(instance, work.name, async (signal) => {
    await runSlices(instance, work, { ...options, signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal });
  });
}

/**
 * Works slice by slice. Killed anywhere it goes on where it was; two nodes at the same work wait for each other's slices. A fault ends it as failed:
 * what was done stays.
 *
 * @returns false where slices are left
 */
export async function runSlices(
  instance: Instance,
  work: SlicedWork,
  options: SliceOptions & { mostSlices?: number } = {},
): Promise<boolean> {
  const { database, node } = instance;
  const { sliceSize = work.sliceSize ?? SLICE_SIZE, mostSlices = Number.POSITIVE_INFINITY, signal, onSlice } = options;
  const { name } = work;
  try {
    for (let done = 0; done < mostSlices; done += 1) {
      if (signal?.aborted) break;
      // Somebody else is at it.
      if (!(await takeLease(database, name, node, SLICE_LEASE_MS))) return true;
      if (await work.slice(sliceSize)) {
        await releaseLease(database, name, node);
        return true;
      }
      onSlice?.();
    }
  } catch (error) {
    // Where even this cannot be written the work stays under way, and is taken up again.
    await work.fail().catch(() => undefined);
    await releaseLease(database, name, node).catch(() => undefined);
    throw error;
  }
  if (signal?.aborted) await releaseLease(database, name, node);
  return false;
}

/** The embedded database has one process: what another one held, it holds no more. @param prefix of the leases' names */
export async function dropLeftLeases({ database, node }: Instance, prefix: 'release:' | 'carry-out:' | 'requalification:'): Promise<void> {
  if (database.engine !== 'embedded') return;
  await database.execute(sql`
    UPDATE lease SET expires_at = clock_timestamp() WHERE holder <> ${node} AND name LIKE ${`${prefix}%`}`);
}
