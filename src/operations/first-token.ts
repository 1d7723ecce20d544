import { sql } from '../store/database.ts';
import { insertToken } from './create-token.ts';
import type { Instance } from './instance.ts';
import { makeTokenSecret } from './token-secret.ts';

/**
 * The first administrator's token, made at the first start of a database and never again: whoever revokes it must not find it back
 * after a restart. Nodes that start at once make one.
 *
 * @param given LAZARET_ADMIN_TOKEN; undefined = one is invented
 * @returns the secret where it was made now, else null
 */
export async function makeFirstToken(instance: Instance, given: string | undefined): Promise<string | null> {
  const secret = given ?? makeTokenSecret();
  const made = await instance.database.transaction(async (tx) => {
    const first = await tx.execute(
      sql`INSERT INTO setting (key, value) VALUES ('instance.first_token', 'true'::jsonb) ON CONFLICT (key) DO NOTHING`,
    );
    if (first === 0) return false;
    await insertToken(tx, { name: 'administrator', scopes: ['admin'], expiresAt: null, secret, at: instance.now() });
    return true;
  });
  return made ? secret : null;
}
