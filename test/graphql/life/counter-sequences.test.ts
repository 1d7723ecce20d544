import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp();
});
afterAll(() => life.close());

const UNREACHABLE = '451 4.3.0 Temporary lookup failure, system resources low';
const FULL = '552 5.2.2 The mailbox is over quota';
const STEPS = {
  soft: { outcome: 'FAILED', text: UNREACHABLE },
  full: { outcome: 'FAILED', text: FULL },
  hard: { outcome: 'FAILED', text: '550 5.1.1 User unknown' },
  success: { outcome: 'DELIVERED', text: '250 2.0.0 Ok: queued' },
  complaint: { outcome: 'COMPLAINT', text: 'abuse' },
  unknown: { outcome: 'FAILED', text: 'Zwxq prlmt vxd' },
  ignored: { outcome: 'AUTO_REPLY', text: 'Out of office' },
} as const;

type Kind = keyof typeof STEPS;
type Step = readonly [at: string, kind: Kind, state: string, toldAt?: string];

const at = (text: string) => {
  const [day, time = '08:00'] = text.split(' ');
  return `2025-${day}T${time.length === 5 ? `${time}:00` : time}Z`;
};
const same = (kind: Kind, rows: readonly (readonly [at: string, state: string])[]): Step[] =>
  rows.map(([when, state]) => [when, kind, state]);
const FOUR_DAYS = same('soft', [
  ['03-01', 'ERRONEOUS 1'],
  ['03-02', 'ERRONEOUS 2'],
  ['03-03', 'ERRONEOUS 3'],
  ['03-04', 'ERRONEOUS 4'],
]);
/** Case H: the ten attempts of a delivery whose recipient's mailbox is always full. */
const TEN_ATTEMPTS = same('full', [
  ['03-01 08:00', 'ERRONEOUS 1'],
  ['03-01 09:00', 'ERRONEOUS 1'],
  ['03-01 10:00', 'ERRONEOUS 1'],
  ['03-01 11:00', 'ERRONEOUS 1'],
  ['03-01 12:00', 'ERRONEOUS 1'],
  ['03-01 13:00', 'ERRONEOUS 1'],
  ['03-02 08:00', 'ERRONEOUS 2'],
  ['03-03 08:00', 'ERRONEOUS 3'],
  ['03-04 08:00', 'ERRONEOUS 4'],
  ['03-05 08:00', 'QUARANTINE 5'],
]);

const SEQUENCES: readonly (readonly [row: string, steps: readonly Step[]])[] = [
  ['A: five soft errors a day apart quarantine (R70, R72, R81, R82)', [...FOUR_DAYS, ['03-05', 'soft', 'QUARANTINE 5']]],
  [
    'B: errors closer than 24 hours count once, to the second (R69, R71)',
    same('soft', [
      ['03-01 08:00', 'ERRONEOUS 1'],
      ['03-01 09:00', 'ERRONEOUS 1'],
      ['03-01 10:00', 'ERRONEOUS 1'],
      ['03-02 07:59:59', 'ERRONEOUS 1'],
      ['03-02 08:00:00', 'ERRONEOUS 2'],
    ]),
  ],
  [
    'C: of errors every 12 hours every other one counts',
    same('soft', [
      ['03-01 00:00', 'ERRONEOUS 1'],
      ['03-01 12:00', 'ERRONEOUS 1'],
      ['03-02 00:00', 'ERRONEOUS 2'],
      ['03-02 12:00', 'ERRONEOUS 2'],
      ['03-03 00:00', 'ERRONEOUS 3'],
    ]),
  ],
  ['D: 10 days and 1 second later the counter starts again (R83)', [...FOUR_DAYS, ['03-14 08:00:01', 'soft', 'ERRONEOUS 1']]],
  ['E: exactly 10 days later it counts on (R83)', [...FOUR_DAYS, ['03-14 08:00:00', 'soft', 'QUARANTINE 5']]],
  [
    'F: a success puts the counter to 0 and the status to VALID (R74)',
    [
      ['03-01', 'soft', 'ERRONEOUS 1'],
      ['03-02', 'soft', 'ERRONEOUS 2'],
      ['03-02 09:00', 'success', 'VALID 0'],
      ['03-03 09:00', 'soft', 'ERRONEOUS 1'],
    ],
  ],
  [
    'G: a hard error quarantines whatever the counter, and no success releases (R51, R68)',
    [
      ['03-01 08:00', 'soft', 'ERRONEOUS 1'],
      ['03-01 09:00', 'hard', 'QUARANTINE 2'],
      ['03-20 08:00', 'success', 'QUARANTINE 2'],
    ],
  ],
  ['H: the ten attempts of a full mailbox count 1 on the first day and quarantine on the fifth (R161)', TEN_ATTEMPTS],
  [
    'J: ten automatic replies make no entry (R67)',
    same(
      'ignored',
      Array.from({ length: 10 }, (_, day) => [`03-${10 + day}`, 'none'] as const),
    ),
  ],
  [
    'K: an unknown text counts from the second time on, a day later (R165)',
    [
      ['03-01', 'unknown', 'none'],
      ['03-02', 'unknown', 'ERRONEOUS 1'],
    ],
  ],
  [
    'L: after a complaint neither a hard error nor a success changes anything (R51, R76)',
    [
      ['03-01', 'complaint', 'DENYLISTED 0'],
      ['03-02', 'hard', 'DENYLISTED 0'],
      ['03-03', 'success', 'DENYLISTED 0'],
    ],
  ],
  [
    'A14: after a full mailbox the counter starts again after 30 days and a second, not before',
    same('full', [
      ['03-01 08:00', 'ERRONEOUS 1'],
      ['03-31 08:00:00', 'ERRONEOUS 2'],
      ['04-30 08:00:01', 'ERRONEOUS 1'],
    ]),
  ],
  [
    'A5: what is older than the last counted error or success moves nothing back, an old hard error still shuts',
    [
      ['03-03', 'soft', 'ERRONEOUS 1'],
      ['03-05', 'soft', 'ERRONEOUS 2'],
      ['03-01', 'soft', 'ERRONEOUS 2', '03-06'],
      ['03-04', 'success', 'ERRONEOUS 2', '03-06'],
      ['03-02', 'hard', 'QUARANTINE 2', '03-06'],
    ],
  ],
];

describe('the counter sequences of the specification (7.2), step by step at the second', () => {
  test.each(SEQUENCES)('%s', async (row, steps) => {
    const address = `${row.slice(0, row.indexOf(':')).toLowerCase()}@sequence.example`;
    const states: string[] = [];
    for (const [when, kind, , toldAt = when] of steps) {
      await life.happens({ address, at: at(toldAt), occurredAt: at(when), ...STEPS[kind] });
      states.push(await life.stateOf(address));
    }
    expect(states).toEqual(steps.map(([, , state]) => state));
  });

  test.each([
    ['maxErrorsBeforeQuarantineEmail', 1, ['QUARANTINE 1', 'QUARANTINE 1'], 5],
    ['maxErrorsBeforeQuarantineEmail', 2, ['ERRONEOUS 1', 'QUARANTINE 2'], 5],
    ['significantErrorGapEmail', 86_401, ['ERRONEOUS 1', 'ERRONEOUS 1'], 86_400],
    ['counterResetAfterEmail', 1, ['ERRONEOUS 1', 'ERRONEOUS 2'], 10],
  ] as const)('R73: with the setting %s at %j two errors a day apart come to %j', async (key, value, states, before) => {
    const address = `${key}.${value}@setting.example`;
    await life.set(key, value);
    const seen: string[] = [];
    for (const day of ['03-01', '03-02']) {
      await life.happens({ address, at: at(day), ...STEPS.soft });
      seen.push(await life.stateOf(address));
    }
    await life.set(key, before);
    expect(seen).toEqual(states);
  });

  test('H: the message that brought the quarantine is not attempted again, and nobody may write there', async () => {
    const address = 'h-message@sequence.example';
    const id = await life.profile({ channel: 'EMAIL', value: address });
    life.app.clock.set(at('03-01'));
    const delivery = await life.deliver({ profileIds: [id] });
    await life.start(delivery.id);
    for (const [when] of TEN_ATTEMPTS) await life.happens({ address, at: at(when), deliveryId: delivery.id, text: FULL });
    const { logs, counters } = await life.deliveryOf(delivery.id);
    expect(logs).toMatchObject([
      { status: 'FAILED', failureType: 'SOFT', failureReason: 'MAILBOX_FULL', attempts: 10, nextAttemptAt: null, quarantined: true },
    ]);
    expect(counters).toMatchObject({ failed: 1, newQuarantines: 1 });
    expect(await life.isAllowed(address)).toBe(false);
    expect((await life.deliver({ profileIds: [id] })).excluded).toMatchObject([{ address, status: 'QUARANTINED' }]);
  });

  test('I: at the end of its validity the message stays FAILED, and the counter stands at 4 (R80)', async () => {
    const address = 'i@sequence.example';
    const id = await life.profile({ channel: 'EMAIL', value: address }, { channel: 'EMAIL', value: 'i-open@sequence.example' });
    life.app.clock.set(at('03-01'));
    const delivery = await life.deliver({ profileIds: [id], validityHours: 84 });
    await life.start(delivery.id);
    for (const day of ['03-01', '03-02', '03-03', '03-04']) {
      await life.happens({ address, at: at(day), deliveryId: delivery.id, text: FULL });
    }
    await life.cleanUp(at('03-04 19:59:59'));
    expect((await life.deliveryOf(delivery.id)).state).toBe('STARTED');
    await life.cleanUp(at('03-04 20:00:00'));
    const { state, logs } = await life.deliveryOf(delivery.id);
    expect(state).toBe('FINISHED');
    expect(Object.fromEntries(logs.map((log: { address: string }) => [log.address, log]))).toMatchObject({
      [address]: { status: 'FAILED', failureType: 'SOFT', failureReason: 'MAILBOX_FULL', nextAttemptAt: null },
      'i-open@sequence.example': {
        status: 'CANCELLED',
        failureType: 'IGNORED',
        failureReason: 'EXPIRED',
        rawText: 'Message could not be processed before the delivery limit date.',
      },
    });
    expect(await life.stateOf(address)).toBe('ERRONEOUS 4');
    expect(await life.stateOf('i-open@sequence.example')).toBe('none');
  });

  test('K: the unknown text waits to be qualified, and the second time raises it in the inbox', async () => {
    const find = `{ unqualifiedTexts(type: [UNDEFINED]) { edges { node { text type reason status occurrences recentOccurrences } } } }`;
    life.app.clock.set(at('03-02 09:00'));
    const { unqualifiedTexts } = await life.call(find);
    expect(unqualifiedTexts.edges).toEqual([
      {
        node: {
          text: 'Zwxq prlmt vxd',
          type: 'UNDEFINED',
          reason: 'UNDEFINED',
          status: 'TO_QUALIFY',
          occurrences: 2,
          recentOccurrences: 2,
        },
      },
    ]);
  });

  test('M: on the allowlist a hard error is logged with reason 25 as ignored, and the entry stays (R157)', async () => {
    const address = 'm@sequence.example';
    await life.createEntry({ address, status: 'ALLOWLISTED' });
    const id = await life.profile({ channel: 'EMAIL', value: address });
    const delivery = await life.deliver({ profileIds: [id] });
    expect(delivery.logs).toMatchObject([{ address }]);
    await life.happens({ address, at: at('03-01'), deliveryId: delivery.id, ...STEPS.hard });
    expect((await life.deliveryOf(delivery.id)).logs).toMatchObject([
      { status: 'FAILED', failureType: 'IGNORED', failureReason: 'ERROR_IGNORED', quarantined: false },
    ]);
    expect(await life.stateOf(address)).toBe('ALLOWLISTED 0');
    expect(await life.isAllowed(address)).toBe(true);
  });

  test('N: two profiles that hold one address share its counter', async () => {
    const address = 'n@sequence.example';
    for (const when of ['03-01 08:00', '03-01 15:00']) {
      const id = await life.profile({ channel: 'EMAIL', value: address });
      life.app.clock.set(at(when));
      const delivery = await life.deliver({ profileIds: [id] });
      await life.happens({ address, at: at(when), deliveryId: delivery.id, ...STEPS.soft });
    }
    expect(await life.stateOf(address)).toBe('ERRONEOUS 1');
  });
});
