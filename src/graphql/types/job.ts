import { type ListedJob, listJobs } from '../../operations/list-jobs.ts';
import { runCleanup } from '../../operations/run-cleanup.ts';
import { updateDeliverabilityRules } from '../../operations/update-deliverability-rules.ts';
import { builder } from '../builder.ts';
import { actorOf } from './filter-inputs.ts';

/** What one task of a cleanup did. */
interface CleanupTaskShape {
  readonly name: string;
  readonly rows: number;
  readonly durationMs: number;
  readonly error: string | null;
}

const CleanupTask = builder.objectRef<CleanupTaskShape>('CleanupTask').implement({
  description: 'One task of the cleanup and what it did.',
  fields: (t) => ({
    name: t.exposeString('name'),
    rows: t.exposeInt('rows', { description: 'Rows that it changed or deleted.' }),
    durationMs: t.exposeInt('durationMs'),
    error: t.exposeString('error', { nullable: true, description: 'Why it failed: the tasks after it were not run. Null = it was done.' }),
  }),
});

const CleanupReport = builder.objectRef<{ readonly tasks: readonly CleanupTaskShape[] }>('CleanupReport').implement({
  description: 'What one run of a scheduled job did, task by task in their order.',
  fields: (t) => ({ tasks: t.field({ type: [CleanupTask], resolve: ({ tasks }) => [...tasks] }) }),
});

const ScheduledJob = builder.objectRef<ListedJob>('ScheduledJob').implement({
  description: 'Work that goes by the clock of the instance.',
  fields: (t) => ({
    name: t.exposeString('name'),
    schedule: t.exposeString('schedule', { description: 'Such as "daily at 04:00 (Europe/Berlin)"; settings change it.' }),
    lastRunAt: t.expose('lastRunAt', { type: 'DateTime', nullable: true }),
    nextRunAt: t.expose('nextRunAt', { type: 'DateTime', nullable: true }),
    lastReport: t.field({ type: CleanupReport, nullable: true, resolve: ({ lastReport }) => lastReport }),
  }),
});

builder.queryField('jobs', (t) =>
  t.field({
    type: [ScheduledJob],
    description: 'The scheduled work: last and next run, last report.',
    authScopes: { scope: 'admin' },
    resolve: (_root, _args, { instance }) => listJobs(instance),
  }),
);

builder.mutationField('runCleanup', (t) =>
  t.field({
    type: CleanupReport,
    description: 'Runs the nightly cleanup now.',
    authScopes: { scope: 'admin' },
    resolve: (_root, _args, context) => runCleanup(context.instance, actorOf(context)),
  }),
);

builder.mutationField('updateDeliverabilityRules', (t) =>
  t.field({
    type: CleanupReport,
    description: 'Runs the nightly deliverability update now: texts marked KEEP become rules where no rule decides them the same way.',
    authScopes: { scope: 'rules:write' },
    resolve: (_root, _args, context) => updateDeliverabilityRules(context.instance, actorOf(context)),
  }),
);
