import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from '../src/store/database.ts';
import type { BenchResult } from './bench-result.ts';
import { type Scratch, withScratchDatabase } from './scratch-database.ts';

export const name = 'live';

const SCALE = Number(process.env.BENCH_SCALE ?? 1);
const SOCKETS = Math.max(10, Math.round(1_000 * SCALE));
const BURST = 300;
const RATE_A_SECOND = 200;
const STEADY_SECONDS = 8;
const TOKEN = 'lzt_benchbenchbenchbenchbench';

const QUERY = `subscription ($filter: QuarantineFilter) { quarantineUpdated(filter: $filter) {
  cursor event { address previousStatus status reason errorCount text version occurredAt } } }`;
const EQUAL = '{"filter":{"status":["QUARANTINE"]}}';
const DIFFERENT = '{"filter":{"status":["QUARANTINE"],"statusUpdatedAt":{"from":"$FROM"}}}';

interface Report {
  readonly done: number;
  readonly sample: string;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** Updates of the quarantine to 1,000 WebSocket subscribers, from the commit to the client, against the same bytes broadcast by ws alone. */
export async function run(): Promise<BenchResult[]> {
  return withScratchDatabase(async (scratch) => {
    const server = await startServer(scratch);
    try {
      const equal = await openClients(server.port, EQUAL);
      const burst = await measureBurst(scratch, equal, BURST);
      const steady = await measureSteady(scratch, equal);
      await stop(equal);
      const bare = await measureBare(burst.sample);
      const different = await openClients(server.port, DIFFERENT);
      const apart = await measureBurst(scratch, different, 20);
      await stop(different);
      return [
        { name, value: burst.rate, unit: 'updates/s', baseline: bare, ratio: burst.rate / bare },
        { name: 'live, different filters', value: apart.rate, unit: 'updates/s', baseline: bare, ratio: apart.rate / bare },
        { name: 'live, p99 at 200/s', value: steady.p99, unit: 'ms', baseline: 250, ratio: steady.p99 / 250 },
      ];
    } finally {
      await stop(server.child);
    }
  });
}

const tsx = { execArgv: ['--import', 'tsx'] };

async function startServer({ url }: Scratch): Promise<{ child: ChildProcess; port: number }> {
  const port = 20_000 + (process.pid % 20_000);
  const env = {
    ...process.env,
    DATABASE_URL: url,
    PORT: String(port),
    LAZARET_ADMIN_TOKEN: TOKEN,
    LAZARET_RATE_LIMIT: '0',
    LOG_LEVEL: 'warn',
  };
  const child = fork(join(import.meta.dirname, '../src/main.ts'), ['serve'], {
    ...tsx,
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    if (up?.ok) return { child, port };
    await pause(200);
  }
  throw new Error('the server did not start');
}

async function openClients(port: number, variables: string, token: string | null = TOKEN): Promise<ChildProcess> {
  const order = JSON.stringify({ port, sockets: SOCKETS, token, query: QUERY, variables });
  const child = fork(join(import.meta.dirname, 'live/clients.ts'), [order], tsx);
  await new Promise((resolve) => child.once('message', resolve));
  // The last subscriptions have been sent; the server has them a moment later.
  await pause(1_500);
  return child;
}

function expect(child: ChildProcess, messages: number): Promise<Report> {
  const report = new Promise<Report>((resolve) => child.once('message', (message) => resolve(message as Report)));
  child.send({ expect: messages });
  return report;
}

/** Writes ledger lines in one transaction and tells the server as operations do. */
async function write({ database }: Scratch, lines: number): Promise<void> {
  await database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, domain, previous_status, status, reason, error_count, text,
      status_updated_at, source, version, occurred_at)
    SELECT 1, 'EMAIL', 'person' || i || '@example.com', gen_random_uuid(), 'example.com', 'ERRONEOUS', 'QUARANTINE', 'USER_UNKNOWN', 5,
      '550 5.1.1 The account that you tried to reach does not exist', now(), 'BOUNCE_ASYNC', 1, clock_timestamp()
    FROM generate_series(1, ${lines}::int) i`);
  database.hints.notify('QUARANTINE');
}

async function measureBurst(scratch: Scratch, clients: ChildProcess, lines: number): Promise<{ rate: number; sample: string }> {
  const warm = expect(clients, SOCKETS);
  await write(scratch, 1);
  await warm;
  const report = expect(clients, lines * SOCKETS);
  await write(scratch, lines);
  const start = performance.now();
  const { sample } = await report;
  return { rate: (lines * SOCKETS) / ((performance.now() - start) / 1_000), sample };
}

async function measureSteady(scratch: Scratch, clients: ChildProcess): Promise<Report> {
  const report = expect(clients, RATE_A_SECOND * STEADY_SECONDS * SOCKETS);
  const start = performance.now();
  for (let written = 0; written < RATE_A_SECOND * STEADY_SECONDS; written += 1) {
    const due = start + (written * 1_000) / RATE_A_SECOND;
    if (due > performance.now()) await pause(due - performance.now());
    await write(scratch, 1);
  }
  return report;
}

async function measureBare(sample: string): Promise<number> {
  const text = sample || randomUUID();
  const server = fork(join(import.meta.dirname, 'live/bare-server.ts'), tsx);
  const { port } = await new Promise<{ port: number }>((resolve) =>
    server.once('message', (message) => resolve(message as { port: number })),
  );
  const clients = await openClients(port, '{}', null);
  const report = expect(clients, BURST * SOCKETS);
  const start = performance.now();
  server.send({ text, messages: BURST });
  await report;
  const rate = (BURST * SOCKETS) / ((performance.now() - start) / 1_000);
  await stop(clients);
  await stop(server);
  return rate;
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}
