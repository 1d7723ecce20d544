import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { undoRelease } from '../../../src/operations/undo-release.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { type Sql, sql } from '../../../src/store/database.ts';
import type { LedgerDifference } from '../../../src/store/verify-entries.ts';
import { API_DOOR, TEXT } from '../../support/feedback-instance.ts';
import { entryOf, type Life, ledgerOf, OPERATOR, openLife, putEntries } from './life.ts';

let life: Life;
const instance = () => life.instance;

beforeAll(async () => {
  life = await openLife('2025-03-20T12:00:00Z');
});
afterAll(() => life.close());

async function verify(options: { repair?: boolean } = {}) {
  const differences: LedgerDifference[] = [];
  const onDifference = (difference: LedgerDifference) => void differences.push(difference);
  return { ...(await verifyQuarantine(instance(), OPERATOR, { ...options, onDifference, sliceSize: 3 })), differences };
}

test('whatever failures, people, releases and the cleanup did: each entry is the fold of its ledger', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `p${at}@verify.example`);
  const on = (day: number) => new Date(Date.UTC(2025, 2, day, 8));
  const results = names.flatMap((address, at) => [
    { channel: 'EMAIL', address, outcome: 'FAILED', text: at % 2 ? TEXT.unknownUser : TEXT.mailboxFull, occurredAt: on(1) } as const,
    { channel: 'EMAIL', address, outcome: at % 3 ? 'DELIVERED' : 'FAILED', text: TEXT.mailboxFull, occurredAt: on(2 + at) } as const,
  ]);
  await recordDeliveryResults(instance(), results, API_DOOR);
  const filter = { domain: ['verify.example'], status: ['QUARANTINE'] as const };
  const id = await releaseQuarantine(instance(), { filter, mode: 'SET_VALID', dryRun: false }, OPERATOR);
  await runCleanup(instance(), SCHEDULED_CLEANUP);
  await undoRelease(instance(), id, OPERATOR);
  const report = await verify();
  expect(report.compared).toBeGreaterThan(3);
  expect(report).toMatchObject({ different: 0, repaired: 0, differences: [] });
});

const tampered: readonly (readonly [name: string, tamper: (address: string) => Sql, expected: object])[] = [
  [
    'a changed counter',
    (a) => sql`UPDATE quarantine_entry SET error_count = 3 WHERE address = ${a}`,
    { kind: 'DIFFERS', fields: ['error_count'] },
  ],
  [
    'an address that was opened behind the back of the ledger',
    (a) => sql`UPDATE quarantine_entry SET status = 'VALID', reason = NULL, version = 2 WHERE address = ${a}`,
    { kind: 'DIFFERS', fields: ['status', 'reason', 'version'] },
  ],
  [
    'an entry that names somebody else',
    (a) =>
      sql`UPDATE quarantine_entry SET channel = 'OTHER', address = 'x@elsewhere.example', domain = 'elsewhere.example' WHERE address = ${a}`,
    { kind: 'DIFFERS', fields: ['channel', 'address', 'domain'] },
  ],
  ['a deleted entry', (a) => sql`DELETE FROM quarantine_entry WHERE address = ${a}`, { kind: 'MISSING', fields: [] }],
];

test.each(tampered)('%s is found, and repaired on request', async (name, tamper, expected) => {
  const address = `${name.replaceAll(' ', '-')}@tampered.example`;
  await putEntries(instance(), [{ address: `before-${address}` }, { address }, { address: `behind-${address}` }]);
  const before = await entryOf(instance(), address);
  await instance().database.execute(tamper(address));
  expect((await verify()).differences).toMatchObject([{ entryId: before?.id, ...expected }]);
  expect(await entryOf(instance(), address)).not.toEqual(before);
  expect(await verify({ repair: true })).toMatchObject({ different: 1, repaired: 1 });
  expect(await entryOf(instance(), address)).toEqual(before);
  expect(await verify()).toMatchObject({ different: 0 });
  const audited = await instance().database.query(sql`
    SELECT actor FROM audit_entry WHERE action = 'quarantine.repair' AND subject = ${`QuarantineEntry ${before?.id}`}`);
  expect(audited).toEqual([{ actor: 'operator' }]);
});

test('an entry that was deleted by the ledger goes', async () => {
  const address = 'gone@tampered.example';
  await putEntries(instance(), [{ address }]);
  await instance().database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, status, error_count, status_updated_at, source, version, occurred_at)
    SELECT id, channel, address, address_key, NULL, 0, now(), 'MANUAL', 2, now() FROM quarantine_entry WHERE address = ${address}`);
  expect((await verify({ repair: true })).differences).toMatchObject([{ kind: 'DELETED', address }]);
  expect(await entryOf(instance(), address)).toBeNull();
});

test('an entry without a ledger gets its first line and stays: a gate is not opened for want of one', async () => {
  const address = 'unknown@tampered.example';
  await putEntries(instance(), [{ address }]);
  await instance().database.execute(sql`DELETE FROM quarantine_event WHERE address = ${address}`);
  const before = await entryOf(instance(), address);
  expect((await verify({ repair: true })).differences).toMatchObject([{ kind: 'UNKNOWN', address }]);
  expect(await entryOf(instance(), address)).toEqual(before);
  expect(await ledgerOf(instance(), address)).toMatchObject([{ status: 'QUARANTINE', actor: 'operator', version: 1 }]);
  expect(await verify()).toMatchObject({ different: 0 });
});
