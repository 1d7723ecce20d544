import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../src/operations/background-work.ts';
import { createToken } from '../../src/operations/create-token.ts';
import { privacyName } from '../../src/operations/run-privacy-request.ts';
import { SCOPES } from '../../src/operations/scopes.ts';
import { freshAddress, freshWord } from '../support/fresh.ts';
import { type LiveUpdates, subscribeBySocket } from '../support/live-client.ts';
import { findTexts } from '../support/scan-database.ts';
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
});
afterAll(async () => {
  await app.close();
  await closeDatabase();
});

const REQUEST = `id status type regulation namespace value error confirmBefore fileUrl fileBytes fileExpiresAt profile { id }
  counts { table rows } sharedAddresses { channel address holders kept }`;

// biome-ignore lint/suspicious/noExplicitAny: answers are read by the test that knows their shape
async function ask(query: string, variables: object = {}): Promise<any> {
  const { data, errors } = await app.graphql(query, variables);
  expect(errors).toBeUndefined();
  return Object.values(data)[0];
}

const createProfile = (input: object) =>
  ask(
    'mutation ($input: CreateProfileInput!) { createProfile(input: $input) { __typename ... on Profile { id } ... on InvalidInputError { message field } } }',
    { input },
  );
const create = (input: object) =>
  ask(
    `mutation ($input: CreatePrivacyRequestInput!) { createPrivacyRequest(input: $input) { __typename ... on PrivacyRequest { ${REQUEST} } ... on Error { message } } }`,
    { input },
  );
const confirm = (id: string, what = 'confirmErasure') =>
  ask(`mutation ($id: ID!) { ${what}(id: $id) { __typename ... on PrivacyRequest { status error } ... on Error { message } } }`, { id });
const read = (id: string) => ask(`query ($id: ID!) { node(id: $id) { ... on PrivacyRequest { ${REQUEST} } } }`, { id });

async function ended(id: string) {
  await backgroundWorkEnded(app.instance, privacyName(BigInt(Buffer.from(id, 'base64url').toString().split(':')[1] ?? 0)));
  return read(id);
}

describe('an erasure through the API', () => {
  test('is previewed, asked for, confirmed and done; the list, the feed and the audit trail then show the display form', async () => {
    const [email, shared] = [freshAddress(), freshAddress('family')];
    const name = `Zelda${freshWord()}`;
    const held = (value: string) => ({ channel: 'EMAIL', value });
    const profile = await createProfile({ firstName: name, externalId: `crm-${email}`, addresses: [held(email), held(shared)] });
    await createProfile({ firstName: 'Bob', addresses: [held(shared)] });
    const subject = { namespace: 'EMAIL', value: email.toUpperCase() };

    const preview = await ask(
      'query ($subject: PrivacySubjectInput!) { privacyPreview(subject: $subject) { addresses profile { firstName } counts { table rows } sharedAddresses { address holders kept } } }',
      { subject },
    );
    expect(preview).toMatchObject({
      addresses: 1,
      profile: { firstName: name },
      sharedAddresses: [{ address: shared, holders: 1, kept: true }],
    });
    expect(preview.counts).toContainEqual({ table: 'address', rows: 2 });

    const request = await create({ type: 'DELETE', subject });
    expect(request).toMatchObject({
      status: 'DELETE_CONFIRMATION_PENDING',
      regulation: 'GDPR',
      value: email,
      confirmBefore: '2026-05-27T10:00:00.000Z',
    });
    expect((await ask('query ($id: ID!) { node(id: $id) { ... on Profile { firstName } } }', { id: profile.id })).firstName).toBe(name);

    const updates = subscribeBySocket(
      app.url,
      app.adminToken,
      'subscription { quarantineUpdated { event { address previousStatus status text } } }',
      {},
    );
    open.push(updates);
    await expect.poll(async () => (await app.fetch('/metrics')).text()).toMatch(/^lazaret_feed_subscribers\{[^}]*\} 1$/m);
    expect(await confirm(request.id)).toMatchObject({ __typename: 'PrivacyRequest' });
    const done = await ended(request.id);
    expect(done).toMatchObject({ status: 'COMPLETE', value: expect.stringMatching(/^erased:[0-9a-f]{12}$/), profile: null, error: null });
    expect(done.sharedAddresses).toEqual([{ channel: 'EMAIL', address: shared, holders: 1, kept: true }]);
    expect(await findTexts(app.instance.database, [email, name])).toEqual([]);
    expect((await updates.next()).quarantineUpdated.event).toEqual({
      address: done.value,
      previousStatus: null,
      status: 'DENYLISTED',
      text: null,
    });

    const filter = { address: { eq: done.value } };
    const list = await ask('query ($filter: QuarantineFilter) { quarantine(filter: $filter) { edges { node { address status } } } }', {
      filter,
    });
    expect(list.edges).toEqual([{ node: { address: done.value, status: 'DENYLISTED' } }]);
    const byAddress = await ask('query ($filter: QuarantineFilter) { quarantine(filter: $filter) { edges { node { address } } } }', {
      filter: { address: { eq: email } },
    });
    expect(byAddress.edges).toEqual([{ node: { address: done.value } }]);
    const history = await ask(
      'query ($address: String!) { quarantineHistory(channel: EMAIL, address: $address) { edges { node { address } } } }',
      { address: done.value },
    );
    expect(history.edges).toEqual([{ node: { address: done.value } }]);
    const audit = await ask('{ auditLog(first: 20) { edges { node { action subject detail } } } }');
    const actions = audit.edges.map(({ node }: { node: { action: string } }) => node.action);
    expect(actions).toEqual(expect.arrayContaining(['privacy.request', 'privacy.confirm', 'privacy.erased']));
    expect(await ask('query ($id: ID!) { node(id: $id) { id } }', { id: profile.id })).toBeNull();
  });

  test('keeps the person out until an administrator lets them back', async () => {
    const email = freshAddress();
    const request = await create({ type: 'DELETE', subject: { namespace: 'EMAIL', value: email }, singleStep: true, regulation: 'CCPA' });
    expect((await ended(request.id)).status).toBe('COMPLETE');
    const addresses = [{ channel: 'EMAIL', value: email }];
    expect(await createProfile({ addresses })).toMatchObject({ __typename: 'InvalidInputError', field: 'addresses.0.value' });
    const contact =
      'query ($address: String!) { mayContact(input: [{ channel: EMAIL, address: $address }]) { allowed blocks { reason scope text since until remedy } } }';
    const [decision] = await ask(contact, { address: email });
    expect(decision.blocks[0]).toMatchObject({
      reason: 'DENYLISTED',
      scope: 'ADDRESS',
      text: expect.stringContaining('erased'),
      since: '2026-05-12T10:00:00.000Z',
      until: null,
    });
    const [entry] = (
      await ask('query ($filter: QuarantineFilter) { quarantine(filter: $filter) { edges { node { id } } } }', {
        filter: { address: { eq: email } },
      })
    ).edges;
    const edits = [
      'mutation ($id: ID!) { updateQuarantineEntry(input: { id: $id, status: VALID }) { __typename ... on InvalidInputError { message } } }',
      'mutation ($id: ID!) { deleteQuarantineEntry(id: $id) { __typename ... on InvalidInputError { message } } }',
    ];
    for (const edit of edits)
      expect(await ask(edit, { id: entry.node.id })).toMatchObject({ message: expect.stringContaining('liftErasureBlock') });
    const lift =
      'mutation ($input: LiftErasureBlockInput!) { liftErasureBlock(input: $input) { __typename ... on LiftedErasure { addresses stillShut } ... on Error { message } } }';
    expect(await ask(lift, { input: { channel: 'EMAIL', address: email } })).toMatchObject({
      __typename: 'LiftedErasure',
      stillShut: false,
    });
    expect((await createProfile({ addresses })).__typename).toBe('Profile');
    expect((await ask(contact, { address: email }))[0].allowed).toBe(true);
    expect(await ask(lift, { input: { channel: 'EMAIL', address: email } })).toMatchObject({ __typename: 'NotFoundError' });
  });

  test('can be cancelled while it waits, and not after', async () => {
    const email = freshAddress();
    const request = await create({ type: 'DELETE', subject: { namespace: 'EMAIL', value: email } });
    expect(await confirm(request.id, 'cancelErasure')).toMatchObject({ status: 'ERROR', error: expect.stringContaining('cancelled') });
    expect(await confirm(request.id)).toMatchObject({ __typename: 'InvalidStateError' });
    expect(await confirm(Buffer.from('PrivacyRequest:999999999').toString('base64url'))).toMatchObject({ __typename: 'NotFoundError' });
  });

  test.each([
    [{}, 'InvalidInputError'],
    [{ namespace: 'EMAIL' }, 'InvalidInputError'],
    [{ namespace: 'EMAIL', value: 'no address' }, 'InvalidInputError'],
    [{ namespace: 'EMAIL', value: 'a@b.example', externalId: 'x' }, 'InvalidInputError'],
    [{ externalId: 'nobody at all' }, 'NotFoundError'],
    [{ profileId: Buffer.from('Profile:999999999').toString('base64url') }, 'NotFoundError'],
  ])('a subject that names nobody, or several, is refused: %j', async (subject, refusal) => {
    expect((await create({ type: 'DELETE', subject })).__typename).toBe(refusal);
  });
});

describe('the file of an access request', () => {
  test('is downloaded by administrators, once it is there, with the headers of a file', async () => {
    const email = freshAddress();
    await createProfile({ addresses: [{ channel: 'EMAIL', value: email }] });
    const request = await create({ type: 'ACCESS', subject: { namespace: 'EMAIL', value: email } });
    const { fileUrl, fileBytes, fileExpiresAt, status } = await ended(request.id);
    expect([status, fileExpiresAt]).toEqual(['COMPLETE', '2026-08-10T10:00:00.000Z']);
    const response = await app.fetch(fileUrl);
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'application/json; charset=utf-8',
      'no-store',
    ]);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="privacy-request-\d+\.json"$/);
    expect(response.headers.get('content-length')).toBe(String(fileBytes));
    expect((await response.json()) as object).toMatchObject({ request: { value: email }, addresses: [{ value: email }] });
    expect((await app.fetch(fileUrl, { method: 'HEAD' })).headers.get('content-length')).toBe(String(fileBytes));

    const scopes = SCOPES.filter((scope) => scope !== 'admin');
    const { secret: others } = await createToken(app.instance, { name: 'all but admin', scopes }, { name: 'test', tokenId: null });
    expect((await app.fetch(fileUrl, { token: others })).status).toBe(403);
    expect((await app.fetch(fileUrl, { token: null })).status).toBe(401);
    expect((await app.fetch(fileUrl, { method: 'POST' })).status).toBe(405);
    for (const path of [
      '/privacy-requests/nonsense/file',
      `/privacy-requests/${Buffer.from('Profile:1').toString('base64url')}/file`,
      '/privacy-requests/x',
      '/privacy-requests//file',
    ])
      expect([path, (await app.fetch(path)).status]).toEqual([path, 404]);
    const { edges } = await ask('{ privacyRequests(first: 1) { edges { node { id fileUrl } } } }');
    expect(edges).toEqual([{ node: { id: request.id, fileUrl } }]);
    const audit = await ask('{ auditLog(first: 3) { edges { node { action detail } } } }');
    expect(audit.edges.map(({ node }: { node: { action: string } }) => node.action)).toContain('privacy.download');
    expect(JSON.stringify(audit)).not.toContain(email);
  });
});
