import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { undoRelease } from '../../../src/operations/undo-release.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { sql } from '../../../src/store/database.ts';
import { API_DOOR, TEXT } from '../../support/feedback-instance.ts';
import { type Life, OPERATOR, openLife } from './life.ts';

let life: Life;

beforeAll(async () => {
  life = await openLife('2025-06-01T04:00:00Z');
});
afterAll(() => life.close());

const ADDRESSES = Array.from({ length: 30 }, (_, at) => `p${at}@race.example`);
const ROUNDS = 6;

/** Failures and successes of all addresses, an hour later in each round. */
async function record(writer: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const occurredAt = new Date(Date.UTC(2025, 4, 1 + round * 4, writer));
    const items = ADDRESSES.map((address, at) => {
      const outcome = (at + writer + round) % 4 === 0 ? ('DELIVERED' as const) : ('FAILED' as const);
      return { channel: 'EMAIL' as const, address, outcome, text: (at + round) % 3 ? TEXT.mailboxFull : TEXT.unknownUser, occurredAt };
    });
    const outcomes = await recordDeliveryResults(life.instance, items, API_DOOR);
    expect(outcomes.filter(({ accepted }) => !accepted)).toEqual([]);
  }
}

async function releaseAndUndo(mode: 'SET_VALID' | 'DELETE'): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const filter = { domain: ['race.example'] };
    const id = await releaseQuarantine(life.instance, { filter, mode, dryRun: false }, OPERATOR, { sliceSize: 20 });
    await expect.poll(async () => (await stateOf(id)) === 'DONE').toBe(true);
    if (round % 2 === 0) await undoRelease(life.instance, id, OPERATOR, { sliceSize: 20 });
  }
}

async function stateOf(id: bigint): Promise<string | undefined> {
  const [row] = await life.instance.database.query<{ state: string }>(sql`SELECT state FROM quarantine_release WHERE id = ${id}`);
  return row?.state;
}

async function cleanUp(): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { tasks } = await runCleanup(life.instance, SCHEDULED_CLEANUP, { sliceSize: 10 });
    expect(tasks.filter(({ error }) => error !== null)).toEqual([]);
  }
}

test('failures, releases, undos and cleanups at once: each entry is the fold of its ledger, whose versions rise in the order of the feed', async () => {
  await Promise.all([record(1), record(2), record(3), releaseAndUndo('SET_VALID'), releaseAndUndo('DELETE'), cleanUp()]);
  const { different } = await verifyQuarantine(life.instance, OPERATOR);
  expect(different).toBe(0);
  const [row] = await life.instance.database.query<{ lines: number; disordered: number; jumps: number }>(sql`
    SELECT count(*)::int AS lines, count(*) FILTER (WHERE version <= before)::int AS disordered, count(*) FILTER (WHERE version <> before + 1)::int AS jumps
    FROM (SELECT version, lag(version) OVER (PARTITION BY address_key, short_code ORDER BY txid, id) AS before FROM quarantine_event) AS line`);
  expect(row).toMatchObject({ disordered: 0, jumps: 0 });
  expect(row?.lines).toBeGreaterThan(ADDRESSES.length);
});
