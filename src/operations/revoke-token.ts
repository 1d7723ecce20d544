import { NotFoundError } from '../domain/errors.ts';
import { sql } from '../store/database.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/**
 * Ends a token: within 5 seconds no node takes it any more and the sockets that use it are closed. Revoking it again changes nothing.
 *
 * @throws NotFoundError where there is no such token
 * @returns the id of the token
 */
export async function revokeToken(instance: Instance, id: bigint, actor: Actor): Promise<bigint> {
  const now = instance.now();
  await instance.database.transaction(async (tx) => {
    const revoked = await tx.execute(sql`UPDATE token SET revoked_at = ${now} WHERE id = ${id} AND revoked_at IS NULL`);
    if (revoked === 1) return recordAudit(tx, actor, 'token.revoke', `Token ${id}`, '{}', now);
    const found = await tx.query(sql`SELECT 1 FROM token WHERE id = ${id}`);
    if (found.length === 0) throw new NotFoundError('There is no such token.');
  });
  return id;
}
