import { createHash, randomUUID } from 'node:crypto';
import { type Database, LEDGERS, type Ledger, type Queryable, raw, sql } from './database.ts';
import type { LedgerPosition } from './ledger-rows.ts';

export interface FeedState {
  /** Stands in every cursor: of this database and this epoch, and of no other. */
  readonly epochTag: string;
  /** What retention has taken: a reader that stands before it has missed something. */
  readonly floor: LedgerPosition;
}

const ID_KEY = 'instance.id';
const LEDGER_TABLES: Record<Ledger, string> = {
  QUARANTINE: 'quarantine_event',
  DELIVERY_LOG: 'delivery_event',
  EXCLUSION_LOG: 'exclusion_log',
  ALERT: 'alert',
  INCIDENT: 'incident_event',
};
/** Rows of one slice: a transaction of well under a second. */
const SLICE = 20_000;
/** Below every transaction of a living cluster, so below every horizon. */
const RESET_TXID = '3';

export async function readFeedState(database: Queryable, ledger: Ledger): Promise<FeedState> {
  const [row] = await database.query<{ id: string; epoch: number; floor_txid: bigint; floor_id: bigint }>(sql`
    SELECT s.value #>> '{}' AS id, f.epoch, f.floor_txid, f.floor_id FROM feed_state f JOIN setting s ON s.key = ${ID_KEY} WHERE f.ledger = ${ledger}`);
  if (!row) throw new Error(`the feed of ${ledger} has no state; was the database migrated and opened by this version?`);
  const epochTag = createHash('sha256').update(`${row.id}:${row.epoch}`).digest('base64url').slice(0, 10);
  return { epochTag, floor: { txid: row.floor_txid, id: row.floor_id } };
}

/** Retention calls this in the transaction that deletes: cursors up to `position` are expired from then on. */
export async function raiseFloor(tx: Queryable, ledger: Ledger, position: LedgerPosition): Promise<void> {
  await tx.execute(sql`
    UPDATE feed_state SET floor_txid = ${position.txid.toString()}::bigint, floor_id = ${position.id.toString()}::bigint
    WHERE ledger = ${ledger} AND (floor_txid, floor_id) < (${position.txid.toString()}::bigint, ${position.id.toString()}::bigint)`);
}

/**
 * Names the database, once. A dump that was restored into another cluster can carry transaction ids ahead of it: such rows would not
 * appear until the cluster has caught up. They are set back in slices and the epoch rises, so that old cursors say CURSOR_EXPIRED.
 *
 * @returns the ledgers that were set back
 */
export async function prepareFeeds(
  database: Database,
  onSlice: (ledger: Ledger, rows: number) => void = () => undefined,
): Promise<Ledger[]> {
  await database.execute(sql`
    INSERT INTO setting (key, value) VALUES (${ID_KEY}, to_jsonb(${randomUUID()}::text)) ON CONFLICT (key) DO NOTHING`);
  const restored: Ledger[] = [];
  for (const ledger of LEDGERS) {
    if (!(await isAhead(database, ledger))) continue;
    await setBack(database, ledger, onSlice);
    restored.push(ledger);
  }
  return restored;
}

async function isAhead(database: Queryable, ledger: Ledger): Promise<boolean> {
  const [row] = await database.query<{ ahead: boolean }>(sql`
    SELECT EXISTS (SELECT FROM ${raw(LEDGER_TABLES[ledger])} WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())) AS ahead`);
  return row?.ahead ?? false;
}

/** The epoch rises first: from then on no cursor of before is taken, also if this is killed between two slices. */
async function setBack(database: Database, ledger: Ledger, onSlice: (ledger: Ledger, rows: number) => void): Promise<void> {
  await database.execute(sql`UPDATE feed_state SET epoch = epoch + 1, floor_txid = 0, floor_id = 0 WHERE ledger = ${ledger}`);
  const table = raw(LEDGER_TABLES[ledger]);
  for (;;) {
    const touched = await database.execute(sql`
      UPDATE ${table} SET txid = ${RESET_TXID}::xid8
      WHERE id IN (SELECT id FROM ${table} WHERE txid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT ${SLICE}::int)`);
    if (touched === 0) return;
    onSlice(ledger, touched);
  }
}
