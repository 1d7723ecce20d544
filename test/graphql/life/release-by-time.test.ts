import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp();
});
afterAll(() => life.close());

const UNREACHABLE = '451 4.3.0 Temporary lookup failure, system resources low';
const FULL = '552 5.2.2 The mailbox is over quota';
const UNKNOWN = '550 5.1.1 User unknown';

let made = 0;
const freshAddress = () => {
  made += 1;
  return `release-${made}@time.example`;
};

interface Case {
  readonly name: string;
  /** Days of 2025, and hours where they are not 08:00. */
  readonly failures: readonly string[];
  readonly text: string;
  /** Times of cleanups, and what stands after each. */
  readonly runs: readonly (readonly [at: string, state: string])[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

const FIVE_DAYS = ['03-01', '03-02', '03-03', '03-04', '03-05'];

const CASES: readonly Case[] = [
  {
    name: '(a): 9 d 20 h after the last soft error it is kept, the next night it is released and purged (R45, R47, R84)',
    failures: ['03-04'],
    text: UNREACHABLE,
    runs: [
      ['03-14T04:00:00', 'ERRONEOUS 1'],
      ['03-15T04:00:00', 'none'],
    ],
  },
  {
    name: '(a): exactly 10 d stays, 10 d and 1 s is released (R47)',
    failures: ['03-04'],
    text: UNREACHABLE,
    runs: [
      ['03-14T08:00:00', 'ERRONEOUS 1'],
      ['03-14T08:00:01', 'none'],
    ],
  },
  {
    name: 'X7: the release goes by the last soft error, also by one that did not count',
    failures: ['03-04', '03-04T20:00:00'],
    text: UNREACHABLE,
    runs: [
      ['03-14T20:00:00', 'ERRONEOUS 1'],
      ['03-14T20:00:01', 'none'],
    ],
  },
  {
    name: '(b): a full mailbox is kept for 30 days and released in the night after (R48)',
    failures: ['03-05'],
    text: FULL,
    runs: [
      ['04-04T04:00:00', 'ERRONEOUS 1'],
      ['04-05T04:00:00', 'none'],
    ],
  },
  {
    name: '(b): of a full mailbox a second short of 30 d stays, 30 d exactly is released',
    failures: ['03-05'],
    text: FULL,
    runs: [
      ['04-04T07:59:59', 'ERRONEOUS 1'],
      ['04-04T08:00:00', 'none'],
    ],
  },
  {
    name: '(b): so is the quarantine that five full mailboxes led to (R161, R162)',
    failures: FIVE_DAYS,
    text: FULL,
    runs: [
      ['03-06T04:00:00', 'QUARANTINE 5'],
      ['04-04T04:00:00', 'QUARANTINE 5'],
      ['04-05T04:00:00', 'none'],
    ],
  },
  {
    name: '(b): with the switch off it stays in quarantine (X5)',
    failures: FIVE_DAYS,
    text: FULL,
    runs: [['12-31T04:00:00', 'QUARANTINE 5']],
    settings: { releaseMailboxFullQuarantineEmail: false },
  },
  {
    name: '(c): the quarantine for an unknown user is kept, years later too (R51)',
    failures: ['03-01'],
    text: UNKNOWN,
    runs: [['12-31T04:00:00', 'QUARANTINE 1']],
  },
  {
    name: 'a quarantine that five unreachable days led to is kept: only full mailboxes empty (X5)',
    failures: FIVE_DAYS,
    text: UNREACHABLE,
    runs: [['12-31T04:00:00', 'QUARANTINE 5']],
  },
  {
    name: 'with a delay of 2 days the valid row goes two days later (R74, X8)',
    failures: ['03-04'],
    text: UNREACHABLE,
    runs: [
      ['03-15T04:00:00', 'VALID 0'],
      ['03-17T03:59:59', 'VALID 0'],
      ['03-17T04:00:00', 'none'],
    ],
    settings: { validPurgeDelay: 2 },
  },
];

const DEFAULTS: Readonly<Record<string, unknown>> = { releaseMailboxFullQuarantineEmail: true, validPurgeDelay: 0 };
const instantOf = (text: string) => `2025-${text.includes('T') ? text : `${text}T08:00:00`}Z`;

describe('what the cleanup releases (7.2, release a to d)', () => {
  test.each(CASES.map((one) => [one.name, one] as const))('%s', async (_name, { failures, text, runs, settings = {} }) => {
    const address = freshAddress();
    for (const [key, value] of Object.entries(settings)) await life.set(key, value);
    for (const when of failures) await life.happens({ address, at: instantOf(when), text });
    for (const [when, state] of runs) {
      await life.cleanUp(instantOf(when));
      expect(await life.stateOf(address), when).toBe(state);
    }
    for (const key of Object.keys(settings)) await life.set(key, DEFAULTS[key]);
  });

  test('(d): DENYLISTED is kept, whatever arrives there afterwards (R51)', async () => {
    const address = freshAddress();
    await life.happens({ address, at: '2025-03-01T08:00:00Z', outcome: 'COMPLAINT', text: 'abuse' });
    await life.happens({ address, at: '2025-03-02T08:00:00Z', outcome: 'DELIVERED' });
    await life.cleanUp('2025-12-31T04:00:00Z');
    expect(await life.stateOf(address)).toBe('DENYLISTED 0');
    expect(await life.isAllowed(address)).toBe(false);
  });

  test('the status is VALID before the row goes, and the history says who did both (R49, R84)', async () => {
    const address = freshAddress();
    await life.happens({ address, at: '2025-03-04T08:00:00Z', text: UNREACHABLE });
    await life.cleanUp('2025-03-15T04:00:00Z');
    expect(await life.historyOf(address)).toMatchObject([
      { previousStatus: null, status: 'ERRONEOUS', errorCount: 1, actor: null, text: UNREACHABLE },
      { previousStatus: 'ERRONEOUS', status: 'VALID', errorCount: 0, actor: 'cleanup', occurredAt: '2025-03-15T04:00:00.000Z' },
      { previousStatus: 'VALID', status: null, actor: 'cleanup' },
    ]);
  });

  test('a success makes an erroneous address VALID with the counter at 0 at once, the next cleanup takes the row (R46, R74)', async () => {
    const address = freshAddress();
    await life.happens(
      { address, at: '2025-03-01T08:00:00Z', text: UNREACHABLE },
      { address, at: '2025-03-01T09:00:00Z', outcome: 'DELIVERED' },
    );
    expect(await life.stateOf(address)).toBe('VALID 0');
    await life.cleanUp('2025-03-02T04:00:00Z');
    expect(await life.stateOf(address)).toBe('none');
  });

  test('an erroneous address is written to all the while, a quarantined one never (SUP-4)', async () => {
    const [counted, shut] = [freshAddress(), freshAddress()];
    const id = await life.profile(...[counted, shut].map((value) => ({ channel: 'EMAIL' as const, value })));
    await life.happens(
      { address: counted, at: '2025-03-04T08:00:00Z', text: UNREACHABLE },
      { address: shut, at: '2025-03-04T08:00:00Z', text: UNKNOWN },
    );
    const { logs, excluded } = await life.deliver({ profileIds: [id] });
    expect(logs).toMatchObject([{ address: counted }]);
    expect(excluded).toMatchObject([{ address: shut, status: 'QUARANTINED' }]);
  });

  test('mobile numbers go by their own figures', async () => {
    const address = '+33612345678';
    await life.set('erroneousReleaseAfterMobile', 3);
    await life.happens({ address, channel: 'SMS', at: '2025-03-04T08:00:00Z', text: 'SR Generic UNDELIV 042|id:1' });
    expect(await life.stateOf(address)).toBe('ERRONEOUS 1');
    await life.cleanUp('2025-03-07T08:00:00Z');
    expect(await life.stateOf(address)).toBe('ERRONEOUS 1');
    await life.cleanUp('2025-03-07T08:00:01Z');
    expect(await life.stateOf(address)).toBe('none');
    await life.set('erroneousReleaseAfterMobile', 10);
  });

  test('while the job does not run nothing is released, however long it takes (R163)', async () => {
    const address = freshAddress();
    for (const day of FIVE_DAYS) await life.happens({ address, at: instantOf(day), text: FULL });
    life.app.clock.set('2027-03-05T08:00:00Z');
    expect(await life.stateOf(address)).toBe('QUARANTINE 5');
    const { allowed, blocks } = await life.contact({ address });
    expect(allowed).toBe(false);
    expect(blocks).toMatchObject([{ until: '2027-03-06T04:00:00.000Z' }]);
    await life.cleanUp('2027-03-06T04:00:00Z');
    expect(await life.isAllowed(address)).toBe(true);
  });
});

describe('mayContact says when a full mailbox opens by itself', () => {
  test.each([
    ['long before', '2025-03-06T00:00:00Z', '2025-04-05T04:00:00.000Z'],
    ['when it is due and the cleanup has yet to come', '2025-04-04T20:00:00Z', '2025-04-05T04:00:00.000Z'],
    ['after a night without a cleanup', '2025-04-06T04:00:00Z', '2025-04-07T04:00:00.000Z'],
  ])('with the first cleanup that finds it due: %s', async (_when, now, until) => {
    const address = freshAddress();
    for (const day of FIVE_DAYS) await life.happens({ address, at: instantOf(day), text: FULL });
    life.app.clock.set(now);
    expect(await life.contact({ address })).toMatchObject({ allowed: false, blocks: [{ reason: 'QUARANTINED', until }] });
  });

  test('at a cleanup that runs at the very second', async () => {
    const address = freshAddress();
    for (const day of [1, 2, 3, 4, 5]) await life.happens({ address, at: `2025-03-0${day}T04:00:00Z`, text: FULL });
    expect(await life.contact({ address })).toMatchObject({ blocks: [{ until: '2025-04-04T04:00:00.000Z' }] });
    await life.cleanUp('2025-04-04T04:00:00Z');
    expect(await life.isAllowed(address)).toBe(true);
  });
});

describe('a person takes an address out of quarantine', () => {
  test('by setting it VALID, which puts the counter to 0, or by deleting it: both open it at the next preparation (R52, R53, R54)', async () => {
    const [edited, deleted] = [freshAddress(), freshAddress()];
    const id = await life.profile(...[edited, deleted].map((value) => ({ channel: 'EMAIL' as const, value })));
    await life.happens(
      { address: edited, at: '2025-03-01T08:00:00Z', text: UNKNOWN },
      { address: deleted, at: '2025-03-01T08:00:00Z', text: UNKNOWN },
    );
    expect((await life.deliver({ profileIds: [id] })).logs).toEqual([]);
    expect(await life.updateEntry({ id: (await life.entryOf(edited)).id, status: 'VALID' })).toMatchObject({
      status: 'VALID',
      errorCount: 0,
    });
    const { id: gone } = await life.entryOf(deleted);
    const { deleteQuarantineEntry } = await life.call('mutation ($id: ID!) { deleteQuarantineEntry(id: $id) { __typename } }', {
      id: gone,
    });
    expect(deleteQuarantineEntry).toEqual({ __typename: 'Deleted' });
    expect([await life.stateOf(edited), await life.stateOf(deleted)]).toEqual(['VALID 0', 'none']);
    expect((await life.deliver({ profileIds: [id] })).counters).toMatchObject({ targeted: 2, excluded: 0 });
    expect((await life.historyOf(deleted)).at(-1)).toMatchObject({ previousStatus: 'QUARANTINE', status: null, actor: expect.any(String) });
    const { auditLog } = await life.call('{ auditLog(first: 10) { edges { node { action } } } }');
    const actions = auditLog.edges.map(({ node }: { node: { action: string } }) => node.action);
    expect(actions).toEqual(expect.arrayContaining(['quarantine.update', 'quarantine.delete']));
  });
});
