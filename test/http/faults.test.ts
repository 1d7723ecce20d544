import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { testDatabase } from '../support/test-database.ts';
import { SECRET, tinySchema } from '../support/tiny-schema.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openTestApp(await testDatabase(), { schema: tinySchema });
});
afterAll(() => app.close());

const faultsOf = (requestId: string) => app.log.lines.filter((line) => line.level >= 50 && line.requestId === requestId);

test.each(['boom', 'wrongShape'])('a fault in a field (%s) is masked, named by the request, and logged once', async (field) => {
  const { status, data, errors } = await app.graphql(`{ hello ${field} }`);
  expect(status).toBe(200);
  expect(data).toEqual({ hello: 'hello', [field]: null });
  const [error] = errors ?? [];
  const requestId = error?.extensions.requestId ?? '';
  expect(error).toEqual({
    message: `Something went wrong on our side. The log has it under ${requestId}.`,
    path: [field],
    locations: expect.anything(),
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  });
  expect(faultsOf(requestId)).toHaveLength(1);
});

test('the log has the cause with its stack, without the address', async () => {
  const { errors } = await app.graphql('{ boom }');
  const requestId = errors?.[0]?.extensions.requestId ?? '';
  const [line] = faultsOf(requestId);
  expect(line?.err).toMatchObject({
    name: 'Error',
    message: 'relation "profile" of [address]',
    stack: expect.stringContaining('tiny-schema'),
  });
  expect(JSON.stringify(line)).not.toContain('jo@example.com');
});

test("a refusal of the domain is the caller's to read", async () => {
  const { errors } = await app.graphql('{ refused }');
  expect(errors?.[0]).toMatchObject({ message: 'There is no such thing.', extensions: { code: 'BAD_USER_INPUT' } });
});

test('the id of the request is that of the proxy in front, where it sends one', async () => {
  const response = await app.fetch('/healthz', { headers: { 'X-Request-Id': 'proxy-12345678' } });
  expect(response.headers.get('X-Request-Id')).toBe('proxy-12345678');
  const bad = await app.fetch('/healthz', { headers: { 'X-Request-Id': 'no id at all' } });
  expect(bad.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('nothing of a request but its path is logged', async () => {
  const before = app.log.lines.length;
  await app.fetch(`/graphql?query=${encodeURIComponent('{ echo(text: "jo@example.com") }')}`);
  await app.fetch('/unsubscribe/jo@example.com', { token: null });
  await app.graphql('{ echo(text: "+33612345678") }');
  await expect.poll(() => app.log.lines.length).toBeGreaterThanOrEqual(before + 3);
  const logged = JSON.stringify(app.log.lines.slice(before));
  expect(logged).not.toContain('example.com');
  expect(logged).not.toContain('612345678');
  expect(logged).not.toContain('lzt_');
  expect(logged).not.toContain(SECRET);
});
