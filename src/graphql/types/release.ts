import type { QuarantineEntry as EntryShape } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { isOwnResult } from '../own-results.ts';
import { JobStateEnum } from './enums.ts';
import { Node, nodeLoader } from './node.ts';
import { QuarantineEntry } from './quarantine.ts';

export const QuarantineRelease = builder.prismaObject('QuarantineRelease', {
  description: 'A bulk release: small ones are done when the mutation returns, large ones go on as a job that survives a restart.',
  interfaces: [Node],
  authScopes: (release) => isOwnResult(release) || { scope: 'quarantine:read' },
  fields: (t) => ({
    state: t.expose('state', { type: JobStateEnum }),
    dryRun: t.exposeBoolean('dryRun', { description: 'It has counted and sampled, and changed nothing.' }),
    matched: t.exposeInt('matched'),
    changed: t.exposeInt('changed'),
    skipped: t.exposeInt('skipped', { description: 'Left alone because they moved on.' }),
    sample: t.field({
      type: [QuarantineEntry],
      description: 'Up to 20, as they were.',
      resolve: ({ sample }) => (sample as unknown as StoredEntry[]).map(entryAsItWas),
    }),
    undone: t.exposeBoolean('undone'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

nodeLoader('QuarantineRelease', (prisma, query) => prisma.quarantineRelease.findUnique(query));

/** An entry as JSON keeps it: ids and instants are texts. */
type StoredEntry = {
  readonly [Field in keyof EntryShape]: EntryShape[Field] extends bigint | Date | null ? string | null : EntryShape[Field];
};

function entryAsItWas(stored: StoredEntry): EntryShape {
  return {
    ...stored,
    id: BigInt(stored.id ?? 0),
    lastDeliveryId: stored.lastDeliveryId === null ? null : BigInt(stored.lastDeliveryId),
    lastErrorAt: instant(stored.lastErrorAt),
    lastSignificantErrorAt: instant(stored.lastSignificantErrorAt),
    lastSuccessAt: instant(stored.lastSuccessAt),
    createdAt: new Date(stored.createdAt ?? 0),
    statusUpdatedAt: new Date(stored.statusUpdatedAt ?? 0),
  } as EntryShape;
}

function instant(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
