import { lastJobRun, type TaskReport } from '../store/job-runs.ts';
import { cleanupSchedule } from './cleanup-schedule.ts';
import { type DailySchedule, describeSchedule, nextDailyRun } from './daily-schedule.ts';
import { deliverabilitySchedule } from './deliverability-schedule.ts';
import type { Instance } from './instance.ts';
import { CLEANUP_JOB } from './run-cleanup.ts';
import { DELIVERABILITY_JOB } from './update-deliverability-rules.ts';

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

/** The work that goes by the clock of the instance, with its last and next run and what the last one did. */
export async function listJobs(instance: Instance): Promise<ListedJob[]> {
  const settings = await instance.settings();
  return [
    await listJob(instance, CLEANUP_JOB, cleanupSchedule(settings)),
    await listJob(instance, DELIVERABILITY_JOB, deliverabilitySchedule(settings)),
  ];
}

async function listJob(instance: Instance, name: string, schedule: DailySchedule): Promise<ListedJob> {
  const last = await lastJobRun(instance.database, name, { ended: false });
  return {
    name,
    schedule: describeSchedule(schedule),
    lastRunAt: last?.startedAt ?? null,
    nextRunAt: nextDailyRun(schedule, instance.now()),
    lastReport: last && { tasks: last.tasks },
  };
}
