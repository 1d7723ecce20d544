import { sql } from '../store/database.ts';
import { findLeftReleases } from '../store/quarantine-release.ts';
import { startBackgroundWork } from './background-work.ts';
import type { Instance } from './instance.ts';
import { releaseSlice } from './release-quarantine.ts';
import { releaseName, runRelease } from './run-release.ts';
import { undoReleaseSlice } from './undo-release.ts';

/**
 * Takes up releases, and undos of them, that were under way in a process that has ended. Call at the start and every few seconds, on any number
 * of nodes: a lease keeps each with one.
 *
 * @returns how many were taken up
 */
export async function resumeReleases(instance: Instance): Promise<number> {
  const { database, node } = instance;
  // The embedded database has one process: what another one held, it holds no more.
  if (database.engine === 'embedded') {
    await database.execute(sql`UPDATE lease SET expires_at = clock_timestamp() WHERE holder <> ${node} AND name LIKE 'release:%'`);
  }
  const left = await findLeftReleases(database);
  for (const { id, undone } of left) {
    startBackgroundWork(instance, releaseName(id), async (signal) => {
      await runRelease(instance, id, undone ? undoReleaseSlice : releaseSlice, { signal });
    });
  }
  return left.length;
}
