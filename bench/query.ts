import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { encodeGlobalId } from '../src/graphql/global-id.ts';
import { openBenchApp, openPoster } from './bench-app.ts';
import { type BenchResult, median, scaled, timed } from './bench-result.ts';
import { type Scratch, withScratchDatabase } from './scratch-database.ts';

/** 50 delivery logs with profile and qualification, over HTTP. Baseline: the same SQL by pg and JSON.stringify over node:http. */
export const name = 'query';

const ROWS = 100_000;
const SHOWN = 50;
const ROUNDS = 300;
const WARM_UP = 100;

const QUERY = `query ($filter: DeliveryLogFilter) {
  deliveryLogs(filter: $filter, first: ${SHOWN}) {
    edges { cursor node {
      id address channel status failureType failureReason updatedAt
      profile { id firstName lastName } qualification { id text md5 type reason occurrences }
    } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const SAME_SQL = `
  SELECT l.id, l.address, l.channel, l.status, l.failure_type, l.failure_reason, l.updated_at, p.id AS profile_id, p.first_name, p.last_name,
         q.id AS qualification_id, q.text, q.md5, q.type, q.reason, q.occurrences
  FROM delivery_log l LEFT JOIN profile p ON p.id = l.profile_id LEFT JOIN qualification q ON q.id = l.qualification_id
  WHERE l.delivery_id = $1 AND EXISTS (SELECT FROM delivery d WHERE d.id = l.delivery_id AND d.run = l.run)
  ORDER BY l.id DESC LIMIT ${SHOWN + 1}`;

export function run(): Promise<BenchResult[]> {
  return withScratchDatabase(async (scratch) => {
    await fill(scratch, scaled(ROWS));
    const app = await openBenchApp(scratch);
    const bare = await openBareServer(scratch.url);
    try {
      const filter = { deliveryId: encodeGlobalId('Delivery', 1n) };
      const spent = { ours: [] as number[], bare: [] as number[] };
      for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
        const ours = await timed(() => app.ask(QUERY, { filter }));
        const least = await timed(() => bare.ask());
        if (round < WARM_UP) continue;
        spent.ours.push(ours);
        spent.bare.push(least);
      }
      const [value, baseline] = [median(spent.ours), median(spent.bare)];
      return [{ name, value, unit: 'ms a request', baseline, ratio: value / baseline }];
    } finally {
      await bare.close();
      await app.close();
    }
  });
}

async function openBareServer(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', async () => {
      const { rows } = await pool.query(SAME_SQL, [1]);
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ data: rows }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const send = openPoster(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  const body = JSON.stringify({ query: QUERY });
  return {
    ask: () => send(body, { 'Content-Type': 'application/json' }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}

async function fill({ set }: Scratch, rows: number): Promise<void> {
  await set(`INSERT INTO profile (first_name, last_name) SELECT 'First' || i, 'Last' || i FROM generate_series(1, ${rows}) AS i`);
  await set(`
    INSERT INTO qualification (channel, text, md5, first_text, type, reason, fault)
    SELECT 'EMAIL', '550 5.1.1 user unknown ' || i, md5(i::text), '550', 'HARD', 'USER_UNKNOWN', 'RECIPIENT' FROM generate_series(1, 50) AS i`);
  await set(`
    INSERT INTO delivery (label, internal_name, channel, target_all, run, state) VALUES ('Bench', 'bench', 'EMAIL', true, 1, 'STARTED');
    INSERT INTO delivery_log (delivery_id, run, profile_id, address, address_key, channel, domain, status, failure_type, failure_reason, fault, qualification_id)
    SELECT 1, 1, i, 'p' || i || '@bench.test', md5(i::text)::uuid, 'EMAIL', 'bench.test', 'FAILED', 'HARD', 'USER_UNKNOWN', 'RECIPIENT', 1 + i % 50
    FROM generate_series(1, ${rows}) AS i`);
  await set('VACUUM ANALYZE');
}
