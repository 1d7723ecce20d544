import { setDeliveryState } from '../store/preparation-run.ts';
import { lockDeliveryFor } from './delivery-states.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/**
 * Lets a paused delivery go on. The end of its validity stays where it was.
 *
 * @returns the delivery's id
 * @throws NotFoundError, InvalidStateError unless it is PAUSED
 */
export async function resumeDelivery(instance: Instance, deliveryId: bigint, actor: Actor): Promise<bigint> {
  const at = instance.now();
  await instance.database.transaction(async (tx) => {
    await lockDeliveryFor(tx, deliveryId, 'resumed', ['PAUSED']);
    await setDeliveryState(tx, deliveryId, 'STARTED', at);
    await recordAudit(tx, actor, 'delivery.resume', `Delivery ${deliveryId}`, '', at);
  });
  return deliveryId;
}
