import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteQuarantineEntry } from '../../../src/operations/delete-quarantine-entry.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { CLEANUP_TASKS, runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { updateQuarantineEntry } from '../../../src/operations/update-quarantine-entry.ts';
import { sql } from '../../../src/store/database.ts';
import { takeLease } from '../../../src/store/lease.ts';
import { API_DOOR } from '../../support/feedback-instance.ts';
import { entryOf, type GivenEntry, isTargetable, type Life, ledgerOf, OPERATOR, openLife, putEntry, setSetting, stateOf } from './life.ts';

let life: Life;
const instance = () => life.instance;

beforeAll(async () => {
  life = await openLife();
});
afterAll(() => life.close());

/** Each case in a database that holds nothing else that a cleanup would touch: cases use addresses of their own. */
let made = 0;
const freshAddress = () => {
  made += 1;
  return `person-${made}@life.example`;
};

async function cleanupAt(at: string, on = instance()) {
  life.setNow(at);
  return runCleanup(on, SCHEDULED_CLEANUP);
}

interface Case {
  readonly name: string;
  readonly given: Omit<GivenEntry, 'address'>;
  /** Time of a cleanup, and what stands after it. */
  readonly runs: readonly (readonly [at: string, state: string])[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

const SOFT = { status: 'ERRONEOUS', reason: 'UNREACHABLE', errorCount: 4 } as const;
const FULL = { reason: 'MAILBOX_FULL', lastErrorAt: new Date('2025-03-05T08:00:00Z') } as const;

const CASES: readonly Case[] = [
  {
    name: 'release (a): a soft error of 9 d 20 h stays, the next night it is released and purged (R45, R47, R84)',
    given: { ...SOFT, lastErrorAt: new Date('2025-03-04T08:00:00Z') },
    runs: [
      ['2025-03-14T04:00:00Z', 'ERRONEOUS 4'],
      ['2025-03-15T04:00:00Z', 'gone'],
    ],
  },
  {
    name: 'a last soft error of exactly 10 d stays, of 10 d 1 s is released (R47, R83)',
    given: { ...SOFT, lastErrorAt: new Date('2025-03-04T08:00:00Z') },
    runs: [
      ['2025-03-14T08:00:00Z', 'ERRONEOUS 4'],
      ['2025-03-14T08:00:01Z', 'gone'],
    ],
  },
  {
    name: 'release (b): a full mailbox waits for 30 days (R48)',
    given: { ...FULL, status: 'ERRONEOUS', errorCount: 1 },
    runs: [
      ['2025-04-04T04:00:00Z', 'ERRONEOUS 1'],
      ['2025-04-05T04:00:00Z', 'gone'],
    ],
  },
  {
    name: 'a full mailbox: a second short of 30 d stays, 30 d exactly is released',
    given: { ...FULL, status: 'ERRONEOUS', errorCount: 1 },
    runs: [
      ['2025-04-04T07:59:59Z', 'ERRONEOUS 1'],
      ['2025-04-04T08:00:00Z', 'gone'],
    ],
  },
  {
    name: 'release (b): so does a quarantine that full mailboxes led to (R161, R162)',
    given: { ...FULL, status: 'QUARANTINE', errorCount: 5, softCaused: true },
    runs: [
      ['2025-04-04T04:00:00Z', 'QUARANTINE 5'],
      ['2025-04-05T04:00:00Z', 'gone'],
    ],
  },
  {
    name: 'release (b): with the switch off it stays in quarantine',
    given: { ...FULL, status: 'QUARANTINE', errorCount: 5, softCaused: true },
    settings: { releaseMailboxFullQuarantineEmail: false },
    runs: [['2025-04-05T04:00:00Z', 'QUARANTINE 5']],
  },
  {
    name: 'a quarantine for a full mailbox that a person made is never released',
    given: { ...FULL, status: 'QUARANTINE', errorCount: 0, source: 'MANUAL' },
    runs: [['2026-04-05T04:00:00Z', 'QUARANTINE 0']],
  },
  {
    name: 'release (c): a quarantine for an unknown user stays, a year old (R51)',
    given: { status: 'QUARANTINE', reason: 'USER_UNKNOWN' },
    runs: [['2026-03-06T04:00:00Z', 'QUARANTINE 1']],
  },
  {
    name: 'a quarantine for an invalid domain that soft errors led to stays as well (R160)',
    given: { status: 'QUARANTINE', reason: 'INVALID_DOMAIN', errorCount: 5, softCaused: true },
    runs: [['2026-03-06T04:00:00Z', 'QUARANTINE 5']],
  },
  {
    name: 'release (d): DENYLISTED stays (R51)',
    given: { status: 'DENYLISTED', reason: 'REFUSED' },
    runs: [['2026-03-06T04:00:00Z', 'DENYLISTED 1']],
  },
  {
    name: 'ALLOWLISTED stays',
    given: { status: 'ALLOWLISTED', reason: null, errorCount: 0 },
    runs: [['2026-03-06T04:00:00Z', 'ALLOWLISTED 0']],
  },
  {
    name: 'an entry without an error is as old as its status',
    given: { ...SOFT, lastErrorAt: null, statusUpdatedAt: new Date('2025-03-04T08:00:00Z') },
    runs: [
      ['2025-03-14T08:00:00Z', 'ERRONEOUS 4'],
      ['2025-03-14T08:00:01Z', 'gone'],
    ],
  },
  {
    name: 'mobile numbers go by their own figures',
    given: { ...SOFT, channel: 'SMS', lastErrorAt: new Date('2025-03-04T08:00:00Z') },
    settings: { erroneousReleaseAfterMobile: 3, erroneousReleaseAfterEmail: 100 },
    runs: [
      ['2025-03-07T08:00:00Z', 'ERRONEOUS 4'],
      ['2025-03-07T08:00:01Z', 'gone'],
    ],
  },
  {
    name: 'with a delay of 2 days a valid row goes after two days (R74)',
    given: { status: 'VALID', errorCount: 0, statusUpdatedAt: new Date('2025-03-10T04:00:00Z') },
    settings: { validPurgeDelay: 2 },
    runs: [
      ['2025-03-12T03:59:59Z', 'VALID 0'],
      ['2025-03-12T04:00:00Z', 'gone'],
    ],
  },
];

describe('what the cleanup does to an entry', () => {
  test.each(CASES.map((one) => [one.name, one] as const))('%s', async (_name, { given, runs, settings = {} }) => {
    const address = given.channel === 'SMS' ? `+336123450${10 + made++}` : freshAddress();
    await putEntry(instance(), { address, ...given });
    const on = { ...instance(), settings: async () => ({ ...(await instance().settings()), ...settings }) };
    for (const [at, state] of runs) {
      await cleanupAt(at, on);
      expect(await stateOf(instance(), address), at).toBe(state);
    }
  });

  test('the status is VALID before the row goes, and the ledger keeps both (R49)', async () => {
    const address = freshAddress();
    await putEntry(instance(), { address, ...SOFT, lastErrorAt: new Date('2025-03-04T08:00:00Z') });
    await cleanupAt('2025-03-15T04:00:00Z');
    expect(await ledgerOf(instance(), address)).toMatchObject([
      { status: 'ERRONEOUS', version: 1 },
      { status: 'VALID', previousStatus: 'ERRONEOUS', version: 2, actor: 'cleanup', occurredAt: new Date('2025-03-15T04:00:00Z') },
      { status: null, previousStatus: 'VALID', version: 3, actor: 'cleanup' },
    ]);
  });

  test('without a cleanup nothing is released, however long it takes (R163)', async () => {
    const address = freshAddress();
    await putEntry(instance(), { address, ...FULL, status: 'QUARANTINE', errorCount: 5, softCaused: true });
    life.setNow('2027-03-05T08:00:00Z');
    expect(await isTargetable(instance(), address)).toBe(false);
    expect(await stateOf(instance(), address)).toBe('QUARANTINE 5');
  });

  test('a success after a soft error makes VALID at once, the next cleanup takes the row (R46, R74)', async () => {
    const address = freshAddress();
    const soft = { channel: 'EMAIL', address, outcome: 'FAILED', text: '451 4.3.0 system resources low' } as const;
    life.setNow('2025-03-02T09:00:00Z');
    await recordDeliveryResults(instance(), [{ ...soft, occurredAt: new Date('2025-03-01T08:00:00Z') }], API_DOOR);
    expect(await stateOf(instance(), address)).toBe('ERRONEOUS 1');
    await recordDeliveryResults(
      instance(),
      [{ channel: 'EMAIL', address, outcome: 'DELIVERED', occurredAt: new Date('2025-03-02T09:00:00Z') }],
      API_DOOR,
    );
    expect(await stateOf(instance(), address)).toBe('VALID 0');
    await cleanupAt('2025-03-03T04:00:00Z');
    expect(await entryOf(instance(), address)).toBeNull();
  });

  test('by hand: setting VALID and deleting both open the address at once (R52 to R54)', async () => {
    const [edited, deleted] = [freshAddress(), freshAddress()];
    life.setNow('2025-03-06T12:00:00Z');
    const editedId = await putEntry(instance(), { address: edited, errorCount: 3 });
    const deletedId = await putEntry(instance(), { address: deleted });
    expect([await isTargetable(instance(), edited), await isTargetable(instance(), deleted)]).toEqual([false, false]);
    await updateQuarantineEntry(instance(), { id: editedId, status: 'VALID' }, OPERATOR);
    await deleteQuarantineEntry(instance(), deletedId, OPERATOR);
    expect([await stateOf(instance(), edited), await stateOf(instance(), deleted)]).toEqual(['VALID 0', 'gone']);
    expect([await isTargetable(instance(), edited), await isTargetable(instance(), deleted)]).toEqual([true, true]);
    expect((await ledgerOf(instance(), deleted)).at(-1)).toMatchObject({ status: null, actor: 'operator' });
  });
});

describe('a run of the cleanup', () => {
  test('does its tasks in their order, and doing it again changes nothing', async () => {
    const address = freshAddress();
    await cleanupAt('2025-03-15T04:00:00Z');
    await putEntry(instance(), { address, ...SOFT, lastErrorAt: new Date('2025-03-04T08:00:00Z') });
    const first = await cleanupAt('2025-03-15T04:00:00Z');
    expect(first.tasks.map(({ name }) => name)).toEqual([
      'expiredDeliveries',
      'releasedEntries',
      'purgedEntries',
      'earlierRuns',
      'deliveryLogs',
      'deliveryEvents',
      'requalifiedFailures',
      'exclusionLogs',
      'inboundEvents',
      'auditTrail',
      'jobReports',
      'domainDays',
      'domainResults',
      'domainDelays',
      'alerts',
      'incidents',
      'lapsedErasures',
      'privacyFiles',
      'quarantineShares',
      'tables',
    ]);
    expect(first.tasks.slice(0, 3).map(({ rows, error }) => [rows, error])).toEqual([
      [0, null],
      [1, null],
      [1, null],
    ]);
    const second = await cleanupAt('2025-03-15T04:00:00Z');
    expect(second.tasks.map(({ rows }) => rows)).toEqual(first.tasks.map(() => 0));
  });

  test('works in slices and misses none', async () => {
    const addresses = Array.from({ length: 7 }, freshAddress);
    for (const address of addresses) await putEntry(instance(), { address, ...SOFT, lastErrorAt: new Date('2025-03-04T08:00:00Z') });
    life.setNow('2025-03-15T04:00:00Z');
    const { tasks } = await runCleanup(instance(), SCHEDULED_CLEANUP, { sliceSize: 3 });
    expect(tasks.slice(1, 3).map(({ rows }) => rows)).toEqual([7, 7]);
    for (const address of addresses) expect(await stateOf(instance(), address)).toBe('gone');
  });

  test('where a task fails those after it are not run, and the report says so (REL-6)', async () => {
    const address = freshAddress();
    await putEntry(instance(), { address, status: 'VALID', errorCount: 0, statusUpdatedAt: new Date('2025-03-10T04:00:00Z') });
    life.setNow('2025-03-15T04:00:00Z');
    const failing = { name: 'releasedEntries', run: () => Promise.reject(new Error('the disk is full')) };
    const tasks = CLEANUP_TASKS.map((task) => (task.name === failing.name ? failing : task));
    const report = await runCleanup(instance(), SCHEDULED_CLEANUP, { tasks });
    expect(report.tasks.map(({ name, error }) => [name, error])).toEqual([
      ['expiredDeliveries', null],
      ['releasedEntries', 'the disk is full'],
    ]);
    expect(await stateOf(instance(), address)).toBe('VALID 0');
    const [kept] = await instance().database.query<{ state: string; tasks: unknown }>(
      sql`SELECT state, tasks FROM job_run ORDER BY id DESC LIMIT 1`,
    );
    expect(kept).toEqual({ state: 'FAILED', tasks: report.tasks });
  });

  test('only one runs at a time: another says so and changes nothing', async () => {
    const address = freshAddress();
    await putEntry(instance(), { address, status: 'VALID', errorCount: 0, statusUpdatedAt: new Date('2025-03-10T04:00:00Z') });
    await takeLease(instance().database, 'cleanup', 'another node', 600_000);
    const report = await cleanupAt('2025-03-15T04:00:00Z');
    expect(report.tasks).toMatchObject([{ name: 'cleanup', rows: 0, error: 'A cleanup is running already: nothing was done.' }]);
    expect(await stateOf(instance(), address)).toBe('VALID 0');
    await instance().database.execute(sql`DELETE FROM lease WHERE name = 'cleanup'`);
  });

  test('a call while another runs does nothing and says so', async () => {
    life.setNow('2025-03-15T04:00:00Z');
    const during: unknown[] = [];
    const askAgain = async () => {
      during.push(...(await runCleanup(instance(), OPERATOR)).tasks);
      return 0;
    };
    await runCleanup(instance(), OPERATOR, { tasks: [{ name: 'asks again', run: askAgain }] });
    expect(during).toEqual([{ name: 'cleanup', rows: 0, durationMs: 0, error: 'A cleanup is running already: nothing was done.' }]);
  });

  test('a person who starts it leaves a line in the audit trail', async () => {
    life.setNow('2025-03-16T04:00:00Z');
    await runCleanup(instance(), OPERATOR);
    const audited = await instance().database.query(sql`
      SELECT actor, action FROM audit_entry WHERE action = 'cleanup.run' AND occurred_at = ${new Date('2025-03-16T04:00:00Z')}::timestamptz`);
    expect(audited).toEqual([{ actor: 'operator', action: 'cleanup.run' }]);
  });

  test('one that was broken off by the end of the process is not written down as ended', async () => {
    life.setNow('2025-03-17T04:00:00Z');
    const { tasks } = await runCleanup(instance(), SCHEDULED_CLEANUP, { signal: AbortSignal.abort() });
    expect(tasks.at(-1)?.error).toMatch(/^The process was stopped/);
    const [kept] = await instance().database.query(sql`SELECT state FROM job_run ORDER BY id DESC LIMIT 1`);
    expect(kept).toEqual({ state: 'RUNNING' });
    await cleanupAt('2025-03-17T04:01:00Z');
    const states = await instance().database.query(sql`SELECT state FROM job_run ORDER BY id DESC LIMIT 2`);
    expect(states).toEqual([{ state: 'DONE' }, { state: 'FAILED' }]);
  });

  test('a changed setting is honoured by the next run', async () => {
    const address = freshAddress();
    await putEntry(instance(), { address, ...SOFT, lastErrorAt: new Date('2025-03-15T08:00:00Z') });
    const changed = await setSetting(instance(), 'erroneousReleaseAfterEmail', 1);
    await cleanupAt('2025-03-17T04:00:00Z', changed);
    expect(await stateOf(instance(), address)).toBe('gone');
    await instance().database.execute(sql`DELETE FROM setting WHERE key = 'erroneousReleaseAfterEmail'`);
  });
});
