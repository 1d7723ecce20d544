import { beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { sql } from '../../src/store/database.ts';
import { aDelivery, aProfile, record } from '../support/feedback-instance.ts';
import { freshAddress, freshWord } from '../support/fresh.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let app: TestApp;
let logId: string;
let profileId: string;
let address: string;

beforeAll(async () => {
  app = await testApp();
  address = freshAddress();
  const profile = await aProfile(app.instance, 'EMAIL', address);
  const delivery = await aDelivery(app.instance, [{ address, profileId: profile }]);
  await record(app.instance, {
    channel: 'EMAIL',
    address,
    deliveryId: delivery.id,
    outcome: 'FAILED',
    text: '550 5.1.1 user unknown',
    occurredAt: app.clock.now(),
  });
  profileId = encodeGlobalId('Profile', profile);
  logId = encodeGlobalId('DeliveryLog', delivery.logIds[0] ?? 0n);
});

describe('a nullable reference that the token may not read', () => {
  it('is null with FORBIDDEN at its path, and the rest of the answer stands', async () => {
    const token = await app.token('logs:read');
    const { data, errors } = await app.graphql(
      `query ($id: ID!) { node(id: $id) { ... on DeliveryLog { address status profile { id firstName } qualification { text } delivery { label } } } }`,
      { id: logId },
      token,
    );
    expect(data.node).toEqual({ address, status: 'FAILED', profile: null, qualification: null, delivery: { label: 'Test' } });
    expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code]).sort()).toEqual([
      ['node.profile', 'FORBIDDEN'],
      ['node.qualification', 'FORBIDDEN'],
    ]);
  });

  it('is shown to the scope of its type', async () => {
    const token = await app.token('logs:read', 'profiles:read', 'rules:read');
    const { data, errors } = await app.graphql(
      `query ($id: ID!) { node(id: $id) { ... on DeliveryLog { profile { id } qualification { reason } } } }`,
      { id: logId },
      token,
    );
    expect(errors).toBeUndefined();
    expect(data.node).toEqual({ profile: { id: profileId }, qualification: { reason: 'USER_UNKNOWN' } });
  });

  it('hides the entry of an address from who reads profiles alone', async () => {
    const { data, errors } = await app.graphql(
      `query ($id: ID!) { profile(id: $id) { addresses { edges { node { value quarantineEntry { status } } } } } }`,
      { id: profileId },
      await app.token('profiles:read'),
    );
    expect(data.profile.addresses.edges).toEqual([{ node: { value: address, quarantineEntry: null } }]);
    expect(errors?.[0]).toMatchObject({
      path: ['profile', 'addresses', 'edges', 0, 'node', 'quarantineEntry'],
      extensions: { code: 'FORBIDDEN' },
    });
  });
});

describe('node', () => {
  it('does not show what the list of the type would not show', async () => {
    const { data, errors } = await app.graphql(
      'query ($id: ID!) { node(id: $id) { id } }',
      { id: profileId },
      await app.token('quarantine:read'),
    );
    expect(data.node).toBeNull();
    expect(errors?.[0]).toMatchObject({ path: ['node'], extensions: { code: 'FORBIDDEN' } });
  });
});

describe('the result of a mutation', () => {
  it('is shown to whoever may make it, without what it refers to', async () => {
    const token = await app.token('consent:write');
    const { data, errors } = await app.graphql(
      `mutation ($id: ID!) { optOut(input: { profileId: $id, channels: [FAX] }) { ... on Profile { id denylist { fax } firstName } } }`,
      { id: profileId },
      token,
    );
    expect(data.optOut).toEqual({ id: profileId, denylist: { fax: true }, firstName: null });
    expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([['optOut.firstName', 'FORBIDDEN']]);
  });

  it('shows the sample of a release to whoever may release', async () => {
    const { data, errors } = await app.graphql(
      'mutation ($address: String) { releaseQuarantine(input: { filter: { address: { eq: $address } }, dryRun: true }) { ... on QuarantineRelease { matched sample { address } } } }',
      { address },
      await app.token('quarantine:write'),
    );
    expect(errors).toBeUndefined();
    expect(data.releaseQuarantine).toEqual({ matched: 1, sample: [{ address }] });
  });

  it('is shown in full to whoever may write profiles', async () => {
    const { data, errors } = await app.graphql(
      `mutation { createProfile(input: { firstName: "Zoe" }) { ... on Profile { firstName denylist { all } } } }`,
      {},
      await app.token('profiles:write'),
    );
    expect(errors).toBeUndefined();
    expect(data.createProfile.firstName).toBe('Zoe');
  });
});

describe('a refusal for want of a scope', () => {
  it('changes nothing', async () => {
    const externalId = freshWord();
    const { errors } = await app.graphql(
      'mutation ($externalId: String) { createProfile(input: { externalId: $externalId }) { __typename } }',
      { externalId },
      await app.token('profiles:read'),
    );
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await app.instance.database.query(sql`SELECT 1 FROM profile WHERE external_id = ${externalId}`)).toEqual([]);
  });
});
