import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { freshAddress } from '../support/fresh.ts';
import { type LiveUpdates, socketClient, subscribeByEvents, subscribeBySocket } from '../support/live-client.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

let app: TestApp;
let closeDatabase: () => Promise<void>;
const open: LiveUpdates[] = [];

beforeAll(async () => {
  const database = await freshDatabase();
  closeDatabase = () => database.close();
  app = await openTestApp(database);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((updates) => updates.close()));
  await expect.poll(subscribers).toBe(0);
});
afterAll(async () => {
  await app.close();
  await closeDatabase();
});

/** A token is remembered so long. */
const TOKEN_FRESH_MS = 2_000;

type Transport = typeof subscribeBySocket;
const TRANSPORTS: readonly (readonly [string, Transport])[] = [
  ['a WebSocket', subscribeBySocket],
  ['server-sent events', subscribeByEvents],
];

async function follow(transport: Transport, query: string, variables: Record<string, unknown> = {}, token: string | null = app.adminToken) {
  const before = await subscribers();
  const updates = transport(app.url, token, query, variables);
  open.push(updates);
  await expect.poll(subscribers).toBeGreaterThan(before);
  return updates;
}

/** Closes and waits until the server knows. */
async function leave(updates: LiveUpdates): Promise<void> {
  const before = await subscribers();
  await updates.close();
  await expect.poll(subscribers).toBe(before - 1);
}

/** Subscriptions that have begun, by the figures that operators see. */
async function subscribers(): Promise<number> {
  const text = await (await app.fetch('/metrics')).text();
  return [...text.matchAll(/^lazaret_feed_subscribers\{[^}]*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function quarantine(address: string, status = 'QUARANTINE'): Promise<string> {
  const { data } = await app.graphql(
    `mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { ... on QuarantineEntry { id } ... on Error { message } } }`,
    { input: { channel: 'EMAIL', address, status } },
  );
  return data.createQuarantineEntry.id;
}

async function setStatus(id: string, status: string): Promise<void> {
  const { data } = await app.graphql(
    `mutation ($input: UpdateQuarantineEntryInput!) { updateQuarantineEntry(input: $input) { __typename ... on Error { message } } }`,
    { input: { id, status } },
  );
  expect(data.updateQuarantineEntry.__typename).toBe('QuarantineEntry');
}

const QUARANTINE_UPDATED = `subscription ($filter: QuarantineFilter, $after: String) {
  quarantineUpdated(filter: $filter, after: $after) { cursor event { address previousStatus status version } entry { status version } }
}`;
const LOG_UPDATED = `subscription ($filter: DeliveryLogFilter, $after: String) {
  deliveryLogUpdated(filter: $filter, after: $after) { cursor status failureType failureReason version deliveryLog { address status rawText delivery { label } } }
}`;
const EXCLUSION_ADDED = `subscription ($filter: ExclusionLogFilter, $after: String) {
  exclusionLogAdded(filter: $filter, after: $after) { cursor exclusionLog { address reason text scope } }
}`;

/** A prepared delivery to one sendable and one quarantined address. */
async function aDelivery(): Promise<{ id: string; sendable: string; quarantined: string }> {
  const [sendable, quarantined] = [freshAddress(), freshAddress()];
  await quarantine(quarantined);
  const ids = [];
  for (const value of [sendable, quarantined]) {
    const { data } = await app.graphql(
      `mutation ($input: CreateProfileInput!) { createProfile(input: $input) { ... on Profile { id } } }`,
      {
        input: { addresses: [{ channel: 'EMAIL', value }] },
      },
    );
    ids.push(data.createProfile.id);
  }
  const { data } = await app.graphql(
    `mutation ($input: CreateDeliveryInput!) { createDelivery(input: $input) { ... on Delivery { id } ... on Error { message } } }`,
    {
      input: { label: `delivery ${sendable}`, channel: 'EMAIL', profileIds: ids },
    },
  );
  return { id: data.createDelivery.id, sendable, quarantined };
}

async function prepare(id: string): Promise<void> {
  await app.graphql(`mutation ($id: ID!) { prepareDelivery(id: $id) { __typename } }`, { id });
  const state = async () => (await app.graphql(`query ($id: ID!) { node(id: $id) { ... on Delivery { state } } }`, { id })).data.node.state;
  await expect.poll(state).toBe('READY');
}

async function report(deliveryId: string, address: string, outcome: string, text: string): Promise<void> {
  app.clock.advance(60_000);
  const { data } = await app.graphql(
    `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted error { message } } } }`,
    {
      input: [{ deliveryId, channel: 'EMAIL', address, outcome, text, occurredAt: app.clock.now().toISOString() }],
    },
  );
  expect(data.recordDeliveryResults.results).toEqual([{ accepted: true, error: null }]);
}

describe.each(TRANSPORTS)('over %s', (_name, transport) => {
  test('quarantineUpdated tells of every change, with what stood before and what stands now', async () => {
    const address = freshAddress();
    const updates = await follow(transport, QUARANTINE_UPDATED, { filter: { address: { eq: address.toUpperCase() } } });
    const id = await quarantine(address);
    await quarantine(freshAddress());
    expect((await updates.next()).quarantineUpdated).toMatchObject({
      event: { address, previousStatus: null, status: 'QUARANTINE', version: 1 },
    });
    await setStatus(id, 'VALID');
    expect((await updates.next()).quarantineUpdated).toMatchObject({
      event: { previousStatus: 'QUARANTINE', status: 'VALID', version: 2 },
      entry: { status: 'VALID', version: 2 },
    });
    await app.graphql(`mutation ($id: ID!) { deleteQuarantineEntry(id: $id) { __typename } }`, { id });
    expect((await updates.next()).quarantineUpdated).toMatchObject({
      event: { previousStatus: 'VALID', status: null, version: 3 },
      entry: null,
    });
    expect(updates.waiting).toBe(0);
  });

  test('an update is sent where the state before it matches the filter, so that a list can drop the row', async () => {
    const updates = await follow(transport, QUARANTINE_UPDATED, { filter: { status: ['ERRONEOUS'] } });
    const address = freshAddress();
    const id = await quarantine(address);
    await setStatus(id, 'ERRONEOUS');
    await setStatus(id, 'ALLOWLISTED');
    await setStatus(id, 'QUARANTINE');
    const seen = [(await updates.next()).quarantineUpdated.event, (await updates.next()).quarantineUpdated.event];
    expect(seen.map(({ previousStatus, status }) => `${previousStatus} ${status}`)).toEqual([
      'QUARANTINE ERRONEOUS',
      'ERRONEOUS ALLOWLISTED',
    ]);
    expect(updates.waiting).toBe(0);
  });

  test('deliveryLogUpdated tells of results and not of preparation, and resumes after its cursor', async () => {
    const { id, sendable } = await aDelivery();
    const updates = await follow(transport, LOG_UPDATED, { filter: { deliveryId: id } });
    await prepare(id);
    await report(id, sendable, 'FAILED', '452 4.2.2 The mailbox is over quota');
    const first = (await updates.next()).deliveryLogUpdated;
    expect(first).toMatchObject({
      status: 'FAILED',
      failureType: 'SOFT',
      failureReason: 'MAILBOX_FULL',
      version: 2,
      deliveryLog: { address: sendable },
    });
    await leave(updates);
    await report(id, sendable, 'DELIVERED', '250 2.0.0 OK');
    const resumed = await follow(transport, LOG_UPDATED, { filter: { deliveryId: id }, after: first.cursor });
    expect((await resumed.next()).deliveryLogUpdated).toMatchObject({ status: 'SENT', version: 3, deliveryLog: { status: 'SENT' } });
    await report(id, sendable, 'FAILED', '550 5.1.1 User unknown');
    expect((await resumed.next()).deliveryLogUpdated).toMatchObject({ status: 'FAILED', failureReason: 'USER_UNKNOWN', version: 4 });
    expect(resumed.waiting).toBe(0);
  });

  test('deliveryLogUpdated leaves out what the filter leaves out', async () => {
    const { id, sendable } = await aDelivery();
    await prepare(id);
    const updates = await follow(transport, LOG_UPDATED, { filter: { deliveryId: id, failureReason: ['USER_UNKNOWN'] } });
    await report(id, sendable, 'FAILED', '452 4.2.2 The mailbox is over quota');
    await report(id, sendable, 'FAILED', '550 5.1.1 User unknown');
    expect((await updates.next()).deliveryLogUpdated.failureReason).toBe('USER_UNKNOWN');
    expect(updates.waiting).toBe(0);
  });

  test('exclusionLogAdded tells whom a preparation leaves out and why, and resumes', async () => {
    const { id, quarantined } = await aDelivery();
    const other = await aDelivery();
    const updates = await follow(transport, EXCLUSION_ADDED, { filter: { deliveryId: id } });
    await prepare(other.id);
    await prepare(id);
    const first = (await updates.next()).exclusionLogAdded;
    expect(first.exclusionLog).toMatchObject({ address: quarantined, reason: 'QUARANTINED', scope: 'ADDRESS' });
    expect(updates.waiting).toBe(0);
    await leave(updates);
    await prepare(id);
    const resumed = await follow(transport, EXCLUSION_ADDED, { filter: { deliveryId: id }, after: first.cursor });
    expect((await resumed.next()).exclusionLogAdded.exclusionLog.address).toBe(quarantined);
  });

  test('deliveryProgress says how it stands now, then what changes, and ends with the delivery', async () => {
    const { id, sendable } = await aDelivery();
    const updates = transport(
      app.url,
      app.adminToken,
      `subscription ($id: ID!) { deliveryProgress(deliveryId: $id) { state counters { toDeliver pending failed } } }`,
      { id },
    );
    open.push(updates);
    expect((await updates.next()).deliveryProgress.state).toBe('EDITION');
    await prepare(id);
    let progress = (await updates.next()).deliveryProgress;
    while (progress.state !== 'READY') progress = (await updates.next()).deliveryProgress;
    expect(progress.counters).toEqual({ toDeliver: 1, pending: 1, failed: 0 });
    await report(id, sendable, 'FAILED', '550 5.1.1 User unknown');
    expect((await updates.next()).deliveryProgress.counters).toEqual({ toDeliver: 1, pending: 0, failed: 1 });
    await app.graphql(`mutation ($id: ID!) { startDelivery(id: $id) { __typename } }`, { id });
    await app.graphql(`mutation ($id: ID!) { stopDelivery(id: $id) { __typename } }`, { id });
    while (progress.state !== 'STOPPED') progress = (await updates.next()).deliveryProgress;
    await updates.ended;
  });

  test('releaseProgress follows a bulk release until it is done', async () => {
    const address = freshAddress();
    await quarantine(address);
    const { data } = await app.graphql(
      `mutation ($input: ReleaseQuarantineInput!) { releaseQuarantine(input: $input) { ... on QuarantineRelease { id } ... on Error { message } } }`,
      { input: { filter: { address: { eq: address } } } },
    );
    const updates = transport(app.url, app.adminToken, `subscription ($id: ID!) { releaseProgress(id: $id) { state matched changed } }`, {
      id: data.releaseQuarantine.id,
    });
    open.push(updates);
    expect((await updates.next()).releaseProgress).toEqual({ state: 'DONE', matched: 1, changed: 1 });
    await updates.ended;
  });

  test.each([
    ['quarantineUpdated', QUARANTINE_UPDATED, {}, 'logs:read', 'quarantine:read'],
    ['deliveryLogUpdated', LOG_UPDATED, {}, 'quarantine:read', 'logs:read'],
    ['exclusionLogAdded', EXCLUSION_ADDED, {}, 'quarantine:read', 'logs:read'],
  ] as const)('%s is refused without its scope and given with it', async (_field, query, variables, wrong, right) => {
    const refused = transport(app.url, await app.token(wrong), query, variables);
    open.push(refused);
    await expect(refused.next()).rejects.toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    await follow(transport, query, variables, await app.token(right));
  });

  test.each([
    ['of text that is none', 'nonsense', 'BAD_USER_INPUT'],
    ['of another subscription', 'OTHER', 'CURSOR_EXPIRED'],
  ])('a cursor %s is refused with its code', async (_case, given, code) => {
    let after = given;
    if (given === 'OTHER') {
      const updates = await follow(transport, QUARANTINE_UPDATED);
      await quarantine(freshAddress());
      after = (await updates.next()).quarantineUpdated.cursor;
    }
    const refused = transport(app.url, app.adminToken, LOG_UPDATED, { after });
    open.push(refused);
    await expect(refused.next()).rejects.toMatchObject([{ extensions: { code } }]);
  });

  test('a filter that cannot be is refused with BAD_USER_INPUT', async () => {
    for (const [query, variables] of [
      [QUARANTINE_UPDATED, { filter: { status: [] } }],
      [LOG_UPDATED, { filter: { deliveryId: 'nonsense' } }],
      [EXCLUSION_ADDED, { filter: { createdAt: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } } }],
    ] as const) {
      const refused = transport(app.url, app.adminToken, query, variables);
      open.push(refused);
      await expect(refused.next()).rejects.toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });
});

test('equal subscribers on one socket and on several get the same updates, each under its own id', async () => {
  const address = freshAddress();
  const filter = { address: { eq: address } };
  const updates = [];
  for (let i = 0; i < 5; i += 1) updates.push(await follow(subscribeBySocket, QUARANTINE_UPDATED, { filter }));
  const id = await quarantine(address);
  await setStatus(id, 'VALID');
  const seen = await Promise.all(updates.map(async (one) => [await one.next(), await one.next()]));
  for (const story of seen) expect(story).toEqual(seen[0]);
});

test('a token that is revoked loses its socket', async () => {
  const { data } = await app.graphql(
    `mutation { createToken(input: {name: "to be revoked", scopes: ["quarantine:read"]}) { ... on CreatedToken { secret token { id } } } }`,
  );
  const closed = vi.fn();
  const client = socketClient(app.url, data.createToken.secret, { onClosed: closed });
  const ended = vi.fn();
  client.subscribe({ query: QUARANTINE_UPDATED }, { next: () => undefined, error: ended, complete: ended });
  await expect.poll(subscribers).toBeGreaterThan(0);
  await app.graphql(`mutation ($id: ID!) { revokeToken(id: $id) { __typename } }`, { id: data.createToken.token.id });
  aSecondPasses(TOKEN_FRESH_MS);
  await expect.poll(() => closed).toHaveBeenCalledWith(expect.objectContaining({ code: 4403 }));
  await client.dispose();
});

test('closed subscriptions leave nothing behind', async () => {
  const updates = [];
  for (const [, transport] of TRANSPORTS) for (let i = 0; i < 5; i += 1) updates.push(await follow(transport, QUARANTINE_UPDATED));
  expect(await subscribers()).toBe(10);
  await Promise.all(updates.map((one) => one.close()));
  await expect.poll(subscribers).toBe(0);
});
