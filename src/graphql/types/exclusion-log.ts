import { sql } from '../../store/database.ts';
import { requireIndexedCondition } from '../../store/filters/log-age.ts';
import {
  currentRun,
  type ExclusionLogFilter,
  exclusionLogCondition,
  exclusionLogOrder,
  NEWEST_OF_DELIVERY,
  ofDelivery,
} from '../../store/filters/log-filters.ts';
import { and } from '../../store/page.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, listNestedNodes, listNodes, pageArgs } from '../connection.ts';
import { decodeOptionalId } from '../global-id.ts';
import { ChannelEnum, ExclusionScopeEnum, FailureReasonEnum } from './enums.ts';
import { DateTimeRange, StringFilter } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';

export const ExclusionLog = builder.prismaObject('ExclusionLog', {
  description: 'One row per recipient that message preparation left out.',
  interfaces: [Node],
  authScopes: { scope: 'logs:read' },
  fields: (t) => ({
    delivery: t.relation('delivery'),
    profile: t.relation('profile', { nullable: true }),
    address: t.exposeString('address', { nullable: true }),
    channel: t.expose('channel', { type: ChannelEnum }),
    reason: t.expose('reason', { type: FailureReasonEnum }),
    text: t.exposeString('text', { description: 'Why, in a sentence.' }),
    scope: t.expose('scope', {
      type: ExclusionScopeEnum,
      nullable: true,
      description: 'Was it the person (denylist flag) or the address (quarantine list)? null for the other reasons.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

const ExclusionLogConnection = connectionType(ExclusionLog, 'logs:read');

export const ExclusionLogFilterInput = builder.inputType('ExclusionLogFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    deliveryId: t.id(),
    profileId: t.id(),
    scope: t.field({ type: [ExclusionScopeEnum] }),
    address: t.field({ type: StringFilter }),
    channel: t.field({ type: [ChannelEnum] }),
    reason: t.field({ type: [FailureReasonEnum] }),
    createdAt: t.field({ type: DateTimeRange }),
  }),
});

/** The filter as plain data, with the ids of the database. */
export function exclusionLogFilter(input: typeof ExclusionLogFilterInput.$inferInput | null | undefined): ExclusionLogFilter {
  return {
    ...input,
    deliveryId: decodeOptionalId('Delivery', input?.deliveryId, 'filter.deliveryId'),
    profileId: decodeOptionalId('Profile', input?.profileId, 'filter.profileId'),
  };
}

builder.prismaObjectFields('Delivery', (t) => ({
  exclusionLogs: t.field({
    type: ExclusionLogConnection,
    authScopes: { scope: 'logs:read' },
    args: { filter: t.arg({ type: ExclusionLogFilterInput }), ...forwardArgs },
    resolve: async ({ id, run }, args, context, info) => {
      const forms = await context.instance.addressBook();
      const condition = await refusedAsBadInput(() => exclusionLogCondition(exclusionLogFilter(args.filter), forms));
      const where = sql`${ofDelivery(sql`parent.id`)} AND c.run = parent.run AND ${condition}`;
      return listNestedNodes(
        {
          context,
          info,
          args,
          list: 'Delivery.exclusionLogs',
          order: NEWEST_OF_DELIVERY,
          table: sql`exclusion_log`,
          where,
          load: (prisma, query) => prisma.exclusionLog.findMany(query),
        },
        { id, run },
      );
    },
  }),
}));

builder.queryField('exclusionLogs', (t) =>
  t.field({
    type: ExclusionLogConnection,
    description: 'Newest first; of each delivery those of its last preparation.',
    authScopes: { scope: 'logs:read' },
    args: { filter: t.arg({ type: ExclusionLogFilterInput }), ...pageArgs },
    resolve: async (_root, args, context, info) => {
      const { database, now, addressBook } = context.instance;
      const filter = exclusionLogFilter(args.filter);
      const forms = await addressBook();
      const where = and([await refusedAsBadInput(() => exclusionLogCondition(filter, forms)), currentRun(filter.deliveryId)]);
      await refusedAsBadInput(() => requireIndexedCondition(database, 'exclusion_log', filter, now()));
      return listNodes({
        context,
        info,
        args,
        list: 'exclusionLogs',
        order: await exclusionLogOrder(database, filter),
        table: sql`exclusion_log`,
        where,
        load: (prisma, query) => prisma.exclusionLog.findMany(query),
      });
    },
  }),
);

nodeLoader(
  'ExclusionLog',
  (prisma, query) => prisma.exclusionLog.findUnique(query),
  async ({ database }, id) => (await database.query(sql`SELECT FROM exclusion_log c WHERE c.id = ${id} AND ${currentRun()}`)).length === 1,
);
