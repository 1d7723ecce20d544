import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { detectIncidents } from '../../src/operations/detect-incidents.ts';
import { foldCounters } from '../../src/operations/fold-counters.ts';
import { sql } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { readingSqlOf } from '../support/count-sql.ts';
import { type LiveUpdates, subscribeByEvents, subscribeBySocket } from '../support/live-client.ts';
import { PATIENCE } from '../support/patience.ts';
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
beforeEach(() => app.clock.advance(86_400_000));
afterEach(async () => {
  await Promise.all(open.splice(0).map((updates) => updates.close()));
  await expect.poll(subscribers).toBe(0);
});
afterAll(async () => {
  await app.close();
  await closeDatabase();
});

/** Subscriptions to the ledger of incidents, by the figures that operators see. */
async function subscribers(): Promise<number> {
  const text = await (await app.fetch('/metrics')).text();
  return Number(/^lazaret_feed_subscribers\{ledger="INCIDENT"\} (\d+)$/m.exec(text)?.[1]);
}

let made = 0;
const freshDomain = () => {
  made += 1;
  return `provider${made}.example`;
};

const RECORD = 'mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted addressStatus } } }';

/** One result for each of so many addresses, a minute ago. @returns the statuses of the addresses */
async function give(domain: string, count: number, name: string, outcome = 'FAILED', daysAgo = 0): Promise<string[]> {
  const occurredAt = new Date(app.clock.now().getTime() - 60_000 - daysAgo * 86_400_000).toISOString();
  const text = outcome === 'FAILED' ? '550 5.1.1 User unknown' : null;
  const input = Array.from({ length: count }, (_, at) => ({
    channel: 'EMAIL',
    address: `${name}${at}@${domain}`,
    outcome,
    text,
    occurredAt,
  }));
  const { data } = await app.graphql(RECORD, { input });
  expect(data.recordDeliveryResults.results.filter(({ accepted }: { accepted: boolean }) => !accepted)).toEqual([]);
  return data.recordDeliveryResults.results.map(({ addressStatus }: { addressStatus: string }) => addressStatus);
}

/** What the jobs do every second. */
async function look(): Promise<void> {
  await foldCounters(app.instance);
  await detectIncidents(app.instance);
}

const INCIDENTS = `query ($filter: IncidentFilter, $after: String) { incidents(filter: $filter, first: 2, after: $after) {
  edges { node { id place domain channel reason state openedAt closedAt closedBy hitsFrom baselineShare baselineMessages openingShare openingMessages
    currentShare currentMessages hitCount heldCount quarantineHeldState quarantinedHeldCount sample { address held status incident { id } } } }
  pageInfo { hasNextPage endCursor } } }`;

/** An open incident of 100 unknown users at a domain that has a past. */
async function anIncident(domain: string): Promise<string> {
  await give(domain, 200, 'past', 'DELIVERED', 3);
  await give(domain, 100, 'hit');
  await look();
  const { data, errors } = await app.graphql(INCIDENTS, { filter: { domain: [domain] } });
  expect(errors).toBeUndefined();
  return data.incidents.edges[0].node.id;
}

/** A second later this node holds. */
async function held(domain: string, name: string): Promise<void> {
  aSecondPasses();
  expect(await give(domain, 1, name)).toEqual(['ERRONEOUS']);
}

const RELEASE = `mutation ($id: ID!, $mode: ReleaseMode, $dryRun: Boolean) { releaseIncident(id: $id, mode: $mode, dryRun: $dryRun) {
  __typename ... on QuarantineRelease { id state matched changed dryRun sample { address } incident { id } } ... on Error { code message } } }`;
const CLOSE = `mutation ($id: ID!, $quarantineHeld: Boolean) { closeIncident(id: $id, quarantineHeld: $quarantineHeld) {
  __typename ... on Incident { id state closedBy closedAt quarantineHeldState quarantinedHeldCount } ... on Error { code message } } }`;
const UPDATED = `subscription ($filter: IncidentFilter, $after: String) { incidentUpdated(filter: $filter, after: $after) {
  cursor kind state share hitCount heldCount actor occurredAt incident { id domain state } } }`;

describe('an incident', () => {
  test('is listed with its figures and a sample of what it hit, and found again by its id', async () => {
    const domain = freshDomain();
    const id = await anIncident(domain);
    await held(domain, 'held');
    app.clock.advance(20_000);
    await look();
    const { data } = await app.graphql(INCIDENTS, {
      filter: { domain: [domain.toUpperCase()], state: ['OPEN'], channel: ['EMAIL'], reason: ['USER_UNKNOWN'] },
    });
    const { node } = data.incidents.edges[0];
    expect(node).toMatchObject({
      id,
      place: domain,
      domain,
      channel: 'EMAIL',
      reason: 'USER_UNKNOWN',
      state: 'OPEN',
      closedAt: null,
      closedBy: null,
      baselineShare: 0,
      baselineMessages: 200,
      openingShare: 1,
      openingMessages: 100,
      currentShare: 1,
      heldCount: 1,
      quarantineHeldState: null,
      quarantinedHeldCount: 0,
    });
    expect(node.hitCount).toBe(node.currentMessages);
    expect(node.sample).toHaveLength(20);
    expect(node.sample[0]).toMatchObject({ held: true, status: 'ERRONEOUS', incident: { id } });
    expect(node.sample[1]).toMatchObject({ held: false, status: 'QUARANTINE', incident: null });
    const again = await app.graphql('query ($id: ID!) { node(id: $id) { ... on Incident { domain state } } }', { id });
    expect(again.data.node).toEqual({ domain, state: 'OPEN' });
    const metrics = await (await app.fetch('/metrics')).text();
    expect(Number(/^lazaret_incidents_open (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  });

  test('pages, newest first, and two with their samples cost the statements of one', async () => {
    const domains = [freshDomain(), freshDomain(), freshDomain()];
    const ids = [];
    for (const domain of domains) ids.push(await anIncident(domain));
    const first = await app.graphql(INCIDENTS, { filter: { domain: domains } });
    const { endCursor, hasNextPage } = first.data.incidents.pageInfo;
    const second = await app.graphql(INCIDENTS, { filter: { domain: domains }, after: endCursor });
    const listed = [...first.data.incidents.edges, ...second.data.incidents.edges].map(({ node }) => node.id);
    expect([hasNextPage, listed]).toEqual([true, ids.reverse()]);
    const statements = async (filter: object) => (await readingSqlOf(() => app.graphql(INCIDENTS, { filter }))).length;
    expect(await statements({ domain: domains })).toBe(await statements({ domain: domains.slice(0, 1) }));
  });

  test('is released: a dry run counts, the release opens, progress and undo as of any release', async () => {
    const domain = freshDomain();
    const id = await anIncident(domain);
    const dry = await app.graphql(RELEASE, { id, dryRun: true });
    expect(dry.data.releaseIncident).toMatchObject({
      __typename: 'QuarantineRelease',
      state: 'DONE',
      dryRun: true,
      matched: 100,
      changed: 0,
    });
    expect(dry.data.releaseIncident.sample).toHaveLength(20);
    expect(dry.data.releaseIncident.incident).toEqual({ id });
    const writer = await app.token('quarantine:write');
    const done = await app.graphql(RELEASE, { id, mode: 'DELETE' }, writer);
    expect(done.data.releaseIncident).toMatchObject({ state: 'DONE', matched: 100, changed: 100 });
    const progress = subscribeBySocket(app.url, app.adminToken, 'subscription ($id: ID!) { releaseProgress(id: $id) { state changed } }', {
      id: done.data.releaseIncident.id,
    });
    open.push(progress);
    expect((await progress.next()).releaseProgress).toEqual({ state: 'DONE', changed: 100 });
    const { data } = await app.graphql('mutation ($id: ID!) { undoRelease(id: $id) { ... on QuarantineRelease { undone skipped } } }', {
      id: done.data.releaseIncident.id,
    });
    expect(data.undoRelease).toEqual({ undone: true, skipped: 0 });
    const [line] = await app.instance.database.query<{ status: string }>(
      sql`SELECT status FROM quarantine_entry WHERE address = ${`hit7@${domain}`}`,
    );
    expect(line?.status).toBe('QUARANTINE');
  });

  test('is closed once, in the audit trail; what it held is quarantined where that is asked for', async () => {
    const domain = freshDomain();
    const id = await anIncident(domain);
    await held(domain, 'held');
    const writer = await app.token('quarantine:write');
    const closed = await app.graphql(CLOSE, { id, quarantineHeld: true }, writer);
    expect(closed.data.closeIncident).toEqual({
      __typename: 'Incident',
      id,
      state: 'CLOSED',
      closedBy: 'test quarantine:write',
      closedAt: app.clock.now().toISOString(),
      quarantineHeldState: 'DONE',
      quarantinedHeldCount: 1,
    });
    const again = await app.graphql(CLOSE, { id }, writer);
    expect(again.data.closeIncident).toMatchObject({ __typename: 'InvalidStateError', code: 'INVALID_STATE' });
    const audit = await app.graphql('{ auditLog(first: 1) { edges { node { actor action detail } } } }');
    expect(audit.data.auditLog.edges[0].node).toEqual({
      actor: 'test quarantine:write',
      action: 'incident.close',
      detail: '{"quarantineHeld":true}',
    });
  });

  test('that is none is NOT_FOUND, and an id of something else BAD_USER_INPUT', async () => {
    const none = Buffer.from('Incident:999999').toString('base64url');
    for (const [mutation, field] of [
      [RELEASE, 'releaseIncident'],
      [CLOSE, 'closeIncident'],
    ] as const) {
      expect((await app.graphql(mutation, { id: none })).data[field]).toMatchObject({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
      const wrong = await app.graphql(mutation, { id: Buffer.from('Delivery:1').toString('base64url') });
      expect(wrong.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
    expect((await app.graphql(INCIDENTS, { filter: { state: [] } })).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('is for quarantine:read and quarantine:write alone', async () => {
    const id = await anIncident(freshDomain());
    const reader = await app.token('quarantine:read');
    const stranger = await app.token('logs:read', 'rules:write', 'deliveries:write', 'ingest:write');
    expect((await app.graphql(INCIDENTS, {}, reader)).errors).toBeUndefined();
    for (const [query, variables] of [
      [RELEASE, { id, dryRun: true }],
      [CLOSE, { id }],
    ] as const) {
      expect((await app.graphql(query, variables, reader)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      expect((await app.graphql(query, variables, stranger)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
    expect((await app.graphql(INCIDENTS, {}, stranger)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const node = await app.graphql('query ($id: ID!) { node(id: $id) { ... on Incident { domain } } }', { id }, stranger);
    expect(node.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe.each([
  ['a WebSocket', subscribeBySocket],
  ['server-sent events', subscribeByEvents],
])('incidentUpdated over %s', (_name, transport) => {
  async function follow(variables: object, token = app.adminToken): Promise<LiveUpdates> {
    const before = await subscribers();
    const updates = transport(app.url, token, UPDATED, { ...variables });
    open.push(updates);
    await expect.poll(subscribers).toBeGreaterThan(before);
    return updates;
  }

  test('tells of opening, figures, release and closing, and resumes after its cursor', async () => {
    const domain = freshDomain();
    const updates = await follow({ filter: { domain: [domain] } });
    const id = await anIncident(domain);
    await anIncident(freshDomain());
    const opened = (await updates.next()).incidentUpdated;
    expect(opened).toMatchObject({
      kind: 'OPENED',
      state: 'OPEN',
      share: 1,
      hitCount: 100,
      heldCount: 0,
      actor: null,
      incident: { id, domain },
    });
    await give(domain, 100, 'fine', 'DELIVERED');
    app.clock.advance(20_000);
    await look();
    expect((await updates.next()).incidentUpdated).toMatchObject({ kind: 'CHANGED', share: 0.5, incident: { state: 'OPEN' } });
    await updates.close();
    await expect.poll(subscribers).toBe(0);
    await app.graphql(RELEASE, { id });
    await app.graphql(CLOSE, { id });
    const resumed = await follow({ filter: { domain: [domain], state: ['OPEN'] }, after: opened.cursor });
    const kinds = [];
    for (let count = 0; count < 3; count += 1) kinds.push((await resumed.next()).incidentUpdated);
    expect(kinds.map(({ kind, state, actor }) => `${kind} ${state} ${actor}`)).toEqual([
      'CHANGED OPEN null',
      'RELEASED OPEN test admin',
      'CLOSED CLOSED test admin',
    ]);
    expect(resumed.waiting).toBe(0);
  });

  test('refuses a cursor that is none or of another subscription, a bad filter and a token without the scope', async () => {
    const quarantine = transport(app.url, app.adminToken, 'subscription { quarantineUpdated { cursor } }');
    open.push(quarantine);
    const domain = freshDomain();
    await vi.waitFor(async () => {
      made += 1;
      await give(domain, 1, `n${made}-`);
      expect(quarantine.waiting).toBeGreaterThan(0);
    }, PATIENCE);
    const { cursor } = (await quarantine.next()).quarantineUpdated;
    for (const [variables, token, code] of [
      [{ after: 'nonsense' }, app.adminToken, 'BAD_USER_INPUT'],
      [{ after: cursor }, app.adminToken, 'CURSOR_EXPIRED'],
      [{ filter: { state: [] } }, app.adminToken, 'BAD_USER_INPUT'],
      [{}, await app.token('logs:read'), 'FORBIDDEN'],
    ] as const) {
      const refused = transport(app.url, token, UPDATED, { ...variables });
      open.push(refused);
      await expect(refused.next()).rejects.toMatchObject([{ extensions: { code } }]);
    }
    await follow({}, await app.token('quarantine:read'));
  });
});

describe('domainStatistics', () => {
  const STATISTICS = `query ($domain: [String!], $from: DateTime!, $to: DateTime, $period: StatisticsPeriod, $first: Int) {
    domainStatistics(domain: $domain, from: $from, to: $to, period: $period, first: $first) {
      domain from to messages delivered failures failureShare invalid invalidShare shareOfAllFailures reasons { reason count shareOfFailures shareOfMessages } } }`;

  test('tells error rate and invalid share of domains, and their part of all failures', async () => {
    const [ill, well] = [freshDomain(), freshDomain()];
    await give(ill, 30, 'a');
    await give(ill, 10, 'b', 'DELIVERED');
    await give(well, 10, 'a');
    await give(well, 30, 'b', 'DELIVERED');
    await look();
    const from = new Date(app.clock.now().getTime() - 3_600_000).toISOString();
    const { data, errors } = await app.graphql(STATISTICS, { domain: [ill, well], from }, await app.token('logs:read'));
    expect(errors).toBeUndefined();
    expect(data.domainStatistics).toMatchObject([
      { domain: ill, messages: 40, failures: 30, failureShare: 0.75, invalid: 30, invalidShare: 0.75, shareOfAllFailures: 0.75 },
      { domain: well, messages: 40, failures: 10, failureShare: 0.25, shareOfAllFailures: 0.25 },
    ]);
    expect(data.domainStatistics[1].reasons).toEqual([{ reason: 'USER_UNKNOWN', count: 10, shareOfFailures: 1, shareOfMessages: 0.25 }]);
    const days = await app.graphql(STATISTICS, { domain: [ill], from, period: 'DAY' });
    expect(days.data.domainStatistics).toMatchObject([{ domain: ill, messages: 40 }]);
  });

  test('refuses what cannot be asked', async () => {
    const from = app.clock.now().toISOString();
    for (const variables of [{ from, to: from }, { from: '2020-01-01T00:00:00Z' }, { from: '2026-05-01T00:00:00Z', first: 0 }]) {
      expect((await app.graphql(STATISTICS, variables)).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
    const costly = await app.graphql(STATISTICS, { from: '2026-05-01T00:00:00Z', period: 'DAY', first: 100 });
    expect(costly.errors?.[0]?.extensions.code).toBe('TOO_COMPLEX');
  });
});
