import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createToken } from '../../src/operations/create-token.ts';
import { revokeToken } from '../../src/operations/revoke-token.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { openSocket } from '../support/socket-client.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { testDatabase } from '../support/test-database.ts';
import { tinySchema } from '../support/tiny-schema.ts';

/** A token is remembered so long. */
const TOKEN_FRESH_MS = 2_000;
/** A server that ends waits so long for what is under way. */
const CLOSE_PATIENCE_MS = 10_000;

const actor = { name: 'test', tokenId: null };
let app: TestApp;
beforeAll(async () => {
  app = await openTestApp(await testDatabase(), { schema: tinySchema });
});
afterAll(() => app.close());

const open = (headers?: Record<string, string>) => openSocket(`${app.url}/graphql`, headers);
const subscribe = (id: string, query: string, rest: object = {}) => ({ id, type: 'subscribe', payload: { query, ...rest } });

describe('a socket', () => {
  test('answers queries and subscriptions', async () => {
    const socket = await open();
    expect(await socket.init(app.adminToken)).toEqual({ type: 'connection_ack' });
    socket.send(subscribe('1', '{ hello }'));
    expect(await socket.next()).toEqual({ id: '1', type: 'next', payload: { data: { hello: 'hello' } } });
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    socket.send(subscribe('2', 'subscription { ticks }'));
    expect(await socket.next()).toEqual({ id: '2', type: 'next', payload: { data: { ticks: 1 } } });
    await socket.close();
  });

  test.each([
    ['no token', null],
    ['a wrong token', 'lzt_wrong'],
  ])('with %s is closed with 4403', async (_name, token) => {
    const socket = await open();
    void socket.init(token);
    expect((await socket.closed).code).toBe(4403);
  });

  test('takes the token of a session from its own pages only', async () => {
    const Cookie = `lazaret_session=${app.adminToken}`;
    const socket = await open({ Cookie, Origin: app.url });
    expect(await socket.init(null)).toEqual({ type: 'connection_ack' });
    await socket.close();
    await expect(open({ Cookie, Origin: 'https://evil.example' })).rejects.toThrow('403');
  });

  test('is opened at /graphql only', async () => {
    await expect(openSocket(`${app.url}/elsewhere`)).rejects.toThrow('404');
  });

  test('closes when a query comes before the token', async () => {
    const socket = await open();
    socket.send(subscribe('1', '{ hello }'));
    expect((await socket.closed).code).toBe(4401);
  });

  test('closes on what is no message', async () => {
    const socket = await open();
    await socket.init(app.adminToken);
    socket.send('{"type":');
    expect((await socket.closed).code).toBe(4400);
  });

  test('closes with 1009 on a message over 2 MiB', async () => {
    const socket = await open();
    await socket.init(app.adminToken);
    socket.send(subscribe('1', `{ hello } # ${'x'.repeat(2 * 1024 * 1024)}`));
    expect((await socket.closed).code).toBe(1009);
  });

  test('closes with 1008 on the hundred and first operation', async () => {
    const socket = await open();
    await socket.init(app.adminToken);
    for (let id = 1; id <= 100; id += 1) socket.send(subscribe(String(id), 'subscription { ticks }'));
    for (let seen = 0; seen < 100; seen += 1) expect(await socket.next()).toMatchObject({ type: 'next' });
    socket.send(subscribe('101', 'subscription { ticks }'));
    expect((await socket.closed).code).toBe(1008);
  });

  test('closes with 4403 when its token has been revoked', async () => {
    const { secret, id } = await createToken(app.instance, { name: 'socket', scopes: ['admin'] }, actor);
    const socket = await open();
    await socket.init(secret);
    socket.send(subscribe('1', 'subscription { ticks }'));
    await socket.next();
    await revokeToken(app.instance, id, actor);
    aSecondPasses(TOKEN_FRESH_MS);
    expect((await socket.closed).code).toBe(4403);
  });

  test('closes with 4403 when its token has expired', async () => {
    const expiresAt = new Date(app.clock.now().getTime() + 1_000);
    const { secret } = await createToken(app.instance, { name: 'socket', scopes: ['admin'], expiresAt }, actor);
    const socket = await open();
    await socket.init(secret);
    app.clock.advance(1_000);
    expect((await socket.closed).code).toBe(4403);
  });
});

describe('over a socket the limits are those of HTTP', () => {
  const levels = (depth: number) => `{ ${'deep { '.repeat(depth - 1)}name${' }'.repeat(depth - 1)} }`;

  test.each([
    ['depth', levels(13), 'TOO_COMPLEX'],
    ['aliases', `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: hello`).join(' ')} }`, 'TOO_COMPLEX'],
    ['syntax', '{ hello', 'BAD_USER_INPUT'],
    ['validation', '{ helo }', 'BAD_USER_INPUT'],
    ['nesting beyond the stack', levels(40_000), 'TOO_COMPLEX'],
  ])('%s', async (_name, query, code) => {
    const socket = await open();
    await socket.init(app.adminToken);
    socket.send(subscribe('1', query));
    expect(await socket.next()).toMatchObject({ id: '1', type: 'error', payload: [{ extensions: { code } }] });
    await socket.close();
  });

  test('cost', async () => {
    const socket = await open();
    await socket.init(app.adminToken);
    socket.send(subscribe('1', '{ deep { page(first: 100) { page(first: 100) { name } } } }'));
    expect(await socket.next()).toMatchObject({ payload: { errors: [{ extensions: { code: 'TOO_COMPLEX' } }] } });
    await socket.close();
  });

  test.each(['{ boom }', 'subscription { boom }'])('a fault in %s is masked', async (query) => {
    const socket = await open();
    await socket.init(app.adminToken);
    socket.send(subscribe('1', query));
    const { payload } = await socket.next();
    expect(JSON.stringify(payload)).toContain('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(payload)).not.toContain('relation');
    await socket.close();
  });

  test('requests a minute', async () => {
    const limited = await openTestApp(await testDatabase(), { schema: tinySchema, env: { LAZARET_RATE_LIMIT: '1' } });
    try {
      const socket = await openSocket(`${limited.url}/graphql`);
      await socket.init(limited.adminToken);
      socket.send(subscribe('1', '{ hello }'));
      await socket.next();
      await socket.next();
      socket.send(subscribe('2', '{ hello }'));
      expect(await socket.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] });
      await socket.close();
    } finally {
      await limited.close();
    }
  });
});

test('a server that ends says 1001 to its sockets', async () => {
  const ending = await openTestApp(await testDatabase(), { schema: tinySchema });
  const socket = await openSocket(`${ending.url}/graphql`);
  await socket.init(ending.adminToken);
  socket.send(subscribe('1', 'subscription { ticks }'));
  await socket.next();
  const [closed] = await Promise.all([socket.closed, ending.close()]);
  expect(closed.code).toBe(1001);
});

describe('server-sent events', () => {
  const listen = (token: string) =>
    app.fetch(`/graphql?query=${encodeURIComponent('subscription { ticks }')}`, { token, headers: { Accept: 'text/event-stream' } });

  test('carry a subscription', async () => {
    const response = await listen(app.adminToken);
    expect(response.headers.get('Content-Type')).toContain('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"ticks":1')) text += (await reader?.read())?.value ?? '';
    expect(text).toContain('event: next\ndata: {"data":{"ticks":1}}');
    await reader?.cancel();
  });

  test('do not hold up a server that ends', async () => {
    const ending = await openTestApp(await testDatabase(), { schema: tinySchema });
    const response = await ending.fetch('/graphql?query=subscription{ticks}', { headers: { Accept: 'text/event-stream' } });
    const startedAt = performance.now();
    await Promise.all([expect(response.text()).rejects.toThrow(), ending.close()]);
    expect(performance.now() - startedAt).toBeLessThan(CLOSE_PATIENCE_MS);
  });

  test('end when the token has been revoked', async () => {
    const { secret, id } = await createToken(app.instance, { name: 'stream', scopes: ['admin'] }, actor);
    const response = await listen(secret);
    await revokeToken(app.instance, id, actor);
    aSecondPasses(TOKEN_FRESH_MS);
    await expect(response.text()).rejects.toThrow();
  });
});
