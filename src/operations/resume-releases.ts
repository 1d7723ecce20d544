import { findLeftReleases } from '../store/quarantine-release.ts';
import { startBackgroundWork } from './background-work.ts';
import type { Instance } from './instance.ts';
import { releaseSlice } from './release-quarantine.ts';
import { releaseName, runRelease } from './run-release.ts';
import { dropLeftLeases } from './run-slices.ts';
import { undoReleaseSlice } from './undo-release.ts';

/**
 * Takes up releases, and undos of them, that were under way in a process that has ended. Call at the start and every few seconds, on any number
 * of nodes: a lease keeps each with one.
 *
 * @returns how many were taken up
 */
export async function resumeReleases(instance: Instance): Promise<number> {
  await dropLeftLeases(instance, 'release:');
  const left = await findLeftReleases(instance.database);
  for (const { id, undone } of left) {
    startBackgroundWork(instance, releaseName(id), async (signal) => {
      await runRelease(instance, id, undone ? undoReleaseSlice : releaseSlice, { signal });
    });
  }
  return left.length;
}
