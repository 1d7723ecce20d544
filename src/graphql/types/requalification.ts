import { VerdictChanges } from '../../domain/qualification/verdict-changes.ts';
import { sql } from '../../store/database.ts';
import { readSampledFailures, storedChanges, storedSample } from '../../store/requalification.ts';
import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, resolveList } from '../connection.ts';
import { ownOr } from '../own-results.ts';
import { JobStateEnum, RequalificationPhaseEnum } from './enums.ts';
import { Node, nodeLoader } from './node.ts';
import { ChangedFailure, VerdictChange } from './verdict-change.ts';

const SAMPLES = 20;

interface SkippedAddresses {
  readonly skippedByHand: number;
  readonly skippedDenylisted: number;
  readonly skippedAllowlisted: number;
  readonly skippedMovedOn: number;
}

const RequalificationSkips = builder.objectRef<SkippedAddresses>('RequalificationSkips').implement({
  description: 'Addresses whose entries were left alone. What their failures are taken for is corrected all the same.',
  fields: (t) => ({
    byHand: t.int({ description: 'A person or an import has decided about them.', resolve: ({ skippedByHand }) => skippedByHand }),
    denylisted: t.exposeInt('skippedDenylisted'),
    allowlisted: t.exposeInt('skippedAllowlisted'),
    movedOn: t.int({
      description: 'After the last of these failures they were released, deleted, or quarantined when an incident was closed.',
      resolve: ({ skippedMovedOn }) => skippedMovedOn,
    }),
  }),
});

interface UndoneShape {
  readonly addressesPutBack: number;
  readonly addressesLeftAlone: number;
  readonly failuresPutBack: number;
  readonly failuresLeftAlone: number;
}

const RequalificationUndo = builder.objectRef<UndoneShape>('RequalificationUndo').implement({
  description: 'What the undo of a requalification has done so far.',
  fields: (t) => ({
    addressesPutBack: t.exposeInt('addressesPutBack', { description: 'Their entries are what they were before.' }),
    addressesLeftAlone: t.exposeInt('addressesLeftAlone', { description: 'Their entries have moved on since and stay as they are.' }),
    failuresPutBack: t.exposeInt('failuresPutBack', { description: 'They are taken for what they were before.' }),
    failuresLeftAlone: t.exposeInt('failuresLeftAlone', { description: 'Another requalification has corrected them since.' }),
  }),
});

export const Requalification = builder.prismaObject('Requalification', {
  description:
    'Rules, edited texts and settings of now applied to failures of the past: small ones are done when the mutation returns, large ones go on ' +
    'as a job that survives a restart.',
  interfaces: [Node],
  authScopes: ownOr('rules:read'),
  fields: (t) => ({
    state: t.expose('state', { type: JobStateEnum }),
    phase: t.expose('phase', { type: RequalificationPhaseEnum }),
    dryRun: t.exposeBoolean('dryRun', { description: 'It counts and samples what would be, and changes nothing.' }),
    undone: t.exposeBoolean('undone', { description: 'It was taken back, or is being taken back.' }),
    actor: t.exposeString('actor', { description: 'Who asked for it.' }),
    from: t.expose('from', {
      type: 'DateTime',
      description: 'Failures from this instant on are meant: what was asked for, or where what is kept begins.',
    }),
    matched: t.exposeInt('matched', { description: 'Failures that the filter found.' }),
    examined: t.exposeInt('examined', { description: 'Failures that have been judged anew so far.' }),
    changedFailures: t.exposeInt('changedFailures', { description: 'Failures that are taken for something else.' }),
    changes: t.field({
      type: [VerdictChange],
      description: 'These failures by old and new verdict; the same twice: their text is, or is no longer, on IGNORE.',
      select: { changes: true },
      resolve: ({ changes }) => [...new VerdictChanges(storedChanges(changes)).list()],
    }),
    samples: t.field({
      type: [ChangedFailure],
      description: 'The newest of these failures, up to 20, where they are still kept.',
      complexity: { field: SAMPLES },
      select: { sample: true },
      resolve: async ({ sample }, _args, context) => {
        const { database } = context.instance;
        const known = await Promise.all(
          storedSample(sample).map(async ({ eventId, after }) => {
            const failure = await batched(context, 'sampledFailures', eventId, (ids) => readSampledFailures(database, ids));
            return failure === null ? [] : [{ ...failure, after }];
          }),
        );
        return known.flat();
      },
    }),
    addresses: t.exposeInt('addresses', { description: 'Addresses of these failures that have been looked at so far.' }),
    releasedCount: t.exposeInt('released', { description: 'Addresses that were in quarantine and are not, or would not be.' }),
    newlyQuarantinedCount: t.exposeInt('newlyQuarantined', { description: 'Addresses that were not in quarantine and are, or would be.' }),
    otherwiseChangedCount: t.exposeInt('otherwiseChanged', { description: 'Addresses with another count, reason, date or status.' }),
    skipped: t.field({
      type: RequalificationSkips,
      select: { skippedByHand: true, skippedDenylisted: true, skippedAllowlisted: true, skippedMovedOn: true },
      resolve: (requalification) => requalification,
    }),
    undo: t.field({
      type: RequalificationUndo,
      nullable: true,
      description: 'Null = it was not taken back.',
      select: { undone: true, addressesPutBack: true, addressesLeftAlone: true, failuresPutBack: true, failuresLeftAlone: true },
      resolve: (requalification) => (requalification.undone ? requalification : null),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'Null while it runs.' }),
  }),
});

const RequalificationConnection = connectionType(Requalification, 'rules:read');

builder.queryField('requalifications', (t) =>
  t.field({
    type: RequalificationConnection,
    description: 'What was requalified, dry runs included: newest first.',
    authScopes: { scope: 'rules:read' },
    args: forwardArgs,
    resolve: resolveList({
      list: 'requalifications',
      table: sql`requalification`,
      where: sql`true`,
      load: (prisma, query) => prisma.requalification.findMany(query),
    }),
  }),
);

nodeLoader('Requalification', (prisma, query) => prisma.requalification.findUnique(query));
