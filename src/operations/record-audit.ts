import { type Queryable, rows, sql } from '../store/database.ts';
import type { Actor } from './instance.ts';

/**
 * Writes who changed what, in the transaction that changes it: a change without its line in the audit trail cannot be committed.
 *
 * @param action verb of the use case, such as `quarantine.update`
 * @param subject type and id of what was changed, such as `QuarantineEntry 12`
 * @param detail what was changed, small and without secrets; an object becomes JSON
 */
export async function recordAudit(
  tx: Queryable,
  actor: Actor,
  action: string,
  subject: string,
  detail: string | object,
  at: Date,
): Promise<void> {
  const text = typeof detail === 'string' ? detail : rows([detail]).slice(1, -1);
  await tx.execute(sql`
    INSERT INTO audit_entry (actor, action, subject, detail, occurred_at) VALUES (${actor.name}, ${action}, ${subject}, ${text}, ${at})`);
}
