import { encodeCursor } from '../src/graphql/cursor.ts';
import { encodeGlobalId } from '../src/graphql/global-id.ts';
import { sql } from '../src/store/database.ts';
import { type BenchApp, openBenchApp } from './bench-app.ts';
import { type BenchResult, median, scaled, timed } from './bench-result.ts';
import { type Scratch, withScratchDatabase } from './scratch-database.ts';

/** Page 20,000 of the delivery logs, of all and of one delivery, at 10,000,000 rows. Baseline: page 1. Both over HTTP, 100 rows a page. */
export const name = 'page';

const ROWS = 10_000_000;
const PAGE = 20_000;
const PAGE_SIZE = 100;
const DELIVERIES = 2;
const ROUNDS = 60;
/** Rows of one statement of the set-up. */
const CHUNK = 500_000;

const QUERY = `query ($filter: DeliveryLogFilter, $after: String) {
  deliveryLogs(filter: $filter, first: ${PAGE_SIZE}, after: $after) {
    edges { cursor node { id address status failureReason updatedAt } } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;

export function run(): Promise<BenchResult[]> {
  return withScratchDatabase(async (scratch) => {
    const rows = scaled(ROWS);
    await fill(scratch, rows);
    const app = await openBenchApp(scratch);
    try {
      // The newest rows come first; every delivery has each DELIVERIES-th of them.
      const depth = Math.min(PAGE * PAGE_SIZE, Math.floor(rows / DELIVERIES / 2));
      const filter = { deliveryId: encodeGlobalId('Delivery', 1n) };
      return [await compare(app, name, rows - depth, {}), await compare(app, 'page-of-delivery', rows - depth * DELIVERIES, { filter })];
    } finally {
      await app.close();
    }
  });
}

async function compare(app: BenchApp, figure: string, lastSeen: number, variables: object): Promise<BenchResult> {
  const after = encodeCursor('deliveryLogs', { id: BigInt(lastSeen), value: null });
  const spent = { deep: [] as number[], first: [] as number[] };
  for (let round = 0; round < ROUNDS + 10; round += 1) {
    const deep = await timed(() => app.ask(QUERY, { ...variables, after }));
    const first = await timed(() => app.ask(QUERY, variables));
    if (round < 10) continue;
    spent.deep.push(deep);
    spent.first.push(first);
  }
  const [value, baseline] = [median(spent.deep), median(spent.first)];
  return { name: figure, value, unit: 'ms a page', baseline, ratio: value / baseline };
}

async function fill({ database, set }: Scratch, rows: number): Promise<void> {
  await set(`
    INSERT INTO delivery (label, internal_name, channel, target_all, run, state)
    SELECT 'Bench', 'bench-' || i, 'EMAIL', true, 1, 'STARTED' FROM generate_series(1, ${DELIVERIES}) AS i`);
  const indexes = await database.query<{ name: string; definition: string }>(sql`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'delivery_log' AND indexname <> 'delivery_log_pkey'`);
  for (const index of indexes) await set(`DROP INDEX "${index.name}"`);
  for (let from = 0; from < rows; from += CHUNK) {
    await set(`
      INSERT INTO delivery_log (delivery_id, run, profile_id, address, address_key, channel, domain, status, created_at, updated_at)
      SELECT 1 + i % ${DELIVERIES}, 1, i, 'p' || i || '@d' || i % 500 || '.test', md5(i::text)::uuid, 'EMAIL', 'd' || i % 500 || '.test', 'SENT', now(), now()
      FROM generate_series(${from + 1}, ${Math.min(from + CHUNK, rows)}) AS i`);
  }
  for (const index of indexes) await set(index.definition);
  await set('VACUUM ANALYZE delivery_log');
}
