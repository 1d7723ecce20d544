import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { foldCounters } from '../../src/operations/fold-counters.ts';
import type { Database } from '../../src/store/database.ts';
import { sql } from '../../src/store/database.ts';
import { foldNow } from '../support/fold-now.ts';
import { type LiveUpdates, subscribeByEvents, subscribeBySocket } from '../support/live-client.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

// A database of its own: the list shows every alert.
let database: Database;
let app: TestApp;
const open: LiveUpdates[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  app = await openTestApp(database);
});
afterEach(() => Promise.all(open.splice(0).map((updates) => updates.close())));
afterAll(async () => {
  await app.close();
  await database.close();
});

const RECORD = `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted error { message } addressStatus } } }`;
const ALERTS = `query ($filter: AlertFilter) { alerts(filter: $filter, first: 100) { edges { node {
  id kind text raisedAt acknowledgedAt acknowledgedBy qualification { text occurrences } } } } }`;
const INBOX = '{ unqualifiedTexts(first: 100) { edges { node { id text alert { kind acknowledgedAt } } } } }';
const ACKNOWLEDGE = `mutation ($ids: [ID!]!) { acknowledgeAlerts(ids: $ids) { __typename
  ... on AcknowledgedAlerts { acknowledged } ... on Error { message } } }`;
const RAISED = `subscription ($filter: AlertFilter, $after: String) { alertRaised(filter: $filter, after: $after) {
  cursor alert { kind text qualification { text } } } }`;

let hours = 0;

/** One failure, a day and an hour after the one before it. */
async function fail(text: string, address: string): Promise<string> {
  hours += 25;
  const occurredAt = new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000);
  app.clock.set(occurredAt);
  const { data } = await app.graphql(RECORD, { input: [{ channel: 'EMAIL', address, outcome: 'FAILED', text, occurredAt }] });
  const [result] = data.recordDeliveryResults.results;
  expect(result).toMatchObject({ accepted: true, error: null });
  return result.addressStatus;
}

async function alerts(filter: object = {}) {
  const { data, errors } = await app.graphql(ALERTS, { filter });
  expect(errors).toBeUndefined();
  return data.alerts.edges.map(({ node }: { node: object }) => node);
}

// biome-ignore lint/suspicious/noExplicitAny: rows of the API, read by the test that knows their shape
const alertsOf = async (text: string) => (await alerts()).filter((alert: any) => alert.qualification?.text === text);

const fold = () => foldNow(app.instance);
const errorCount = async (address: string) =>
  (await database.query<{ n: number }>(sql`SELECT error_count AS n FROM quarantine_entry WHERE address = ${address}`))[0]?.n ?? 0;

async function openGauge(): Promise<string | undefined> {
  const text = await (await app.fetch('/metrics')).text();
  return /^lazaret_alerts_open\{kind="UNKNOWN_TEXT"\} (\d+)$/m.exec(text)?.[1];
}

describe('an unknown text', () => {
  test('R165, 7.2 K: counts nothing the first time; the second time it counts and raises its alert, once for good', async () => {
    const text = '599 zqalert first of its kind';
    const address = 'twice@alert.example';
    await fail(text, address);
    await fold();
    expect([await errorCount(address), await alertsOf(text)]).toEqual([0, []]);
    expect(await fail(text, address)).toBe('ERRONEOUS');
    await fold();
    expect(await errorCount(address)).toBe(1);
    const [alert] = await alertsOf(text);
    expect(alert).toMatchObject({
      kind: 'UNKNOWN_TEXT',
      text: expect.stringContaining(text),
      raisedAt: app.clock.now().toISOString(),
      acknowledgedAt: null,
      qualification: { occurrences: 2 },
    });
    await fail(text, address);
    await fold();
    expect(await alertsOf(text)).toHaveLength(1);
  });

  test('two addresses with one text are its second occurrence too, also in one batch', async () => {
    const text = '599 zqalert seen by two people';
    const occurredAt = app.clock.now();
    const results = ['a', 'b'].map((name) => ({ channel: 'EMAIL', address: `${name}@two.example`, outcome: 'FAILED', text, occurredAt }));
    await app.graphql(RECORD, { input: results });
    await fold();
    expect(await alertsOf(text)).toHaveLength(1);
  });

  test('what a rule or a code decides raises none, nor what a person has qualified', async () => {
    const known = '550 5.1.1 zqalert user unknown';
    const temporary = '450 zqalert come back tomorrow or so';
    const judged = '599 zqalert judged after the first time';
    for (const text of [known, temporary, judged]) await fail(text, 'judged@alert.example');
    const { data } = await app.graphql(INBOX);
    const { node } = data.unqualifiedTexts.edges.find((edge: { node: { text: string } }) => edge.node.text === judged);
    const input = { id: node.id, type: 'SOFT', reason: 'UNREACHABLE', status: 'KEEP' };
    await app.graphql('mutation ($input: UpdateQualificationInput!) { updateQualification(input: $input) { __typename } }', { input });
    for (const text of [known, temporary, judged]) await fail(text, 'again@alert.example');
    await fold();
    for (const text of [known, temporary, judged]) expect(await alertsOf(text)).toEqual([]);
  });

  test('a counter that is reset and counts again raises no second alert', async () => {
    const text = '599 zqalert with a counter set to nothing';
    for (const address of ['r1@alert.example', 'r2@alert.example']) await fail(text, address);
    await fold();
    await database.execute(sql`UPDATE qualification SET occurrences = 0 WHERE text = ${text}`);
    for (const address of ['r3@alert.example', 'r4@alert.example']) await fail(text, address);
    await fold();
    expect(await alertsOf(text)).toHaveLength(1);
  });

  test('nodes that fold at the same time raise it once', async () => {
    const text = '599 zqalert folded by two nodes';
    const other = await openTestApp(database);
    for (const address of ['n1@alert.example', 'n2@alert.example', 'n3@alert.example']) {
      await fail(text, address);
      await Promise.all([fold(), foldCounters(other.instance)]);
    }
    await other.close();
    await fold();
    expect(await alertsOf(text)).toHaveLength(1);
  });
});

describe('alerts', () => {
  test('the inbox shows them; who acknowledges first stands, and they are no longer open', async () => {
    const text = '599 zqalert to be acknowledged';
    for (const address of ['k1@alert.example', 'k2@alert.example']) await fail(text, address);
    await fold();
    const [{ id }] = await alertsOf(text);
    const before = Number(await openGauge());
    expect(before).toBe((await alerts({ acknowledged: false, kind: ['UNKNOWN_TEXT'] })).length);
    const acknowledged = await app.graphql(ACKNOWLEDGE, { ids: [id] });
    expect(acknowledged.data.acknowledgeAlerts).toEqual({ __typename: 'AcknowledgedAlerts', acknowledged: 1 });
    await app.graphql(ACKNOWLEDGE, { ids: [id, id] }, await app.token('rules:write'));
    const { data } = await app.graphql(INBOX);
    const { node } = data.unqualifiedTexts.edges.find((edge: { node: { text: string } }) => edge.node.text === text);
    expect(node.alert).toEqual({ kind: 'UNKNOWN_TEXT', acknowledgedAt: app.clock.now().toISOString() });
    expect(await alertsOf(text)).toMatchObject([{ acknowledgedBy: 'test admin' }]);
    expect((await alerts({ acknowledged: false })).map((alert: { id: string }) => alert.id)).not.toContain(id);
    expect(Number(await openGauge())).toBe(before - 1);
  });

  test('acknowledging is all or nothing, and refuses a list that is too long', async () => {
    const text = '599 zqalert all or nothing';
    for (const address of ['x1@alert.example', 'x2@alert.example']) await fail(text, address);
    await fold();
    const [{ id }] = await alertsOf(text);
    const missing = Buffer.from('Alert:999999999').toString('base64url');
    const { data } = await app.graphql(ACKNOWLEDGE, { ids: [id, missing] });
    expect(data.acknowledgeAlerts.__typename).toBe('NotFoundError');
    expect(await alertsOf(text)).toMatchObject([{ acknowledgedAt: null }]);
    const long = await app.graphql(ACKNOWLEDGE, { ids: Array(1_001).fill(missing) });
    expect(long.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('qualifying a text, alone or with its like, acknowledges its alert', async () => {
    const texts = ['599 zqalert gimble wabe shard one went', '599 zqalert gimble wabe shard two went'];
    for (const text of texts) for (const name of ['q1', 'q2']) await fail(text, `${name}@alert.example`);
    await fold();
    const { data } = await app.graphql(INBOX);
    const { node } = data.unqualifiedTexts.edges.find((edge: { node: { text: string } }) => edge.node.text === texts[0]);
    const input = { id: node.id, type: 'SOFT', reason: 'UNREACHABLE', status: 'IGNORE', minScore: 0.5 };
    await app.graphql('mutation ($input: QualifyAlikeInput!) { qualifyAlike(input: $input) { __typename } }', { input });
    for (const text of texts) expect(await alertsOf(text)).toMatchObject([{ acknowledgedBy: 'test admin' }]);
  });
});

describe.each([
  ['a WebSocket', 'brillig', subscribeBySocket],
  ['server-sent events', 'frumious', subscribeByEvents],
] as const)('alertRaised over %s', (_name, sign, transport) => {
  const raise = async (text: string) => {
    for (const address of ['s1@alert.example', 's2@alert.example']) await fail(text, address);
    await fold();
  };
  const follow = async (variables: Record<string, unknown>, token = app.adminToken) => {
    const updates = transport(app.url, token, RAISED, variables);
    open.push(updates);
    return updates;
  };
  const following = async (count: number) => {
    const text = await (await app.fetch('/metrics')).text();
    return text.includes(`lazaret_feed_subscribers{ledger="ALERT"} ${count}`);
  };

  test('tells of every alert and goes on after its cursor without a gap', async () => {
    const texts = ['one', 'two', 'three'].map((word) => `599 zqlive ${word} ${sign}`);
    const updates = await follow({ filter: { kind: ['UNKNOWN_TEXT'] } });
    await expect.poll(() => following(1)).toBe(true);
    await raise(texts[0] ?? '');
    const first = (await updates.next()).alertRaised;
    expect(first.alert).toMatchObject({ kind: 'UNKNOWN_TEXT', qualification: { text: texts[0] } });
    await updates.close();
    await expect.poll(() => following(0)).toBe(true);
    await raise(texts[1] ?? '');
    const resumed = await follow({ after: first.cursor });
    expect((await resumed.next()).alertRaised.alert.qualification.text).toBe(texts[1]);
    await raise(texts[2] ?? '');
    expect((await resumed.next()).alertRaised.alert.qualification.text).toBe(texts[2]);
    expect(resumed.waiting).toBe(0);
  });

  test('is shut to a token without rules:read', async () => {
    const updates = await follow({}, await app.token('logs:read'));
    await expect(updates.next()).rejects.toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
