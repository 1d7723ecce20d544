import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { testDatabase } from '../support/test-database.ts';

describe('health', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await openTestApp(await testDatabase(), { schema: buildSchema('type Query { hello: String }') });
  });
  afterAll(() => app.close());

  test('/healthz answers without a token', async () => {
    const response = await app.fetch('/healthz', { token: null });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  test('/readyz says that the database answers and is migrated', async () => {
    const response = await app.fetch('/readyz', { token: null });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ ready: true, feedHorizon: { ageSeconds: expect.any(Number) } });
  });

  test('graphql answers', async () => {
    expect(await app.graphql('{ hello }')).toEqual({ status: 200, data: { hello: null }, errors: undefined });
  });
});
