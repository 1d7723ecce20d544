import { cancelSlice } from '../store/cancel-messages.ts';
import { sql } from '../store/database.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { endRun, setDeliveryState } from '../store/preparation-run.ts';
import { startBackgroundWork } from './background-work.ts';
import { lockDeliveryFor, PREPARING } from './delivery-states.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

const LEASE_MS = 20_000;
/** Messages in one transaction: it holds the locks of all addresses, so it must be short. */
const SLICE_SIZE = 2_000;

/** The lease of a stop is laid in the transaction that stops: while it is there, messages are left to cancel. */
export const stopName = (deliveryId: bigint): string => `stop:${deliveryId}`;

/**
 * Ends a delivery for good: what has not been sent is CANCELLED and the feed tells of each message. A preparation that is at work is only broken
 * off: the delivery goes back to EDITION and can be prepared again (W1).
 *
 * The first messages are cancelled before it returns, the others in slices behind it.
 *
 * @returns the delivery's id
 * @throws NotFoundError, InvalidStateError where there is nothing to stop
 */
export async function stopDelivery(instance: Instance, deliveryId: bigint, actor: Actor): Promise<bigint> {
  const at = instance.now();
  const preparing = await instance.database.transaction(async (tx) => {
    const delivery = await lockDeliveryFor(tx, deliveryId, 'stopped', [...PREPARING, 'START_PENDING', 'STARTED', 'PAUSED']);
    const brokenOff = PREPARING.includes(delivery.state);
    if (brokenOff) await endRun(tx, { deliveryId, run: delivery.run }, { state: 'FAILED', error: `stopped by ${actor.name}`, at });
    else await takeLease(tx, stopName(deliveryId), instance.node, LEASE_MS);
    await setDeliveryState(tx, deliveryId, brokenOff ? 'EDITION' : 'STOPPED', at);
    await recordAudit(tx, actor, 'delivery.stop', `Delivery ${deliveryId}`, { run: delivery.run, brokenOff }, at);
    return brokenOff;
  });
  if (preparing) return deliveryId;
  const last = await cancelNext(instance, deliveryId, 0n);
  if (last === null) await releaseLease(instance.database, stopName(deliveryId), instance.node);
  else startBackgroundWork(instance, stopName(deliveryId), (signal) => cancelMessages(instance, deliveryId, { signal, after: last }));
  return deliveryId;
}

/** Cancels what a stopped delivery has left, slice by slice. Begun again after a crash it finds what is still pending. */
export async function cancelMessages(
  instance: Instance,
  deliveryId: bigint,
  options: { signal?: AbortSignal; after?: bigint } = {},
): Promise<void> {
  const { database, node } = instance;
  const name = stopName(deliveryId);
  let after: bigint | null = options.after ?? 0n;
  while (after !== null) {
    if (options.signal?.aborted || !(await takeLease(database, name, node, LEASE_MS))) return;
    after = await cancelNext(instance, deliveryId, after);
  }
  await releaseLease(database, name, node);
}

/** @returns the last message of the slice; null where none was left */
async function cancelNext(instance: Instance, deliveryId: bigint, after: bigint): Promise<bigint | null> {
  const at = instance.now();
  const { database } = instance;
  // STOPPED is for good, so its run is read without a lock: a row lock would take the transaction's id before the locks of the addresses.
  const [stopped] = await database.query<{ run: number }>(sql`SELECT run FROM delivery WHERE id = ${deliveryId} AND state = 'STOPPED'`);
  if (stopped === undefined) return null;
  const slice = await database.transaction((tx) => cancelSlice(tx, { deliveryId, run: stopped.run, after, size: SLICE_SIZE, at }));
  if (slice === null) return null;
  database.hints.notify('DELIVERY_LOG');
  return slice.last;
}
