import { DAY_MS } from '../domain/settings/settings.ts';
import { type Queryable, sql } from '../store/database.ts';
import { type LockedDelivery, setDeliveryState } from '../store/preparation-run.ts';
import { lockDeliveryFor } from './delivery-states.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

const HOUR_MS = 3_600_000;

/**
 * Confirms a prepared delivery (W2). From its contact date on, or at once, it is STARTED: its messages await the results that whoever sends them
 * reports, until the end of its validity.
 *
 * @returns the delivery's id
 * @throws NotFoundError, InvalidStateError unless it is READY
 */
export async function startDelivery(instance: Instance, deliveryId: bigint, actor: Actor): Promise<bigint> {
  const at = instance.now();
  const { deliveryValidity } = await instance.settings();
  await instance.database.transaction(async (tx) => {
    const delivery = await lockDeliveryFor(tx, deliveryId, 'started', ['READY']);
    if (delivery.contactDate !== null && delivery.contactDate > at) await setDeliveryState(tx, deliveryId, 'START_PENDING', at);
    else await begin(tx, delivery, deliveryValidity, at);
    await recordAudit(tx, actor, 'delivery.start', `Delivery ${deliveryId}`, { run: delivery.run }, at);
  });
  return deliveryId;
}

/**
 * Starts the confirmed deliveries whose contact date has come. Call every few seconds, on any number of nodes.
 *
 * @returns how many were started
 */
export async function startDueDeliveries(instance: Instance): Promise<number> {
  const at = instance.now();
  const { deliveryValidity } = await instance.settings();
  return instance.database.transaction(async (tx) => {
    const due = await tx.query<{ id: bigint }>(sql`
      SELECT id FROM delivery WHERE state = 'START_PENDING' AND contact_date <= ${at}::timestamptz ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`);
    for (const { id } of due) await begin(tx, await lockDeliveryFor(tx, id, 'started', ['START_PENDING']), deliveryValidity, at);
    return due.length;
  });
}

/** @param validityDays where the delivery says nothing (spec 2.7, deliveryDuration) */
async function begin(tx: Queryable, delivery: LockedDelivery, validityDays: number, at: Date): Promise<void> {
  const validityMs = delivery.validityHours === null ? validityDays * DAY_MS : delivery.validityHours * HOUR_MS;
  await tx.execute(sql`
    UPDATE delivery SET started_at = ${at}::timestamptz, valid_until = ${new Date(at.getTime() + validityMs)}::timestamptz WHERE id = ${delivery.id}`);
  await setDeliveryState(tx, delivery.id, 'STARTED', at);
}
