import { beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../src/store/database.ts';
import { readingSqlOf, sqlOf } from '../support/count-sql.ts';
import { freshNumber, freshWord } from '../support/fresh.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const PROFILE = `__typename ... on Profile { id externalId firstName lastName denylist { all email sms phone directMail fax push }
  addresses(first: 50) { edges { node { id channel value original } } } } ... on Error { message code } ... on InvalidInputError { field }`;
const CREATE = `mutation ($input: CreateProfileInput!) { result: createProfile(input: $input) { ${PROFILE} } }`;
const UPDATE = `mutation ($input: UpdateProfileInput!) { result: updateProfile(input: $input) { ${PROFILE} } }`;
const UPSERT = `mutation ($input: [UpsertProfileInput!]!) { upsertProfiles(input: $input) { results { index accepted id error { message field } } } }`;

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});

const fresh = (what: string) => `${what}-${freshWord()}`;

async function run(document: string, input: object) {
  const { data, errors } = await app.graphql(document, { input });
  expect(errors).toBeUndefined();
  return data.result;
}

const values = (profile: { addresses: { edges: { node: { value: string } }[] } }) =>
  profile.addresses.edges.map(({ node }) => node.value).sort();

describe('createProfile', () => {
  it('brings addresses to their canonical form and keeps them as they were given', async () => {
    const profile = await run(CREATE, {
      addresses: [
        { channel: 'EMAIL', value: ' Ann@Bücher.example ' },
        { channel: 'SMS', value: '+33 6 12 34 56 78' },
      ],
    });
    expect(profile.addresses.edges.map(({ node }: { node: object }) => node)).toMatchObject([
      { channel: 'SMS', value: '+33612345678', original: '+33 6 12 34 56 78' },
      { channel: 'EMAIL', value: 'ann@xn--bcher-kva.example', original: ' Ann@Bücher.example ' },
    ]);
  });

  it('R23: a new profile shows its seven flags, all open', async () => {
    const profile = await run(CREATE, { firstName: 'Ann' });
    expect(profile.denylist).toEqual({ all: false, email: false, sms: false, phone: false, directMail: false, fax: false, push: false });
  });

  it('takes several addresses of a channel; two spellings of one collapse', async () => {
    const profile = await run(CREATE, {
      addresses: [
        { channel: 'EMAIL', value: 'a@example.com' },
        { channel: 'EMAIL', value: 'b@example.com' },
        { channel: 'EMAIL', value: 'A@Example.com' },
      ],
    });
    expect(values(profile)).toEqual(['a@example.com', 'b@example.com']);
  });

  it.each([
    [
      {
        addresses: [
          { channel: 'EMAIL', value: 'a@example.com' },
          { channel: 'EMAIL', value: 'nobody' },
        ],
      },
      'addresses.1.value',
      /no @/,
    ],
    [{ addresses: [{ channel: 'SMS', value: '0612345678' }] }, 'addresses.0.value', /country code/],
    [{ addresses: [{ channel: 'EMAIL', value: 'a\0@example.com' }] }, 'addresses.0.value', /invisible character|NUL/],
    [{ addresses: [{ channel: 'OTHER', value: '\ud800' }] }, 'addresses.0.value', /surrogate/],
    [{ externalId: ' ' }, 'externalId', /not empty/],
    [{ firstName: 'A\0nn' }, 'firstName', /NUL/],
    [{ lastName: 'x'.repeat(201) }, 'lastName', /at most 200/],
  ])('refuses %j and names the field', async (input, field, message) => {
    expect(await run(CREATE, input)).toMatchObject({
      __typename: 'InvalidInputError',
      code: 'INVALID_INPUT',
      field,
      message: expect.stringMatching(message),
    });
  });

  it('refuses an external id that is taken', async () => {
    const externalId = fresh('taken');
    await run(CREATE, { externalId });
    expect(await run(CREATE, { externalId })).toMatchObject({ __typename: 'ConflictError', code: 'CONFLICT' });
  });
});

describe('updateProfile', () => {
  it('keeps what is absent and clears what is null', async () => {
    const { id } = await run(CREATE, { firstName: 'Ann', lastName: 'Lee', addresses: [{ channel: 'EMAIL', value: 'keep@example.com' }] });
    const profile = await run(UPDATE, { id, firstName: null });
    expect(profile).toMatchObject({ firstName: null, lastName: 'Lee' });
    expect(values(profile)).toEqual(['keep@example.com']);
  });

  it('replaces the addresses of the channels that it names, and no others', async () => {
    const { id } = await run(CREATE, {
      addresses: [
        { channel: 'EMAIL', value: 'old@example.com' },
        { channel: 'SMS', value: '+33612345678' },
        { channel: 'PUSH', value: 'token' },
      ],
    });
    const profile = await run(UPDATE, { id, addresses: [{ channel: 'EMAIL', value: 'new@example.com' }], replaceChannels: ['SMS'] });
    expect(values(profile)).toEqual(['new@example.com', 'token']);
  });

  it('keeps the row of an address that stays', async () => {
    const first = await run(CREATE, { addresses: [{ channel: 'EMAIL', value: 'stays@example.com' }] });
    const second = await run(UPDATE, {
      id: first.id,
      addresses: [
        { channel: 'EMAIL', value: 'Stays@example.com' },
        { channel: 'EMAIL', value: 'more@example.com' },
      ],
    });
    const idOf = (profile: typeof first) =>
      profile.addresses.edges.find(({ node }: { node: { value: string } }) => node.value === 'stays@example.com').node.id;
    expect(idOf(second)).toBe(idOf(first));
  });

  it('refuses an external id that another profile has, and an id that nothing has', async () => {
    const externalId = fresh('other');
    await run(CREATE, { externalId });
    const { id } = await run(CREATE, {});
    expect(await run(UPDATE, { id, externalId })).toMatchObject({ __typename: 'ConflictError' });
    const unknown = Buffer.from('Profile:999999999').toString('base64url');
    expect(await run(UPDATE, { id: unknown, firstName: 'x' })).toMatchObject({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
  });
});

describe('upsertProfiles', () => {
  it('creates and updates, and reports one bad item in its place', async () => {
    const [a, b] = [fresh('a'), fresh('b')];
    await run(CREATE, { externalId: a, firstName: 'Old', lastName: 'Name', addresses: [{ channel: 'SMS', value: '+33612345678' }] });
    const { data } = await app.graphql(UPSERT, {
      input: [
        { externalId: a, firstName: 'New', addresses: [{ channel: 'EMAIL', value: 'a@example.com' }] },
        { externalId: fresh('bad'), addresses: [{ channel: 'EMAIL', value: 'nobody' }] },
        { externalId: b, firstName: 'Bo' },
      ],
    });
    expect(data.upsertProfiles.results).toMatchObject([
      { index: 0, accepted: true, error: null },
      { index: 1, accepted: false, id: null, error: { field: 'addresses.0.value' } },
      { index: 2, accepted: true, error: null },
    ]);
    const read = await app.graphql(
      `query ($a: String) { profile(externalId: $a) { ${PROFILE.replace('__typename ', '')} } }`.replace(
        / \.\.\. on (Error|InvalidInputError) \{[^}]*\}/g,
        '',
      ),
      { a },
    );
    expect(read.data.profile).toMatchObject({ firstName: 'New', lastName: 'Name' });
    expect(values(read.data.profile)).toEqual(['+33612345678', 'a@example.com']);
  });

  it('takes several items of one profile in their order', async () => {
    const externalId = fresh('twice');
    const { data } = await app.graphql(UPSERT, {
      input: [
        { externalId, firstName: 'First', lastName: 'Last', addresses: [{ channel: 'EMAIL', value: 'one@example.com' }] },
        { externalId, lastName: null, addresses: [{ channel: 'EMAIL', value: 'two@example.com' }] },
      ],
    });
    const ids = data.upsertProfiles.results.map(({ id }: { id: string }) => id);
    expect(ids[0]).toBe(ids[1]);
    const [row] = await app.instance.database.query(sql`
      SELECT first_name, last_name, array(SELECT value FROM address a WHERE a.profile_id = p.id) AS held FROM profile p WHERE external_id = ${externalId}`);
    expect(row).toEqual({ first_name: 'First', last_name: null, held: ['two@example.com'] });
  });

  it('of the same profiles at once, in any order, leave one profile each', async () => {
    const externalIds = Array.from({ length: 40 }, () => fresh('race'));
    const batches = Array.from({ length: 8 }, (_, batch) => (batch % 2 ? externalIds : externalIds.toReversed()).slice(batch));
    const answers = await Promise.all(
      batches.map((batch, index) =>
        app.graphql(UPSERT, {
          input: batch.map((externalId) => ({ externalId, addresses: [{ channel: 'EMAIL', value: `race${index}@example.com` }] })),
        }),
      ),
    );
    expect(answers.map(({ errors }) => errors)).toEqual(batches.map(() => undefined));
    const found = await app.instance.database.query<{ held: number }>(sql`
      SELECT (SELECT count(*)::int FROM address a WHERE a.profile_id = p.id) AS held FROM profile p
      WHERE external_id IN (SELECT jsonb_array_elements_text(${JSON.stringify(externalIds)}::jsonb))`);
    expect(found.map(({ held }) => held)).toEqual(Array(40).fill(1));
  });

  it('takes 1,000 at a time and no more, in the same few statements', async () => {
    const items = (count: number) =>
      Array.from({ length: count }, () => ({
        externalId: fresh('many'),
        addresses: [{ channel: 'EMAIL', value: `${fresh('m')}@example.com` }],
      }));
    const few = await sqlOf(() => app.graphql(UPSERT, { input: items(2) }));
    const many = await sqlOf(async () => {
      const { data } = await app.graphql(UPSERT, { input: items(1_000) });
      expect(data.upsertProfiles.results.filter(({ accepted }: { accepted: boolean }) => accepted)).toHaveLength(1_000);
    });
    expect(many.length).toBe(few.length);
    const { errors } = await app.graphql(UPSERT, { input: items(1_001) });
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining('at most 1000'), extensions: { code: 'BAD_USER_INPUT' } });
  });
});

describe('lists of profiles', () => {
  it('are oldest first, with their addresses in as many statements for 20 profiles as for one', async () => {
    const name = fresh('list');
    for (let index = 0; index < 20; index += 1) {
      await run(CREATE, {
        firstName: name,
        lastName: String(index),
        addresses: [{ channel: 'EMAIL', value: `${name}-${index}@example.com` }],
      });
    }
    const list = (first: number) => `{ profiles(filter: { name: { eq: "${name}" } }, first: ${first}) { edges { node { lastName
      addresses(first: 5) { edges { node { value quarantineEntry { status } } } } consentHistory { edges { node { id } } } } } } }`;
    const { data } = await app.graphql(list(20));
    expect(data.profiles.edges.map(({ node }: { node: { lastName: string } }) => node.lastName)).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
    const one = await readingSqlOf(() => app.graphql(list(1)));
    const twenty = await readingSqlOf(() => app.graphql(list(20)));
    expect(twenty.length).toBe(one.length);
    expect(twenty.length).toBeLessThanOrEqual(6);
  });

  it('find profiles by name, by address and by channel', async () => {
    const [first, last] = [fresh('Ada'), fresh('Byron')];
    const number = freshNumber();
    const { id } = await run(CREATE, {
      firstName: first,
      lastName: last,
      addresses: [
        { channel: 'EMAIL', value: `${first}@Example.com` },
        { channel: 'SMS', value: number },
      ],
    });
    const find = async (filter: object) => {
      const { data, errors } = await app.graphql('query ($filter: ProfileFilter) { profiles(filter: $filter) { edges { node { id } } } }', {
        filter,
      });
      expect(errors).toBeUndefined();
      return data.profiles.edges.map(({ node }: { node: { id: string } }) => node.id);
    };
    expect(await find({ name: { eq: `${first} ${last}` } })).toEqual([id]);
    expect(await find({ name: { startsWith: last } })).toEqual([id]);
    expect(await find({ address: { eq: ` ${first.toUpperCase()}@EXAMPLE.com` } })).toEqual([id]);
    expect(await find({ address: { startsWith: `${first}@EX` } })).toEqual([id]);
    expect(await find({ address: { eq: number }, channel: 'SMS' })).toEqual([id]);
    expect(await find({ address: { eq: number }, channel: 'PHONE' })).toEqual([]);
    expect(await find({ name: { eq: first }, channel: 'SMS' })).toEqual([id]);
    expect(await find({ name: { eq: first }, channel: 'FAX' })).toEqual([]);
    expect(await find({ name: { eq: first }, denylisted: false })).toEqual([id]);
    await app.graphql('mutation ($id: ID!) { optOut(input: { profileId: $id, channels: [SMS] }) { __typename } }', { id });
    expect(await find({ name: { eq: first }, denylisted: true })).toEqual([id]);
    expect(await find({ name: { eq: first }, denylisted: true, channel: 'SMS' })).toEqual([id]);
    expect(await find({ name: { eq: first }, denylisted: true, channel: 'EMAIL' })).toEqual([]);
  });
});
