import { builder } from '../builder.ts';

/** What one task of a cleanup did. */
export interface CleanupTaskShape {
  readonly name: string;
  readonly rows: number;
  readonly durationMs: number;
  readonly error: string | null;
}

const CleanupTask = builder.objectRef<CleanupTaskShape>('CleanupTask').implement({
  description: 'One task of the cleanup and what it did.',
  fields: (t) => ({
    name: t.exposeString('name'),
    rows: t.exposeInt('rows', { description: 'Rows that it changed or deleted.' }),
    durationMs: t.exposeInt('durationMs'),
    error: t.exposeString('error', { nullable: true, description: 'Why it failed; the other tasks go on.' }),
  }),
});

export const CleanupReport = builder.objectRef<{ readonly tasks: readonly CleanupTaskShape[] }>('CleanupReport').implement({
  description: 'What one run of a scheduled job did.',
  fields: (t) => ({ tasks: t.field({ type: [CleanupTask], resolve: ({ tasks }) => [...tasks] }) }),
});
