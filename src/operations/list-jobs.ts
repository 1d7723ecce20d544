import { lastJobRun, type TaskReport } from '../store/job-runs.ts';
import { cleanupSchedule, describeSchedule, nextCleanup } from './cleanup-schedule.ts';
import type { Instance } from './instance.ts';
import { CLEANUP_JOB } from './run-cleanup.ts';

/** Scheduled work as an administrator sees it. */
export interface ListedJob {
  readonly name: string;
  /** In words, such as `daily at 04:00 (Europe/Berlin)`. */
  readonly schedule: string;
  readonly lastRunAt: Date | null;
  readonly nextRunAt: Date | null;
  /** Null = it never ran. */
  readonly lastReport: { readonly tasks: readonly TaskReport[] } | null;
}

/** The work that goes by the clock of the instance: the nightly cleanup, with its last and next run and what the last one did. */
export async function listJobs(instance: Instance): Promise<ListedJob[]> {
  const schedule = cleanupSchedule(await instance.settings());
  const last = await lastJobRun(instance.database, CLEANUP_JOB, { ended: false });
  return [
    {
      name: CLEANUP_JOB,
      schedule: describeSchedule(schedule),
      lastRunAt: last?.startedAt ?? null,
      nextRunAt: nextCleanup(schedule, instance.now()),
      lastReport: last && { tasks: last.tasks },
    },
  ];
}
