import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { testDatabase } from '../support/test-database.ts';
import { tinySchema } from '../support/tiny-schema.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openTestApp(await testDatabase(), { schema: tinySchema });
});
afterAll(() => app.close());

const get = (path: string, headers: Record<string, string> = {}) => app.fetch(path, { token: null, headers });

describe('every answer', () => {
  test.each(['/', '/healthz', '/graphql', '/metrics', '/nothing'])(
    'of %s has a content security policy and may not be framed',
    async (path) => {
      const { headers } = await get(path);
      expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
      expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe(path === '/' ? 'same-origin' : 'no-referrer');
    },
  );

  test('of a path that is not there is 404 as JSON', async () => {
    const response = await get('/nothing');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: { code: 'NOT_FOUND', message: expect.any(String) } });
  });

  test('to a wrong method says which ones there are', async () => {
    const response = await app.fetch('/graphql', { method: 'PUT' });
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, POST']);
    expect(await response.json()).toEqual({ errors: [{ message: 'This path takes GET, POST.', extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test('to HEAD has no body', async () => {
    const response = await app.fetch('/healthz', { method: 'HEAD', token: null });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('GraphiQL', () => {
  test('opens in a browser without a token, with scripts of ours only', async () => {
    const response = await get('/graphql', { Accept: 'text/html,*/*' });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Security-Policy')).toContain("script-src 'self'");
    const page = await response.text();
    expect(page).not.toMatch(/https?:\/\//);
    for (const [, path] of page.matchAll(/(?:src|href)="([^"]+)"/g)) expect((await get(path ?? '')).status).toBe(200);
  });

  test('has its workers here too', async () => {
    for (const name of ['editor', 'json', 'graphql']) {
      const response = await get(`/graphiql/${name}.worker.js`);
      expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/javascript; charset=utf-8']);
      expect((await response.text()).length).toBeGreaterThan(10_000);
    }
  });

  test('answers no query without a token', async () => {
    expect((await get('/graphql?query={hello}', { Accept: 'text/html' })).status).toBe(401);
  });
});

test('the form of the first page signs in as browsers send it: with the origin that its referrer policy leaves', async () => {
  const { headers } = await get('/');
  const origin = headers.get('Referrer-Policy') === 'no-referrer' ? 'null' : app.url;
  const response = await app.fetch('/session', {
    method: 'POST',
    token: null,
    redirect: 'manual',
    body: new URLSearchParams({ token: app.adminToken }),
    headers: { Origin: origin, 'Sec-Fetch-Site': 'same-origin' },
  });
  expect([response.status, response.headers.get('Location')]).toEqual([303, '/']);
  expect(response.headers.get('Set-Cookie')).toContain('HttpOnly; SameSite=Strict');
});

test('the first page names the product, leads to GraphiQL and needs no script', async () => {
  const response = await get('/');
  const page = await response.text();
  expect(page).toContain('<h1>Lazaret</h1>');
  expect(page).toContain('href="/graphql"');
  expect(page).not.toContain('<script');
  expect(response.headers.get('Content-Security-Policy')).not.toContain('script-src');
});

test('/metrics counts requests by path, and unknown paths as one', async () => {
  await get('/nothing-of-ours');
  const response = await app.fetch('/metrics');
  const text = await response.text();
  expect(text).toMatch(/lazaret_http_request_seconds_count\{method="GET",path="other",status="404"\} \d+/);
  expect(text).toContain('feed_horizon_age_seconds{blocker=""} 0');
  expect(text).not.toContain('nothing-of-ours');
});
