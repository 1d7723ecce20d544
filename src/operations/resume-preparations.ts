import { sql } from '../store/database.ts';
import { startBackgroundWork } from './background-work.ts';
import type { Instance } from './instance.ts';
import { preparationName, runPreparation } from './run-preparation.ts';
import { cancelMessages, stopName } from './stop-delivery.ts';

/**
 * Takes up again what a process left behind that was killed: preparations that run, and deliveries that were stopped, whose lease has ended.
 * Call at the start and then every few seconds, on any number of nodes.
 *
 * On the embedded database nobody else can be alive, so leases of other holders end at once.
 *
 * @returns how many were taken up
 */
export async function resumePreparations(instance: Instance): Promise<number> {
  const { database, node } = instance;
  if (database.engine === 'embedded') {
    await database.execute(sql`
      UPDATE lease SET expires_at = clock_timestamp() WHERE holder <> ${node} AND (name LIKE 'preparation:%' OR name LIKE 'stop:%')`);
  }
  const left = await database.query<{ id: bigint; stopped: boolean }>(sql`
    SELECT d.id, false AS stopped FROM delivery AS d
    JOIN delivery_run AS run ON run.delivery_id = d.id AND run.run = d.run
    LEFT JOIN lease ON lease.name = 'preparation:' || d.id
    WHERE d.state IN ('TARGET_PREP_PENDING', 'TARGET_SELECTION', 'TARGET_ARBITRATION') AND run.state = 'RUNNING'
      AND (lease.name IS NULL OR lease.expires_at <= clock_timestamp())
    UNION ALL
    SELECT substr(name, 6)::bigint, true FROM lease WHERE name LIKE 'stop:%' AND expires_at <= clock_timestamp()`);
  for (const { id, stopped } of left) {
    if (stopped) startBackgroundWork(instance, stopName(id), (signal) => cancelMessages(instance, id, { signal }));
    else startBackgroundWork(instance, preparationName(id), (signal) => runPreparation(instance, id, { signal }));
  }
  return left.length;
}
