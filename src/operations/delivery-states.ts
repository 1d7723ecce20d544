import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import type { DeliveryState } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import { type LockedDelivery, lockDelivery } from '../store/preparation-run.ts';

/** States in which message preparation is at work. */
export const PREPARING: readonly DeliveryState[] = ['TARGET_PREP_PENDING', 'TARGET_SELECTION', 'TARGET_ARBITRATION'];

/** States from which a preparation may begin: nothing has been sent yet, and none is at work (PRE-1). */
export const PREPARABLE: readonly DeliveryState[] = ['EDITION', 'TARGET_READY', 'MESSAGE_READY', 'PREPARATION_ERROR', 'READY'];

/**
 * Locks the delivery for a change of state until the end of the transaction.
 *
 * @param verb what the caller wants to do, for the sentence of the refusal
 * @throws NotFoundError, InvalidStateError that names the state and those that allow it
 */
export async function lockDeliveryFor(tx: Queryable, id: bigint, verb: string, allowed: readonly DeliveryState[]): Promise<LockedDelivery> {
  const delivery = await lockDelivery(tx, id);
  if (delivery === null) throw new NotFoundError('There is no delivery with this id.');
  if (!allowed.includes(delivery.state)) {
    throw new InvalidStateError(`A delivery can be ${verb} in the state ${allowed.join(', ')}; this one is ${delivery.state}.`);
  }
  return delivery;
}
