import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryResultItem } from '../../../src/operations/check-delivery-result.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { sql } from '../../../src/store/database.ts';
import { API_DOOR, aDelivery, countersOf, feedbackInstance, TEXT } from '../../support/feedback-instance.ts';
import { freshAddress } from '../../support/fresh.ts';

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

/** Events in the order in which they arrive, any of them late. */
const arrivals = fc.array(
  fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Kind>('soft') },
      { weight: 5, arbitrary: fc.constantFrom<Kind>('success', 'success', 'unknown') },
      { weight: 1, arbitrary: fc.constantFrom<Kind>('hard', 'complaint') },
    ),
    hour: fc.integer({ min: 0, max: 400 }),
    endsBatch: fc.boolean(),
  }),
  { minLength: 2, maxLength: 12 },
);

/** A success that comes too late to clear anything, in one batch with the next failure. */
const LATE_SUCCESS = [
  { kind: 'soft' as const, hour: 10, endsBatch: true },
  { kind: 'success' as const, hour: 20, endsBatch: true },
  { kind: 'soft' as const, hour: 50, endsBatch: true },
  { kind: 'success' as const, hour: 30, endsBatch: false },
  { kind: 'soft' as const, hour: 80, endsBatch: false },
];

/** Batches that leave the order of arrival as it is: inside of one it is the order in which things happened. */
function cutAtLateOnes(steps: readonly { kind: Kind; hour: number; endsBatch: boolean }[]) {
  const batches: { kind: Kind; at: Date }[][] = [[]];
  steps.forEach(({ kind, hour }, index) => {
    const before = steps[index - 1];
    if (before !== undefined && (before.endsBatch || hour < before.hour)) batches.push([]);
    batches.at(-1)?.push({ kind, at: new Date(Date.UTC(2025, 0, 1, hour)) });
  });
  return batches.filter((batch) => batch.length > 0);
}

describe('a sequence of results', () => {
  test('moves no date by what is older than a success that came while the address was shut (A5)', async () => {
    const hours = [
      ['soft', 10],
      ['success', 20],
      ['hard', 30],
      ['success', 60],
      ['hard', 40],
    ] as const;
    const { entry } = await recordIn(hours.map(([kind, hour]) => [{ kind, at: new Date(Date.UTC(2025, 0, 1, hour)) }]));
    expect(entry).toMatchObject({ status: 'QUARANTINE', error_count: 1, last_error_at: new Date(Date.UTC(2025, 0, 1, 30)) });
  });

  test('of which any come late ends the same one by one and in any batches', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async (steps) => {
        const batches = cutAtLateOnes(steps);
        const alone = await recordIn(batches.flat().map((event) => [event]));
        const together = await recordIn(batches);
        expect(together).toEqual(alone);
        expect(alone.ledger.at(-1) ?? null).toEqual(alone.entry);
      }),
      { numRuns: 12, examples: [[LATE_SUCCESS]] },
    );
  });

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
  });
});
