import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import { agreesWithLedger, type LedgerLine } from '../../src/domain/quarantine/fold.ts';
import type { QuarantineState } from '../../src/domain/quarantine/quarantine-state.ts';
import { createQuarantineEntry } from '../../src/operations/create-quarantine-entry.ts';
import { deleteQuarantineEntry } from '../../src/operations/delete-quarantine-entry.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../src/operations/record-delivery-results.ts';
import { updateQuarantineEntry } from '../../src/operations/update-quarantine-entry.ts';
import { type Database, sql } from '../../src/store/database.ts';
import { API_DOOR, aResult, TEXT } from '../support/feedback-instance.ts';
import { freshDatabase, onServer } from '../support/test-database.ts';
import { testInstance } from '../support/test-instance.ts';

const WRITERS = 16;
const ADDRESSES = 8;
const STEPS = 20;
const ACTOR = { name: 'test', tokenId: null };

interface OrderedLine extends LedgerLine {
  readonly address: string;
  readonly version: number;
}

// On the embedded database transactions queue: there is no order to get wrong.
describe.runIf(onServer())('people and failures that change the same addresses at once', () => {
  let database: Database;
  let instance: Instance;

  beforeAll(async () => {
    database = await freshDatabase();
    instance = await testInstance(database);
  });

  afterAll(() => database.close());

  it('leave ledgers whose versions rise in the order of the feed, also over deletions, and that fold to the entries', async () => {
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    const state = sql`reason, error_count AS "errorCount", last_error_at AS "lastErrorAt", last_significant_error_at AS "lastSignificantErrorAt",
      last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source, status_updated_at AS "statusUpdatedAt"`;
    const lines = await database.query<OrderedLine>(
      sql`SELECT address, version, status, text, ${state} FROM quarantine_event ORDER BY txid, id`,
    );
    const entries = await database.query<QuarantineState & { address: string; version: number }>(sql`
      SELECT address, version, status, error_text AS "errorText", ${state} FROM quarantine_entry`);
    for (let index = 0; index < ADDRESSES; index += 1) {
      const own = lines.filter(({ address }) => address === addressOf(index));
      const entry = entries.find(({ address }) => address === addressOf(index)) ?? null;
      expect(own.map(({ version }) => version)).toEqual(own.map((_, place) => place + 1));
      expect(agreesWithLedger(entry, own)).toBe(true);
      if (entry) expect(own.at(-1)?.version).toBe(entry.version);
    }
    expect(lines.some(({ status }) => status === null)).toBe(true);
    expect(lines.length).toBeGreaterThan(ADDRESSES * 5);
  });

  async function write(writer: number): Promise<void> {
    for (let step = 0; step < STEPS; step += 1) {
      const seed = writer * 7919 + step * 104_729;
      await change(seed % ADDRESSES, seed, step).catch((error: unknown) => {
        if (!(error instanceof DomainError)) throw error;
      });
    }
  }

  async function change(place: number, seed: number, step: number): Promise<unknown> {
    const address = addressOf(place);
    const [entry] = await database.query<{ id: bigint }>(sql`SELECT id FROM quarantine_entry WHERE address = ${address}`);
    if (seed % 5 === 0 || !entry) return createQuarantineEntry(instance, { channel: 'EMAIL', address, status: 'ERRONEOUS' }, ACTOR);
    if (seed % 5 === 1) return deleteQuarantineEntry(instance, entry.id, ACTOR);
    if (seed % 5 === 2) return updateQuarantineEntry(instance, { id: entry.id, status: 'VALID' }, ACTOR);
    if (seed % 5 === 3) return updateQuarantineEntry(instance, { id: entry.id, status: 'ERRONEOUS', errorCount: seed % 4 }, ACTOR);
    const occurredAt = new Date(Date.UTC(2025, 0, 1 + step * 2));
    const item = aResult({ address, eventId: String(seed), text: TEXT.mailboxFull, occurredAt });
    return recordDeliveryResults(instance, [item], API_DOOR);
  }
});

function addressOf(index: number): string {
  return `edited${index}@example.com`;
}
