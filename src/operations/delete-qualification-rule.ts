import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import type { RuleOrigin } from '../domain/vocabulary.ts';
import { sql } from '../store/database.ts';
import { bumpRevision } from '../store/revision.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/**
 * Deletes a user's rule. What it decided before stays as it was recorded.
 *
 * @returns the rule's id
 * @throws NotFoundError, InvalidStateError for a rule that comes with the product: it would come back, so it can only be switched off
 */
export async function deleteQualificationRule(instance: Instance, id: bigint, actor: Actor): Promise<bigint> {
  const now = instance.now();
  await instance.database.transaction(async (tx) => {
    const [rule] = await tx.query<{ name: string; origin: RuleOrigin }>(
      sql`SELECT name, origin FROM qualification_rule WHERE id = ${id} FOR UPDATE`,
    );
    if (rule === undefined) throw new NotFoundError('There is no such rule.');
    if (rule.origin !== 'USER') {
      throw new InvalidStateError(`The rule ${rule.name} comes with the product and cannot be deleted: switch it off instead.`);
    }
    await tx.execute(sql`DELETE FROM qualification_rule WHERE id = ${id}`);
    await recordAudit(tx, actor, 'qualificationRule.delete', `QualificationRule ${id}`, { name: rule.name }, now);
    await bumpRevision(tx, 'rules');
  });
  return id;
}
