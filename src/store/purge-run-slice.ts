import { type Queryable, sql } from './database.ts';
import { raiseFloor } from './feed-state.ts';

interface Deleted {
  readonly deleted: number;
  /** Last place in the feed that went with it; null where nothing did. */
  readonly txid: string | null;
  readonly id: bigint | null;
}

/** Deletes up to `size` messages and as many exclusions of a run, and expires the cursors before them. @returns how many rows went */
export async function purgeRunSlice(tx: Queryable, deliveryId: bigint, run: number, size: number): Promise<number> {
  const [exclusions] = await tx.query<Deleted>(sql`
    WITH gone AS (
      DELETE FROM exclusion_log WHERE id IN (
        SELECT id FROM exclusion_log WHERE delivery_id = ${deliveryId} AND run = ${run} ORDER BY id LIMIT ${size}
      ) RETURNING txid, id
    ), last AS (SELECT txid, id FROM gone ORDER BY txid DESC, id DESC LIMIT 1)
    SELECT (SELECT count(*)::int FROM gone) AS deleted, (SELECT txid::text FROM last) AS txid, (SELECT id FROM last) AS id`);
  const [messages] = await tx.query<Deleted>(sql`
    WITH gone AS (
      DELETE FROM delivery_log WHERE id IN (
        SELECT id FROM delivery_log WHERE delivery_id = ${deliveryId} AND run = ${run} ORDER BY id LIMIT ${size}
      ) RETURNING id
    ), last AS (
      SELECT event.txid, event.id FROM gone JOIN delivery_event AS event ON event.delivery_log_id = gone.id ORDER BY event.txid DESC, event.id DESC LIMIT 1
    )
    SELECT (SELECT count(*)::int FROM gone) AS deleted, (SELECT txid::text FROM last) AS txid, (SELECT id FROM last) AS id`);
  await raise(tx, 'EXCLUSION_LOG', exclusions);
  await raise(tx, 'DELIVERY_LOG', messages);
  return (exclusions?.deleted ?? 0) + (messages?.deleted ?? 0);
}

async function raise(tx: Queryable, ledger: 'EXCLUSION_LOG' | 'DELIVERY_LOG', last: Deleted | undefined): Promise<void> {
  if (!last || last.txid === null || last.id === null) return;
  await raiseFloor(tx, ledger, { txid: BigInt(last.txid), id: last.id });
}
