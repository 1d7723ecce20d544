import { assertNever } from '../../domain/vocabulary.ts';
import { sql } from '../../store/database.ts';
import { qualificationCondition } from '../../store/filters/delivery-filter.ts';
import type { PageOrder } from '../../store/page.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { connectionType, listNodes, pageArgs } from '../connection.ts';
import { ownOr } from '../own-results.ts';
import { pendingCounts } from '../pending-counts.ts';
import { ChannelEnum, FailureReasonEnum, FailureTypeEnum, FaultEnum, QualificationStatusEnum, SortDirectionEnum } from './enums.ts';
import { StringFilter } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';

/** The contract's cap. */
const OCCURRENCES_MAX = 100_000;

export const MessageQualification = builder.prismaObject('Qualification', {
  name: 'MessageQualification',
  description: "'Delivery log qualification': one row per normalised failure text.",
  interfaces: [Node],
  authScopes: ownOr('rules:read'),
  fields: (t) => ({
    channel: t.expose('channel', { type: ChannelEnum }),
    text: t.exposeString('text', { description: 'Normalised.' }),
    md5: t.exposeString('md5', { description: 'Hex MD5 of the UTF-8 normalised text: with the channel, the natural key.' }),
    firstText: t.exposeString('firstText', { description: 'The first raw text of this kind.' }),
    firstAddress: t.exposeString('firstAddress', { nullable: true }),
    type: t.expose('type', { type: FailureTypeEnum }),
    reason: t.expose('reason', { type: FailureReasonEnum }),
    fault: t.expose('fault', { type: FaultEnum }),
    status: t.expose('status', { type: QualificationStatusEnum }),
    editedByUser: t.exposeBoolean('editedByUser', {
      description: 'A person set type, reason, fault or status: from then on this row decides, before any rule.',
    }),
    occurrences: t.int({
      description: 'Failures with this text, 0 to 100,000, capped.',
      resolve: ({ id, occurrences }, _args, context) =>
        batched(context, 'occurrences', id, (ids) => pendingCounts(context.instance.database, 'QUALIFICATION', ids)).then((pending) =>
          Math.min(OCCURRENCES_MAX, occurrences + pending),
        ),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    version: t.exposeInt('version', { description: 'Rises with every edit: for `expectedVersion`.' }),
  }),
});

export const MessageQualificationConnection = connectionType(MessageQualification, 'rules:read');

const QualificationFilter = builder.inputType('QualificationFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    text: t.field({ type: StringFilter, description: 'The normalised text.' }),
    status: t.field({ type: [QualificationStatusEnum] }),
    type: t.field({ type: [FailureTypeEnum] }),
    reason: t.field({ type: [FailureReasonEnum] }),
    channel: t.field({ type: [ChannelEnum] }),
  }),
});

const QualificationOrderField = builder.enumType('QualificationOrderField', {
  description: 'What the qualifications may be sorted by. OCCURRENCES may lag behind by a second.',
  values: ['CREATED_AT', 'OCCURRENCES'] as const,
});

const QualificationOrder = builder.inputType('QualificationOrder', {
  description: 'The default is newest first.',
  fields: (t) => ({
    field: t.field({ type: QualificationOrderField, required: true }),
    direction: t.field({ type: SortDirectionEnum, required: true, defaultValue: 'DESC' }),
  }),
});

type OrderInput = typeof QualificationOrder.$inferInput;

builder.queryField('qualifications', (t) =>
  t.field({
    type: MessageQualificationConnection,
    description: 'The failure texts seen so far and what they were taken for.',
    authScopes: { scope: 'rules:read' },
    args: { filter: t.arg({ type: QualificationFilter }), orderBy: t.arg({ type: QualificationOrder }), ...pageArgs },
    resolve: async (_root, args, context, info) => {
      const where = await refusedAsBadInput(() => qualificationCondition(args.filter ?? {}));
      const { list, order } = sorted(args.orderBy);
      return listNodes({
        context,
        info,
        args,
        list,
        order,
        table: sql`qualification`,
        where,
        load: (prisma, query) => prisma.qualification.findMany(query),
      });
    },
  }),
);

nodeLoader('MessageQualification', (prisma, query) => prisma.qualification.findUnique(query));

function sorted(orderBy: OrderInput | null | undefined): { list: string; order: PageOrder } {
  if (!orderBy) return { list: 'qualifications', order: { direction: 'DESC' } };
  const { field, direction } = orderBy;
  return { list: `qualifications ${field} ${direction}`, order: { direction, by: orderValue(field) } };
}

function orderValue(field: OrderInput['field']): NonNullable<PageOrder['by']> {
  switch (field) {
    case 'CREATED_AT':
      return { value: sql`c.created_at`, type: 'timestamptz' };
    case 'OCCURRENCES':
      return { value: sql`c.occurrences`, type: 'int' };
    default:
      return assertNever(field);
  }
}
