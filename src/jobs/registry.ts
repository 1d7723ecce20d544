import { runDueCleanup } from '../operations/cleanup-schedule.ts';
import { resumeCarryOuts } from '../operations/close-incident.ts';
import { runDueDeliverability } from '../operations/deliverability-schedule.ts';
import { detectIncidents } from '../operations/detect-incidents.ts';
import { foldCounters } from '../operations/fold-counters.ts';
import { purgeRuns } from '../operations/purge-runs.ts';
import { resumePreparations } from '../operations/resume-preparations.ts';
import { resumeReleases } from '../operations/resume-releases.ts';
import { resumePrivacyRequests } from '../operations/run-privacy-request.ts';
import { resumeRequalifications } from '../operations/run-requalification.ts';
import { startDueDeliveries } from '../operations/start-delivery.ts';
import type { Job } from './jobs.ts';

/** All the work that the clock starts. */
export const JOBS: readonly Job[] = [
  { name: 'fold-counters', everyMs: 1_000, run: (instance) => foldCounters(instance) },
  { name: 'resume-preparations', everyMs: 5_000, run: (instance) => resumePreparations(instance) },
  { name: 'start-due-deliveries', everyMs: 5_000, run: (instance) => startDueDeliveries(instance) },
  { name: 'resume-releases', everyMs: 5_000, run: (instance) => resumeReleases(instance) },
  { name: 'detect-incidents', everyMs: 5_000, run: (instance) => detectIncidents(instance) },
  { name: 'resume-carry-outs', everyMs: 5_000, run: (instance) => resumeCarryOuts(instance) },
  { name: 'resume-privacy-requests', everyMs: 5_000, run: (instance) => resumePrivacyRequests(instance) },
  { name: 'resume-requalifications', everyMs: 5_000, run: (instance) => resumeRequalifications(instance) },
  { name: 'cleanup', everyMs: 15_000, run: (instance, signal) => runDueCleanup(instance, signal) },
  { name: 'deliverability', everyMs: 15_000, run: (instance) => runDueDeliverability(instance) },
  { name: 'purge-runs', everyMs: 600_000, run: (instance, signal) => purgeRuns(instance, { signal }) },
];
