import { setMaxListeners } from 'node:events';
import type { Instance } from '../operations/instance.ts';

/** Work that the clock starts, on every node: what may run on one at a time takes a lease itself. */
export interface Job {
  readonly name: string;
  /** From the end of one run to the start of the next. */
  readonly everyMs: number;
  /** Stops soon after `signal`; what is left the next run does. */
  run(instance: Instance, signal: AbortSignal): Promise<unknown>;
}

export interface RunningJobs {
  /** Waits for the runs under way. */
  stop(): Promise<void>;
}

/** Runs each job in a loop. A run that fails is logged and the loop goes on. */
export function startJobs(instance: Instance, jobs: readonly Job[]): RunningJobs {
  const ending = new AbortController();
  // Each job listens while it pauses, and there are more than the ten that Node takes for a leak.
  setMaxListeners(0, ending.signal);
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
    try {
      await job.run(instance, signal);
    } catch (error) {
      instance.log.error({ err: error, job: job.name }, 'a job failed');
    }
    await pause(job.everyMs, signal);
  }
}

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
