import type { Instance } from '../operations/instance.ts';
import { releaseLease, takeLease } from '../store/lease.ts';

/** Work that the clock starts. */
export interface Job {
  readonly name: string;
  /** From the end of one run to the start of the next. */
  readonly everyMs: number;
  /** true: on one node at a time, by a lease row. */
  readonly single: boolean;
  /** Stops soon after `signal`; what is left the next run does. */
  run(instance: Instance, signal: AbortSignal): Promise<unknown>;
}

export interface RunningJobs {
  /** Waits for the runs under way. */
  stop(): Promise<void>;
}

/** A node that died loses its jobs to another one after this time; a run that takes longer may then run twice, so runs must bear it. */
const LEASE_MS = 30_000;

/** Runs each job in a loop. A run that fails is logged and the loop goes on. */
export function startJobs(instance: Instance, jobs: readonly Job[]): RunningJobs {
  const ending = new AbortController();
  const loops = jobs.map((job) => loop(instance, job, ending.signal));
  return {
    stop: async () => {
      ending.abort();
      await Promise.all(loops);
    },
  };
}

async function loop(instance: Instance, job: Job, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await runOnce(instance, job, signal).catch((error: unknown) => instance.log.error({ err: error, job: job.name }, 'a job failed'));
    await pause(job.everyMs, signal);
  }
  if (job.single) await releaseLease(instance.database, leaseOf(job), instance.node).catch(() => undefined);
}

async function runOnce(instance: Instance, job: Job, signal: AbortSignal): Promise<void> {
  if (job.single && !(await takeLease(instance.database, leaseOf(job), instance.node, LEASE_MS))) return;
  await job.run(instance, signal);
}

const leaseOf = (job: Job): string => `job.${job.name}`;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
