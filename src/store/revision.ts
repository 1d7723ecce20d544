import { type Queryable, sql } from './database.ts';

/** What nodes keep in memory and must read again when it changes. */
export const REVISIONED = ['settings', 'rules', 'incidents'] as const;
export type Revisioned = (typeof REVISIONED)[number];

const keyOf = (what: Revisioned) => `instance.revision.${what}`;

/** Call in the transaction that changes `what`: every node reads it again within half a second. */
export async function bumpRevision(tx: Queryable, what: Revisioned): Promise<void> {
  await tx.execute(sql`
    INSERT INTO setting (key, value) VALUES (${keyOf(what)}, '1'::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = to_jsonb((setting.value #>> '{}')::bigint + 1), updated_at = now()`);
}

export async function readRevision(database: Queryable, what: Revisioned): Promise<string> {
  const [row] = await database.query<{ revision: string }>(sql`SELECT value #>> '{}' AS revision FROM setting WHERE key = ${keyOf(what)}`);
  return row?.revision ?? '0';
}

/** A change of settings or rules takes effect on all nodes within a second (amendment A16); this leaves room for the reading itself. */
const FRESH_MS = 500;

/**
 * Keeps a value in memory and asks the database at most twice a second whether it changed. Readers at the same time share one look.
 * A failed look is an error for the reader: what may have changed is not served from memory (fail closed).
 */
export function revisioned<T>(database: Queryable, what: Revisioned, load: () => Promise<T>): () => Promise<T> {
  let held: { value: T; revision: string; checkedAt: number } | undefined;
  let looking: Promise<T> | undefined;

  const look = async (): Promise<T> => {
    const checkedAt = performance.now();
    const revision = await readRevision(database, what);
    const value = held && held.revision === revision ? held.value : await load();
    held = { value, revision, checkedAt };
    return value;
  };

  return () => {
    if (held && performance.now() - held.checkedAt < FRESH_MS) return Promise.resolve(held.value);
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}
