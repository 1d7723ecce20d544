import { runDueCleanup } from '../operations/cleanup-schedule.ts';
import { runDueDeliverability } from '../operations/deliverability-schedule.ts';
import { foldCounters } from '../operations/fold-counters.ts';
import { purgeRuns } from '../operations/purge-runs.ts';
import { resumePreparations } from '../operations/resume-preparations.ts';
import { resumeReleases } from '../operations/resume-releases.ts';
import { startDueDeliveries } from '../operations/start-delivery.ts';
import type { Job } from './jobs.ts';

/** All the work that the clock starts. */
export const JOBS: readonly Job[] = [
  { name: 'fold-counters', everyMs: 1_000, run: (instance) => foldCounters(instance) },
  { name: 'resume-preparations', everyMs: 5_000, run: (instance) => resumePreparations(instance) },
  { name: 'start-due-deliveries', everyMs: 5_000, run: (instance) => startDueDeliveries(instance) },
  { name: 'resume-releases', everyMs: 5_000, run: (instance) => resumeReleases(instance) },
  { name: 'cleanup', everyMs: 15_000, run: (instance, signal) => runDueCleanup(instance, signal) },
  { name: 'deliverability', everyMs: 15_000, run: (instance) => runDueDeliverability(instance) },
  { name: 'purge-runs', everyMs: 600_000, run: (instance, signal) => purgeRuns(instance, { signal }) },
];
