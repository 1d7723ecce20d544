/**
 * Retention: one slice of old rows a statement (RET-1). Rows of a ledger take the cursors before them with them.
 *
 * `= ANY(ARRAY(...))` and not `IN (...)`: for the latter the planner may read the whole table.
 */
import { type Queryable, type Sql, sql } from './database.ts';
import { raiseFloor } from './feed-state.ts';

export interface PurgeSlice {
  /** Rows of that instant and older go. */
  readonly before: Date;
  /** Rows beyond this id, for tables that are walked in the order of their ids; */
  readonly after: bigint;
  /** at most so many. */
  readonly size: number;
}

export interface PurgedSlice {
  readonly deleted: number;
  /** Where the next slice goes on; null where no older row is left. */
  readonly next: bigint | null;
}

interface Gone {
  readonly deleted: number;
  readonly looked: number;
  readonly upTo: bigint | null;
  readonly txid: string | null;
  readonly id: bigint | null;
}

/** Messages by their last change. */
export async function purgeDeliveryLogs(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  const deleted = await tx.execute(sql`
    DELETE FROM delivery_log WHERE id = ANY(ARRAY(
      SELECT id FROM delivery_log WHERE updated_at <= ${before}::timestamptz ORDER BY updated_at, id LIMIT ${size}))`);
  return { deleted, next: deleted < size ? null : 0n };
}

export async function purgeInboundEvents(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  const deleted = await tx.execute(sql`
    DELETE FROM inbound_event WHERE id = ANY(ARRAY(
      SELECT id FROM inbound_event WHERE received_at <= ${before}::timestamptz ORDER BY received_at LIMIT ${size}))`);
  return { deleted, next: deleted < size ? null : 0n };
}

/** By when they were taken in: a result that is told late must not take the cursors of today's readers with it. */
export function purgeDeliveryEvents(tx: Queryable, slice: PurgeSlice): Promise<PurgedSlice> {
  return purgeLedger(tx, 'DELIVERY_LOG', { table: sql`delivery_event`, time: sql`recorded_at` }, slice);
}

export function purgeExclusionLogs(tx: Queryable, slice: PurgeSlice): Promise<PurgedSlice> {
  return purgeLedger(tx, 'EXCLUSION_LOG', { table: sql`exclusion_log`, time: sql`created_at` }, slice);
}

/** What a requalification has corrected: with the ledger of messages goes what could be undone. */
export async function purgeRequalifiedFailures(tx: Queryable, { before, size }: PurgeSlice): Promise<PurgedSlice> {
  const deleted = await tx.execute(sql`
    DELETE FROM requalified_failure WHERE ctid = ANY(ARRAY(
      SELECT f.ctid FROM requalification r
      CROSS JOIN LATERAL (SELECT ctid FROM requalified_failure WHERE requalification_id = r.id ORDER BY address_key LIMIT ${size}) AS f
      WHERE r.created_at <= ${before}::timestamptz AND r.state <> 'RUNNING' LIMIT ${size}))`);
  return { deleted, next: deleted < size ? null : 0n };
}

export function purgeAudit(tx: Queryable, slice: PurgeSlice): Promise<PurgedSlice> {
  return purgeOldest(tx, { table: sql`audit_entry`, time: sql`occurred_at` }, slice).then(toPurged);
}

export function purgeJobRuns(tx: Queryable, slice: PurgeSlice): Promise<PurgedSlice> {
  return purgeOldest(tx, { table: sql`job_run`, time: sql`started_at` }, slice).then(toPurged);
}

interface Aged {
  readonly table: Sql;
  readonly time: Sql;
}

async function purgeLedger(tx: Queryable, ledger: 'DELIVERY_LOG' | 'EXCLUSION_LOG', aged: Aged, slice: PurgeSlice): Promise<PurgedSlice> {
  const gone = await purgeOldest(tx, { ...aged, place: sql`txid` }, slice);
  if (gone.txid !== null && gone.id !== null) await raiseFloor(tx, ledger, { txid: BigInt(gone.txid), id: gone.id });
  return toPurged(gone);
}

/**
 * Rows were written in the order of their ids, so the oldest have the lowest: the walk reads from the first row and ends with the first slice that
 * is not old from end to end. It needs no index on the time.
 */
async function purgeOldest(tx: Queryable, aged: Aged & { place?: Sql }, { before, after, size }: PurgeSlice): Promise<Gone> {
  const { table, time, place = sql`NULL::xid8 AS txid` } = aged;
  const [gone] = await tx.query<Gone>(sql`
    WITH oldest AS MATERIALIZED (SELECT id, ${time} AS age FROM ${table} WHERE id > ${after} ORDER BY id LIMIT ${size}),
    gone AS (
      DELETE FROM ${table} WHERE id = ANY(ARRAY(SELECT id FROM oldest WHERE age <= ${before}::timestamptz)) RETURNING id, ${place}
    ),
    last AS (SELECT txid, id FROM gone ORDER BY txid DESC, id DESC LIMIT 1)
    SELECT (SELECT count(*)::int FROM gone) AS deleted, (SELECT count(*)::int FROM oldest) AS looked, (SELECT max(id) FROM oldest) AS "upTo",
      (SELECT txid::text FROM last) AS txid, (SELECT id FROM last) AS id`);
  if (!gone) throw new Error('the purge gave no answer');
  return gone;
}

function toPurged({ deleted, looked, upTo }: Gone): PurgedSlice {
  return { deleted, next: deleted < looked ? null : upTo };
}
