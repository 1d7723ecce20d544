import type { StoredLog } from '../store/feedback-reads.ts';
import type { CounterDelta } from '../store/feedback-writes.ts';

/** Adds up the deltas of a batch, so that each counter gets one line. */
export class DeltaSum {
  readonly #sums = new Map<string, CounterDelta>();

  add(kind: CounterDelta['kind'], subject: bigint, run: number, metric: string, amount: number): void {
    const name = `${kind} ${subject} ${run} ${metric}`;
    const sum = this.#sums.get(name);
    this.#sums.set(name, { kind, subject, run, metric, amount: (sum?.amount ?? 0) + amount });
  }

  /** Moves one message from one counter of its delivery to another; null = none. */
  move(log: Pick<StoredLog, 'deliveryId' | 'run'>, from: string | null, to: string | null): void {
    if (from === to) return;
    if (from !== null) this.add('DELIVERY', log.deliveryId, log.run, from, -1);
    if (to !== null) this.add('DELIVERY', log.deliveryId, log.run, to, 1);
  }

  list(): readonly CounterDelta[] {
    return [...this.#sums.values()].filter(({ amount }) => amount !== 0);
  }
}
