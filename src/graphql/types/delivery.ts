import type { GraphQLResolveInfo } from 'graphql';
import { EXCLUSION_CAUSES } from '../../domain/exclusion/exclusion-rules.ts';
import type { FailureReason } from '../../domain/vocabulary.ts';
import { sql } from '../../store/database.ts';
import { deliveryCondition } from '../../store/filters/delivery-filter.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { connectionType, listNodes, pageArgs } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { ownOr } from '../own-results.ts';
import { selectionOf } from '../selection.ts';
import { ChannelEnum, DeliveryStateEnum, FailureReasonEnum } from './enums.ts';
import { DateTimeRange, StringFilter } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';

interface CauseShape {
  readonly name: string;
  readonly reason: FailureReason;
  readonly volume: number;
}

const ExclusionCause = builder.objectRef<CauseShape>('ExclusionCause').implement({
  description: 'One rule of exclusion and how many recipients it left out.',
  fields: (t) => ({
    name: t.exposeString('name'),
    reason: t.expose('reason', { type: FailureReasonEnum }),
    volume: t.exposeInt('volume'),
  }),
});

export const Delivery = builder.prismaObject('Delivery', {
  description: 'One send action to a target.',
  interfaces: [Node],
  authScopes: ownOr('deliveries:read'),
  fields: (t) => ({
    label: t.exposeString('label'),
    internalName: t.exposeString('internalName', { description: 'Unique.' }),
    channel: t.expose('channel', { type: ChannelEnum }),
    state: t.expose('state', { type: DeliveryStateEnum }),
    contactDate: t.expose('contactDate', { type: 'DateTime', nullable: true }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    validUntil: t.expose('validUntil', { type: 'DateTime', nullable: true }),
    run: t.exposeInt('run', { description: 'Preparations so far. Logs, causes and counters are those of the last one.' }),
    exclusionCauses: t.field({
      type: [ExclusionCause],
      description: 'One row a cause, also those with volume 0; the volumes add up to targeted - toDeliver.',
      resolve: ({ id }, _args, context) => batched(context, 'exclusionCauses', id, (ids) => causesOf(context, ids)),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

/** Of a delivery that was never prepared all volumes are 0. */
async function causesOf({ instance }: GraphQLContext, ids: readonly bigint[]): Promise<(id: bigint) => CauseShape[]> {
  const causes = await instance.database.query<CauseShape & { deliveryId: bigint }>(sql`
    SELECT e.delivery_id AS "deliveryId", e.name, e.reason, e.volume
    FROM exclusion_cause e JOIN delivery d ON d.id = e.delivery_id AND d.run = e.run
    WHERE d.id = ANY(${ids}::bigint[]) ORDER BY e.position`);
  return (id) => {
    const own = causes.filter(({ deliveryId }) => deliveryId === id);
    return own.length > 0 ? own : EXCLUSION_CAUSES.map(({ name, reason }) => ({ name, reason, volume: 0 }));
  };
}

/** The deliveries of all rows that are shown, in one statement. */
export async function deliveryOf(context: GraphQLContext, info: GraphQLResolveInfo, id: bigint | null) {
  if (id === null) return null;
  return context.instance.database.prisma.delivery.findUnique({ ...selectionOf(context, info, 'Delivery'), where: { id } });
}

builder.prismaObjectFields('QuarantineEntry', (t) => ({
  lastDelivery: t.field({
    type: Delivery,
    nullable: true,
    resolve: ({ lastDeliveryId }, _args, context, info) => deliveryOf(context, info, lastDeliveryId),
  }),
}));

builder.prismaObjectFields('QuarantineEvent', (t) => ({
  delivery: t.field({
    type: Delivery,
    nullable: true,
    resolve: ({ deliveryId }, _args, context, info) => deliveryOf(context, info, deliveryId),
  }),
}));

const DeliveryConnection = connectionType(Delivery, 'deliveries:read');

const DeliveryFilter = builder.inputType('DeliveryFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    label: t.field({ type: StringFilter }),
    channel: t.field({ type: [ChannelEnum] }),
    state: t.field({ type: [DeliveryStateEnum] }),
    createdAt: t.field({ type: DateTimeRange }),
  }),
});

builder.queryField('deliveries', (t) =>
  t.field({
    type: DeliveryConnection,
    description: 'Newest first.',
    authScopes: { scope: 'deliveries:read' },
    args: { filter: t.arg({ type: DeliveryFilter }), ...pageArgs },
    resolve: async (_root, args, context, info) => {
      const where = await refusedAsBadInput(() => deliveryCondition(args.filter ?? {}));
      return listNodes({
        context,
        info,
        args,
        list: 'deliveries',
        table: sql`delivery`,
        where,
        load: (prisma, query) => prisma.delivery.findMany(query),
      });
    },
  }),
);

nodeLoader('Delivery', (prisma, query) => prisma.delivery.findUnique(query));
