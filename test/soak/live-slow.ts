import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import { withScratchDatabase } from '../../bench/scratch-database.ts';
import { sql } from '../../src/store/database.ts';
import { type LiveNode, startNode, TOKEN } from './live-server-worker.ts';

/** A subscriber that stops reading costs the node no growing memory, and gets everything once it reads again or resumes. */
export const name = 'live-slow';

const UPDATES = 100_000;
const WARM_UP = 40_000;
const BATCH = 2_000;
const MEGABYTE = 1 << 20;
/** What garbage collection leaves about varies more than a megabyte or two; 100,000 updates would be more than 60. */
const ALLOWED_GROWTH = 40 * MEGABYTE;
const QUERY = `subscription ($after: String) { quarantineUpdated(after: $after) { cursor event { address text version } } }`;

export async function run(): Promise<void> {
  await withScratchDatabase(async ({ database, url }) => {
    const node = await startNode(url, 22_000 + (process.pid % 10_000));
    const slow = await subscribe(node, null);
    // The ring and the heap have their working size before memory is compared.
    for (let written = 0; written < WARM_UP; written += BATCH) await write(database, BATCH);
    await until(() => slow.seen.length === WARM_UP, 'the first updates');
    slow.raw.pause();
    const before = await settled(node);
    let most = before;
    for (let written = 0; written < UPDATES; written += BATCH) {
      await write(database, BATCH);
      most = Math.max(most, await node.memory());
    }
    await pause(2_000);
    const after = await settled(node);
    console.log(`      memory before ${mb(before)} MB, most ${mb(most)} MB, after ${mb(after)} MB`);
    if (after - before > ALLOWED_GROWTH) throw new Error(`the node grew by ${mb(after - before)} MB for a client that does not read`);

    const cursor = slow.seen.at(-1) ?? '';
    slow.socket.terminate();
    const resumed = await subscribe(node, cursor);
    await until(() => resumed.seen.length >= UPDATES, `${UPDATES} updates after resuming`);
    await pause(1_000);
    if (resumed.seen.length !== UPDATES || new Set(resumed.seen).size !== UPDATES) {
      throw new Error(`${UPDATES} updates were missed, ${resumed.seen.length} came (${new Set(resumed.seen).size} different)`);
    }
    resumed.socket.terminate();
    await node.kill();
  });
}

const mb = (bytes: number): number => Math.round(bytes / MEGABYTE);

async function settled(node: LiveNode): Promise<number> {
  await pause(1_500);
  return node.memory();
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 120_000; !condition(); ) {
    if (Date.now() > end) throw new Error(`${what} did not come`);
    await pause(50);
  }
}

async function write(database: Parameters<Parameters<typeof withScratchDatabase>[0]>[0]['database'], lines: number): Promise<void> {
  await database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, status, error_count, text, status_updated_at, source, version, occurred_at)
    SELECT 1, 'EMAIL', 'person' || i || '@example.com', gen_random_uuid(), 'ERRONEOUS', 1, repeat('the mailbox is full ', 20), now(), 'MANUAL', 1, now()
    FROM generate_series(1, ${lines}::int) i`);
  database.hints.notify('QUARANTINE');
}

/** On a TCP connection that can be told not to read: then the kernel's buffers fill, and the node's would after them. */
async function subscribe({ url }: LiveNode, after: string | null): Promise<{ socket: WebSocket; raw: Socket; seen: string[] }> {
  const seen: string[] = [];
  let raw: Socket | undefined;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    perMessageDeflate: false,
    createConnection: ((options: { host: string; port: number }) => {
      raw = connect(Number(options.port), '127.0.0.1');
      return raw;
    }) as never,
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${TOKEN}` } }));
  await new Promise((resolve) => socket.once('message', resolve));
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data)) as { type: string; payload: { data: { quarantineUpdated: { cursor: string } } } };
    if (type === 'next') seen.push(payload.data.quarantineUpdated.cursor);
  });
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY, variables: { after } } }));
  await pause(1_000);
  if (!raw) throw new Error('ws made no connection');
  return { socket, raw, seen };
}
