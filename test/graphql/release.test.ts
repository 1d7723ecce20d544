import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

// A database of its own: the cleanup touches every entry.
let database: Database;
let app: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await openTestApp(database);
});
afterAll(async () => {
  await app.close();
  await database.close();
});

const RELEASE = `mutation ($input: ReleaseQuarantineInput!) { releaseQuarantine(input: $input) {
  __typename
  ... on QuarantineRelease { id state dryRun matched changed skipped undone sample { address status errorCount lastErrorAt } createdAt }
  ... on Error { message code } ... on InvalidInputError { field } } }`;
const UNDO = `mutation ($id: ID!) { undoRelease(id: $id) { __typename ... on QuarantineRelease { id state changed skipped undone } ... on Error { message code } } }`;
const CREATE = `mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { ... on QuarantineEntry { id } ... on Error { message } } }`;
const CHECK = `query ($input: [ContactCheckInput!]!) { mayContact(input: $input) { allowed } }`;

const TEXT = '550-5.1.1 The email account that you tried to reach does not exist. support.google.com';

async function quarantine(...addresses: string[]): Promise<void> {
  for (const address of addresses) {
    const input = { channel: 'EMAIL', address, reason: 'USER_UNKNOWN', errorText: TEXT, errorCount: 1 };
    expect((await app.graphql(CREATE, { input })).data.createQuarantineEntry.id).toBeDefined();
  }
}

const release = async (input: object, token?: string) => {
  const { data, errors } = await app.graphql(RELEASE, { input }, token);
  expect(errors).toBeUndefined();
  return data.releaseQuarantine;
};

const statusOf = async (address: string) => {
  const { data } = await app.graphql(
    'query ($filter: QuarantineFilter) { quarantine(filter: $filter, first: 1) { edges { node { status } } } }',
    {
      filter: { address: { eq: address } },
    },
  );
  return data.quarantine.edges[0]?.node.status ?? 'gone';
};

const allowed = async (address: string) =>
  (await app.graphql(CHECK, { input: [{ channel: 'EMAIL', address }] })).data.mayContact[0].allowed;

describe('releaseQuarantine', () => {
  test('a dry run counts and shows, the release opens, the undo shuts again (R55 to R65)', async () => {
    await quarantine('a@outage.example', 'b@outage.example');
    const filter = { domain: ['outage.example'], errorTextContains: ['550-5.1.1', 'support.google.com'] };
    const dry = await release({ filter, dryRun: true });
    expect(dry).toMatchObject({ __typename: 'QuarantineRelease', state: 'DONE', dryRun: true, matched: 2, changed: 0 });
    expect(dry.sample).toEqual([
      { address: 'a@outage.example', status: 'QUARANTINE', errorCount: 1, lastErrorAt: null },
      { address: 'b@outage.example', status: 'QUARANTINE', errorCount: 1, lastErrorAt: null },
    ]);
    expect(await allowed('a@outage.example')).toBe(false);
    const done = await release({ filter, expectedCount: dry.matched });
    expect(done).toMatchObject({ state: 'DONE', dryRun: false, matched: 2, changed: 2, skipped: 0, undone: false });
    expect([await statusOf('a@outage.example'), await allowed('a@outage.example')]).toEqual(['VALID', true]);
    const undone = await app.graphql(UNDO, { id: done.id });
    expect(undone.data.undoRelease).toMatchObject({ id: done.id, state: 'DONE', changed: 2, skipped: 0, undone: true });
    expect([await statusOf('a@outage.example'), await allowed('a@outage.example')]).toEqual(['QUARANTINE', false]);
    const again = await app.graphql(UNDO, { id: done.id });
    expect(again.data.undoRelease).toEqual({
      __typename: 'InvalidStateError',
      code: 'INVALID_STATE',
      message: 'This release has been undone already.',
    });
  });

  test('another count than expected, and an empty filter without one, are refused', async () => {
    await quarantine('a@count.example');
    const filter = { domain: ['count.example'] };
    expect(await release({ filter, expectedCount: 5 })).toMatchObject({
      __typename: 'ConflictError',
      message: expect.stringMatching(/^1 entries match, not 5/),
    });
    expect(await release({ filter: {} })).toMatchObject({ __typename: 'InvalidInputError', field: 'input.expectedCount' });
    expect(await statusOf('a@count.example')).toBe('QUARANTINE');
  });

  test('whoever may release is shown the result; who only reads may not', async () => {
    await quarantine('a@scope.example');
    const filter = { domain: ['scope.example'] };
    const reader = await app.graphql(RELEASE, { input: { filter } }, await app.token('quarantine:read'));
    expect(reader.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await release({ filter, mode: 'DELETE' }, await app.token('quarantine:write'))).toMatchObject({ state: 'DONE', changed: 1 });
    expect(await statusOf('a@scope.example')).toBe('gone');
  });
});

describe('the cleanup', () => {
  test('runCleanup does it now, and jobs shows what it did and when it runs next', async () => {
    const JOBS = '{ jobs { name schedule lastRunAt nextRunAt lastReport { tasks { name rows error } } } }';
    const before = await app.graphql(JOBS);
    expect(before.data.jobs).toMatchObject([
      { name: 'cleanup', schedule: 'daily at 04:00 (UTC)', lastRunAt: null, lastReport: null },
      { name: 'deliverability', schedule: 'daily at 02:00 (UTC)', lastRunAt: null, lastReport: null },
    ]);
    await quarantine('a@clean.example');
    await release({ filter: { domain: ['clean.example'] } });
    const { data } = await app.graphql('mutation { runCleanup { tasks { name rows durationMs error } } }');
    const purged = data.runCleanup.tasks.find(({ name }: { name: string }) => name === 'purgedEntries');
    expect(purged).toEqual({ name: 'purgedEntries', rows: 1, durationMs: expect.any(Number), error: null });
    expect(await statusOf('a@clean.example')).toBe('gone');
    const after = await app.graphql(JOBS);
    expect(after.data.jobs[0].lastRunAt).toBe(app.clock.now().toISOString());
    expect(after.data.jobs[0].lastReport.tasks).toContainEqual({ name: 'purgedEntries', rows: 1, error: null });
  });

  test('needs the scope admin', async () => {
    const token = await app.token('quarantine:write', 'deliveries:write');
    for (const query of ['mutation { runCleanup { tasks { name } } }', '{ jobs { name } }']) {
      expect((await app.graphql(query, {}, token)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
  });
});
