import { type CancelledSlice, type CancelSlice, cancelSlice } from '../store/cancel-messages.ts';
import { sql } from '../store/database.ts';
import type { CleanupContext, CleanupTask } from './cleanup-task.ts';

/** The sentence of SND-7. */
export const EXPIRED_TEXT = 'Message could not be processed before the delivery limit date.';
const BECAUSE = { type: 'IGNORED', reason: 'EXPIRED', fault: 'INFRASTRUCTURE', text: EXPIRED_TEXT } as const;

interface ExpiredDelivery {
  readonly id: bigint;
  readonly run: number;
}

/**
 * Ends the deliveries whose validity is over (SND-7, W7): what is still pending is CANCELLED and says why, then the delivery is FINISHED. Counts
 * against no address.
 */
export const expireDeliveries: CleanupTask = {
  name: 'expiredDeliveries',
  run: async (context) => {
    const expired = await context.instance.database.query<ExpiredDelivery>(sql`
      SELECT id, run FROM delivery WHERE state IN ('STARTED', 'RETRY_PENDING', 'RETRY_IN_PROGRESS', 'PAUSED')
        AND valid_until <= ${context.at}::timestamptz ORDER BY id`);
    let cancelled = 0;
    for (const delivery of expired) cancelled += await expire(context, delivery);
    return cancelled;
  },
};

async function expire({ instance, at, sliceSize, keepOn }: CleanupContext, { id, run }: ExpiredDelivery): Promise<number> {
  const { database } = instance;
  let total = 0;
  for (let after: bigint | null = 0n; after !== null; ) {
    await keepOn();
    const slice: CancelSlice = { deliveryId: id, run, after, size: sliceSize, at, because: BECAUSE };
    const cancelled: CancelledSlice | null = await database.transaction((tx) => cancelSlice(tx, slice));
    if (cancelled !== null) database.hints.notify('DELIVERY_LOG');
    total += cancelled?.cancelled ?? 0;
    after = cancelled?.last ?? null;
  }
  // Whoever has stopped it meanwhile is right.
  await database.execute(sql`
    UPDATE delivery SET state = 'FINISHED', version = version + 1, updated_at = ${at}::timestamptz
    WHERE id = ${id} AND run = ${run} AND state IN ('STARTED', 'RETRY_PENDING', 'RETRY_IN_PROGRESS', 'PAUSED')`);
  return total;
}
