import type { Settings } from '../domain/settings/settings.ts';
import { type DailySchedule, isDue } from './daily-schedule.ts';
import type { Instance } from './instance.ts';
import { CLEANUP_JOB, type CleanupReport, runCleanup, SCHEDULED_CLEANUP } from './run-cleanup.ts';

export function cleanupSchedule({ cleanupTime, timeZone }: Settings): DailySchedule {
  return { time: cleanupTime, timeZone };
}

/**
 * Runs the cleanup if its time has come since the last one that came to an end. Call a few times a minute, on any number of nodes. A night that was
 * missed, because no process ran or the run was broken off, is made up for by the next call.
 *
 * @returns the report; null where it was not due
 */
export async function runDueCleanup(instance: Instance, signal?: AbortSignal): Promise<CleanupReport | null> {
  if (!(await isDue(instance, CLEANUP_JOB, cleanupSchedule(await instance.settings())))) return null;
  return runCleanup(instance, SCHEDULED_CLEANUP, signal ? { signal } : {});
}
