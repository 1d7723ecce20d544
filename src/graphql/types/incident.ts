import type { Incident as IncidentRecord } from '../../generated/prisma/client.ts';
import { sql } from '../../store/database.ts';
import { incidentCondition } from '../../store/filters/incident-filter.ts';
import { readHitSamples } from '../../store/incident-hits.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, listNodes } from '../connection.ts';
import { ownOr } from '../own-results.ts';
import { responsePath, selectionOf } from '../selection.ts';
import { ChannelEnum, FailureReasonEnum, IncidentStateEnum, JobStateEnum } from './enums.ts';
import { Node, nodeLoader } from './node.ts';
import { QuarantineEvent } from './quarantine.ts';

const SAMPLE_SIZE = 20;

export const Incident = builder.prismaObject('Incident', {
  description:
    'The share of one kind of failure at one receiving domain has jumped against its own past. While it is open, new quarantines of that kind ' +
    'there are held back: the address is ERRONEOUS instead.',
  interfaces: [Node],
  authScopes: ownOr('quarantine:read'),
  fields: (t) => ({
    reason: t.expose('reason', { type: FailureReasonEnum, description: 'The kind of failure.' }),
    channel: t.expose('channel', { type: ChannelEnum }),
    place: t.exposeString('domain', { description: 'What it happens at, as a person calls it: now always the receiving domain.' }),
    domain: t.exposeString('domain', { nullable: true, description: 'The receiving domain.' }),
    state: t.expose('state', { type: IncidentStateEnum }),
    openedAt: t.expose('openedAt', { type: 'DateTime' }),
    closedAt: t.expose('closedAt', { type: 'DateTime', nullable: true }),
    closedBy: t.exposeString('closedBy', {
      nullable: true,
      description: 'Token name; `incidents` = it closed by itself, when its share was back to normal.',
    }),
    hitsFrom: t.expose('hitsFrom', { type: 'DateTime', description: 'Failures from here on are part of it; those before are not.' }),
    baselineShare: t.exposeFloat('baselineShare', { description: 'Of its kind among the results of its place in the past; 0 to 1.' }),
    baselineMessages: t.exposeInt('baselineMessages', { description: 'Results of the past.' }),
    openingShare: t.exposeFloat('openingShare', { description: 'In the window when it was opened; 0 to 1.' }),
    openingMessages: t.exposeInt('openingMessages', { description: 'Results in the window when it was opened.' }),
    currentShare: t.exposeFloat('currentShare', {
      description:
        'In the last window, at most half a minute old; when it is closed, the last one. Where delivered messages are told late the window ends before ' +
        'those that are not told yet.',
    }),
    currentMessages: t.exposeInt('currentMessages', { description: 'Results in the last window.' }),
    hitCount: t.int({
      description: 'Quarantines that it hit: held back, or carried out before it was noticed. An address that fails again counts again.',
      select: { quarantined: true, held: true },
      resolve: ({ quarantined, held }) => quarantined + held,
    }),
    heldCount: t.exposeInt('held', { description: 'Quarantines that were held back.' }),
    quarantineHeldState: t.expose('carryState', {
      type: JobStateEnum,
      nullable: true,
      description: 'Where carrying out stands what was held back; null = that was not asked for.',
    }),
    quarantinedHeldCount: t.exposeInt('carriedOut', { description: 'Addresses that were quarantined because it was closed so.' }),
    sample: t.field({
      type: [QuarantineEvent],
      description: `What it hit: the newest lines of the ledger, up to ${SAMPLE_SIZE}.`,
      complexity: { field: 10, multiplier: SAMPLE_SIZE },
      select: { id: true },
      resolve: ({ id }, _args, context, info) => {
        // Asked for in each place of the list: what it selects is then known to be loaded there.
        const query = selectionOf(context, info, 'QuarantineEvent');
        return batched(context, `sample ${responsePath(info)}`, id, async (ids) => {
          const { database } = context.instance;
          const samples = await readHitSamples(database, ids, SAMPLE_SIZE);
          const where = { id: { in: [...samples.values()].flat() } };
          const lines = await database.prisma.quarantineEvent.findMany({ ...query, where });
          const byId = new Map(lines.map((line) => [line.id, line]));
          return (incident: IncidentRecord['id']) => (samples.get(incident) ?? []).flatMap((line) => byId.get(line) ?? []);
        });
      },
    }),
  }),
});

builder.prismaObjectFields('QuarantineEvent', (t) => ({
  incident: t.relation('incident', {
    nullable: true,
    description: 'The incident that held this quarantine back, or that was closed with it.',
  }),
  held: t.boolean({
    description: 'The failure would have quarantined the address; an incident held that back.',
    select: { heldType: true },
    resolve: ({ heldType }) => heldType !== null,
  }),
}));

builder.prismaObjectField('QuarantineRelease', 'incident', (t) =>
  t.relation('incident', { nullable: true, description: 'What it hit was released; null = what a filter found.' }),
);

const IncidentConnection = connectionType(Incident, 'quarantine:read');

export const IncidentFilterInput = builder.inputType('IncidentFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    state: t.field({ type: [IncidentStateEnum] }),
    channel: t.field({ type: [ChannelEnum] }),
    domain: t.stringList(),
    reason: t.field({ type: [FailureReasonEnum] }),
  }),
});

builder.queryField('incidents', (t) =>
  t.field({
    type: IncidentConnection,
    description: 'Incidents, open and closed; newest first.',
    authScopes: { scope: 'quarantine:read' },
    args: { filter: t.arg({ type: IncidentFilterInput }), ...forwardArgs },
    resolve: async (_root, args, context, info) =>
      listNodes({
        context,
        info,
        args,
        list: 'incidents',
        table: sql`incident`,
        where: await refusedAsBadInput(() => incidentCondition(args.filter ?? {})),
        load: (prisma, query) => prisma.incident.findMany(query),
      }),
  }),
);

nodeLoader('Incident', (prisma, query) => prisma.incident.findUnique(query));
