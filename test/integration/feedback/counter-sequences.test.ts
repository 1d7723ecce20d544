import { beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryResultItem } from '../../../src/operations/check-delivery-result.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { sql } from '../../../src/store/database.ts';
import {
  API_DOOR,
  aDelivery,
  aProfile,
  entriesOf,
  feedbackInstance,
  freshAddress,
  freshNumber,
  logOf,
  record,
  stateOf,
  TEXT,
} from '../../support/feedback-instance.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

type Step = readonly [at: string, kind: 'soft' | 'hard' | 'success' | 'complaint' | 'unknown' | 'ignored', expected: string];

const UNREACHABLE = '451 4.3.0 Temporary lookup failure, system resources low';
const STEP: Record<Step[1], Partial<DeliveryResultItem>> = {
  soft: { outcome: 'FAILED', text: UNREACHABLE },
  hard: { outcome: 'FAILED', text: TEXT.unknownUser },
  success: { outcome: 'DELIVERED', text: '250 2.0.0 Ok: queued' },
  complaint: { outcome: 'COMPLAINT', text: 'abuse' },
  unknown: { outcome: 'FAILED', text: 'Zwxq prlmt vxd' },
  ignored: { outcome: 'AUTO_REPLY', text: 'Out of office' },
};

async function runSteps(steps: readonly Step[]): Promise<readonly string[]> {
  const address = freshAddress();
  const states: string[] = [];
  for (const [at, kind] of steps) {
    await record(instance, { channel: 'EMAIL', address, occurredAt: new Date(`2025-${at}Z`), ...STEP[kind] } as DeliveryResultItem);
    states.push(await stateOf(instance, address));
  }
  return states;
}

const SEQUENCES: readonly (readonly [row: string, steps: readonly Step[]])[] = [
  [
    'A: five soft errors a day apart quarantine',
    [
      ['03-01T08:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-02T08:00:00', 'soft', 'ERRONEOUS 2'],
      ['03-03T08:00:00', 'soft', 'ERRONEOUS 3'],
      ['03-04T08:00:00', 'soft', 'ERRONEOUS 4'],
      ['03-05T08:00:00', 'soft', 'QUARANTINE 5'],
    ],
  ],
  [
    'B: errors closer than 24 hours count once',
    [
      ['03-01T08:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-01T09:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-01T10:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-02T07:59:59', 'soft', 'ERRONEOUS 1'],
      ['03-02T08:00:00', 'soft', 'ERRONEOUS 2'],
    ],
  ],
  [
    'C: every 12 hours counts every other one',
    [
      ['03-01T00:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-01T12:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-02T00:00:00', 'soft', 'ERRONEOUS 2'],
      ['03-02T12:00:00', 'soft', 'ERRONEOUS 2'],
      ['03-03T00:00:00', 'soft', 'ERRONEOUS 3'],
    ],
  ],
  [
    'D: more than ten days later the counter starts again',
    [
      ['03-01T08:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-02T08:00:00', 'soft', 'ERRONEOUS 2'],
      ['03-03T08:00:00', 'soft', 'ERRONEOUS 3'],
      ['03-04T08:00:00', 'soft', 'ERRONEOUS 4'],
      ['03-14T08:00:01', 'soft', 'ERRONEOUS 1'],
    ],
  ],
  [
    'E: exactly ten days later it counts on',
    [
      ['03-01T08:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-02T08:00:00', 'soft', 'ERRONEOUS 2'],
      ['03-03T08:00:00', 'soft', 'ERRONEOUS 3'],
      ['03-04T08:00:00', 'soft', 'ERRONEOUS 4'],
      ['03-14T08:00:00', 'soft', 'QUARANTINE 5'],
    ],
  ],
  [
    'F: a success clears the counter',
    [
      ['03-01T08:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-02T08:00:00', 'soft', 'ERRONEOUS 2'],
      ['03-02T09:00:00', 'success', 'VALID 0'],
      ['03-03T09:00:00', 'soft', 'ERRONEOUS 1'],
    ],
  ],
  [
    'G: a hard error quarantines and no success releases',
    [
      ['03-01T08:00:00', 'soft', 'ERRONEOUS 1'],
      ['03-01T09:00:00', 'hard', 'QUARANTINE 2'],
      ['03-20T09:00:00', 'success', 'QUARANTINE 2'],
    ],
  ],
  [
    'J: ten auto-replies make no entry',
    Array.from({ length: 10 }, (_, day) => [`03-${String(day + 1).padStart(2, '0')}T08:00:00`, 'ignored', 'none'] as const),
  ],
  [
    'K: a text that nobody knows counts when it recurs a day later',
    [
      ['03-01T08:00:00', 'unknown', 'none'],
      ['03-02T08:00:00', 'unknown', 'ERRONEOUS 1'],
    ],
  ],
  [
    'L: a complaint denylists and nothing after it changes that',
    [
      ['03-01T08:00:00', 'complaint', 'DENYLISTED 0'],
      ['03-02T08:00:00', 'hard', 'DENYLISTED 0'],
      ['03-03T08:00:00', 'success', 'DENYLISTED 0'],
    ],
  ],
];

describe('counter sequences (spec 7.2)', () => {
  test.each(SEQUENCES)('%s', async (_row, steps) => {
    expect(await runSteps(steps)).toEqual(steps.map(([, , expected]) => expected));
  });

  test('A in one batch: five soft errors a day apart, in any order, end in QUARANTINE 5', async () => {
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

  test('K in one batch: the second of two unknown texts counts, and the row waits to be qualified', async () => {
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

  test('M: an allowlisted address keeps its entry and the log says that the error is ignored', async () => {
    const address = freshAddress();
    await record(instance, { channel: 'EMAIL', address, occurredAt: new Date('2025-02-01T08:00:00Z'), ...STEP.soft } as DeliveryResultItem);
    await instance.database.execute(sql`UPDATE quarantine_entry SET status = 'ALLOWLISTED' WHERE address = ${address}`);
    const before = await entriesOf(instance, address);
    const delivery = await aDelivery(instance, [{ address }]);
    await record(instance, {
      channel: 'EMAIL',
      address,
      deliveryId: delivery.id,
      occurredAt: new Date('2025-03-01T08:00:00Z'),
      ...STEP.hard,
    } as DeliveryResultItem);
    expect(await entriesOf(instance, address)).toEqual(before);
    expect(await logOf(instance, delivery.logIds[0])).toMatchObject({
      status: 'FAILED',
      failureType: 'IGNORED',
      failureReason: 'ERROR_IGNORED',
      quarantined: false,
    });
  });

  test('N: two profiles of one number share one counter', async () => {
    const number = freshNumber();
    const profiles = [await aProfile(instance, 'SMS', number), await aProfile(instance, 'SMS', number)];
    for (const [hour, profileId] of profiles.entries()) {
      const delivery = await aDelivery(instance, [{ address: number, profileId }], { channel: 'SMS' });
      await record(instance, {
        channel: 'SMS',
        address: number,
        deliveryId: delivery.id,
        outcome: 'FAILED',
        text: UNREACHABLE,
        occurredAt: new Date(`2025-03-01T0${hour}:00:00Z`),
      });
    }
    expect(await entriesOf(instance, number)).toMatchObject([{ status: 'ERRONEOUS', errorCount: 1 }]);
  });
});
