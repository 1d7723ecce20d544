import { NotFoundError } from '../domain/errors.ts';
import { acknowledge } from '../store/alerts.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/**
 * Takes alerts off the list of open ones: somebody has seen them. All or none. An alert that was acknowledged before keeps who did so
 * first; none is ever raised again for the same subject.
 *
 * @param ids at most 1,000: the caller has checked
 * @throws NotFoundError
 */
export async function acknowledgeAlerts(instance: Instance, ids: readonly bigint[], actor: Actor): Promise<void> {
  const now = instance.now();
  const wanted = [...new Set(ids)];
  await instance.database.transaction(async (tx) => {
    const found = await acknowledge(tx, wanted, actor.name, now);
    if (found.length < wanted.length) throw new NotFoundError('One of these alerts does not exist.');
    await recordAudit(tx, actor, 'alert.acknowledge', 'Alert', { ids: wanted }, now);
  });
}
