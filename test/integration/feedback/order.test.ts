import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agreesWithLedger, type LedgerLine } from '../../../src/domain/quarantine/fold.ts';
import type { QuarantineState } from '../../../src/domain/quarantine/quarantine-state.ts';
import type { DeliveryOutcome } from '../../../src/domain/vocabulary.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { API_DOOR, aResult, TEXT } from '../../support/feedback-instance.ts';
import { freshDatabase, onServer } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';

const WRITERS = 16;
const ADDRESSES = 20;
const BATCHES = 12;
const BATCH = 40;

interface OrderedLine extends LedgerLine {
  readonly entryId: bigint;
  readonly version: number;
}

// On the embedded database transactions queue: there is no order to get wrong.
describe.runIf(onServer())('16 writers on the same 20 addresses', () => {
  let database: Database;
  let instance: Instance;

  beforeAll(async () => {
    database = await freshDatabase();
    instance = await testInstance(database);
  });

  afterAll(() => database.close());

  test('leave ledgers that rise in feed order and fold to their entries', async () => {
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(instance, writer)));
    const lines = await database.query<OrderedLine>(sql`
      SELECT entry_id AS "entryId", version, status, reason, text, error_count AS "errorCount", last_error_at AS "lastErrorAt",
        last_significant_error_at AS "lastSignificantErrorAt", last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source,
        status_updated_at AS "statusUpdatedAt"
      FROM quarantine_event ORDER BY txid, id`);
    const entries = await database.query<QuarantineState & { id: bigint; version: number }>(sql`
      SELECT id, version, status, reason, error_text AS "errorText", error_count AS "errorCount", last_error_at AS "lastErrorAt",
        last_significant_error_at AS "lastSignificantErrorAt", last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source,
        status_updated_at AS "statusUpdatedAt"
      FROM quarantine_entry ORDER BY id`);
    expect(entries).toHaveLength(ADDRESSES);
    for (const entry of entries) {
      const own = lines.filter(({ entryId }) => entryId === entry.id);
      expect(own.map(({ version }) => version)).toEqual(own.map((_, index) => index + 1));
      expect(own.at(-1)?.version).toBe(entry.version);
      expect(agreesWithLedger(entry, own)).toBe(true);
    }
    expect(lines.length).toBeGreaterThan(ADDRESSES * 5);
  });
});

async function write(instance: Instance, writer: number): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const items = Array.from({ length: BATCH }, (_, n) => {
      const seed = writer * 7919 + batch * 104_729 + n * 31;
      return aResult({
        address: `shared${seed % ADDRESSES}@example.com`,
        eventId: `${writer}-${batch}-${n}`,
        outcome: ((seed >> 4) % 3 === 0 ? 'DELIVERED' : 'FAILED') satisfies DeliveryOutcome,
        text: TEXT.mailboxFull,
        occurredAt: new Date(Date.UTC(2025, 0, 1 + 2 * batch) + n * 3_600_000),
      });
    });
    await recordDeliveryResults(instance, items, API_DOOR);
  }
}
