import { releaseQuarantine } from '../../operations/release-quarantine.ts';
import { undoRelease } from '../../operations/undo-release.ts';
import { builder } from '../builder.ts';
import { ConflictErrorType, InvalidInputErrorType, InvalidStateErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { ReleaseModeEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { QuarantineFilterInput } from './quarantine.ts';
import { QuarantineRelease } from './release.ts';

const ReleaseQuarantineInput = builder.inputType('ReleaseQuarantineInput', {
  fields: (t) => ({
    filter: t.field({ type: QuarantineFilterInput, required: true }),
    mode: t.field({ type: ReleaseModeEnum, required: true, defaultValue: 'SET_VALID' }),
    dryRun: t.boolean({ required: true, defaultValue: false, description: 'true: count and sample, change nothing.' }),
    expectedCount: t.int({
      description: 'Refused with ConflictError unless exactly this many match. Required where the filter leaves the whole list in.',
    }),
  }),
});

const ReleaseQuarantineResult = resultUnion('ReleaseQuarantineResult', 'The release, done or under way.', QuarantineRelease, [
  ConflictErrorType,
  InvalidInputErrorType,
]);
const UndoReleaseResult = resultUnion('UndoReleaseResult', 'The release whose changes are put back.', QuarantineRelease, [
  NotFoundErrorType,
  InvalidStateErrorType,
]);

builder.mutationFields((t) => ({
  releaseQuarantine: t.field({
    type: ReleaseQuarantineResult,
    description: "The bulk update after a provider's outage. Touches ERRONEOUS and QUARANTINE entries only, whatever the filter says.",
    authScopes: { scope: 'quarantine:write' },
    args: { input: t.arg({ type: ReleaseQuarantineInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = await releaseQuarantine(context.instance, input, actorOf(context));
        return changed({ context, info, typeName: 'QuarantineRelease', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.quarantineRelease.findUniqueOrThrow(query),
        );
      }),
  }),
  undoRelease: t.field({
    type: UndoReleaseResult,
    description: 'Puts back what the release changed, except entries that have moved on since; reports those.',
    authScopes: { scope: 'quarantine:write' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, args, context, info) =>
      orRefusal(async () => {
        const id = await undoRelease(context.instance, decodeGlobalId('QuarantineRelease', args.id, 'id'), actorOf(context));
        return changed({ context, info, typeName: 'QuarantineRelease', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.quarantineRelease.findUniqueOrThrow(query),
        );
      }),
  }),
}));
