import { requalify } from '../../operations/requalify.ts';
import { undoRequalification } from '../../operations/undo-requalification.ts';
import { builder } from '../builder.ts';
import { ConflictErrorType, InvalidInputErrorType, InvalidStateErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { ChannelEnum, FailureReasonEnum, FailureTypeEnum } from './enums.ts';
import { actorOf, DateTimeRange, StringFilter } from './filter-inputs.ts';
import { Requalification } from './requalification.ts';

const RequalificationFilter = builder.inputType('RequalificationFilter', {
  description: 'Which recorded failures are meant, by what they are taken for now. All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    occurredAt: t.field({ type: DateTimeRange, required: true, description: '`from` is required. No earlier than what is kept.' }),
    channel: t.field({ type: [ChannelEnum] }),
    domain: t.stringList({ description: 'Without sub-domains.' }),
    address: t.field({ type: StringFilter }),
    text: t.field({ type: StringFilter, description: 'The normalised text.' }),
    md5: t.stringList({ description: 'Hex MD5 of the normalised text.' }),
    decidedBy: t.stringList({ description: "As in Verdict: 'rule User_unknown', 'qualification <md5>', 'fallback'." }),
    type: t.field({ type: [FailureTypeEnum] }),
    reason: t.field({ type: [FailureReasonEnum] }),
  }),
});

const RequalifyInput = builder.inputType('RequalifyInput', {
  fields: (t) => ({
    filter: t.field({ type: RequalificationFilter, required: true }),
    dryRun: t.boolean({ required: true, defaultValue: false, description: 'true: count and sample, change nothing.' }),
    expectedCount: t.int({ description: 'Refused with ConflictError unless exactly this many failures match (`matched`).' }),
  }),
});

const RequalifyResult = resultUnion('RequalifyResult', 'The requalification, done or under way.', Requalification, [
  ConflictErrorType,
  InvalidInputErrorType,
]);
const UndoRequalificationResult = resultUnion(
  'UndoRequalificationResult',
  'The requalification whose changes are put back.',
  Requalification,
  [NotFoundErrorType, InvalidStateErrorType],
);

builder.mutationFields((t) => ({
  requalify: t.field({
    type: RequalifyResult,
    description:
      'Applies the rules, edited texts and settings of now to recorded failures: corrects what they are taken for, their messages and counters, ' +
      'and makes each address what it would be. Never touches complaints, STOP, DENYLISTED and ALLOWLISTED entries, nor what a person or an ' +
      'import has decided.',
    authScopes: { scope: 'rules:write' },
    complexity: { field: 100 },
    args: { input: t.arg({ type: RequalifyInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = await requalify(context.instance, input, actorOf(context));
        return changed({ context, info, typeName: 'Requalification', id, scope: 'rules:write' }, (prisma, query) =>
          prisma.requalification.findUniqueOrThrow(query),
        );
      }),
  }),
  undoRequalification: t.field({
    type: UndoRequalificationResult,
    description: 'Puts back what the requalification changed, except what has moved on since; reports that.',
    authScopes: { scope: 'rules:write' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, args, context, info) =>
      orRefusal(async () => {
        const id = await undoRequalification(context.instance, decodeGlobalId('Requalification', args.id, 'id'), actorOf(context));
        return changed({ context, info, typeName: 'Requalification', id, scope: 'rules:write' }, (prisma, query) =>
          prisma.requalification.findUniqueOrThrow(query),
        );
      }),
  }),
}));
