import { closeIncident } from '../../operations/close-incident.ts';
import { releaseIncident } from '../../operations/release-incident.ts';
import { builder } from '../builder.ts';
import { InvalidStateErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { ReleaseModeEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { Incident } from './incident.ts';
import { QuarantineRelease } from './release.ts';

const ReleaseIncidentResult = resultUnion('ReleaseIncidentResult', 'The release, done or under way.', QuarantineRelease, [
  NotFoundErrorType,
]);
const CloseIncidentResult = resultUnion('CloseIncidentResult', 'The incident as it is now.', Incident, [
  NotFoundErrorType,
  InvalidStateErrorType,
]);

builder.mutationFields((t) => ({
  releaseIncident: t.field({
    type: ReleaseIncidentResult,
    description:
      'Releases every address that the incident hit and that has not moved on since, ERRONEOUS and QUARANTINE only. As any release it goes on as a ' +
      'job, tells of its progress (releaseProgress) and can be undone (undoRelease).',
    authScopes: { scope: 'quarantine:write' },
    args: {
      id: t.arg.id({ required: true }),
      mode: t.arg({ type: ReleaseModeEnum, required: true, defaultValue: 'SET_VALID' }),
      dryRun: t.arg.boolean({ required: true, defaultValue: false, description: 'true: count and sample, change nothing.' }),
    },
    resolve: (_root, { mode, dryRun, ...args }, context, info) =>
      orRefusal(async () => {
        const incident = decodeGlobalId('Incident', args.id, 'id');
        const id = await releaseIncident(context.instance, { id: incident, mode, dryRun }, actorOf(context));
        return changed({ context, info, typeName: 'QuarantineRelease', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.quarantineRelease.findUniqueOrThrow(query),
        );
      }),
  }),
  closeIncident: t.field({
    type: CloseIncidentResult,
    description:
      'Ends the holding: from now on failures of its kind quarantine there as everywhere. What happened before opens no new incident. What was held ' +
      'back stays ERRONEOUS, or is quarantined.',
    authScopes: { scope: 'quarantine:write' },
    args: {
      id: t.arg.id({ required: true }),
      quarantineHeld: t.arg.boolean({
        required: true,
        defaultValue: false,
        description:
          'true: the failures were true; quarantine what was held back, as a job, unless it was cleared since. Also of a closed one.',
      }),
    },
    resolve: (_root, { quarantineHeld, ...args }, context, info) =>
      orRefusal(async () => {
        const id = decodeGlobalId('Incident', args.id, 'id');
        await closeIncident(context.instance, { id, quarantineHeld }, actorOf(context));
        return changed({ context, info, typeName: 'Incident', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.incident.findUniqueOrThrow(query),
        );
      }),
  }),
}));
