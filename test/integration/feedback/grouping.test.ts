import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryResultItem } from '../../../src/operations/check-delivery-result.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { sql } from '../../../src/store/database.ts';
import { API_DOOR, aDelivery, countersOf, feedbackInstance, freshAddress, TEXT } from '../../support/feedback-instance.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

const KINDS = {
  soft: { outcome: 'FAILED', text: TEXT.mailboxFull },
  hard: { outcome: 'FAILED', text: TEXT.unknownUser },
  unknown: { outcome: 'FAILED', text: 'Kwzr mblpt xvq' },
  sender: { outcome: 'FAILED', text: TEXT.greylisted },
  success: { outcome: 'DELIVERED', text: null },
  complaint: { outcome: 'COMPLAINT', text: 'abuse' },
  delay: { outcome: 'DELAYED', text: TEXT.mailboxFull },
} as const;

type Kind = keyof typeof KINDS;

/** Events of one address in the order in which they happened, hours apart. */
const sequences = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Kind>('soft') },
      { weight: 4, arbitrary: fc.constantFrom<Kind>('success', 'unknown', 'delay', 'sender') },
      { weight: 1, arbitrary: fc.constantFrom<Kind>('hard', 'complaint') },
    ),
    hoursLater: fc.integer({ min: 1, max: 300 }),
    endsBatch: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

interface Recorded {
  readonly entry: object | null;
  readonly log: object | undefined;
  readonly counters: Record<string, number>;
  readonly ledger: readonly object[];
}

/** Records the events in batches at an address and a delivery of its own, and each batch once more. */
async function recordIn(batches: readonly (readonly { kind: Kind; at: Date }[])[]): Promise<Recorded> {
  const address = freshAddress();
  const delivery = await aDelivery(instance, [{ address }]);
  for (const batch of batches) {
    const items = batch.map(
      ({ kind, at }): DeliveryResultItem => ({ channel: 'EMAIL', address, deliveryId: delivery.id, occurredAt: at, ...KINDS[kind] }),
    );
    await recordDeliveryResults(instance, items, API_DOOR);
    const again = await recordDeliveryResults(instance, items, API_DOOR);
    expect(again.every(({ duplicate }) => duplicate)).toBe(true);
  }
  const state = sql`status, reason, error_count, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, version`;
  const [entry] = await instance.database.query<object>(
    sql`SELECT ${state}, error_text AS text FROM quarantine_entry WHERE address = ${address}`,
  );
  const [log] = await instance.database.query<object>(sql`
    SELECT status, failure_type, failure_reason, attempts, quarantined, sent_at, last_event_at, version FROM delivery_log WHERE id = ${delivery.logIds[0]}`);
  const ledger = await instance.database.query<object>(
    sql`SELECT ${state}, text FROM quarantine_event WHERE address = ${address} ORDER BY txid, id`,
  );
  return { entry: entry ?? null, log, counters: await countersOf(instance, delivery.id), ledger };
}

describe('a sequence of results', () => {
  test('ends the same one by one and in any batches, however often it is sent, and its ledger folds to its entry', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async (steps) => {
        let atMs = Date.UTC(2025, 0, 1);
        const events = steps.map(({ kind, hoursLater }) => {
          atMs += hoursLater * 3_600_000;
          return { kind, at: new Date(atMs) };
        });
        const batches: (typeof events)[] = [[]];
        steps.forEach(({ endsBatch }, index) => {
          const event = events[index];
          if (event) batches.at(-1)?.push(event);
          if (endsBatch) batches.push([]);
        });
        const alone = await recordIn(events.map((event) => [event]));
        const together = await recordIn(batches.filter((batch) => batch.length > 0).map((batch) => batch.toReversed()));
        expect(together).toEqual(alone);
        expect(alone.ledger.at(-1) ?? null).toEqual(alone.entry);
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
