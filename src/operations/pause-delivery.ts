import { setDeliveryState } from '../store/preparation-run.ts';
import { lockDeliveryFor } from './delivery-states.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/**
 * Halts a started delivery: no further message goes out until it is resumed. Results of messages that are out are still taken in.
 *
 * @returns the delivery's id
 * @throws NotFoundError, InvalidStateError unless it is STARTED
 */
export async function pauseDelivery(instance: Instance, deliveryId: bigint, actor: Actor): Promise<bigint> {
  const at = instance.now();
  await instance.database.transaction(async (tx) => {
    await lockDeliveryFor(tx, deliveryId, 'paused', ['STARTED']);
    await setDeliveryState(tx, deliveryId, 'PAUSED', at);
    await recordAudit(tx, actor, 'delivery.pause', `Delivery ${deliveryId}`, '', at);
  });
  return deliveryId;
}
