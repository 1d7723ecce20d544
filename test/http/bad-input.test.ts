import { beforeAll, describe, expect, test } from 'vitest';
import { createToken } from '../../src/operations/create-token.ts';
import { freshWord } from '../support/fresh.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});

const MIB = 1024 * 1024;
const id = (type: string, number = 999_999_999) => Buffer.from(`${type}:${number}`).toString('base64url');
const operation = (query: string, variables: object = {}) => JSON.stringify({ query, variables });
const listOf = (count: number, item: object) => Array.from({ length: count }, () => item);

const CREATE_PROFILE = 'mutation ($input: CreateProfileInput!) { createProfile(input: $input) { ... on Error { code message } } }';
const CREATE_ENTRY =
  'mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { ... on Error { code message } } }';
const UPDATE_ENTRY =
  'mutation ($input: UpdateQuarantineEntryInput!) { updateQuarantineEntry(input: $input) { ... on Error { code message } } }';
const OPT_OUT = 'mutation ($input: ConsentInput!) { optOut(input: $input) { ... on Error { code message } } }';
const RECORD =
  'mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { error { code message field } } } }';
const UPSERT = 'mutation ($input: [UpsertProfileInput!]!) { upsertProfiles(input: $input) { results { error { code message } } } }';
const CREATE_DELIVERY = 'mutation ($input: CreateDeliveryInput!) { createDelivery(input: $input) { ... on Error { code message } } }';
const CREATE_RULE =
  'mutation ($input: QualificationRuleInput!) { createQualificationRule(input: $input) { ... on Error { code message } } }';
const CREATE_TOKEN = 'mutation ($input: CreateTokenInput!) { createToken(input: $input) { ... on Error { code message } } }';
const MAY_CONTACT = 'query ($input: [ContactCheckInput!]!) { mayContact(input: $input) { allowed } }';
const result = { channel: 'EMAIL', address: 'a@example.com', outcome: 'FAILED', occurredAt: '2026-05-12T09:00:00Z' };

/** Each is answered with this code, in a sentence with these words. */
const CASES: [name: string, body: string | Uint8Array<ArrayBuffer>, code: string, words: RegExp][] = [
  ['broken JSON', '{"query": ', 'BAD_USER_INPUT', /JSON/],
  [
    'an invalid UTF-8 body',
    Buffer.concat([Buffer.from('{"query":"{ a'), Buffer.from([0xc3, 0x28]), Buffer.from('}"}')]),
    'BAD_USER_INPUT',
    /UTF-8/,
  ],
  ['a body of 3 MiB', operation(`{ failureReasons { label } } # ${'x'.repeat(3 * MIB)}`), 'BAD_USER_INPUT', /2 MiB/],
  ['a batch of 11', `[${Array(11).fill(operation('{ __typename }')).join()}]`, 'TOO_COMPLEX', /at most 10/],
  [
    'an alias bomb',
    operation(`{ ${Array.from({ length: 500 }, (_, i) => `a${i}: failureReasons { label }`).join(' ')} }`),
    'TOO_COMPLEX',
    /aliases|fields/,
  ],
  ['a huge depth', operation(`{ ${'profile { '.repeat(5_000)}id${' }'.repeat(5_000)} }`), 'TOO_COMPLEX', /deep|fields/],
  [
    'a fragment bomb',
    operation(
      `{ ...F0 } ${Array.from({ length: 40 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F40 on Query { a: failureReasons { label } }`,
    ),
    'TOO_COMPLEX',
    /aliases/,
  ],
  [
    'an operation too dear',
    operation('{ profiles(first: 100) { edges { node { addresses(first: 100) { edges { node { id value } } } } } } }'),
    'TOO_COMPLEX',
    /cost/,
  ],
  ['a syntax error', operation('{ profiles(first: ) { edges { cursor } } }'), 'BAD_USER_INPUT', /Syntax Error/],
  ['an unknown field', operation('{ pigeons }'), 'BAD_USER_INPUT', /pigeons/],
  ['an unknown enum value', operation('{ quarantine(filter: { status: [GONE] }) { totalCount } }'), 'BAD_USER_INPUT', /GONE/],
  [
    'an unknown enum value in a variable',
    operation('query ($s: [AddressStatus!]) { quarantine(filter: { status: $s }) { totalCount } }', { s: ['GONE'] }),
    'BAD_USER_INPUT',
    /GONE/,
  ],
  ['an unknown input field', operation(CREATE_PROFILE, { input: { colour: 'red' } }), 'BAD_USER_INPUT', /colour/],
  ['a number for a text', operation(CREATE_PROFILE, { input: { firstName: 7 } }), 'BAD_USER_INPUT', /String/],
  [
    'an Int beyond 32 bits',
    operation('query ($n: Int) { profiles(first: $n) { edges { cursor } } }', { n: 2 ** 40 }),
    'BAD_USER_INPUT',
    /32-bit/,
  ],
  ['a bad id', operation('{ node(id: "rubbish") { id } }'), 'BAD_USER_INPUT', /not an id/],
  ['an empty id', operation('{ node(id: "") { id } }'), 'BAD_USER_INPUT', /not an id/],
  ["another type's id", operation(`{ profile(id: "${id('Delivery')}") { id } }`), 'BAD_USER_INPUT', /id of a Delivery/],
  [
    "another type's id in a mutation",
    operation(UPDATE_ENTRY, { input: { id: id('Profile'), status: 'VALID' } }),
    'BAD_USER_INPUT',
    /id of a Profile/,
  ],
  [
    'an unknown id in a mutation',
    operation(UPDATE_ENTRY, { input: { id: id('QuarantineEntry'), status: 'VALID' } }),
    'NOT_FOUND',
    /no such|no .*entry/i,
  ],
  ['a bad cursor', operation('{ profiles(after: "rubbish") { edges { cursor } } }'), 'BAD_USER_INPUT', /cursor/],
  ['an empty cursor', operation('{ deliveryLogs(after: "") { edges { cursor } } }'), 'BAD_USER_INPUT', /cursor/],
  ['first: 101', operation('{ profiles(first: 101) { edges { cursor } } }'), 'BAD_USER_INPUT', /100/],
  ['first: 0', operation('{ profiles(first: 0) { edges { cursor } } }'), 'BAD_USER_INPUT', /first/],
  ['first: -1', operation('{ profiles(first: -1) { edges { cursor } } }'), 'BAD_USER_INPUT', /first/],
  ['first with last', operation('{ profiles(first: 1, last: 1) { edges { cursor } } }'), 'BAD_USER_INPUT', /first.*last|together/],
  ['an empty list', operation(MAY_CONTACT, { input: [] }), 'BAD_USER_INPUT', /empty/],
  [
    '10,001 checks',
    operation(MAY_CONTACT, { input: listOf(10_001, { channel: 'EMAIL', address: 'a@b.example' }) }),
    'BAD_USER_INPUT',
    /10,?000/,
  ],
  ['1,001 results', operation(RECORD, { input: listOf(1_001, result) }), 'BAD_USER_INPUT', /1,?000/],
  ['1,001 profiles', operation(UPSERT, { input: listOf(1_001, { externalId: 'x' }) }), 'BAD_USER_INPUT', /1,?000/],
  [
    'a range upside down',
    operation('{ deliveries(filter: { createdAt: { from: "2026-02-01T00:00:00Z", to: "2026-01-01T00:00:00Z" } }) { edges { cursor } } }'),
    'BAD_USER_INPUT',
    /upside down/,
  ],
  [
    '30 February',
    operation('{ deliveries(filter: { createdAt: { from: "2026-02-30T00:00:00Z" } }) { edges { cursor } } }'),
    'BAD_USER_INPUT',
    /RFC 3339/,
  ],
  [
    'a text of 1 MB in a filter',
    operation('query ($t: String) { profiles(filter: { name: { contains: $t } }) { edges { cursor } } }', { t: 'x'.repeat(1_000_000) }),
    'BAD_USER_INPUT',
    /at most/,
  ],
  ['a name of 1 MB', operation(CREATE_PROFILE, { input: { firstName: 'x'.repeat(1_000_000) } }), 'INVALID_INPUT', /at most/],
  ['a NUL in a name', operation(CREATE_PROFILE, { input: { firstName: 'a\0b' } }), 'INVALID_INPUT', /NUL/],
  ['a lone surrogate in a name', operation(CREATE_PROFILE, { input: { firstName: '\uD800' } }), 'INVALID_INPUT', /surrogate|Unicode/],
  [
    'a NUL in a filter',
    operation('query ($t: String) { profiles(filter: { name: { contains: $t } }) { edges { cursor } } }', { t: '\0' }),
    'BAD_USER_INPUT',
    /NUL/,
  ],
  [
    'an address that is none',
    operation(CREATE_PROFILE, { input: { addresses: [{ channel: 'EMAIL', value: 'nobody' }] } }),
    'INVALID_INPUT',
    /@/,
  ],
  [
    'an address of 1 MB',
    operation(CREATE_ENTRY, { input: { channel: 'EMAIL', address: `${'x'.repeat(1_000_000)}@example.com` } }),
    'INVALID_INPUT',
    /./,
  ],
  [
    'a short code for e-mail',
    operation(CREATE_ENTRY, { input: { channel: 'EMAIL', address: 'a@example.com', shortCode: '12345' } }),
    'INVALID_INPUT',
    /SMS/,
  ],
  [
    'a negative count',
    operation(CREATE_ENTRY, { input: { channel: 'EMAIL', address: 'a@example.com', errorCount: -1 } }),
    'INVALID_INPUT',
    /./,
  ],
  ['a profile that is not named', operation(OPT_OUT, { input: {} }), 'INVALID_INPUT', /profileId|externalId/],
  ['an unknown profile', operation(OPT_OUT, { input: { profileId: id('Profile') } }), 'NOT_FOUND', /profile/],
  [
    'a result in the far future',
    operation(RECORD, { input: [{ ...result, occurredAt: '9999-12-31T23:59:59Z' }] }),
    'INVALID_INPUT',
    /future/,
  ],
  [
    'a result of an unknown delivery',
    operation(RECORD, { input: [{ ...result, deliveryId: id('Delivery') }] }),
    'INVALID_INPUT',
    /no such delivery/i,
  ],
  [
    'a control group of 101 percent',
    operation(CREATE_DELIVERY, { input: { label: 'x', channel: 'EMAIL', controlGroupPercent: 101 } }),
    'INVALID_INPUT',
    /100/,
  ],
  ['a negative limit', operation(CREATE_DELIVERY, { input: { label: 'x', channel: 'EMAIL', limitTo: -1 } }), 'INVALID_INPUT', /./],
  [
    'a pattern that does not compile',
    operation(CREATE_RULE, { input: { name: 'x', regex: '(', type: 'HARD', reason: 'USER_UNKNOWN' } }),
    'INVALID_INPUT',
    /./,
  ],
  [
    'a rule without a pattern',
    operation(CREATE_RULE, { input: { name: 'x', type: 'HARD', reason: 'USER_UNKNOWN' } }),
    'INVALID_INPUT',
    /string/,
  ],
  ['an unknown scope', operation(CREATE_TOKEN, { input: { name: 'x', scopes: ['everything'] } }), 'INVALID_INPUT', /everything/],
  [
    'a token that has expired already',
    operation(CREATE_TOKEN, { input: { name: 'x', scopes: ['admin'], expiresAt: '2020-01-01T00:00:00Z' } }),
    'INVALID_INPUT',
    /future/,
  ],
];

/** Of the request, of a mutation's refusal, or of the first item of a batch. */
function refusalOf(answer: { errors?: { message: string; extensions: { code: string } }[]; data?: Record<string, unknown> }) {
  const [error] = answer.errors ?? [];
  if (error) return { code: error.extensions.code, message: error.message };
  const value = Object.values(answer.data ?? {})[0] as { code?: string; message?: string; results?: { error: unknown }[] } | undefined;
  return value?.results ? value.results[0]?.error : value;
}

async function send(body: BodyInit, token?: string) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await app.fetch('/graphql', { method: 'POST', body, headers, ...(token === undefined ? {} : { token }) });
  const text = await response.text();
  return { status: response.status, text, answer: JSON.parse(text) };
}

describe('bad input is answered with its code and a sentence, never with a fault', () => {
  test.each(CASES)('%s', async (_name, body, code, words) => {
    const faults = app.log.lines.filter((line) => line.level >= 50).length;
    const { status, text, answer } = await send(body);
    expect(refusalOf(answer)).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(status).toBeLessThan(500);
    expect(text).not.toMatch(/node_modules|\.ts:\d|originalError|prisma/i);
    expect(app.log.lines.filter((line) => line.level >= 50).length).toBe(faults);
  });

  test('an expired token', async () => {
    const expiresAt = new Date(app.clock.now().getTime() + 1);
    const { secret } = await createToken(app.instance, { name: 'late', scopes: ['admin'], expiresAt }, { name: 'test', tokenId: null });
    app.clock.advance(1);
    const { status, answer } = await send(operation('{ __typename }'), secret);
    expect([status, refusalOf(answer)]).toMatchObject([401, { code: 'UNAUTHENTICATED' }]);
  });

  test('a wrong scope', async () => {
    const { answer } = await send(operation('{ profiles { edges { cursor } } }'), await app.token('check:read'));
    expect(refusalOf(answer)).toMatchObject({ code: 'FORBIDDEN' });
  });

  test('an opt-out of no channel', async () => {
    const externalId = freshWord();
    await send(operation(CREATE_PROFILE, { input: { externalId } }));
    const { answer } = await send(operation(OPT_OUT, { input: { externalId, channels: [] } }));
    expect(refusalOf(answer)).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(/channel|empty/) });
  });

  test('the characters that LIKE knows mean themselves', async () => {
    const mark = freshWord();
    for (const firstName of [`${mark}_a`, `${mark}%a`, `${mark}\\a`, `${mark}ba`])
      await send(operation(CREATE_PROFILE, { input: { firstName } }));
    for (const wanted of [`${mark}_a`, `${mark}%a`, `${mark}\\a`]) {
      const { answer } = await send(
        operation('query ($t: String) { profiles(filter: { name: { contains: $t } }) { edges { node { firstName } } } }', { t: wanted }),
      );
      expect(answer).toEqual({ data: { profiles: { edges: [{ node: { firstName: wanted } }] } } });
    }
  });
});
