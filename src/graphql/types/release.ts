import { sampledEntries } from '../../store/quarantine-release.ts';
import { builder } from '../builder.ts';
import { isOwnResult, ownOr, ownResult } from '../own-results.ts';
import { JobStateEnum } from './enums.ts';
import { Node, nodeLoader } from './node.ts';
import { QuarantineEntry } from './quarantine.ts';

export const QuarantineRelease = builder.prismaObject('QuarantineRelease', {
  description: 'A bulk release: small ones are done when the mutation returns, large ones go on as a job that survives a restart.',
  interfaces: [Node],
  authScopes: ownOr('quarantine:read'),
  fields: (t) => ({
    state: t.expose('state', { type: JobStateEnum }),
    dryRun: t.exposeBoolean('dryRun', { description: 'It has counted and sampled, and changed nothing.' }),
    matched: t.exposeInt('matched'),
    changed: t.exposeInt('changed'),
    skipped: t.exposeInt('skipped', { description: 'Left alone because they moved on.' }),
    sample: t.field({
      type: [QuarantineEntry],
      description: 'Up to 20, as they were.',
      resolve: (release) => {
        const entries = sampledEntries(release.sample);
        return isOwnResult(release) ? entries.map((entry) => ownResult(entry, 'quarantine:write')) : entries;
      },
    }),
    undone: t.exposeBoolean('undone'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

nodeLoader('QuarantineRelease', (prisma, query) => prisma.quarantineRelease.findUnique(query));
