import { DAY_MS } from '../domain/settings/settings.ts';
import { sql } from '../store/database.ts';
import { purgeRunSlice } from '../store/purge-run-slice.ts';
import type { Instance } from './instance.ts';

const SLICE_SIZE = 5_000;
/** A reader of the feed that was away for less than this misses nothing of a run that another one has replaced. */
const KEEP_MS = DAY_MS;

/**
 * Deletes messages and exclusions of runs that a later preparation has replaced (A15), in slices that may be killed anywhere. Cursors of the feed that
 * stand before what is deleted are expired with it. The ledger of messages stays: it is the history of the addresses.
 *
 * @param keepMs how long after the run was replaced its rows are kept: until then results may have come in
 * @returns how many rows were deleted
 */
export async function purgeRuns(
  instance: Instance,
  options: { keepMs?: number; sliceSize?: number; signal?: AbortSignal } = {},
): Promise<number> {
  const { database } = instance;
  const before = new Date(instance.now().getTime() - (options.keepMs ?? KEEP_MS));
  const replaced = await database.query<{ delivery_id: bigint; run: number }>(sql`
    SELECT run.delivery_id, run.run FROM delivery_run AS run
    JOIN delivery_run AS next ON next.delivery_id = run.delivery_id AND next.run = run.run + 1
    WHERE run.purged_at IS NULL AND next.started_at <= ${before}::timestamptz
    ORDER BY run.delivery_id, run.run`);
  let purged = 0;
  for (const { delivery_id: deliveryId, run } of replaced) {
    for (;;) {
      if (options.signal?.aborted) return purged;
      const deleted = await database.transaction((tx) => purgeRunSlice(tx, deliveryId, run, options.sliceSize ?? SLICE_SIZE));
      purged += deleted;
      if (deleted === 0) break;
    }
    await database.execute(sql`
      UPDATE delivery_run SET purged_at = ${instance.now()}::timestamptz WHERE delivery_id = ${deliveryId} AND run = ${run}`);
  }
  return purged;
}
