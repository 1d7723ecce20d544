import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { testDatabase } from '../support/test-database.ts';
import { tinySchema } from '../support/tiny-schema.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openTestApp(await testDatabase(), { schema: tinySchema });
});
afterAll(() => app.close());

async function post(body: BodyInit, headers: Record<string, string> = {}) {
  const response = await app.fetch('/graphql', { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text), headers: response.headers };
}

const query = (text: string, rest: object = {}) => JSON.stringify({ query: text, ...rest });
const nested = (levels: number) => `{ ${'deep { '.repeat(levels - 1)}name${' }'.repeat(levels - 1)} }`;

const REFUSED: [name: string, body: string | Uint8Array<ArrayBuffer>, code: string, status: number, words: RegExp][] = [
  ['a body over 2 MiB', query(`{ hello } # ${'x'.repeat(2 * 1024 * 1024)}`), 'BAD_USER_INPUT', 413, /2 MiB/],
  ['broken JSON', '{"query": "{ hello }"', 'BAD_USER_INPUT', 400, /not valid JSON/],
  ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'BAD_USER_INPUT', 400, /not valid UTF-8/],
  ['an empty body', '', 'BAD_USER_INPUT', 400, /not valid JSON/],
  ['a body that is null', 'null', 'BAD_USER_INPUT', 400, /JSON object/],
  ['a body that is a number', '7', 'BAD_USER_INPUT', 400, /JSON object/],
  ['an empty object', '{}', 'BAD_USER_INPUT', 400, /JSON object/],
  ['a query that is no text', '{"query": 7}', 'BAD_USER_INPUT', 400, /JSON object/],
  ['an empty batch', '[]', 'BAD_USER_INPUT', 400, /empty/],
  ['a batch of 11', `[${Array(11).fill(query('{ hello }')).join()}]`, 'TOO_COMPLEX', 400, /at most 10/],
  ['variables that are a list', query('{ hello }', { variables: [] }), 'BAD_USER_INPUT', 400, /variables/],
  ['a parameter that nobody knows', query('{ hello }', { hack: 1 }), 'BAD_USER_INPUT', 400, /hack/],
  ['a syntax error', query('{ hello'), 'BAD_USER_INPUT', 400, /Syntax Error/],
  ['a field that does not exist', query('{ helo }'), 'BAD_USER_INPUT', 400, /helo/],
  ['a missing argument', query('{ echo }'), 'BAD_USER_INPUT', 400, /text/],
  ['a variable of the wrong type', query('query ($t: String!) { echo(text: $t) }', { variables: { t: 7 } }), 'BAD_USER_INPUT', 400, /\$t/],
  ['a missing variable', query('query ($t: String!) { echo(text: $t) }'), 'BAD_USER_INPUT', 400, /\$t/],
  ['an operation name that is not there', query('query A { hello }', { operationName: 'B' }), 'BAD_USER_INPUT', 400, /operation/],
  ['two operations and no name', query('query A { hello } query B { hello }'), 'BAD_USER_INPUT', 400, /operation/],
  ['depth 13', query(nested(13)), 'TOO_COMPLEX', 400, /13 levels/],
  ['31 aliases', query(`{ ${Array.from({ length: 31 }, (_, i) => `a${i}: hello`).join(' ')} }`), 'TOO_COMPLEX', 400, /31 aliases/],
  [
    'aliases in fragments that are spread',
    query(`{ ${'...F '.repeat(4)} } fragment F on Query { ${Array.from({ length: 8 }, (_, i) => `a${i}: hello`).join(' ')} }`),
    'TOO_COMPLEX',
    400,
    /32 aliases/,
  ],
  ['cost over 10,000', query('{ deep { page(first: 100) { page(first: 100) { name } } } }'), 'TOO_COMPLEX', 400, /10\d{3,}; at most 10000/],
  [
    'cost by a variable',
    query('query ($n: Int) { deep { page(first: $n) { page(first: $n) { name } } } }', { variables: { n: 100 } }),
    'TOO_COMPLEX',
    400,
    /cost/,
  ],
  ['a thousand and one fields', query(`{ ${'hello '.repeat(1001)} }`), 'TOO_COMPLEX', 400, /1000 fields/],
  ['depth beyond the stack', query(nested(40_000)), 'TOO_COMPLEX', 400, /deep|tokens/],
  ['a fragment that spreads itself', query('{ ...F } fragment F on Query { hello ...F }'), 'BAD_USER_INPUT', 400, /itself/],
];

describe('a limit answers with its code', () => {
  test.each(REFUSED)('%s', async (_name, body, code, status, words) => {
    const answer = await post(body);
    expect(answer.json.errors[0]).toMatchObject({ message: expect.stringMatching(words), extensions: { code } });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/node_modules|\.ts:|originalError/);
  });

  test('another content type is 415, in the shape of GraphQL', async () => {
    const answer = await post('{ hello }', { 'Content-Type': 'application/graphql' });
    expect(answer.status).toBe(415);
    expect(answer.json.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a body of unknown length is cut off at 2 MiB', async () => {
    const part = new TextEncoder().encode('x'.repeat(64 * 1024));
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 200) controller.close();
        else controller.enqueue(part);
      },
    });
    const init = { method: 'POST', body, duplex: 'half', headers: { 'Content-Type': 'application/json' } } as RequestInit;
    const response = await app.fetch('/graphql', init);
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(200);
  });
});

test.each(['/ingest/message', '/graphql'])('who still sends to %s when it is refused reads why, and is not cut off', async (path) => {
  const { hostname, port } = new URL(app.url);
  const client = connect(Number(port), hostname);
  const heard: Buffer[] = [];
  client.on('data', (chunk) => heard.push(chunk));
  const type = path === '/graphql' ? 'application/json' : 'message/rfc822';
  const length = 64 * 1024 * 1024;
  client.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await app.token('admin')}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
  );
  await once(client, 'data');
  const ended = new Promise((resolve, reject) => client.on('end', resolve).on('error', reject));
  const part = Buffer.alloc(1024 * 1024, 'x');
  for (let sent = 0; sent < length; sent += part.length) if (!client.write(part)) await Promise.race([once(client, 'drain'), ended]);
  await ended;
  expect(Buffer.concat(heard).toString()).toMatch(/^HTTP\/1\.1 413 [\s\S]*The body is longer than/);
});

describe('what is within a limit is answered', () => {
  test.each([
    ['depth 12', nested(12)],
    ['30 aliases', `{ ${Array.from({ length: 30 }, (_, i) => `a${i}: hello`).join(' ')} }`],
    ['cost under 10,000', '{ deep { page(first: 70) { page(first: 70) { name } } } }'],
  ])('%s', async (_name, text) => {
    expect((await post(query(text))).json.errors).toBeUndefined();
  });

  test('a batch of 10', async () => {
    const answer = await post(`[${Array(10).fill(query('{ hello }')).join()}]`);
    expect(answer.json).toEqual(Array(10).fill({ data: { hello: 'hello' } }));
  });

  test('one bad operation of a batch fails alone', async () => {
    const answer = await post(`[${query('{ hello }')},${query('{ helo }')}]`);
    expect(answer.json[0]).toEqual({ data: { hello: 'hello' } });
    expect(answer.json[1].errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a query by GET', async () => {
    const response = await app.fetch('/graphql?query={hello}');
    expect(await response.json()).toEqual({ data: { hello: 'hello' } });
  });
});

test('a mutation by GET is refused', async () => {
  const response = await app.fetch('/graphql?query=mutation{change}');
  expect(response.status).toBe(405);
  expect((await response.json()).errors[0].extensions.code).toBe('BAD_USER_INPUT');
});

describe('requests a minute', () => {
  let limited: TestApp;
  beforeAll(async () => {
    limited = await openTestApp(await testDatabase(), { schema: tinySchema, env: { LAZARET_RATE_LIMIT: '3' } });
  });
  afterAll(() => limited.close());

  test('the fourth is 429 with Retry-After, and another token is not held back', async () => {
    const token = await limited.token('profiles:read');
    const ask = () =>
      limited.fetch('/graphql', { method: 'POST', body: query('{ hello }'), headers: { 'Content-Type': 'application/json' }, token });
    const first = await ask();
    expect(first.headers.get('X-RateLimit-Limit')).toBe('3');
    expect(first.headers.get('X-RateLimit-Remaining')).toBe('2');
    await ask();
    await ask();
    const fourth = await ask();
    expect(fourth.status).toBe(429);
    expect(Number(fourth.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect((await fourth.json()).errors[0].extensions.code).toBe('RATE_LIMITED');
    const other = await limited.graphql('{ hello }', {}, await limited.token('profiles:read'));
    expect(other.status).toBe(200);
  });
});

describe('introspection', () => {
  const INTROSPECTION = '{ __schema { types { name } } }';

  test('is answered with a token', async () => {
    expect((await app.graphql(INTROSPECTION)).data.__schema.types.length).toBeGreaterThan(3);
  });

  test('is not answered without one, nor is a field suggested', async () => {
    const answer = await app.graphql('{ helo __schema { types { name } } }', {}, null);
    expect(answer.status).toBe(401);
    expect(answer.errors).toEqual([{ message: expect.not.stringContaining('hello'), extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  test('can be turned off, with suggestions', async () => {
    const closed = await openTestApp(await testDatabase(), { schema: tinySchema, env: { LAZARET_INTROSPECTION: 'off' } });
    try {
      expect((await closed.graphql(INTROSPECTION)).errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
      expect((await closed.graphql('{ helo }')).errors?.[0]?.message).not.toContain('hello');
      expect((await closed.graphql('{ __typename }')).data).toEqual({ __typename: 'Query' });
    } finally {
      await closed.close();
    }
  });

  test('has a depth of its own', async () => {
    const answer = await app.graphql(`{ __schema { types { ${'fields { type { '.repeat(5)} name ${' } }'.repeat(5)} } } }`);
    expect(answer.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});
