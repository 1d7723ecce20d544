import type { GraphQLResolveInfo } from 'graphql';
import { isErasedAddress } from '../../domain/address/erased-address.ts';
import { assertNever } from '../../domain/vocabulary.ts';
import { type Queryable, sql } from '../../store/database.ts';
import { erasedCondition } from '../../store/filters/address-test.ts';
import { type QuarantineFilter, quarantineCondition, quarantineOrder } from '../../store/filters/quarantine-filter.ts';
import type { PageOrder } from '../../store/page.ts';
import { badInput, refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, listNestedNodes, listNodes, pageArgs } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { ownOr } from '../own-results.ts';
import { selectionOf } from '../selection.ts';
import { AddressStatusEnum, ChannelEnum, FailureReasonEnum, FaultEnum, QuarantineSourceEnum, SortDirectionEnum } from './enums.ts';
import { DateTimeRange, StringFilter } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';

export const QuarantineEntry = builder.prismaObject('QuarantineEntry', {
  description: 'What the quarantine list says of one address, or of one address and short code.',
  interfaces: [Node],
  authScopes: ownOr('quarantine:read'),
  fields: (t) => ({
    channel: t.expose('channel', { type: ChannelEnum }),
    address: t.exposeString('address', { description: 'Canonical.' }),
    shortCode: t.string({
      nullable: true,
      description: 'SMS only; null = every short code.',
      resolve: ({ shortCode }) => shortCode || null,
    }),
    domain: t.exposeString('domain', { nullable: true }),
    status: t.expose('status', { type: AddressStatusEnum }),
    reason: t.expose('reason', { type: FailureReasonEnum, nullable: true }),
    errorText: t.exposeString('errorText', { nullable: true, description: 'Raw text of the last error.' }),
    errorCount: t.exposeInt('errorCount', { description: 'Counted soft errors since the last reset.' }),
    lastErrorAt: t.expose('lastErrorAt', { type: 'DateTime', nullable: true }),
    lastSignificantErrorAt: t.expose('lastSignificantErrorAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The last error that raised the counter.',
    }),
    lastSuccessAt: t.expose('lastSuccessAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The last success that the entry knows of.',
    }),
    softCaused: t.exposeBoolean('softCaused', {
      description: 'Soft errors led to the QUARANTINE: where the mailbox was full, time may release it.',
    }),
    source: t.expose('source', { type: QuarantineSourceEnum }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    statusUpdatedAt: t.expose('statusUpdatedAt', { type: 'DateTime', description: 'Changes whenever the status changes.' }),
    version: t.exposeInt('version', { description: 'Rises with every change: for `expectedVersion`.' }),
  }),
});

export const QuarantineEvent = builder.prismaObject('QuarantineEvent', {
  description: "One line of the append-only ledger of an address. Survives the entry's deletion.",
  interfaces: [Node],
  authScopes: { scope: 'quarantine:read' },
  fields: (t) => ({
    channel: t.expose('channel', { type: ChannelEnum }),
    address: t.exposeString('address'),
    previousStatus: t.expose('previousStatus', { type: AddressStatusEnum, nullable: true, description: 'null = there was no entry.' }),
    status: t.expose('status', { type: AddressStatusEnum, nullable: true, description: 'null = the entry was deleted.' }),
    shortCode: t.string({ nullable: true, resolve: ({ shortCode }) => shortCode || null }),
    errorCount: t.exposeInt('errorCount'),
    reason: t.expose('reason', { type: FailureReasonEnum, nullable: true }),
    fault: t.expose('fault', { type: FaultEnum, nullable: true }),
    decidedBy: t.exposeString('decidedBy', { nullable: true, description: 'As in Verdict; null where a person or a job did it.' }),
    source: t.expose('source', { type: QuarantineSourceEnum }),
    actor: t.exposeString('actor', { nullable: true, description: 'Token name or job name; null = a failure.' }),
    text: t.exposeString('text', { nullable: true }),
    version: t.exposeInt('version', { description: 'Of the entry after this event.' }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
  }),
});

const QuarantineEntryConnection = connectionType(QuarantineEntry, 'quarantine:read', { totalCount: true });
const QuarantineEventConnection = connectionType(QuarantineEvent, 'quarantine:read');

builder.prismaObjectFields('QuarantineEntry', (t) => ({
  history: t.field({
    type: QuarantineEventConnection,
    args: forwardArgs,
    description: 'The ledger of this address and short code, newest first.',
    resolve: ({ id, addressKey, shortCode }, args, context, info) => {
      const where = sql`c.address_key = parent."addressKey" AND c.short_code = parent."shortCode"`;
      return listNestedNodes(
        {
          context,
          info,
          args,
          list: 'QuarantineEntry.history',
          table: sql`quarantine_event`,
          where,
          load: (prisma, query) => prisma.quarantineEvent.findMany(query),
        },
        { id, addressKey, shortCode },
      );
    },
  }),
}));

/** The entries of all addresses that are shown, in one statement. */
export function quarantineEntryOfAddress(context: GraphQLContext, info: GraphQLResolveInfo, addressKey: string, shortCode = '') {
  const query = selectionOf(context, info, 'QuarantineEntry');
  const where = { addressKey_shortCode: { addressKey, shortCode } };
  return context.instance.database.prisma.quarantineEntry.findUnique({ ...query, where });
}

export const QuarantineFilterInput = builder.inputType('QuarantineFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    address: t.field({ type: StringFilter }),
    channel: t.field({ type: [ChannelEnum] }),
    status: t.field({ type: [AddressStatusEnum] }),
    reason: t.field({ type: [FailureReasonEnum] }),
    domain: t.stringList(),
    errorTextContains: t.stringList({
      description: 'Every one must be contained, literally and case-sensitively, in the raw error text.',
    }),
    statusUpdatedAt: t.field({ type: DateTimeRange }),
    lastErrorAt: t.field({ type: DateTimeRange }),
  }),
});

const QuarantineOrderField = builder.enumType('QuarantineOrderField', {
  description: 'What the quarantine list may be sorted by.',
  values: ['CREATED_AT', 'STATUS_UPDATED_AT', 'LAST_ERROR_AT'] as const,
});

const QuarantineOrder = builder.inputType('QuarantineOrder', {
  description: 'The default is newest first. Entries without an error count as older than all others.',
  fields: (t) => ({
    field: t.field({ type: QuarantineOrderField, required: true }),
    direction: t.field({ type: SortDirectionEnum, required: true, defaultValue: 'DESC' }),
  }),
});

type OrderInput = typeof QuarantineOrder.$inferInput;

builder.queryFields((t) => ({
  quarantine: t.field({
    type: QuarantineEntryConnection,
    description: 'The quarantine list.',
    authScopes: { scope: 'quarantine:read' },
    args: { filter: t.arg({ type: QuarantineFilterInput }), orderBy: t.arg({ type: QuarantineOrder }), ...pageArgs },
    resolve: async (_root, args, context, info) => {
      const forms = await context.instance.addressBook();
      const where = await refusedAsBadInput(() => quarantineCondition(args.filter ?? {}, forms));
      const { list, order } = await sorted(context.instance.database, args);
      return listNodes({
        context,
        info,
        args,
        list,
        order,
        table: sql`quarantine_entry`,
        where,
        load: (prisma, query) => prisma.quarantineEntry.findMany(query),
      });
    },
  }),
  quarantineHistory: t.field({
    type: QuarantineEventConnection,
    description: 'The ledger of one address for all short codes, also where no entry is left; newest first.',
    authScopes: { scope: 'quarantine:read' },
    args: { channel: t.arg({ type: ChannelEnum, required: true }), address: t.arg.string({ required: true }), ...forwardArgs },
    resolve: async (_root, args, context, info) => {
      const book = await context.instance.addressBook();
      const address = book.canonical(args.channel, args.address);
      if (!address.ok && !isErasedAddress(args.address))
        throw badInput(`The argument "address" is no address of this channel. ${address.message}`);
      const where = address.ok
        ? sql`c.address_key = ${book.key(args.channel, address.canonical)}::uuid`
        : sql`${erasedCondition(args.address, { address: sql`c.address`, key: sql`c.address_key` })} AND c.channel = ${args.channel}::"Channel"`;
      return listNodes({
        context,
        info,
        args,
        list: 'quarantineHistory',
        table: sql`quarantine_event`,
        where,
        load: (prisma, query) => prisma.quarantineEvent.findMany(query),
      });
    },
  }),
}));

nodeLoader('QuarantineEntry', (prisma, query) => prisma.quarantineEntry.findUnique(query));
nodeLoader('QuarantineEvent', (prisma, query) => prisma.quarantineEvent.findUnique(query));

interface Sorted {
  readonly list: string;
  readonly order: PageOrder;
}

async function sorted(
  database: Queryable,
  { orderBy, filter }: { orderBy?: OrderInput | null | undefined; filter?: QuarantineFilter | null | undefined },
): Promise<Sorted> {
  if (!orderBy) return { list: 'quarantine', order: await quarantineOrder(database, filter ?? {}) };
  const { field, direction } = orderBy;
  return { list: `quarantine ${field} ${direction}`, order: { direction, by: { value: orderColumn(field), type: 'timestamptz' } } };
}

function orderColumn(field: OrderInput['field']) {
  switch (field) {
    case 'CREATED_AT':
      return sql`c.created_at`;
    case 'STATUS_UPDATED_AT':
      return sql`c.status_updated_at`;
    case 'LAST_ERROR_AT':
      return sql`COALESCE(c.last_error_at, '-infinity'::timestamptz)`;
    default:
      return assertNever(field);
  }
}
