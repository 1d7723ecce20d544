import { randomUUID } from 'node:crypto';
import { beginJobRun, endJobRun, reportJobRun, type TaskReport } from '../store/job-runs.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { CLEANUP_ACTOR, purgeValidEntries, releaseEntries } from './cleanup-entries.ts';
import { RETENTION_TASKS } from './cleanup-logs.ts';
import { PRIVACY_TASKS } from './cleanup-privacy.ts';
import type { CleanupContext, CleanupTask } from './cleanup-task.ts';
import { expireDeliveries } from './expire-deliveries.ts';
import type { Actor, Instance } from './instance.ts';
import { maintainTables } from './maintain-tables.ts';
import { recordAudit } from './record-audit.ts';
import { recordShares } from './record-shares.ts';

export const CLEANUP_JOB = 'cleanup';
/** The scheduled run; whoever else starts one leaves a line in the audit trail. */
export const SCHEDULED_CLEANUP: Actor = { name: CLEANUP_ACTOR, tokenId: null };

/** A node that died in a cleanup leaves it to another one after this time. */
const LEASE_MS = 60_000;
/** REL-6. */
const SLICE_SIZE = 5_000;
const ERROR_TEXT_MAX = 500;

/** W7: what has expired ends first, then addresses open, then what is old goes; figures and upkeep come last, for nothing waits for them. */
export const CLEANUP_TASKS: readonly CleanupTask[] = [
  expireDeliveries,
  releaseEntries,
  purgeValidEntries,
  ...RETENTION_TASKS,
  ...PRIVACY_TASKS,
  recordShares,
  maintainTables,
];

export interface CleanupReport {
  readonly tasks: readonly TaskReport[];
}

export interface CleanupOptions {
  /** Ends the run after the current slice; the next run does what is left. */
  readonly signal?: AbortSignal;
  readonly sliceSize?: number;
  readonly tasks?: readonly CleanupTask[];
}

/** The process ends: the run is to be taken up again, so it is not written down as ended. */
class CleanupBrokenOff extends Error {
  override readonly name = 'CleanupBrokenOff';
}

/**
 * Runs the nightly cleanup now (REL-6, W7): ends expired deliveries, makes addresses valid whose time has come, deletes the valid ones, then what
 * retention takes. Where a task fails the following are not run, and the report says so: an address must not vanish because a transition before
 * it failed half way.
 *
 * One run at a time, on all nodes together: a second call changes nothing and its report says why. Safe to repeat.
 *
 * @returns what each task did; kept as the report of the job
 */
export async function runCleanup(instance: Instance, actor: Actor, options: CleanupOptions = {}): Promise<CleanupReport> {
  const { database } = instance;
  // Not the node's name: two calls on one node must not run together either.
  const holder = `${instance.node}:${randomUUID().slice(0, 8)}`;
  if (!(await takeLease(database, CLEANUP_JOB, holder, LEASE_MS))) return REFUSED;
  try {
    const at = instance.now();
    const run = await database.transaction(async (tx) => {
      if (actor !== SCHEDULED_CLEANUP) await recordAudit(tx, actor, 'cleanup.run', 'Job cleanup', {}, at);
      return beginJobRun(tx, CLEANUP_JOB, at);
    });
    const tasks = await runTasks(await contextOf(instance, at, holder, options), run, options.tasks ?? CLEANUP_TASKS);
    return { tasks };
  } finally {
    await releaseLease(database, CLEANUP_JOB, holder);
  }
}

const REFUSED: CleanupReport = {
  tasks: [{ name: CLEANUP_JOB, rows: 0, durationMs: 0, error: 'A cleanup is running already: nothing was done.' }],
};

async function contextOf(instance: Instance, at: Date, holder: string, options: CleanupOptions): Promise<CleanupContext> {
  return {
    instance,
    at,
    settings: await instance.settings(),
    sliceSize: options.sliceSize ?? SLICE_SIZE,
    signal: options.signal,
    keepOn: async () => {
      if (options.signal?.aborted) throw new CleanupBrokenOff('The process was stopped: the rest is done by the next run.');
      if (await takeLease(instance.database, CLEANUP_JOB, holder, LEASE_MS)) return;
      throw new Error('Another node has taken the cleanup over: this one was too slow.');
    },
  };
}

async function runTasks(context: CleanupContext, run: bigint, tasks: readonly CleanupTask[]): Promise<TaskReport[]> {
  const { database, now, log } = context.instance;
  const reports: TaskReport[] = [];
  for (const task of tasks) {
    const { report, fault } = await runTask(context, task);
    reports.push(report);
    await reportJobRun(database, run, reports);
    if (fault === null) continue;
    if (fault instanceof CleanupBrokenOff) return reports;
    log.error({ err: fault, task: task.name }, 'a task of the cleanup failed: those after it were not run');
    await endJobRun(database, run, 'FAILED', now());
    return reports;
  }
  await endJobRun(database, run, 'DONE', now());
  return reports;
}

async function runTask(context: CleanupContext, { name, run }: CleanupTask): Promise<{ report: TaskReport; fault: unknown }> {
  const started = performance.now();
  const durationMs = () => Math.round(performance.now() - started);
  try {
    const rows = await run(context);
    return { report: { name, rows, durationMs: durationMs(), error: null }, fault: null };
  } catch (fault) {
    const error = (fault instanceof Error ? fault.message : String(fault)).slice(0, ERROR_TEXT_MAX);
    return { report: { name, rows: 0, durationMs: durationMs(), error }, fault };
  }
}
