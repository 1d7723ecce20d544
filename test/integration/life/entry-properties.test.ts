import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryResultItem } from '../../../src/operations/check-delivery-result.ts';
import { checkQuarantine, importQuarantine } from '../../../src/operations/import-quarantine.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { updateQuarantineEntry } from '../../../src/operations/update-quarantine-entry.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { sql } from '../../../src/store/database.ts';
import { API_DOOR, TEXT } from '../../support/feedback-instance.ts';
import { entryOf, type Life, ledgerOf, OPERATOR, openLife, stateOf } from './life.ts';

let life: Life;

beforeAll(async () => {
  life = await openLife('2026-01-01T00:00:00Z');
});
afterAll(() => life.close());

const KINDS = {
  soft: { outcome: 'FAILED', text: TEXT.mailboxFull },
  hard: { outcome: 'FAILED', text: TEXT.unknownUser },
  unknown: { outcome: 'FAILED', text: 'Kwzr mblpt xvq' },
  success: { outcome: 'DELIVERED', text: null },
  complaint: { outcome: 'COMPLAINT', text: 'abuse' },
} as const;
type Kind = keyof typeof KINDS;

const kind = fc.constantFrom<Kind>('soft', 'soft', 'soft', 'soft', 'success', 'unknown', 'hard', 'complaint');
const events = fc.array(fc.record({ kind, hour: fc.integer({ min: 0, max: 600 }) }), { minLength: 1, maxLength: 10 });

let made = 0;
const freshAddress = () => {
  made += 1;
  return `any-${made}@property.example`;
};

const item = (address: string, one: { kind: Kind; hour: number }): DeliveryResultItem => ({
  channel: 'EMAIL',
  address,
  occurredAt: new Date(Date.UTC(2025, 0, 1, one.hour)),
  ...KINDS[one.kind],
});

async function tell(items: readonly DeliveryResultItem[]) {
  const outcomes = await recordDeliveryResults(life.instance, items, API_DOOR);
  expect(outcomes.every(({ accepted }) => accepted)).toBe(true);
  return outcomes;
}

async function counted(address: string) {
  const [row] = await life.instance.database.query<{ status: string; count: number; countedAt: Date | null; successAt: Date | null }>(sql`
    SELECT status, error_count AS count, last_significant_error_at AS "countedAt", last_success_at AS "successAt"
    FROM quarantine_entry WHERE address = ${address}`);
  return row ?? null;
}

describe('any sequence of results of an address, through the database', () => {
  test('told again, all at once and in any order, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.infiniteStream(fc.nat()), async (given, lots) => {
        const address = freshAddress();
        const items = given.map((one) => item(address, one));
        for (const one of items) await tell([one]);
        const before = [await entryOf(life.instance, address), await ledgerOf(life.instance, address)];
        const shuffled = items.map((one) => ({ one, lot: lots.next().value ?? 0 })).sort((a, b) => a.lot - b.lot);
        const outcomes = await tell(shuffled.map(({ one }) => one));
        expect(outcomes.every(({ duplicate }) => duplicate)).toBe(true);
        expect([await entryOf(life.instance, address), await ledgerOf(life.instance, address)]).toEqual(before);
      }),
      { numRuns: 12 },
    );
  });

  test('followed by what is older than the last counted error or success raises and lowers no counter', async () => {
    await fc.assert(
      fc.asyncProperty(
        events,
        fc.array(fc.record({ kind, hoursBefore: fc.integer({ min: 1, max: 900 }) }), { maxLength: 5 }),
        async (given, late) => {
          const address = freshAddress();
          await tell(given.map((one) => item(address, one)));
          const before = await counted(address);
          const newestMs = Math.max(before?.countedAt?.getTime() ?? 0, before?.successAt?.getTime() ?? 0);
          fc.pre(before !== null && newestMs > 0);
          for (const one of late) {
            await tell([{ ...item(address, { kind: one.kind, hour: 0 }), occurredAt: new Date(newestMs - one.hoursBefore * 3_600_000) }]);
            const after = await counted(address);
            expect(after).toMatchObject({ count: before?.count, countedAt: before?.countedAt });
            expect([before?.status, 'QUARANTINE', 'DENYLISTED']).toContain(after?.status);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  test('and of jobs leaves DENYLISTED to a person, and every entry the fold of its ledger', async () => {
    const job = fc.constantFrom('cleanup', 'release', 'import' as const);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(events, job), { minLength: 1, maxLength: 5 }), async (steps) => {
        const address = freshAddress();
        await tell([item(address, { kind: 'complaint', hour: 100 })]);
        for (const step of steps) {
          if (Array.isArray(step)) await tell(step.map((one) => item(address, one)));
          else await work(step, address);
          expect(await stateOf(life.instance, address)).toBe('DENYLISTED 0');
        }
        const id = (await entryOf(life.instance, address))?.id ?? 0n;
        await updateQuarantineEntry(life.instance, { id, status: 'VALID' }, OPERATOR);
        expect(await stateOf(life.instance, address)).toBe('VALID 0');
      }),
      { numRuns: 10 },
    );
    expect(await verifyQuarantine(life.instance, OPERATOR)).toMatchObject({ different: 0 });
  });
});

async function work(job: 'cleanup' | 'release' | 'import', address: string): Promise<void> {
  const { instance } = life;
  if (job === 'cleanup') {
    const { tasks } = await runCleanup(instance, SCHEDULED_CLEANUP);
    expect(tasks.filter(({ error }) => error !== null)).toEqual([]);
  } else if (job === 'release') {
    await releaseQuarantine(instance, { filter: { address: { eq: address } }, mode: 'DELETE', dryRun: false }, OPERATOR);
  } else {
    const rows = checkQuarantine([{ channel: 'EMAIL', address, status: 'VALID' }], await instance.addressBook(), instance.now());
    await importQuarantine(instance, rows, OPERATOR);
  }
}
