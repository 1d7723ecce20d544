import { beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId, NODE_TYPES, parseGlobalId } from '../../src/graphql/global-id.ts';
import { ingestMessage } from '../../src/operations/ingest-message.ts';
import { sql } from '../../src/store/database.ts';
import { aDelivery, record, TEXT } from '../support/feedback-instance.ts';
import { freshAddress } from '../support/fresh.ts';
import { aReport, MAILBOX } from '../support/reports.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});

const many = (count: number, text: string) =>
  JSON.stringify(Array.from({ length: count }, () => text)).replaceAll('"', text === 'EMAIL' ? '' : '"');

describe('bad input is BAD_USER_INPUT with a sentence that helps', () => {
  it.each([
    ['an id that is none', '{ node(id: "rubbish") { id } }', /"id" is not an id/],
    ['an id with a zero', `{ node(id: "${Buffer.from('Profile:0').toString('base64url')}") { id } }`, /not an id/],
    ['an id beyond all numbers', `{ node(id: "${Buffer.from('Profile:9999999999999999999').toString('base64url')}") { id } }`, /not an id/],
    ['an id of no type', `{ node(id: "${Buffer.from('Pigeon:1').toString('base64url')}") { id } }`, /not an id/],
    ["another type's id", `{ profile(id: "${encodeGlobalId('Delivery', 1n)}") { id } }`, /"id" is the id of a Delivery; one of a Profile/],
    [
      "another type's id in a filter",
      `{ deliveryLogs(filter: { deliveryId: "${encodeGlobalId('Profile', 1n)}" }) { edges { cursor } } }`,
      /filter\.deliveryId/,
    ],
    ['no name of a profile', '{ profile { id } }', /by "id" or by "externalId"/],
    ['an empty list in a filter', '{ quarantine(filter: { status: [] }) { totalCount } }', /"filter.status" is empty/],
    ['an empty list of texts', '{ quarantine(filter: { errorTextContains: [] }) { totalCount } }', /is empty/],
    ['1,001 values in a filter', `{ quarantine(filter: { domain: ${many(1001, 'a.b')} }) { totalCount } }`, /more than 1000/],
    ['1,001 channels in a filter', `{ quarantine(filter: { channel: ${many(1001, 'EMAIL')} }) { totalCount } }`, /more than 1000/],
    [
      'a range upside down',
      '{ quarantine(filter: { lastErrorAt: { from: "2026-02-01T00:00:00Z", to: "2026-01-01T00:00:00Z" } }) { totalCount } }',
      /upside down/,
    ],
    ['a NUL in a filter', '{ profiles(filter: { name: { contains: "a\\u0000" } }) { edges { cursor } } }', /NUL/],
    ['a NUL in an address', '{ quarantine(filter: { address: { startsWith: "a\\u0000" } }) { totalCount } }', /NUL/],
    [
      'a lone surrogate in a filter',
      '{ profiles(filter: { externalId: { eq: "\\uD800" } }) { edges { cursor } } }',
      /surrogate|Unicode|Syntax/,
    ],
    ['a long text in a filter', `{ profiles(filter: { name: { eq: "${'x'.repeat(10_001)}" } }) { edges { cursor } } }`, /at most 10000/],
    [
      'an address that is none in a history',
      '{ quarantineHistory(channel: EMAIL, address: "nobody") { edges { cursor } } }',
      /"address" is no address/,
    ],
    ['a local time', '{ deliveries(filter: { createdAt: { from: "2026-01-01T00:00:00" } }) { edges { cursor } } }', /RFC 3339/],
    ['a day without a time', '{ deliveries(filter: { createdAt: { from: "2026-01-01" } }) { edges { cursor } } }', /RFC 3339/],
    ['30 February', '{ deliveries(filter: { createdAt: { from: "2026-02-30T00:00:00Z" } }) { edges { cursor } } }', /RFC 3339/],
    ['an unknown enum value', '{ quarantine(filter: { status: [GONE] }) { totalCount } }', /GONE/],
    ['an unknown field', '{ quarantine { nothing } }', /nothing/],
    ['a growth over no years', '{ quarantineGrowth(addressLifetimeYears: 3, annualGrowth: 0.5, years: 0) { year } }', /"years"/],
    ['a share over no months', '{ quarantineShare(months: 0) { month } }', /"months"/],
    ['a share over 121 months', '{ quarantineShare(months: 121) { month } }', /1 to 120/],
    ['an empty check', '{ mayContact(input: []) { allowed } }', /empty/],
    ['a check of an address that is none', '{ mayContact(input: [{ channel: EMAIL, address: "x" }]) { allowed } }', /no @/],
    ['no results', 'mutation { recordDeliveryResults(input: []) { results { index } } }', /empty/],
  ])('%s', async (_name, document, message) => {
    const { errors, status } = await app.graphql(document);
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT' } });
    expect(status).toBeLessThan(500);
    expect(JSON.stringify(errors)).not.toMatch(/\.ts:|node_modules/);
  });

  it('in variables too', async () => {
    const { errors } = await app.graphql(
      'query ($from: DateTime) { deliveries(filter: { createdAt: { from: $from } }) { edges { cursor } } }',
      { from: 'soon' },
    );
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining('RFC 3339'), extensions: { code: 'BAD_USER_INPUT' } });
  });
});

it('one bad item of many is named by its path', async () => {
  const input = Array.from({ length: 500 }, (_, index) => ({ channel: 'EMAIL', address: index === 321 ? 'nobody' : 'a@b.example' }));
  const { errors } = await app.graphql('query ($input: [ContactCheckInput!]!) { mayContact(input: $input) { allowed } }', { input });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.321.address' });
});

describe('limits', () => {
  it('an operation that is too deep or too dear is TOO_COMPLEX', async () => {
    const levels = 4;
    const deep = `{ profiles { edges { node { ${'addresses(first: 1) { edges { node { profile { '.repeat(levels)}id${' } } } }'.repeat(levels)} } } } }`;
    const dear = `{ profiles(first: 100) { edges { node { addresses(first: 100) { edges { node { id value } } } } } } }`;
    for (const document of [deep, dear]) {
      const { errors } = await app.graphql(document);
      expect(errors?.[0]?.extensions.code).toBe('TOO_COMPLEX');
    }
  });

  it('a page of 100 with nested pages of 5 is not', async () => {
    const { errors } = await app.graphql(
      '{ profiles(first: 100) { edges { node { id addresses(first: 5) { edges { node { id value } } } } } } }',
    );
    expect(errors).toBeUndefined();
  });
});

/** Works that somebody begins: asked for by id where they are tested. */
const WORKS: readonly string[] = ['QuarantineRelease', 'PrivacyRequest'];

describe('node', () => {
  it.each(NODE_TYPES)('answers null for an unknown %s', async (type) => {
    const { data, errors } = await app.graphql('query ($id: ID!) { node(id: $id) { id } }', { id: encodeGlobalId(type, 999_999_999n) });
    expect(errors).toBeUndefined();
    expect(data.node).toBeNull();
  });

  it('finds an object of every type that has one', async () => {
    const address = freshAddress();
    const { data: made } = await app.graphql(
      `mutation ($address: String!) { createProfile(input: { addresses: [{ channel: EMAIL, value: $address }] }) { ... on Profile { id } } }`,
      { address },
    );
    const id = made.createProfile.id;
    await app.graphql('mutation ($id: ID!) { optOut(input: { profileId: $id, channels: [FAX] }) { __typename } }', { id });
    const delivery = await aDelivery(app.instance, [{ address, profileId: parseGlobalId(id)?.id ?? 0n }]);
    await record(app.instance, {
      channel: 'EMAIL',
      address,
      deliveryId: delivery.id,
      outcome: 'FAILED',
      text: TEXT.unknownUser,
      occurredAt: new Date('2026-05-12T09:00:00Z'),
    });
    await app.instance.database.execute(sql`
      INSERT INTO exclusion_log (delivery_id, run, address, address_key, channel, reason, cause, text)
      SELECT delivery_id, run, address, address_key, channel, 'DUPLICATE', 'duplicate', 'twice' FROM delivery_log WHERE delivery_id = ${delivery.id}`);
    await app.graphql(
      'mutation { requalify(input: { filter: { occurredAt: { from: "2026-05-12T08:00:00Z" } }, dryRun: true }) { __typename } }',
    );
    await app.instance.database.execute(
      sql`INSERT INTO alert (kind, subject, text) VALUES ('UNKNOWN_TEXT', 'node', 'A text.') ON CONFLICT DO NOTHING`,
    );
    await app.instance.database.execute(sql`
      INSERT INTO incident (channel, domain, reason, state, opened_at, closed_at, closed_by, hits_from, baseline_messages, baseline_share, opening_messages,
        opening_share, current_messages, current_share, refreshed_at)
      VALUES ('EMAIL', 'node.example', 'USER_UNKNOWN', 'CLOSED', now(), now(), 'test', now(), 0, 0, 0, 0, 0, 0, now())`);
    await ingestMessage(app.instance, aReport([{ address: freshAddress() }]), MAILBOX);
    const { data, errors } = await app.graphql(
      `query ($address: String) { profiles(filter: { address: { eq: $address } }, first: 1) { edges { node { id consentHistory(first: 1) { edges { node { id } } }
          addresses(first: 1) { edges { node { id quarantineEntry { id history(first: 1) { edges { node { id } } } } } } } } } }
        deliveryLogs(filter: { address: { eq: $address } }, first: 1) { edges { node { id qualification { id }
          delivery { id exclusionLogs(first: 1) { edges { node { id } } } } } } }
        alerts(first: 1) { edges { node { id } } } incidents(first: 1) { edges { node { id } } }
        qualificationRules { id } tokens { id } auditLog(first: 1) { edges { node { id } } } requalifications(first: 1) { edges { node { id } } }
        unprovenReports(first: 1) { edges { node { id } } } }`,
      { address },
    );
    expect(errors).toBeUndefined();
    const ids = new Set([...JSON.stringify(data).matchAll(/"id":"([^"]+)"/g)].map(([, found]) => found ?? ''));
    const oneEach = new Map([...ids].map((found) => [parseGlobalId(found)?.type, found]));
    expect([...oneEach.keys()].sort()).toEqual(NODE_TYPES.filter((type) => !WORKS.includes(type)).sort());
    for (const [type, found] of oneEach) {
      const answer = await app.graphql('query ($id: ID!) { node(id: $id) { __typename id } }', { id: found });
      expect(answer.errors).toBeUndefined();
      expect(answer.data.node).toEqual({ __typename: type, id: found });
    }
  });
});
