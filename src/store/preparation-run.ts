import type { Channel, DeliveryState, JobState } from '../domain/vocabulary.ts';
import { type Queryable, sql } from './database.ts';
import { closeDeliveryGate } from './delivery-gate.ts';
import { insertCauses } from './exclusion-rules-sql.ts';
import type { SliceDelivery } from './prepare-slice.ts';

/** A delivery's row while a transaction decides what becomes of it. */
export interface LockedDelivery {
  readonly id: bigint;
  readonly state: DeliveryState;
  readonly run: number;
  readonly targetAll: boolean;
  readonly contactDate: Date | null;
  readonly validityHours: number | null;
  readonly startedAt: Date | null;
}

/** Locks the delivery until the end of the transaction, also against new batches of results. Always the delivery first, then its run. */
export async function lockDelivery(tx: Queryable, id: bigint): Promise<LockedDelivery | null> {
  await closeDeliveryGate(tx, id);
  const [row] = await tx.query<LockedDelivery>(sql`
    SELECT id, state, run, target_all AS "targetAll", contact_date AS "contactDate", validity_hours AS "validityHours", started_at AS "startedAt"
    FROM delivery WHERE id = ${id} FOR NO KEY UPDATE`);
  return row ?? null;
}

export async function setDeliveryState(tx: Queryable, id: bigint, state: DeliveryState, at: Date): Promise<void> {
  await tx.execute(sql`
    UPDATE delivery SET state = ${state}::"DeliveryState", version = version + 1, updated_at = ${at}::timestamptz
    WHERE id = ${id} AND state <> ${state}::"DeliveryState"`);
}

/** Lays the next run: who is in the target is fixed now, profiles that come later are not part of it. */
export async function insertRun(tx: Queryable, delivery: LockedDelivery, at: Date): Promise<number> {
  const run = delivery.run + 1;
  const last = delivery.targetAll
    ? sql`SELECT COALESCE(max(id), 0) FROM profile`
    : sql`SELECT COALESCE(max(profile_id), 0) FROM delivery_target WHERE delivery_id = ${delivery.id}`;
  await tx.execute(sql`
    INSERT INTO delivery_run (delivery_id, run, last_profile_id, started_at) VALUES (${delivery.id}, ${run}, (${last}), ${at}::timestamptz)`);
  await insertCauses(tx, delivery.id, run);
  await tx.execute(sql`
    UPDATE delivery SET run = ${run}, state = 'TARGET_PREP_PENDING', version = version + 1, updated_at = ${at}::timestamptz WHERE id = ${delivery.id}`);
  return run;
}

export interface RunningPreparation extends SliceDelivery {
  readonly deliveryState: DeliveryState;
  readonly position: bigint;
  readonly lastProfileId: bigint;
  readonly toDeliver: number;
}

/** The current run, locked; null where it does not run (any more): done, failed, stopped or followed by another. */
export async function lockRunningPreparation(tx: Queryable, deliveryId: bigint): Promise<RunningPreparation | null> {
  const [row] = await tx.query<RunningPreparation & { runState: JobState; channel: Channel }>(sql`
    SELECT d.id AS "deliveryId", d.run, d.state AS "deliveryState", d.channel, ltrim(COALESCE(d.short_code, ''), '+') AS "shortCode", d.target_all AS "targetAll",
           d.exclude_duplicates AS "excludeDuplicates", d.limit_to AS "limitTo", d.control_group_percent AS "controlGroupPercent",
           run.state AS "runState", run.position, run.last_profile_id AS "lastProfileId", run.to_deliver AS "toDeliver"
    FROM delivery AS d JOIN delivery_run AS run ON run.delivery_id = d.id AND run.run = d.run
    WHERE d.id = ${deliveryId} FOR NO KEY UPDATE`);
  return row?.runState === 'RUNNING' ? row : null;
}

/** Moves the run on by one slice: in the transaction that writes the slice's rows, so a killed one leaves neither. */
export async function advanceRun(
  tx: Queryable,
  run: { deliveryId: bigint; run: number },
  by: { position: bigint; excluded: number; remaining: number },
): Promise<void> {
  await tx.execute(sql`
    UPDATE delivery_run SET position = ${by.position}, targeted = targeted + ${by.excluded + by.remaining}::int,
           excluded = excluded + ${by.excluded}::int, to_deliver = to_deliver + ${by.remaining}::int
    WHERE delivery_id = ${run.deliveryId} AND run = ${run.run}`);
}

/** Messages that became exclusions after all. */
export async function moveToExcluded(tx: Queryable, run: { deliveryId: bigint; run: number }, volume: number): Promise<void> {
  await tx.execute(sql`
    UPDATE delivery_run SET excluded = excluded + ${volume}::int, to_deliver = to_deliver - ${volume}::int
    WHERE delivery_id = ${run.deliveryId} AND run = ${run.run}`);
}

/** Ends the run, if it still runs. */
export async function endRun(
  tx: Queryable,
  run: { deliveryId: bigint; run: number },
  end: { state: 'DONE' | 'FAILED'; error: string | null; at: Date },
): Promise<boolean> {
  const ended = await tx.execute(sql`
    UPDATE delivery_run SET state = ${end.state}::"JobState", error = ${end.error}, finished_at = ${end.at}::timestamptz
    WHERE delivery_id = ${run.deliveryId} AND run = ${run.run} AND state = 'RUNNING'`);
  return ended > 0;
}
