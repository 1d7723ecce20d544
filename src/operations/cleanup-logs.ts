/** Retention of logs and of what came in (RET-1). Ledgers of addresses and of consent are never among it (amendment A8). */
import { type RetentionCutoffs, retentionCutoffs } from '../domain/retention/retention-cutoffs.ts';
import { foldedBefore, startOfSlot } from '../domain/statistics/result-slot.ts';
import type { Queryable } from '../store/database.ts';
import { purgeDomainDelays } from '../store/domain-delays.ts';
import { foldDomainDays, purgeDomainResults } from '../store/domain-results.ts';
import { purgeAlerts, purgeIncidents } from '../store/purge-notices.ts';
import {
  type PurgedSlice,
  type PurgeSlice,
  purgeAudit,
  purgeDeliveryEvents,
  purgeDeliveryLogs,
  purgeExclusionLogs,
  purgeInboundEvents,
  purgeJobRuns,
  purgeRequalifiedFailures,
} from '../store/purge-old-rows.ts';
import type { CleanupContext, CleanupTask } from './cleanup-task.ts';
import { purgeRuns } from './purge-runs.ts';

/** In the order in which they are run. */
export const RETENTION_TASKS: readonly CleanupTask[] = [
  {
    name: 'earlierRuns',
    run: async (context) => {
      await context.keepOn();
      return purgeRuns(context.instance, context.signal ? { signal: context.signal } : {});
    },
  },
  retention('deliveryLogs', purgeDeliveryLogs, ({ logsBefore }) => logsBefore),
  retention('deliveryEvents', purgeDeliveryEvents, ({ logsBefore }) => logsBefore),
  retention('requalifiedFailures', purgeRequalifiedFailures, ({ logsBefore }) => logsBefore),
  retention('exclusionLogs', purgeExclusionLogs, ({ logsBefore }) => logsBefore),
  retention('inboundEvents', purgeInboundEvents, ({ inboundEventsBefore }) => inboundEventsBefore),
  retention('auditTrail', purgeAudit, ({ auditBefore }) => auditBefore),
  retention('jobReports', purgeJobRuns, ({ auditBefore }) => auditBefore),
  { name: 'domainDays', run: (context) => purgeAll(context, foldDomainDays, startOfSlot(foldedBefore(context.at))) },
  retention('domainResults', purgeDomainResults, ({ logsBefore }) => logsBefore),
  retention('domainDelays', purgeDomainDelays, ({ logsBefore }) => logsBefore),
  retention('alerts', purgeAlerts, ({ alertsBefore }) => alertsBefore),
  retention('incidents', purgeIncidents, ({ incidentsBefore }) => incidentsBefore),
];

type Purge = (tx: Queryable, slice: PurgeSlice) => Promise<PurgedSlice>;

function retention(name: string, purge: Purge, cutoff: (cutoffs: RetentionCutoffs) => Date): CleanupTask {
  return { name, run: (context) => purgeAll(context, purge, cutoff(retentionCutoffs(context.settings, context.at))) };
}

async function purgeAll({ instance, sliceSize, keepOn }: CleanupContext, purge: Purge, before: Date): Promise<number> {
  let deleted = 0;
  for (let after: bigint | null = 0n; after !== null; ) {
    await keepOn();
    const slice: PurgeSlice = { before, after, size: sliceSize };
    const purged: PurgedSlice = await instance.database.transaction((tx) => purge(tx, slice));
    deleted += purged.deleted;
    after = purged.next;
  }
  return deleted;
}
