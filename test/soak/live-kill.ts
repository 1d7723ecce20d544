import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { withScratchDatabase } from '../../bench/scratch-database.ts';
import { type Database, sql } from '../../src/store/database.ts';
import { startNode, TOKEN } from './live-server-worker.ts';

/** A node that is killed under load: clients resume at another node or the restarted one, without gap or repeat. */
export const name = 'live-kill';

const CLIENTS = 20;
const WRITERS = 8;
const SECONDS = 40;
const QUERY = `subscription ($after: String) { quarantineUpdated(after: $after) { cursor event { address version } } }`;

interface Update {
  readonly cursor: string;
  readonly event: { readonly address: string; readonly version: number };
}

export async function run(): Promise<void> {
  await withScratchDatabase(async ({ database, url }) => {
    const port = 21_000 + (process.pid % 10_000);
    const ports = [port, port + 1];
    const nodes = await Promise.all(ports.map((one) => startNode(url, one)));
    const state = { running: true };
    const clients = Array.from({ length: CLIENTS }, (_, i) => follow(ports, i, state));
    await Promise.all(clients.map(({ begun }) => begun));
    // Everybody has a cursor before the first kill.
    const first = await write(database, Date.now() + 1);
    await until(() => clients.every(({ seen }) => seen.length === first.length), 'the first updates');
    const end = Date.now() + SECONDS * 1_000;
    const writing = Promise.all(Array.from({ length: WRITERS }, () => write(database, end)));
    for (let kills = 0; Date.now() < end - 8_000; kills += 1) {
      await pause(2_000 + Math.random() * 2_000);
      const victim = kills % nodes.length;
      await nodes[victim]?.kill();
      nodes[victim] = await startNode(url, ports[victim] ?? port);
    }
    const written = [...first, ...(await writing).flat()];
    await until(() => clients.every(({ seen }) => seen.length >= written.length), 'all updates').catch((error: Error) =>
      console.error(error.message),
    );
    state.running = false;
    await Promise.all(clients.map(({ ended }) => ended));
    await Promise.all(nodes.map((node) => node.kill()));
    for (const { seen } of clients) check(seen, written);
    console.log(`      ${written.length} updates, ${CLIENTS} clients, each update once and in order at every one`);
  });
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !condition(); await pause(100)) {
    if (Date.now() > end) throw new Error(`${what} did not come`);
  }
}

/** Versions 1, 2, 3... of its own addresses, one transaction each. */
async function write(database: Database, end: number): Promise<string[]> {
  const written: string[] = [];
  do {
    const key = randomUUID();
    for (let version = 1; version <= 5; version += 1) {
      await database.execute(sql`
        INSERT INTO quarantine_event (entry_id, channel, address, address_key, status, error_count, status_updated_at, source, version, occurred_at)
        VALUES (1, 'EMAIL', ${key}, ${key}::uuid, 'ERRONEOUS', ${version}::int, now(), 'MANUAL', ${version}::int, now())`);
      written.push(`${key} ${version}`);
      database.hints.notify('QUARANTINE');
      await pause(10);
    }
  } while (Date.now() < end);
  return written;
}

function follow(ports: readonly number[], index: number, state: { running: boolean }) {
  const seen: Update[] = [];
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const loop = async () => {
    for (let turn = index; state.running; turn += 1) {
      await session(ports[turn % ports.length] ?? 0, seen, state, begin);
      await pause(100);
    }
  };
  return { seen, begun, ended: loop() };
}

/** Until the connection breaks. */
function session(port: number, seen: Update[], state: { running: boolean }, begin: () => void): Promise<void> {
  const client = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${TOKEN}` },
  });
  return new Promise<void>((resolve) => {
    const watch = setInterval(() => state.running || resolve(), 100);
    client.on('connected', () => setTimeout(begin, 1_000));
    client.subscribe<{ quarantineUpdated: Update }>(
      { query: QUERY, variables: { after: seen.at(-1)?.cursor ?? null } },
      {
        next: ({ data, errors }) => {
          if (errors) throw new Error(JSON.stringify(errors));
          if (data) seen.push(data.quarantineUpdated);
        },
        error: () => resolve(),
        complete: () => resolve(),
      },
    );
    void Promise.resolve().then(() => watch.unref());
  }).finally(() => client.dispose());
}

function check(seen: readonly Update[], written: readonly string[]): void {
  const got = seen.map(({ event }) => `${event.address} ${event.version}`);
  const known = new Set(got);
  const missing = written.filter((one) => !known.has(one)).length;
  if (missing > 0 || got.length !== written.length) throw new Error(`${written.length} written, ${got.length} seen, ${missing} missing`);
  const last = new Map<string, number>();
  for (const { event } of seen) {
    if (event.version !== (last.get(event.address) ?? 0) + 1) throw new Error(`${event.address} came out of order`);
    last.set(event.address, event.version);
  }
}
