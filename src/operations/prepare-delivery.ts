import { takeLease } from '../store/lease.ts';
import { insertRun } from '../store/preparation-run.ts';
import { startBackgroundWork } from './background-work.ts';
import { lockDeliveryFor, PREPARABLE } from './delivery-states.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { PREPARATION_LEASE_MS, type PreparationOptions, preparationName, runPreparation } from './run-preparation.ts';

/**
 * Begins message preparation: computes the target, excludes whom must not be written to, and logs each of them with the reason (W1). Nothing is
 * sent. Returns as soon as it is under way; it goes on in this process, and after a crash on any other.
 *
 * Preparing again starts a new run (A15): logs, causes and counters are then those of the new run.
 *
 * @param options how the work is cut into slices; left out but by tests and measurements
 * @returns the delivery's id
 * @throws NotFoundError, InvalidStateError while it is being prepared or after it was started
 */
export async function prepareDelivery(
  instance: Instance,
  deliveryId: bigint,
  actor: Actor,
  options: Omit<PreparationOptions, 'signal'> = {},
): Promise<bigint> {
  const { database, node } = instance;
  const at = instance.now();
  await database.transaction(async (tx) => {
    const delivery = await lockDeliveryFor(tx, deliveryId, 'prepared', PREPARABLE);
    const run = await insertRun(tx, delivery, at);
    await takeLease(tx, preparationName(deliveryId), node, PREPARATION_LEASE_MS);
    await recordAudit(tx, actor, 'delivery.prepare', `Delivery ${deliveryId}`, { run }, at);
  });
  startBackgroundWork(instance, preparationName(deliveryId), (signal) => runPreparation(instance, deliveryId, { ...options, signal }));
  return deliveryId;
}
