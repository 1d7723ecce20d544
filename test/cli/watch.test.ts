import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { slotOf } from '../../src/domain/statistics/result-slot.ts';
import { closeIncident } from '../../src/operations/close-incident.ts';
import { detectIncidents } from '../../src/operations/detect-incidents.ts';
import { sql } from '../../src/store/database.ts';
import { type Command, startCommand } from '../support/command.ts';
import { foldNow } from '../support/fold-now.ts';
import { freshAddress, freshWord } from '../support/fresh.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let app: TestApp;
const children: Command[] = [];
const proxies: CuttableLine[] = [];

beforeAll(async () => {
  app = await testApp();
});
afterEach(() => {
  for (const child of children.splice(0)) child.process.kill('SIGKILL');
  for (const proxy of proxies.splice(0)) proxy.cut();
});

/** A line between the command and the server that a test can cut. */
class CuttableLine {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  constructor(target: string) {
    this.#target = new URL(target);
    proxies.push(this);
  }

  async open(): Promise<void> {
    this.#server = createServer((socket) => {
      const onward = connect(Number(this.#target.port), this.#target.hostname);
      for (const one of [socket, onward]) {
        this.#sockets.add(one);
        one.on('error', () => undefined);
      }
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as { port: number }).port;
  }

  cut(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

function watch(args: readonly string[], token: string) {
  const child = startCommand(['watch', ...args], { LAZARET_TOKEN: token });
  children.push(child);
  const seen = {
    get lines() {
      return child.stdout().split('\n').filter(Boolean);
    },
    get errors() {
      return child.stderr();
    },
  };
  return { seen, ended: child.exited };
}

async function quarantine(address: string): Promise<void> {
  await app.graphql(`mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { __typename } }`, {
    input: { channel: 'EMAIL', address, errorText: '550 no such user' },
  });
}

const subscribers = async (ledger = 'QUARANTINE') =>
  new RegExp(`lazaret_feed_subscribers\\{ledger="${ledger}"\\} (\\d+)`).exec(await (await app.fetch('/metrics')).text())?.[1];

test('watch prints updates that match, and goes on after its last one when the connection was lost', async () => {
  const mark = freshWord();
  const proxy = new CuttableLine(app.url);
  await proxy.open();
  const { seen } = watch(
    ['quarantine', '--json', '--url', `http://127.0.0.1:${proxy.port}`, '--filter', JSON.stringify({ address: { contains: mark } })],
    app.adminToken,
  );
  await expect.poll(subscribers).toBe('1');
  await quarantine(`first-${mark}@example.com`);
  await quarantine(freshAddress());
  await expect.poll(() => seen.lines).toHaveLength(1);

  proxy.cut();
  await quarantine(`missed-${mark}@example.com`);
  await expect.poll(() => seen.errors).toMatch(/connection was lost/);
  await proxy.open();
  await expect.poll(() => seen.lines).toHaveLength(2);
  await quarantine(`live-${mark}@example.com`);
  await expect.poll(() => seen.lines).toHaveLength(3);
  expect(seen.lines.map((line) => JSON.parse(line).event.address.split('-')[0])).toEqual(['first', 'missed', 'live']);
});

test('watch prints incidents as they open and close', async () => {
  const { seen } = watch(['incidents', '--url', app.url, '--filter', JSON.stringify({ domain: ['watch-ill.example'] })], app.adminToken);
  await expect.poll(() => subscribers('INCIDENT')).toBe('1');
  await app.instance.database.execute(sql`
    INSERT INTO domain_result (channel, domain, slot, result, amount)
    SELECT 'EMAIL', 'watch-ill.example', ${slotOf(app.clock.now())}::int - ago, result, amount
    FROM (VALUES (300, 'DELIVERED', 990), (300, 'USER_UNKNOWN', 10), (1, 'DELIVERED', 100), (1, 'USER_UNKNOWN', 400)) AS r(ago, result, amount)`);
  const [id = 0n] = await detectIncidents(app.instance);
  await closeIncident(app.instance, { id, quarantineHeld: false }, { name: 'operator', tokenId: null });
  await expect.poll(() => seen.lines).toHaveLength(2);
  const at = app.clock.now().toISOString();
  expect(seen.lines).toEqual([
    `${at}  OPENED  watch-ill.example  USER_UNKNOWN  80.0 %  0 hit, 0 held  -`,
    `${at}  CLOSED  watch-ill.example  USER_UNKNOWN  80.0 %  0 hit, 0 held  operator`,
  ]);
});

test('watch prints alerts when they are raised', async () => {
  const { seen } = watch(['alerts', '--url', app.url, '--filter', JSON.stringify({ kind: ['UNKNOWN_TEXT'] })], app.adminToken);
  await expect.poll(() => subscribers('ALERT')).toBe('1');
  const text = `599 zqwatch ${freshWord()} outgrabe`;
  const occurredAt = app.clock.now();
  const results = ['a', 'b'].map((name) => ({ channel: 'EMAIL', address: `${name}@watch.example`, outcome: 'FAILED', text, occurredAt }));
  await app.graphql('mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted } } }', {
    input: results,
  });
  await foldNow(app.instance);
  await expect.poll(() => seen.lines.filter((line) => line.includes(text))).toHaveLength(1);
  expect(seen.lines.find((line) => line.includes(text))).toMatch(/UNKNOWN_TEXT {2}A failure that nobody has qualified came again/);
});

test.each([
  ['a feed that there is not', ['unicorns', '--url', 'http://127.0.0.1:1'], 2, /there is no feed "unicorns"/],
  ['a filter that is no JSON', ['quarantine', '--filter', '{'], 2, /--filter takes a JSON object/],
  ['a server that does not answer', ['quarantine', '--url', 'http://127.0.0.1:1'], 3, /no server answers/],
] as const)('watch ends with its status and a sentence for %s', async (_case, args, status, sentence) => {
  const { seen, ended } = watch(args, app.adminToken);
  expect(await ended).toBe(status);
  expect(seen.errors).toMatch(sentence);
});

test('watch ends when the token may not read the feed', async () => {
  const { seen, ended } = watch(['quarantine', '--url', app.url], await app.token('logs:read'));
  expect(await ended).toBe(1);
  expect(seen.errors).toMatch(/lacks the scope/);
});
