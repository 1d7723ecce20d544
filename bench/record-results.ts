/**
 * Recording results to full effect (ledgers, state, counters) in batches of 1,000, against the same rows written by one bare INSERT a
 * table and batch, from JSON that is ready beforehand, into copies of the same tables with the same indexes.
 */
import { Feed } from '../src/live/feed.ts';
import type { DeliveryResultItem } from '../src/operations/check-delivery-result.ts';
import type { Door } from '../src/operations/feedback-item.ts';
import type { Instance } from '../src/operations/instance.ts';
import { recordDeliveryResults } from '../src/operations/record-delivery-results.ts';
import { type Database, raw, rows, type Sql, sql } from '../src/store/database.ts';
import { type BenchResult, median, scaled, timed } from './bench-result.ts';
import { withScratchDatabase } from './scratch-database.ts';

export const name = 'record-results';

const BATCH = 1000;
const BATCHES = 20;
const WARM_UP = 4;
const SUBSCRIBERS = 100;
const DOOR: Door = { name: 'bench', authenticated: true, actor: { name: 'bench', tokenId: null } };

/** What a batch writes. */
const TABLES = ['inbound_event', 'delivery_event', 'quarantine_event', 'quarantine_entry', 'delivery_log', 'counter_delta'] as const;

const TEXTS = [
  '550 5.1.1 <%>: Recipient address rejected: User unknown in virtual mailbox table',
  '452 4.2.2 <%> The mailbox is over quota',
  '550 5.2.1 The account <%> is disabled',
  '451 4.3.0 Temporary lookup failure for %',
  '450 4.1.2 Domain of % not found',
];

/** Once alone, and once while a hundred subscriptions follow what is written. */
export async function run(): Promise<BenchResult[]> {
  return [await measure(name, 0), await measure(`${name}, followed live`, SUBSCRIBERS)];
}

async function measure(figure: string, subscribers: number): Promise<BenchResult> {
  const batchCount = scaled(BATCHES) + WARM_UP;
  return withScratchDatabase(async ({ database, instance, set }) => {
    const stop = await follow(database, subscribers);
    const deliveryId = await prepareDelivery(instance, batchCount * BATCH);
    await set('VACUUM ANALYZE');
    for (const table of TABLES) await database.execute(raw(`CREATE TABLE bare_${table} (LIKE ${table} INCLUDING ALL)`));
    const spentMs: number[] = [];
    const bareMs: number[] = [];
    // In turns, so that what else the machine does slows both down alike.
    for (let index = 0; index < batchCount; index += 1) {
      const batch = makeBatch(index, deliveryId);
      const marks = await highestIds(database);
      spentMs.push(await timed(() => recordDeliveryResults(instance, batch, DOOR)));
      const written = await rowsSince(database, marks, batch);
      bareMs.push(await timed(() => insertBare(database, written)));
    }
    const [spent, bare] = [spentMs, bareMs].map((times) => median(times.slice(WARM_UP)));
    await stop();
    if (!spent || !bare) throw new Error('nothing was measured');
    return { name: figure, value: BATCH / (spent / 1000), unit: 'results/s', baseline: BATCH / (bare / 1000), ratio: spent / bare };
  });
}

/** Half of them on the delivery logs, half on the quarantine; each takes every update. */
async function follow(database: Database, subscribers: number): Promise<() => Promise<void>> {
  const feed = new Feed(database);
  const subscriptions = await Promise.all(
    Array.from({ length: subscribers }, (_, i) =>
      feed.subscribe({ ledger: i % 2 === 0 ? 'DELIVERY_LOG' : 'QUARANTINE', after: null, matches: () => true, reader: String(i) }),
    ),
  );
  const taking = subscriptions.map(async (subscription) => {
    for await (const { row } of subscription) if (row.id < 0n) throw new Error('a row without a place');
  });
  return async () => {
    await Promise.all(subscriptions.map((subscription) => subscription.return()));
    await Promise.all(taking);
  };
}

const addressOf = (n: number): string => `person${n}@receiver${n % 500}.example`;

async function prepareDelivery({ database, addressBook }: Instance, addresses: number): Promise<bigint> {
  const book = await addressBook();
  const [delivery] = await database.query<{ id: bigint }>(sql`
    INSERT INTO delivery (label, internal_name, channel, state, target_all, run) VALUES ('Bench', 'bench', 'EMAIL', 'STARTED', true, 1) RETURNING id`);
  if (!delivery) throw new Error('the delivery has no id');
  const logs = Array.from({ length: addresses }, (_, n) => ({
    address: addressOf(n),
    key: book.key('EMAIL', addressOf(n)),
    domain: `receiver${n % 500}.example`,
  }));
  await database.execute(sql`
    INSERT INTO delivery_log (delivery_id, run, address, address_key, channel, domain)
    SELECT ${delivery.id}::bigint, 1, r.address, r.key, 'EMAIL', r.domain
    FROM jsonb_to_recordset(${rows(logs)}::jsonb) AS r(address text, key uuid, domain text)`);
  return delivery.id;
}

function makeBatch(batch: number, deliveryId: bigint): DeliveryResultItem[] {
  return Array.from({ length: BATCH }, (_, n) => {
    const address = addressOf(batch * BATCH + n);
    const text = (TEXTS[n % TEXTS.length] ?? '').replace('%', address);
    const occurredAt = new Date(Date.UTC(2026, 0, 1, 8, batch, 0, n));
    return { eventId: `${batch}-${n}`, deliveryId, channel: 'EMAIL', address, outcome: 'FAILED', text, occurredAt };
  });
}

async function highestIds(database: Database): Promise<Map<string, bigint>> {
  const marks = new Map<string, bigint>();
  for (const table of TABLES) {
    const [row] = await database.query<{ id: bigint }>(sql`SELECT coalesce(max(id), 0) AS id FROM ${raw(table)}`);
    marks.set(table, row?.id ?? 0n);
  }
  return marks;
}

/** The rows of one batch as JSON, a text a table; of the logs those that it updated. */
async function rowsSince(database: Database, marks: ReadonlyMap<string, bigint>, batch: readonly DeliveryResultItem[]): Promise<string[]> {
  const texts: string[] = [];
  for (const table of TABLES) {
    const condition: Sql =
      table === 'delivery_log'
        ? sql`address IN (SELECT r.address FROM jsonb_to_recordset(${rows(batch.map(({ address }) => ({ address })))}::jsonb) AS r(address text))`
        : sql`id > ${marks.get(table) ?? 0n}::bigint`;
    const [row] = await database.query<{ text: string }>(sql`SELECT json_agg(t)::text AS text FROM ${raw(table)} t WHERE ${condition}`);
    texts.push(row?.text ?? '[]');
  }
  return texts;
}

function insertBare(database: Database, texts: readonly string[]): Promise<void> {
  return database.transaction(async (tx) => {
    for (const [at, table] of TABLES.entries()) {
      const bare = raw(`bare_${table}`);
      await tx.execute(sql`INSERT INTO ${bare} SELECT * FROM jsonb_populate_recordset(NULL::${bare}, ${texts[at] ?? '[]'}::jsonb)`);
    }
  });
}
