import { readDeliveryCounters } from '../store/delivery-counters.ts';
import type { Instance } from './instance.ts';

/** Volumes of a delivery's current run, in recipients. */
export interface DeliveryCounters {
  readonly targeted: number;
  readonly excluded: number;
  readonly toDeliver: number;
  /** What remains of `toDeliver`: pending + sent + failed + cancelled = toDeliver, at any time. */
  readonly pending: number;
  readonly sent: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly hard: number;
  readonly soft: number;
  readonly ignored: number;
  readonly newQuarantines: number;
  readonly complaints: number;
}

const NOTHING: DeliveryCounters = {
  targeted: 0,
  excluded: 0,
  toDeliver: 0,
  pending: 0,
  sent: 0,
  failed: 0,
  cancelled: 0,
  hard: 0,
  soft: 0,
  ignored: 0,
  newQuarantines: 0,
  complaints: 0,
};

/**
 * The counters of the current runs of these deliveries, from roll-ups and never by counting messages. What was answered before is in them: the
 * deltas that are not folded yet are added. One statement for all of them.
 *
 * A delivery that was never prepared, or does not exist, has zeros.
 */
export async function deliveryCounters(instance: Instance, deliveryIds: readonly bigint[]): Promise<Map<bigint, DeliveryCounters>> {
  const counters = new Map(deliveryIds.map((id) => [id, NOTHING]));
  if (counters.size === 0) return counters;
  for (const { deliveryId, targeted, excluded, toDeliver, amounts } of await readDeliveryCounters(instance.database, [
    ...counters.keys(),
  ])) {
    const of = (metric: string) => amounts[metric] ?? 0;
    const moved = { sent: of('sent'), failed: of('failed'), cancelled: of('cancelled') };
    counters.set(deliveryId, {
      targeted,
      excluded,
      toDeliver,
      ...moved,
      pending: toDeliver - moved.sent - moved.failed - moved.cancelled,
      hard: of('hard'),
      soft: of('soft'),
      ignored: of('ignored'),
      newQuarantines: of('newQuarantines'),
      complaints: of('complaints'),
    });
  }
  return counters;
}
