import { foldCounters } from '../../src/operations/fold-counters.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { sql } from '../../src/store/database.ts';

/** Folds the counters whoever holds the lease: files share their worker's database, and an instance of another one keeps it for ten seconds. */
export async function foldNow(instance: Instance): Promise<void> {
  await instance.database.execute(sql`DELETE FROM lease WHERE name = 'fold-counters'`);
  await foldCounters(instance);
}
