import { beforeAll, describe, expect, test } from 'vitest';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { sql } from '../../../src/store/database.ts';
import { API_DOOR, feedbackInstance, stateOf } from '../../support/feedback-instance.ts';
import { freshAddress } from '../../support/fresh.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

const UNREACHABLE = '451 4.3.0 Temporary lookup failure, system resources low';
describe('counter sequences (spec 7.2) in one batch', () => {
  test('A: five soft errors a day apart, in any order, end in QUARANTINE 5', async () => {
    const address = freshAddress();
    const days = ['03', '01', '05', '02', '04'];
    const items = days.map((day) => ({
      channel: 'EMAIL' as const,
      address,
      outcome: 'FAILED' as const,
      text: UNREACHABLE,
      occurredAt: new Date(`2025-03-${day}T08:00:00Z`),
    }));
    const outcomes = await recordDeliveryResults(instance, items, API_DOOR);
    expect(await stateOf(instance, address)).toBe('QUARANTINE 5');
    expect(outcomes.map(({ addressStatus }) => addressStatus)).toEqual(['ERRONEOUS', 'ERRONEOUS', 'QUARANTINE', 'ERRONEOUS', 'ERRONEOUS']);
    const lines = await instance.database.query<{ version: number; error_count: number }>(sql`
      SELECT version, error_count FROM quarantine_event WHERE address = ${address} ORDER BY txid, id`);
    expect(lines.map(({ version, error_count }) => [version, error_count])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
  });

  test('K: the second of two unknown texts counts, and the row waits to be qualified', async () => {
    const address = freshAddress();
    const text = `Brzk ${freshAddress().split('@')[0]?.replaceAll(/\d|-/g, 'q')} vlmpt`;
    const item = { channel: 'EMAIL' as const, address, outcome: 'FAILED' as const, text };
    await recordDeliveryResults(
      instance,
      [
        { ...item, occurredAt: new Date('2025-03-02T08:00:00Z') },
        { ...item, occurredAt: new Date('2025-03-01T08:00:00Z') },
      ],
      API_DOOR,
    );
    expect(await stateOf(instance, address)).toBe('ERRONEOUS 1');
    const [row] = await instance.database.query<{ status: string; type: string }>(
      sql`SELECT status, type FROM qualification WHERE first_text = ${text}`,
    );
    expect(row).toEqual({ status: 'TO_QUALIFY', type: 'UNDEFINED' });
  });
});
