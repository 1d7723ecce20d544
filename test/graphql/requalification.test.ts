import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requalify } from '../../src/operations/requalify.ts';
import { requalificationWork } from '../../src/operations/run-requalification.ts';
import { runSlices } from '../../src/operations/run-slices.ts';
import type { Database } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { aDelivery } from '../support/feedback-instance.ts';
import { freshDomain, freshWord, freshWords } from '../support/fresh.ts';
import { subscribeByEvents, subscribeBySocket } from '../support/live-client.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

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

const FIELDS = `id state phase dryRun undone matched examined changedFailures addresses releasedCount newlyQuarantinedCount otherwiseChangedCount
  changes { before { type } after { type } failures } samples { address rawText before { type } after { type } }
  skipped { byHand denylisted allowlisted movedOn } undo { addressesPutBack addressesLeftAlone failuresPutBack failuresLeftAlone } finishedAt`;
const REQUALIFY = `mutation ($input: RequalifyInput!) { requalify(input: $input) {
  __typename ... on Requalification { ${FIELDS} } ... on Error { message code } ... on InvalidInputError { field } } }`;
const UNDO = `mutation ($id: ID!) { undoRequalification(id: $id) { __typename ... on Requalification { ${FIELDS} } ... on Error { message code } } }`;
const RECORD = `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted } } }`;
const RULE = `mutation ($input: QualificationRuleInput!) { createQualificationRule(input: $input) { __typename } }`;

const daysAgo = (days: number) => new Date(app.clock.now().getTime() - days * 86_400_000).toISOString();

/** An address that a text put into quarantine, which a rule since takes for soft. */
async function anOutage() {
  const words = freshWords();
  const domain = freshDomain();
  const text = `550 5.1.1 user unknown ${words}`;
  const failure = { channel: 'EMAIL', address: `ann@${domain}`, outcome: 'FAILED', text, occurredAt: daysAgo(1) };
  await app.graphql(RECORD, { input: [failure] });
  const rule = { name: `Outage ${words}`, patterns: [words], type: 'SOFT', reason: 'UNREACHABLE' };
  expect((await app.graphql(RULE, { input: rule })).data.createQualificationRule.__typename).toBe('QualificationRule');
  aSecondPasses();
  expect((await app.graphql(`{ qualify(input: { text: "${text}" }) { type } }`)).data.qualify.type).toBe('SOFT');
  return { address: failure.address, text, filter: { occurredAt: { from: daysAgo(2) }, domain: [domain] } };
}

const statusOf = async (address: string) => {
  const query = 'query ($filter: QuarantineFilter) { quarantine(filter: $filter, first: 1) { edges { node { status } } } }';
  const { data } = await app.graphql(query, { filter: { address: { eq: address } } });
  return data.quarantine.edges[0]?.node.status ?? 'gone';
};

const requalified = async (input: object, token?: string) => {
  const { data, errors } = await app.graphql(REQUALIFY, { input }, token);
  expect(errors).toBeUndefined();
  return data.requalify;
};

describe('requalify', () => {
  test('a dry run counts and shows, the requalification releases, the undo shuts again, and all of it can be read', async () => {
    const { address, text, filter } = await anOutage();
    const seen = {
      matched: 1,
      examined: 1,
      changedFailures: 1,
      addresses: 1,
      releasedCount: 1,
      newlyQuarantinedCount: 0,
      otherwiseChangedCount: 0,
      changes: [{ before: { type: 'HARD' }, after: { type: 'SOFT' }, failures: 1 }],
      samples: [{ address, rawText: text, before: { type: 'HARD' }, after: { type: 'SOFT' } }],
      skipped: { byHand: 0, denylisted: 0, allowlisted: 0, movedOn: 0 },
    };
    const dry = await requalified({ filter, dryRun: true });
    expect(dry).toMatchObject({ ...seen, __typename: 'Requalification', state: 'DONE', dryRun: true, undo: null });
    expect(await statusOf(address)).toBe('QUARANTINE');
    const done = await requalified({ filter, expectedCount: dry.matched });
    expect(done).toMatchObject({ ...seen, state: 'DONE', dryRun: false, undone: false, finishedAt: app.clock.now().toISOString() });
    expect(await statusOf(address)).toBe('ERRONEOUS');
    const undone = (await app.graphql(UNDO, { id: done.id })).data.undoRequalification;
    const undo = { addressesPutBack: 1, addressesLeftAlone: 0, failuresPutBack: 1, failuresLeftAlone: 0 };
    expect(undone).toMatchObject({ ...seen, id: done.id, state: 'DONE', phase: 'UNDO', undone: true, undo });
    expect(await statusOf(address)).toBe('QUARANTINE');
    expect((await app.graphql(UNDO, { id: done.id })).data.undoRequalification).toMatchObject({ __typename: 'InvalidStateError' });
    const list = await app.graphql('{ requalifications(first: 2) { edges { node { id dryRun undone samples { address } } } } }');
    expect(list.data.requalifications.edges.map(({ node }: { node: object }) => node)).toEqual([
      { id: done.id, dryRun: false, undone: true, samples: [{ address }] },
      { id: dry.id, dryRun: true, undone: false, samples: [{ address }] },
    ]);
    const node = await app.graphql('query ($id: ID!) { node(id: $id) { id ... on Requalification { matched } } }', { id: done.id });
    expect(node.data.node).toEqual({ id: done.id, matched: 1 });
    const audit = await app.graphql('{ auditLog(first: 2) { edges { node { action } } } }');
    expect(audit.data.auditLog.edges.map(({ node: { action } }: { node: { action: string } }) => action)).toEqual([
      'qualification.undoRequalification',
      'qualification.requalify',
    ]);
  });

  test('another count than expected, and a time without a beginning, are refused', async () => {
    const { filter, address } = await anOutage();
    expect(await requalified({ filter, expectedCount: 5 })).toMatchObject({
      __typename: 'ConflictError',
      message: expect.stringMatching(/^1 failures match, not 5/),
    });
    expect(await requalified({ filter: { occurredAt: { to: daysAgo(0) } } })).toMatchObject({
      __typename: 'InvalidInputError',
      field: 'input.filter.occurredAt.from',
    });
    expect(await statusOf(address)).toBe('QUARANTINE');
  });

  test('whoever may write rules is shown the result, names only with logs:read; who only reads rules may look, not act', async () => {
    const { filter, address } = await anOutage();
    const reader = await app.token('rules:read');
    expect((await app.graphql(REQUALIFY, { input: { filter } }, reader)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const writer = await app.token('rules:write');
    const done = await requalified({ filter }, writer);
    expect(done).toMatchObject({ releasedCount: 1, samples: [{ address: null }] });
    const LIST = '{ requalifications(first: 1) { edges { node { id samples { address } } } } }';
    expect((await app.graphql(LIST, {}, reader)).data.requalifications.edges[0].node).toEqual({
      id: done.id,
      samples: [{ address: null }],
    });
    expect((await app.graphql(LIST, {}, writer)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const both = await app.token('rules:read', 'logs:read');
    expect((await app.graphql(LIST, {}, both)).data.requalifications.edges[0].node.samples).toEqual([{ address }]);
    expect((await app.graphql(UNDO, { id: done.id }, reader)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect((await app.graphql(UNDO, { id: done.id }, writer)).data.undoRequalification).toMatchObject({ undone: true });
    expect(await statusOf(address)).toBe('QUARANTINE');
  });
});

describe('live', () => {
  const PROGRESS = 'subscription ($id: ID!) { requalificationProgress(id: $id) { state phase examined addresses } }';
  const actor = { name: 'test', tokenId: null };

  /** One that was begun and does not go on by itself. */
  async function begun() {
    const { filter, address } = await anOutage();
    const input = { filter: { ...filter, occurredAt: { from: new Date(filter.occurredAt.from) } }, dryRun: false };
    const id = await requalify(app.instance, input, actor, { signal: AbortSignal.abort() });
    return { id, address, globalId: Buffer.from(`Requalification:${id}`).toString('base64url') };
  }

  test.each([
    ['a WebSocket', subscribeBySocket],
    ['server-sent events', subscribeByEvents],
  ])('requalificationProgress follows it over %s until it is done', async (_name, transport) => {
    const { id, globalId } = await begun();
    const updates = transport(app.url, app.adminToken, PROGRESS, { id: globalId });
    expect((await updates.next()).requalificationProgress).toEqual({ state: 'RUNNING', phase: 'EXAMINE', examined: 0, addresses: 0 });
    await runSlices(app.instance, requalificationWork(app.instance, id), { mostSlices: 1 });
    expect((await updates.next()).requalificationProgress).toEqual({ state: 'RUNNING', phase: 'APPLY', examined: 1, addresses: 0 });
    await runSlices(app.instance, requalificationWork(app.instance, id));
    expect((await updates.next()).requalificationProgress).toEqual({ state: 'DONE', phase: 'APPLY', examined: 1, addresses: 1 });
    await updates.ended;
    await updates.close();
  });

  test('whoever may not read rules is not shown it', async () => {
    const { globalId } = await begun();
    const refused = subscribeBySocket(app.url, await app.token('rules:write', 'logs:read'), PROGRESS, { id: globalId });
    await expect(refused.next()).rejects.toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    await refused.close();
  });

  test('a message whose failure is taken for something else is an update of its log', async () => {
    const { filter, address, text } = await anOutage();
    const delivery = await aDelivery(app.instance, [{ address }]);
    const failure = { channel: 'EMAIL', address, outcome: 'FAILED', text, occurredAt: daysAgo(1) };
    const deliveryId = Buffer.from(`Delivery:${delivery.id}`).toString('base64url');
    await app.graphql(RECORD, { input: [{ ...failure, deliveryId }] });
    const words = { name: `Worse ${freshWord()}`, patterns: [text], type: 'HARD', reason: 'INVALID_DOMAIN', position: 0 };
    await app.graphql(RULE, { input: words });
    aSecondPasses();
    expect((await app.graphql(`{ qualify(input: { text: "${text}" }) { type } }`)).data.qualify.type).toBe('HARD');
    const UPDATED = `subscription ($filter: DeliveryLogFilter) { deliveryLogUpdated(filter: $filter) {
      status failureType failureReason version deliveryLog { failureType failureReason } } }`;
    const updates = subscribeBySocket(app.url, app.adminToken, UPDATED, { filter: { address: { eq: address }, failureType: ['HARD'] } });
    const metrics = async () => (await app.fetch('/metrics')).text();
    await expect.poll(metrics).toMatch(/^lazaret_feed_subscribers\{ledger="DELIVERY_LOG"\} 1$/m);
    expect(await requalified({ filter })).toMatchObject({ changedFailures: 2 });
    const told = { status: 'FAILED', failureType: 'HARD', failureReason: 'INVALID_DOMAIN', version: 3 };
    const deliveryLog = { failureType: 'HARD', failureReason: 'INVALID_DOMAIN' };
    expect((await updates.next()).deliveryLogUpdated).toEqual({ ...told, deliveryLog });
    expect(updates.waiting).toBe(0);
    await updates.close();
  });
});
