import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createToken } from '../../src/operations/create-token.ts';
import { revokeToken } from '../../src/operations/revoke-token.ts';
import { sql } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { freshAddress } from '../support/fresh.ts';
import { aReport } from '../support/reports.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { testDatabase } from '../support/test-database.ts';
import { tinySchema } from '../support/tiny-schema.ts';

const actor = { name: 'test', tokenId: null };
let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await openTestApp(await testDatabase(), { schema: tinySchema });
  token = await app.token('ingest:write');
});
afterAll(() => app.close());

const failure = (rest: object = {}) =>
  JSON.stringify({
    channel: 'EMAIL',
    address: freshAddress(),
    outcome: 'FAILED',
    text: '550 5.1.1 user unknown',
    occurredAt: app.clock.now().toISOString(),
    ...rest,
  });

describe('POST /ingest/events', () => {
  async function send(body: BodyInit) {
    const response = await app.fetch('/ingest/events', {
      method: 'POST',
      token,
      body,
      headers: { 'Content-Type': 'application/x-ndjson' },
    });
    const text = await response.text();
    return {
      response,
      text,
      results: text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    };
  }

  test('answers one line a line, in order, and a bad line stops no other', async () => {
    const id = (type: string, number = 1) => Buffer.from(`${type}:${number}`).toString('base64url');
    const lines: [line: string | Uint8Array, field: string | null, words: RegExp | null][] = [
      [failure(), null, null],
      ['{"channel": ', null, /Line 2: .*not valid JSON/],
      [failure({ channel: 'PIGEON' }), 'channel', /Line 3: .*EMAIL, SMS/],
      [failure({ outcome: 'LOST' }), 'outcome', /Line 4: .*DELIVERED/],
      [failure({ colour: 'red' }), 'colour', /Line 5: There is no field "colour"/],
      [failure({ address: undefined }), 'address', /Line 6: The field address is missing/],
      [failure({ address: 'no address' }), 'address', /Line 7: /],
      [failure({ occurredAt: '2026-02-30T10:00:00Z' }), 'occurredAt', /Line 8: .*RFC 3339/],
      [failure({ occurredAt: '2999-01-01T00:00:00Z' }), 'occurredAt', /Line 9: .*future/],
      [failure({ deliveryId: 'abc' }), 'deliveryId', /Line 10: .*not the id of a Delivery/],
      [failure({ deliveryId: id('Profile') }), 'deliveryId', /Line 11: .*not the id of a Delivery/],
      ['[1]', null, /Line 12: .*JSON object/],
      ['null', null, /Line 13: .*JSON object/],
      [Buffer.from([0x22, 0xff, 0x22]), null, /Line 14: .*UTF-8/],
      [JSON.stringify({ text: 'x'.repeat(1024 * 1024) }), null, /Line 15: .*1 MiB/],
      [failure({ deliveryLogId: id('DeliveryLog', 9_000_000_000) }), 'deliveryLogId', /Line 16: There is no such delivery log/],
      [failure(), null, null],
    ];
    const { response, results } = await send(Buffer.concat(lines.map(([line]) => Buffer.concat([Buffer.from(line), Buffer.from('\n')]))));
    expect(response.status).toBe(200);
    expect(results.map(({ line, index }) => [line, index])).toEqual(lines.map((_, index) => [index + 1, index]));
    lines.forEach(([, field, words], index) => {
      const { accepted, error } = results[index];
      if (words) expect([accepted, error]).toEqual([false, { code: 'INVALID_INPUT', field, message: expect.stringMatching(words) }]);
    });
    expect(results[0]).toMatchObject({ accepted: true, duplicate: false, error: null, addressStatus: 'QUARANTINE' });
    expect(results[0].verdict).toMatchObject({ type: 'HARD', reason: 'USER_UNKNOWN' });
    expect(results.at(-1)).toMatchObject({ accepted: true });
  });

  test('says that a repeated line is a duplicate', async () => {
    const line = failure();
    const { results } = await send(`${line}\n${line}`);
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, true]);
  });

  test('leaves out empty lines and keeps their numbers', async () => {
    const { results } = await send(`\n${failure()}\r\n   \n{}\n\n`);
    expect(results.map(({ line, accepted }) => [line, accepted])).toEqual([
      [2, true],
      [4, false],
    ]);
  });

  test('answers nothing to nothing', async () => {
    const { response, text } = await send('');
    expect([response.status, text]).toEqual([200, '']);
  });

  test('takes more lines than a batch, each stored when its result is there', async () => {
    const lines = Array.from({ length: 2_500 }, () => failure());
    const { results } = await send(lines.join('\n'));
    expect(results).toHaveLength(2_500);
    expect(results.every(({ accepted }, index) => accepted && results[index].index === index)).toBe(true);
    const addresses = lines.map((line) => JSON.parse(line).address as string);
    const [row] = await app.instance.database.query<{ stored: number }>(
      sql`SELECT count(*)::int AS stored FROM quarantine_entry WHERE address = ANY(ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(addresses)}::jsonb)))`,
    );
    expect(row?.stored).toBe(2_500);
  });

  test('answers the first lines while the last are still to come', async () => {
    const sender = request(new URL('/ingest/events', app.url), {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-ndjson' },
    });
    const answered = new Promise<string>((resolve, reject) => {
      sender.on('error', reject);
      sender.on('response', (response) => response.once('data', (data) => resolve(String(data))));
    });
    sender.write(`${Array.from({ length: 1_000 }, () => failure()).join('\n')}\n`);
    expect(JSON.parse((await answered).split('\n')[0] ?? '')).toMatchObject({ line: 1, accepted: true });
    sender.end(failure());
    sender.destroy();
  });

  test('a token that is revoked while its body goes on writes nothing more once that is known', async () => {
    const { secret, id } = await createToken(app.instance, { name: 'sender', scopes: ['ingest:write'] }, actor);
    const sender = request(new URL('/ingest/events', app.url), {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/x-ndjson' },
    });
    const batch = () => void sender.write(`${Array.from({ length: 1_000 }, () => failure({ outcome: 'DELIVERED' })).join('\n')}\n`);
    sender.on('error', () => undefined);
    batch();
    const [response] = (await once(sender, 'response')) as [IncomingMessage];
    await revokeToken(app.instance, id, actor);
    aSecondPasses(5_000);
    response.resume().on('error', () => undefined);
    const isCut = () => {
      if (!response.destroyed) batch();
      return response.destroyed;
    };
    await expect.poll(isCut, { interval: 100 }).toBe(true);
    sender.destroy();
  });

  test('another type is 415 and says which one it takes', async () => {
    const response = await app.fetch('/ingest/events', {
      method: 'POST',
      token,
      body: '{}',
      headers: { 'Content-Type': 'application/json' },
    });
    expect(response.status).toBe(415);
    expect(await response.json()).toEqual({ error: { code: 'BAD_USER_INPUT', message: expect.stringContaining('application/x-ndjson') } });
  });
});

describe('POST /ingest/message', () => {
  const send = (body: BodyInit, type = 'message/rfc822') =>
    app.fetch('/ingest/message', { method: 'POST', token, body, headers: { 'Content-Type': type } });

  test('refuses an empty body as bad input, not as a fault', async () => {
    const response = await send('');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'BAD_USER_INPUT', message: 'The message is empty.' } });
  });

  test('answers what the message means once it is stored, and that a repeat is one', async () => {
    const address = freshAddress();
    const bounce = Buffer.from(aReport([{ address }], { date: app.clock.now().toUTCString() }));
    const first = await send(bounce);
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({
      kind: 'BOUNCE',
      duplicate: false,
      recipients: [{ address, verdict: { type: 'HARD', reason: 'USER_UNKNOWN' }, addressStatus: 'QUARANTINE', deliveryLog: null }],
    });
    expect(await (await send(bounce)).json()).toMatchObject({ kind: 'BOUNCE', duplicate: true });
  });

  test('that cannot be parsed is OTHER, and no fault', async () => {
    const response = await send(Buffer.from([0, 255, 1, 254, 10, 13, 0]));
    expect([response.status, await response.json()]).toEqual([200, { kind: 'OTHER', duplicate: false, recipients: [] }]);
  });

  test('over 32 MiB is 413', async () => {
    const response = await send(Buffer.alloc(32 * 1024 * 1024 + 1, 'x'));
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ error: { code: 'BAD_USER_INPUT', message: 'The body is longer than 32 MiB.' } });
  });

  test('of another type is 415', async () => {
    expect((await send('Subject: x\r\n\r\nx', 'text/plain')).status).toBe(415);
  });
});
