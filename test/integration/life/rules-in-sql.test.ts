import { afterAll, beforeAll, expect, test } from 'vitest';
import type { QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import { decideCleanup, decideRelease } from '../../../src/domain/quarantine/release.ts';
import { quarantinePolicy } from '../../../src/domain/settings/settings.ts';
import { ADDRESS_STATUSES, type Channel } from '../../../src/domain/vocabulary.ts';
import { releaseEntries } from '../../../src/operations/cleanup-entries.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { changeEntries, findEntries } from '../../../src/store/change-entries.ts';
import { sql } from '../../../src/store/database.ts';
import { type GivenEntry, type Life, OPERATOR, openLife, putEntries, putEntry, stateOf } from './life.ts';

let life: Life;
const NOW = new Date('2025-06-01T04:00:00Z');
const DAY_MS = 86_400_000;

beforeAll(async () => {
  life = await openLife(NOW.toISOString());
});
afterAll(() => life.close());

type Whole = QuarantineState & GivenEntry & { readonly channel: Channel };

/** Every status with every kind of reason, on both sides of every boundary. */
function everyState(domain: string): Whole[] {
  const ages = [0, 10 * DAY_MS, 10 * DAY_MS + 1, 30 * DAY_MS - 1, 30 * DAY_MS, 400 * DAY_MS];
  const states: Whole[] = [];
  for (const status of ADDRESS_STATUSES)
    for (const reason of [null, 'UNREACHABLE', 'MAILBOX_FULL'] as const)
      for (const age of ages)
        for (const [softCaused, dated] of [
          [true, true],
          [false, true],
          [true, false],
        ] as const) {
          const at = new Date(NOW.getTime() - age);
          const place = { address: `s${states.length}@${domain}`, channel: 'EMAIL' } as const;
          const dates = { lastErrorAt: dated ? at : null, lastSignificantErrorAt: at, lastSuccessAt: null, statusUpdatedAt: at };
          states.push({ ...place, ...dates, status, reason, softCaused, errorText: 'text', errorCount: 3, source: 'BOUNCE_SYNC' });
        }
  return states;
}

async function statesOf(domain: string): Promise<QuarantineState[]> {
  return life.instance.database.query<QuarantineState>(sql`
    SELECT status, reason, error_text AS "errorText", error_count AS "errorCount", last_error_at AS "lastErrorAt",
      last_significant_error_at AS "lastSignificantErrorAt", last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source,
      status_updated_at AS "statusUpdatedAt" FROM quarantine_entry WHERE domain = ${domain} ORDER BY id`);
}

const stateIn = ({ address: _address, channel: _channel, ...state }: Whole): QuarantineState => state;

test('the cleanup does in SQL what the rule says of each state', async () => {
  const given = everyState('cleanup.example');
  await putEntries(life.instance, given);
  const { tasks } = await runCleanup(life.instance, SCHEDULED_CLEANUP, { tasks: [releaseEntries] });
  const policy = quarantinePolicy(await life.instance.settings(), 'EMAIL');
  const decided = given.map((entry) => ({ entry: stateIn(entry), decision: decideCleanup(stateIn(entry), NOW, policy) }));
  expect(await statesOf('cleanup.example')).toEqual(decided.map(({ entry, decision }) => (decision.changed ? decision.next : entry)));
  const changed = decided.filter(({ decision }) => decision.changed).length;
  expect(tasks).toMatchObject([{ rows: changed, error: null }]);
  expect(changed).toBeGreaterThan(20);
});

test('so does a bulk release', async () => {
  const given = everyState('release.example');
  await putEntries(life.instance, given);
  const filter = { domain: ['release.example'] };
  await releaseQuarantine(life.instance, { filter, mode: 'SET_VALID', dryRun: false }, OPERATOR);
  const decided = given.map((entry) => ({ entry: stateIn(entry), decision: decideRelease(stateIn(entry), NOW) }));
  expect(await statesOf('release.example')).toEqual(decided.map(({ entry, decision }) => (decision.changed ? decision.next : entry)));
});

test('both leave each entry the fold of its ledger', async () => {
  const report = await verifyQuarantine(life.instance, OPERATOR);
  expect(report.compared).toBeGreaterThan(600);
  expect(report.different).toBe(0);
});

test('an entry that fails again between the search and its slice is not released', async () => {
  const { database } = life.instance;
  const address = 'again@race.example';
  const where = sql`c.status = 'ERRONEOUS' AND c.last_error_at < ${new Date('2025-05-20T00:00:00Z')}::timestamptz AND c.domain = 'race.example'`;
  await putEntry(life.instance, { address, status: 'ERRONEOUS', lastErrorAt: new Date('2025-05-01T00:00:00Z') });
  const found = await findEntries(database, { where, after: 0n, last: null, size: 10 });
  expect(found).toHaveLength(1);
  await database.execute(sql`UPDATE quarantine_entry SET last_error_at = '2025-05-31' WHERE address = ${address}`);
  const change = { found, where, change: 'SET_VALID', at: NOW, actor: 'cleanup', releaseId: null } as const;
  expect(await database.transaction((tx) => changeEntries(tx, change))).toBe(0);
  expect(await stateOf(life.instance, address)).toBe('ERRONEOUS 1');
});
