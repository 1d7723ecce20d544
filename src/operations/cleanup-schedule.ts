import { Cron } from 'croner';
import type { Settings } from '../domain/settings/settings.ts';
import { type Queryable, sql } from '../store/database.ts';
import { lastJobRun } from '../store/job-runs.ts';
import type { Instance } from './instance.ts';
import { CLEANUP_JOB, type CleanupReport, runCleanup, SCHEDULED_CLEANUP } from './run-cleanup.ts';

export interface CleanupSchedule {
  /** `04:00` */
  readonly time: string;
  /** Of the IANA list: in a night in which the clocks are changed it still runs once. */
  readonly timeZone: string;
}

export function cleanupSchedule({ cleanupTime, timeZone }: Settings): CleanupSchedule {
  return { time: cleanupTime, timeZone };
}

export function describeSchedule({ time, timeZone }: CleanupSchedule): string {
  return `daily at ${time} (${timeZone})`;
}

/** The first run of the schedule after that instant. */
export function nextCleanup({ time, timeZone }: CleanupSchedule, after: Date): Date {
  const [hour, minute] = time.split(':').map(Number);
  const next = new Cron(`${minute} ${hour} * * *`, { timezone: timeZone, paused: true }).nextRun(after);
  if (next === null) throw new Error(`the schedule ${time} ${timeZone} has no next run`);
  return next;
}

/**
 * Runs the cleanup if its time has come since the last one that came to an end. Call a few times a minute, on any number of nodes. A night that was
 * missed, because no process ran or the run was broken off, is made up for by the next call.
 *
 * @returns the report; null where it was not due
 */
export async function runDueCleanup(instance: Instance, signal?: AbortSignal): Promise<CleanupReport | null> {
  const schedule = cleanupSchedule(await instance.settings());
  const last = await lastJobRun(instance.database, CLEANUP_JOB, { ended: true });
  const since = last?.startedAt ?? (await bornAt(instance.database));
  if (nextCleanup(schedule, since) > instance.now()) return null;
  return runCleanup(instance, SCHEDULED_CLEANUP, signal ? { signal } : {});
}

/** Before its first run a job is due from the instance's first night on. */
async function bornAt(database: Queryable): Promise<Date> {
  const [row] = await database.query<{ at: Date | null }>(sql`SELECT min(updated_at) AS at FROM setting WHERE key LIKE 'instance.%'`);
  return row?.at ?? new Date(0);
}
