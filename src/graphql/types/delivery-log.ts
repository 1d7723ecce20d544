import { ownTokenOf } from '../../operations/own-messages.ts';
import { type Sql, sql } from '../../store/database.ts';
import { requireIndexedCondition } from '../../store/filters/log-age.ts';
import {
  currentRun,
  type DeliveryLogFilter,
  deliveryLogCondition,
  deliveryLogOrder,
  NEWEST_OF_DELIVERY,
  ofDelivery,
} from '../../store/filters/log-filters.ts';
import { and } from '../../store/page.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, listNestedNodes, listNodes, pageArgs } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { decodeOptionalId } from '../global-id.ts';
import { ChannelEnum, EventOriginEnum, FailureReasonEnum, FailureTypeEnum, FaultEnum, MessageStatusEnum } from './enums.ts';
import { DateTimeRange, StringFilter } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';

export const DeliveryLog = builder.prismaObject('DeliveryLog', {
  description: 'One row per message: its state now.',
  interfaces: [Node],
  authScopes: { scope: 'logs:read' },
  fields: (t) => ({
    delivery: t.relation('delivery'),
    profile: t.relation('profile', { nullable: true }),
    address: t.exposeString('address'),
    channel: t.expose('channel', { type: ChannelEnum }),
    domain: t.exposeString('domain', { nullable: true }),
    status: t.expose('status', { type: MessageStatusEnum }),
    failureType: t.expose('failureType', { type: FailureTypeEnum, nullable: true }),
    failureReason: t.expose('failureReason', { type: FailureReasonEnum, nullable: true }),
    fault: t.expose('fault', { type: FaultEnum, nullable: true }),
    origin: t.expose('origin', {
      type: EventOriginEnum,
      nullable: true,
      description: 'Where the last result came from; null before the first.',
    }),
    messageId: t.exposeString('messageId', { nullable: true, description: "Message-ID header or the provider's id, as reported." }),
    qualification: t.relation('qualification', {
      nullable: true,
      description: 'The normalised text, shared by all failures of its kind.',
    }),
    rawText: t.exposeString('rawText', { nullable: true }),
    attempts: t.exposeInt('attempts'),
    nextAttemptAt: t.expose('nextAttemptAt', { type: 'DateTime', nullable: true }),
    sentAt: t.expose('sentAt', { type: 'DateTime', nullable: true }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    quarantined: t.exposeBoolean('quarantined', { description: 'This failure put the address into quarantine.' }),
    controlGroup: t.exposeBoolean('controlGroup'),
    ownToken: t.string({
      nullable: true,
      description:
        'Proves that a report speaks of this message. Send it with the message: in the envelope sender (`bounce+<token>@your.domain`) or in the header X-Lazaret-Token. E-mail only.',
      resolve: async ({ id, channel }, _args, { instance }) => (channel === 'EMAIL' ? ownTokenOf(id, await instance.addressBook()) : null),
    }),
  }),
});

const DeliveryLogConnection = connectionType(DeliveryLog, 'logs:read');

export const DeliveryLogFilterInput = builder.inputType('DeliveryLogFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    deliveryId: t.id(),
    profileId: t.id(),
    address: t.field({ type: StringFilter }),
    channel: t.field({ type: [ChannelEnum] }),
    domain: t.stringList(),
    status: t.field({ type: [MessageStatusEnum] }),
    fault: t.field({ type: [FaultEnum] }),
    failureType: t.field({ type: [FailureTypeEnum] }),
    failureReason: t.field({ type: [FailureReasonEnum] }),
    updatedAt: t.field({ type: DateTimeRange }),
  }),
});

/** The filter as plain data, with the ids of the database. */
export function deliveryLogFilter(input: typeof DeliveryLogFilterInput.$inferInput | null | undefined): DeliveryLogFilter {
  return {
    ...input,
    deliveryId: decodeOptionalId('Delivery', input?.deliveryId, 'filter.deliveryId'),
    profileId: decodeOptionalId('Profile', input?.profileId, 'filter.profileId'),
  };
}

async function shownLogs(context: GraphQLContext, filter: DeliveryLogFilter): Promise<Sql> {
  const forms = await context.instance.addressBook();
  return and([await refusedAsBadInput(() => deliveryLogCondition(filter, forms)), currentRun(filter.deliveryId)]);
}

builder.prismaObjectFields('Delivery', (t) => ({
  deliveryLogs: t.field({
    type: DeliveryLogConnection,
    authScopes: { scope: 'logs:read' },
    args: { filter: t.arg({ type: DeliveryLogFilterInput }), ...forwardArgs },
    resolve: async ({ id, run }, args, context, info) => {
      const forms = await context.instance.addressBook();
      const condition = await refusedAsBadInput(() => deliveryLogCondition(deliveryLogFilter(args.filter), forms));
      const where = sql`${ofDelivery(sql`parent.id`)} AND c.run = parent.run AND ${condition}`;
      return listNestedNodes(
        {
          context,
          info,
          args,
          list: 'Delivery.deliveryLogs',
          order: NEWEST_OF_DELIVERY,
          table: sql`delivery_log`,
          where,
          load: (prisma, query) => prisma.deliveryLog.findMany(query),
        },
        { id, run },
      );
    },
  }),
}));

builder.queryField('deliveryLogs', (t) =>
  t.field({
    type: DeliveryLogConnection,
    description: 'Newest first; of each delivery those of its last preparation.',
    authScopes: { scope: 'logs:read' },
    args: { filter: t.arg({ type: DeliveryLogFilterInput }), ...pageArgs },
    resolve: async (_root, args, context, info) => {
      const filter = deliveryLogFilter(args.filter);
      const where = await shownLogs(context, filter);
      await refusedAsBadInput(() => requireIndexedCondition(context.instance.database, 'delivery_log', filter, context.instance.now()));
      return listNodes({
        context,
        info,
        args,
        list: 'deliveryLogs',
        order: await deliveryLogOrder(context.instance.database, filter),
        table: sql`delivery_log`,
        where,
        load: (prisma, query) => prisma.deliveryLog.findMany(query),
      });
    },
  }),
);

nodeLoader(
  'DeliveryLog',
  (prisma, query) => prisma.deliveryLog.findUnique(query),
  async ({ database }, id) => (await database.query(sql`SELECT FROM delivery_log c WHERE c.id = ${id} AND ${currentRun()}`)).length === 1,
);
