import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createToken } from '../../src/operations/create-token.ts';
import { revokeToken } from '../../src/operations/revoke-token.ts';
import { SCOPES, type Scope } from '../../src/operations/scopes.ts';
import { sql } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { testDatabase } from '../support/test-database.ts';
import { tinySchema } from '../support/tiny-schema.ts';

const actor = { name: 'test', tokenId: null };
let app: TestApp;
beforeAll(async () => {
  app = await openTestApp(await testDatabase(), { schema: tinySchema });
});
afterAll(() => app.close());

const ask = (headers: Record<string, string>, text = '{ caller }') =>
  app.fetch('/graphql', {
    method: 'POST',
    token: null,
    body: JSON.stringify({ query: text }),
    headers: { 'Content-Type': 'application/json', ...headers },
  });

async function refused(response: Response, status: number, code: string) {
  expect(response.status).toBe(status);
  const { data, errors } = (await response.json()) as { data?: unknown; errors: { extensions: { code: string } }[] };
  expect(data).toBeUndefined();
  expect(errors[0]?.extensions.code).toBe(code);
}

describe('a token', () => {
  test('is asked for, with the scheme', async () => {
    const response = await ask({});
    expect(response.headers.get('WWW-Authenticate')).toContain('Bearer');
    await refused(response, 401, 'UNAUTHENTICATED');
  });

  test.each([
    ['wrong', 'Bearer lzt_wrong'],
    ['of another form', 'Bearer abc'],
    ['by another scheme', 'Basic abc'],
    ['empty', 'Bearer '],
    ['very long', `Bearer lzt_${'x'.repeat(5000)}`],
  ])('that is %s is refused', async (_name, Authorization) => {
    await refused(await ask({ Authorization }), 401, 'UNAUTHENTICATED');
  });

  test("is not made under the name of a job, whose doings are nobody's decision", async () => {
    const make = (name: string) => createToken(app.instance, { name, scopes: ['quarantine:write'] }, actor);
    await expect(make(' cleanup ')).rejects.toThrow('is that of a job');
    await expect(make('cleanup of March')).resolves.toMatchObject({ secret: expect.stringMatching(/^lzt_/) });
  });

  test('works until it expires', async () => {
    const expiresAt = new Date(app.clock.now().getTime() + 60_000);
    const { secret } = await createToken(app.instance, { name: 'short', scopes: ['admin'], expiresAt }, actor);
    expect((await app.graphql('{ caller }', {}, secret)).data).toEqual({ caller: 'short' });
    app.clock.advance(60_000);
    expect((await app.graphql('{ caller }', {}, secret)).status).toBe(401);
  });

  test('is refused within 5 seconds of its revocation', async () => {
    const { secret, id } = await createToken(app.instance, { name: 'gone', scopes: ['admin'] }, actor);
    expect((await app.graphql('{ caller }', {}, secret)).status).toBe(200);
    await revokeToken(app.instance, id, actor);
    aSecondPasses(5_000);
    expect((await app.graphql('{ caller }', {}, secret)).status).toBe(401);
  });

  test('is kept as a hash, with the first characters to know it by', async () => {
    const { secret, id } = await createToken(app.instance, { name: 'kept', scopes: ['check:read'] }, actor);
    const rows = await app.instance.database.query<{ prefix: string; hash: string }>(sql`SELECT * FROM token WHERE id = ${id}`);
    expect(secret).toMatch(/^lzt_[\w-]{43}$/);
    expect(rows[0]?.prefix).toBe(secret.slice(0, 12));
    expect(rows[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(rows, (_key, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(secret);
  });

  test('has its last use written at most once a minute', async () => {
    const { secret, id } = await createToken(app.instance, { name: 'used', scopes: ['check:read'] }, actor);
    const lastUse = async () => {
      const rows = await app.instance.database.query<{ last: Date | null }>(sql`SELECT last_used_at AS last FROM token WHERE id = ${id}`);
      return rows[0]?.last?.getTime() ?? null;
    };
    expect(await lastUse()).toBeNull();
    const first = app.clock.now().getTime();
    await app.graphql('{ caller }', {}, secret);
    await expect.poll(lastUse).toBe(first);
    app.clock.advance(59_000);
    await app.graphql('{ caller }', {}, secret);
    app.clock.advance(1_000);
    await app.graphql('{ caller }', {}, secret);
    await expect.poll(lastUse).toBe(first + 60_000);
  });

  test.each([
    [{ name: '', scopes: ['admin'] }, 'name'],
    [{ name: 'x'.repeat(101), scopes: ['admin'] }, 'name'],
    [{ name: 'a\0b', scopes: ['admin'] }, 'name'],
    [{ name: 'a', scopes: [] }, 'scopes'],
    [{ name: 'a', scopes: ['admin', 'everything'] }, 'scopes'],
    [{ name: 'a', scopes: ['admin'], expiresAt: new Date('2020-01-01T00:00:00Z') }, 'expiresAt'],
    [{ name: 'a', scopes: ['admin'], expiresAt: new Date(Number.NaN) }, 'expiresAt'],
  ])('is not made of %j', async (input, field) => {
    await expect(createToken(app.instance, input, actor)).rejects.toMatchObject({ code: 'INVALID_INPUT', field });
  });

  test('that is not there cannot be revoked', async () => {
    await expect(revokeToken(app.instance, 999_999_999n, actor)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('leaves an audit row when it is made and when it is revoked, and none when it is revoked again', async () => {
    const { id } = await createToken(app.instance, { name: 'audited', scopes: ['check:read'] }, actor);
    await revokeToken(app.instance, id, actor);
    await revokeToken(app.instance, id, actor);
    const rows = await app.instance.database.query<{ action: string; actor: string; detail: string }>(
      sql`SELECT action, actor, detail FROM audit_entry WHERE subject = ${`Token ${id}`} ORDER BY id`,
    );
    expect(rows.map((row) => row.action)).toEqual(['token.create', 'token.revoke']);
    expect(rows[0]?.detail).not.toContain('lzt_');
  });
});

describe('a scope', () => {
  const ROUTES: [method: string, path: string, scope: Scope][] = [
    ['GET', '/metrics', 'metrics:read'],
    ['POST', '/ingest/message', 'ingest:write'],
    ['POST', '/ingest/events', 'ingest:write'],
    ['POST', '/import/quarantine', 'quarantine:write'],
  ];

  test.each(ROUTES)('%s %s takes %s and admin, and no other', async (method, path, scope) => {
    const body = method === 'POST' ? '' : null;
    for (const held of SCOPES) {
      const response = await app.fetch(path, { method, body, token: await app.token(held), headers: { 'Content-Type': 'text/html' } });
      const status = held === scope || held === 'admin' ? (method === 'POST' ? 415 : 200) : 403;
      expect([held, response.status]).toEqual([held, status]);
      if (status === 403)
        expect(await response.json()).toMatchObject({ error: { code: 'FORBIDDEN', message: expect.stringContaining(scope) } });
    }
  });

  test.each([
    [['profiles:write'], 403, /consent:write/],
    [['consent:write'], 403, /profiles:write/],
    [['profiles:write', 'consent:write'], 415, /text\/csv/],
    [['admin'], 415, /text\/csv/],
  ] as const)('an import of profiles, which may opt people out, with %j is %i', async (scopes, status, words) => {
    const response = await app.fetch('/import/profiles', { method: 'POST', body: '', token: await app.token(...scopes) });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(words) } });
  });

  test.each(ROUTES)('%s %s without a token is 401', async (method, path) => {
    const response = await app.fetch(path, { method, token: null });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
  });
});

describe('a session', () => {
  const signIn = (token: string, headers: Record<string, string> = {}) =>
    app.fetch('/session', {
      method: 'POST',
      token: null,
      body: JSON.stringify({ token }),
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  const cookieOf = (response: Response) => response.headers.get('Set-Cookie') ?? '';

  test('turns a token into a cookie that scripts and other sites cannot use', async () => {
    const token = await app.token('check:read');
    const response = await signIn(token);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ scopes: ['check:read'] });
    expect(cookieOf(response)).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/);
    const answer = await ask({ Cookie: cookieOf(response).split(';')[0] ?? '' });
    expect(await answer.json()).toEqual({ data: { caller: 'test check:read' } });
  });

  test('by a form leads back to the page', async () => {
    const response = await app.fetch('/session', {
      method: 'POST',
      token: null,
      redirect: 'manual',
      body: new URLSearchParams({ token: await app.token('check:read') }),
    });
    expect([response.status, response.headers.get('Location')]).toEqual([303, '/']);
    expect(cookieOf(response)).toContain('lzt_');
  });

  test('is not given for a wrong token', async () => {
    const response = await signIn('lzt_wrong');
    expect(response.status).toBe(401);
    expect(cookieOf(response)).toBe('');
  });

  test('ends with DELETE', async () => {
    const response = await app.fetch('/session', { method: 'DELETE', token: null });
    expect(cookieOf(response)).toContain('Max-Age=0');
  });

  test('cannot be begun or used from another site', async () => {
    const token = await app.token('check:read');
    expect((await signIn(token, { Origin: 'https://evil.example' })).status).toBe(403);
    const Cookie = `lazaret_session=${token}`;
    await refused(await ask({ Cookie, Origin: 'https://evil.example' }), 403, 'FORBIDDEN');
    await refused(await ask({ Cookie, 'Sec-Fetch-Site': 'cross-site' }), 403, 'FORBIDDEN');
    expect((await ask({ Cookie, Origin: app.url })).status).toBe(200);
  });

  test('is not begun by GET', async () => {
    const response = await app.fetch('/session', { token: null });
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'POST, DELETE']);
  });
});
