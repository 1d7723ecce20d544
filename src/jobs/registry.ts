import { foldCounters } from '../operations/fold-counters.ts';
import { purgeRuns } from '../operations/purge-runs.ts';
import { resumePreparations } from '../operations/resume-preparations.ts';
import type { Job } from './jobs.ts';

/** All the work that the clock starts. */
export const JOBS: readonly Job[] = [
  { name: 'fold-counters', everyMs: 1_000, run: (instance) => foldCounters(instance) },
  { name: 'resume-preparations', everyMs: 5_000, run: (instance) => resumePreparations(instance) },
  { name: 'purge-runs', everyMs: 600_000, run: (instance, signal) => purgeRuns(instance, { signal }) },
];
