import type { Suggestion } from '../../domain/qualification/suggest-verdict.ts';
import { type QualifiedAlike, qualifyAlike } from '../../operations/qualify-alike.ts';
import { mayUse } from '../../operations/scopes.ts';
import { suggestQualification } from '../../operations/suggest-qualification.ts';
import { sql } from '../../store/database.ts';
import { qualificationCondition } from '../../store/filters/delivery-filter.ts';
import { countRecentOccurrences, type FailureSample, readFailureSamples, unqualifiedTexts } from '../../store/unqualified-texts.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { listNodes, pageArgs } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { InvalidInputErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { ChannelEnum, FailureReasonEnum, FailureTypeEnum, FaultEnum, QualificationStatusEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { MessageQualification, MessageQualificationConnection } from './qualification.ts';

const RECENT_MS = 7 * 86_400_000;
const SAMPLES = 5;

const recentFrom = ({ instance }: GraphQLContext) => new Date(instance.now().getTime() - RECENT_MS);

const FailureSampleType = builder.objectRef<FailureSample>('FailureSample').implement({
  description: 'One failure with a text.',
  fields: (t) => ({
    rawText: t.exposeString('rawText', { description: 'As it was received.' }),
    address: t.string({
      nullable: true,
      description: 'Whose it was. Null for tokens without logs:read.',
      resolve: ({ address }, _args, { caller }) => (caller !== null && mayUse(caller.scopes, 'logs:read') ? address : null),
    }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
  }),
});

const VerdictSuggestion = builder.objectRef<Suggestion>('VerdictSuggestion').implement({
  description: 'What a text probably means: the meaning of the nearest known text. It decides nothing.',
  fields: (t) => ({
    type: t.field({ type: FailureTypeEnum, resolve: ({ meaning }) => meaning.type }),
    reason: t.field({ type: FailureReasonEnum, resolve: ({ meaning }) => meaning.reason }),
    fault: t.field({ type: FaultEnum, resolve: ({ meaning }) => meaning.fault }),
    nearestText: t.exposeString('nearestText', { description: 'Normalised: one that is marked KEEP, or an example of a shipped rule.' }),
    score: t.exposeFloat('score', { description: '0 to 1: the weight of the words that both have; 1 = the same words.' }),
  }),
});

builder.prismaObjectFields(MessageQualification, (t) => ({
  recentOccurrences: t.int({
    description: 'Failures with this text in the last 7 days.',
    resolve: ({ id }, _args, context) =>
      batched(context, 'recentOccurrences', id, (ids) => countRecentOccurrences(context.instance.database, ids, recentFrom(context))),
  }),
  samples: t.field({
    type: [FailureSampleType],
    description: 'The latest failures with this text, up to 5.',
    complexity: { field: SAMPLES },
    resolve: async ({ id }, _args, context) => [
      ...(await batched(context, 'samples', id, (ids) => readFailureSamples(context.instance.database, ids, SAMPLES))),
    ],
  }),
  suggestion: t.field({
    type: VerdictSuggestion,
    nullable: true,
    description: 'Null where no known text is near.',
    complexity: { field: SAMPLES },
    resolve: ({ channel, text }, _args, { instance }) => suggestQualification(instance, channel, text),
  }),
}));

builder.queryField('unqualifiedTexts', (t) =>
  t.field({
    type: MessageQualificationConnection,
    description: 'The inbox of what nobody has qualified: the texts TO_QUALIFY, those that occurred most often in the last 7 days first.',
    authScopes: { scope: 'rules:read' },
    args: {
      type: t.arg({ type: [FailureTypeEnum], description: '[UNDEFINED]: only what neither a rule nor a code could say anything about.' }),
      channel: t.arg({ type: [ChannelEnum] }),
      ...pageArgs,
    },
    resolve: async (_root, args, context, info) => {
      const where = await refusedAsBadInput(() => qualificationCondition({ type: args.type, channel: args.channel }));
      return listNodes({
        context,
        info,
        args,
        list: 'unqualifiedTexts',
        order: { direction: 'DESC', by: { value: sql`c.recent`, type: 'int' } },
        table: unqualifiedTexts(recentFrom(context)),
        where,
        load: (prisma, query) => prisma.qualification.findMany(query),
      });
    },
  }),
);

const QualifyAlikeInput = builder.inputType('QualifyAlikeInput', {
  fields: (t) => ({
    id: t.id({ required: true, description: 'The MessageQualification that the others are like.' }),
    type: t.field({ type: FailureTypeEnum, required: true }),
    reason: t.field({ type: FailureReasonEnum, required: true }),
    fault: t.field({ type: FaultEnum, description: 'Absent: that of the reason.' }),
    status: t.field({ type: QualificationStatusEnum, required: true, defaultValue: 'KEEP', description: 'KEEP or IGNORE.' }),
    minScore: t.float({ required: true, defaultValue: 0.8, description: 'How near the words must be: above 0 to 1 (the same words).' }),
    dryRun: t.boolean({ required: true, defaultValue: false, description: 'true: say what would be set, set nothing.' }),
  }),
});

const QualifiedAlikeType = builder.objectRef<QualifiedAlike>('QualifiedAlike').implement({
  description: 'What was qualified at once, or would be.',
  fields: (t) => ({
    changed: t.exposeInt('changed', { description: 'Texts, the one that was named included. At most 1,000 at a time.' }),
    more: t.exposeBoolean('more', { description: 'More are alike than were set: name one of those next.' }),
    texts: t.stringList({ description: 'Normalised, the nearest first, up to 20.', resolve: ({ texts }) => [...texts] }),
  }),
});

const QualifyAlikeResult = resultUnion('QualifyAlikeResult', 'What was set.', QualifiedAlikeType, [
  NotFoundErrorType,
  InvalidInputErrorType,
]);

builder.mutationField('qualifyAlike', (t) =>
  t.field({
    type: QualifyAlikeResult,
    description:
      'Qualifies a text and all texts TO_QUALIFY like it: of the same channel, untouched by people, taken for the same now, and near in words.',
    authScopes: { scope: 'rules:write' },
    args: { input: t.arg({ type: QualifyAlikeInput, required: true }) },
    resolve: (_root, { input }, context) =>
      orRefusal(() => {
        const id = decodeGlobalId('MessageQualification', input.id, 'input.id');
        return qualifyAlike(context.instance, { ...input, id }, actorOf(context));
      }),
  }),
);
