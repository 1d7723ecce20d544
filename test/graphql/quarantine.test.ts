import { beforeAll, describe, expect, it } from 'vitest';
import { agreesWithLedger, type LedgerLine } from '../../src/domain/quarantine/fold.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { sql } from '../../src/store/database.ts';
import { aDelivery, aProfile, record, TEXT } from '../support/feedback-instance.ts';
import { freshAddress, freshDomain, freshWord } from '../support/fresh.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const ENTRY = `__typename ... on QuarantineEntry { id channel address shortCode domain status reason errorText errorCount lastErrorAt source
  version statusUpdatedAt lastDelivery { id } history { edges { node { previousStatus status version actor source errorCount text } } } }
  ... on Error { message code } ... on InvalidInputError { field }`;
const CREATE = `mutation ($input: CreateQuarantineEntryInput!) { result: createQuarantineEntry(input: $input) { ${ENTRY} } }`;
const UPDATE = `mutation ($input: UpdateQuarantineEntryInput!) { result: updateQuarantineEntry(input: $input) { ${ENTRY} } }`;
const DELETE = `mutation ($id: ID!) { result: deleteQuarantineEntry(id: $id) { __typename ... on Deleted { id } ... on Error { code } } }`;
const FIND = `query ($filter: QuarantineFilter) { quarantine(filter: $filter, first: 100) { totalCount edges { node { address status } } } }`;

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});

async function run(document: string, variables: object) {
  const { data, errors } = await app.graphql(document, variables);
  expect(errors).toBeUndefined();
  return data.result;
}

async function find(filter: object): Promise<string[]> {
  const { data, errors } = await app.graphql(FIND, { filter });
  expect(errors).toBeUndefined();
  const addresses = data.quarantine.edges.map(({ node }: { node: { address: string } }) => node.address);
  expect(data.quarantine.totalCount).toBe(addresses.length);
  return addresses;
}

/** Is the entry what its ledger says? */
async function agrees(address: string): Promise<boolean> {
  const columns = sql`reason, error_count AS "errorCount", last_error_at AS "lastErrorAt", last_significant_error_at AS "lastSignificantErrorAt",
    last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source, status_updated_at AS "statusUpdatedAt"`;
  const { database } = app.instance;
  const [entry] = await database.query(
    sql`SELECT status, error_text AS "errorText", ${columns} FROM quarantine_entry WHERE address = ${address}`,
  );
  const lines = await database.query<LedgerLine>(sql`
    SELECT status, text, ${columns} FROM quarantine_event WHERE address = ${address} ORDER BY version`);
  return agreesWithLedger((entry as never) ?? null, lines);
}

describe('createQuarantineEntry', () => {
  it('R40 to R44: takes address, channel, status, reason, date, number and text of the error and the last delivery', async () => {
    const address = freshAddress();
    const delivery = encodeGlobalId('Delivery', (await aDelivery(app.instance, [{ address }])).id);
    const entry = await run(CREATE, {
      input: {
        channel: 'EMAIL',
        address: ` ${address.toUpperCase()}`,
        status: 'ERRONEOUS',
        reason: 'MAILBOX_FULL',
        errorCount: 3,
        errorText: '452 full',
        lastErrorAt: '2026-05-01T00:00:00Z',
        lastDeliveryId: delivery,
      },
    });
    expect(entry).toMatchObject({
      address,
      domain: 'example.com',
      status: 'ERRONEOUS',
      reason: 'MAILBOX_FULL',
      errorCount: 3,
      errorText: '452 full',
      lastErrorAt: '2026-05-01T00:00:00.000Z',
      lastDelivery: { id: delivery },
      source: 'MANUAL',
      version: 1,
    });
    expect(entry.history.edges).toMatchObject([{ node: { previousStatus: null, status: 'ERRONEOUS', version: 1 } }]);
    expect(await agrees(address)).toBe(true);
  });

  it('is QUARANTINE unless told otherwise', async () => {
    expect(await run(CREATE, { input: { channel: 'EMAIL', address: freshAddress() } })).toMatchObject({
      status: 'QUARANTINE',
      errorCount: 0,
    });
  });

  it.each([
    ['an address that is none', { address: 'nobody' }, 'address'],
    ['a short code beside e-mail', { shortCode: '12345' }, 'shortCode'],
    ['a negative number of errors', { errorCount: -1 }, 'errorCount'],
    ['an error in the future', { lastErrorAt: '2030-01-01T00:00:00Z' }, 'lastErrorAt'],
    ['a NUL in the text', { errorText: 'a\0b' }, 'errorText'],
  ])('refuses %s', async (_name, part, field) => {
    const input = { channel: 'EMAIL', address: freshAddress(), ...part };
    expect(await run(CREATE, { input })).toMatchObject({ __typename: 'InvalidInputError', field });
  });

  it('R41: refuses an entry without address or channel', async () => {
    for (const input of [{ channel: 'EMAIL' }, { address: 'a@example.com' }, { channel: 'PIGEON', address: 'a' }]) {
      const { errors } = await app.graphql(CREATE, { input });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });

  it('R44: refuses a last delivery that does not exist', async () => {
    const input = { channel: 'EMAIL', address: freshAddress(), lastDeliveryId: encodeGlobalId('Delivery', 999_999_999n) };
    expect(await run(CREATE, { input })).toMatchObject({ __typename: 'NotFoundError' });
  });

  it('refuses a second entry for the address, and takes one for another short code', async () => {
    const input = { channel: 'SMS', address: '+33612340001', shortCode: '36000' };
    expect(await run(CREATE, { input })).toMatchObject({ shortCode: '36000' });
    expect(await run(CREATE, { input })).toMatchObject({ __typename: 'ConflictError' });
    expect(await run(CREATE, { input: { ...input, shortCode: null } })).toMatchObject({ __typename: 'QuarantineEntry', shortCode: null });
  });
});

describe('updateQuarantineEntry', () => {
  it('R38 and R39: changes the fields that are given and keeps the others', async () => {
    const address = freshAddress();
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address, reason: 'REFUSED', errorText: 'x', errorCount: 4 } });
    app.clock.advance(1_000);
    const edited = await run(UPDATE, { input: { id, status: 'ALLOWLISTED', reason: null } });
    expect(edited).toMatchObject({ status: 'ALLOWLISTED', reason: null, errorText: 'x', errorCount: 4, version: 2 });
    expect(edited.statusUpdatedAt).toBe(app.clock.now().toISOString());
    expect(await agrees(address)).toBe(true);
  });

  it('setting VALID puts the counter to 0', async () => {
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address: freshAddress(), errorCount: 4 } });
    expect(await run(UPDATE, { input: { id, status: 'VALID' } })).toMatchObject({ status: 'VALID', errorCount: 0 });
  });

  it('an edit that changes nothing writes nothing', async () => {
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address: freshAddress(), reason: 'REFUSED' } });
    const same = await run(UPDATE, { input: { id, status: 'QUARANTINE', reason: 'REFUSED' } });
    expect(same.version).toBe(1);
    expect(same.history.edges).toHaveLength(1);
  });

  it('is refused where the entry has moved on', async () => {
    const address = freshAddress();
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address, status: 'ERRONEOUS' } });
    await run(UPDATE, { input: { id, expectedVersion: 1, errorCount: 1 } });
    expect(await run(UPDATE, { input: { id, expectedVersion: 1, errorCount: 2 } })).toMatchObject({
      __typename: 'ConflictError',
      message: expect.stringContaining('version 2'),
    });
  });

  it('of many at once with one expected version, one is taken', async () => {
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address: freshAddress() } });
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => run(UPDATE, { input: { id, expectedVersion: 1, errorCount: index + 1 } })),
    );
    expect(results.filter(({ __typename }) => __typename === 'QuarantineEntry')).toHaveLength(1);
  });

  it('refuses to take away the status, an unknown entry and the id of something else', async () => {
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address: freshAddress() } });
    expect(await run(UPDATE, { input: { id, status: null } })).toMatchObject({ __typename: 'InvalidInputError', field: 'status' });
    expect(await run(UPDATE, { input: { id: encodeGlobalId('QuarantineEntry', 999_999_999n) } })).toMatchObject({
      __typename: 'NotFoundError',
    });
    const { errors } = await app.graphql(UPDATE, { input: { id: encodeGlobalId('Profile', 1n) } });
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining('"input.id"'), extensions: { code: 'BAD_USER_INPUT' } });
  });
});

describe('deleteQuarantineEntry', () => {
  it('R38: deletes the entry; its history stays, and its versions go on where it comes back', async () => {
    const address = freshAddress();
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address } });
    expect(await run(DELETE, { id })).toEqual({ __typename: 'Deleted', id });
    expect(await run(DELETE, { id })).toEqual({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
    expect(await agrees(address)).toBe(true);
    const history = async () => {
      const { data } = await app.graphql(
        'query ($address: String!) { quarantineHistory(channel: EMAIL, address: $address) { edges { node { previousStatus status version } } } }',
        { address: address.toUpperCase() },
      );
      return data.quarantineHistory.edges.map(({ node }: { node: object }) => node);
    };
    expect(await history()).toEqual([
      { previousStatus: 'QUARANTINE', status: null, version: 2 },
      { previousStatus: null, status: 'QUARANTINE', version: 1 },
    ]);
    expect(await run(CREATE, { input: { channel: 'EMAIL', address } })).toMatchObject({ version: 3 });
    expect(await history()).toHaveLength(3);
  });

  it('writes a line into the audit trail for each change', async () => {
    const { id } = await run(CREATE, { input: { channel: 'EMAIL', address: freshAddress() } });
    await run(UPDATE, { input: { id, status: 'VALID' } });
    await run(DELETE, { id });
    const { data } = await app.graphql('{ auditLog(first: 3) { edges { node { action subject actor } } } }');
    const actions = data.auditLog.edges.map(({ node }: { node: { action: string } }) => node.action);
    expect(actions).toEqual(['quarantine.delete', 'quarantine.update', 'quarantine.create']);
  });
});

describe('the quarantine list', () => {
  it('R17 and R20: a hard bounce quarantines the address and leaves the flags of the profile', async () => {
    const address = freshAddress();
    const profile = await aProfile(app.instance, 'EMAIL', address);
    await record(app.instance, {
      channel: 'EMAIL',
      address,
      outcome: 'FAILED',
      text: TEXT.unknownUser,
      occurredAt: new Date('2026-05-12T09:00:00Z'),
    });
    expect(await find({ address: { eq: address } })).toEqual([address]);
    const { data } = await app.graphql(
      'query ($id: ID) { profile(id: $id) { denylist { all email } addresses { edges { node { quarantineEntry { status } } } } } }',
      {
        id: encodeGlobalId('Profile', profile),
      },
    );
    expect(data.profile).toEqual({
      denylist: { all: false, email: false },
      addresses: { edges: [{ node: { quarantineEntry: { status: 'QUARANTINE' } } }] },
    });
  });

  it('R37: filters on address, status and channel, alone and together', async () => {
    const name = `r37-${freshWord()}`;
    await run(CREATE, { input: { channel: 'EMAIL', address: `${name}-a@example.com`, status: 'DENYLISTED' } });
    await run(CREATE, { input: { channel: 'EMAIL', address: `${name}-b@example.com`, status: 'QUARANTINE' } });
    await run(CREATE, { input: { channel: 'PUSH', address: `${name}-c`, status: 'QUARANTINE' } });
    const all = { address: { startsWith: name } };
    expect((await find(all)).sort()).toEqual([`${name}-a@example.com`, `${name}-b@example.com`, `${name}-c`]);
    expect(await find({ ...all, status: ['DENYLISTED'] })).toEqual([`${name}-a@example.com`]);
    expect(await find({ ...all, channel: ['PUSH'] })).toEqual([`${name}-c`]);
    expect(await find({ ...all, channel: ['EMAIL'], status: ['QUARANTINE', 'VALID'] })).toEqual([`${name}-b@example.com`]);
    expect(await find({ address: { eq: `${name.toUpperCase()}-A@Example.com` } })).toEqual([`${name}-a@example.com`]);
    expect(await find({ address: { contains: `${name.toUpperCase()}-B@EX` } })).toEqual([`${name}-b@example.com`]);
    expect(await find({ address: { startsWith: name, contains: '-b' } })).toEqual([`${name}-b@example.com`]);
    expect(await find({ address: { contains: `${name.toUpperCase()}-C` } })).toEqual([]);
  });

  it('takes the characters of patterns literally', async () => {
    const name = freshWord();
    for (const rest of ['_a', 'xa', '%b', 'yb', '\\c', 'zc']) {
      await run(CREATE, { input: { channel: 'PUSH', address: `${name}${rest}`, errorText: `${name}: 100${rest} full` } });
    }
    for (const rest of ['_a', '%b', '\\c']) {
      expect(await find({ address: { startsWith: `${name}${rest}` } })).toEqual([`${name}${rest}`]);
      expect(await find({ address: { contains: `${name}${rest}` } })).toEqual([`${name}${rest}`]);
      expect(await find({ errorTextContains: [name, `100${rest}`] })).toEqual([`${name}${rest}`]);
    }
    expect(await find({ errorTextContains: [name, 'FULL'] })).toEqual([]);
  });

  it('filters on domain, reason and ranges of time, both ends included', async () => {
    const domain = freshDomain();
    const entry = { channel: 'EMAIL', reason: 'REFUSED', lastErrorAt: '2026-03-01T00:00:00Z' };
    await run(CREATE, { input: { ...entry, address: `a@${domain}` } });
    await run(CREATE, { input: { ...entry, address: `b@${domain}`, reason: 'MAILBOX_FULL', lastErrorAt: '2026-03-02T00:00:00Z' } });
    await run(CREATE, { input: { channel: 'EMAIL', address: `c@${domain}` } });
    const both = { domain: [domain.toUpperCase(), 'other.example'] };
    expect(await find(both)).toHaveLength(3);
    expect(await find({ ...both, reason: ['REFUSED'] })).toEqual([`a@${domain}`]);
    expect(await find({ ...both, lastErrorAt: { from: '2026-03-01T00:00:00Z', to: '2026-03-01T00:00:00Z' } })).toEqual([`a@${domain}`]);
    expect(await find({ ...both, lastErrorAt: { from: '2026-03-01T00:00:00.001Z' } })).toEqual([`b@${domain}`]);
    expect(await find({ ...both, statusUpdatedAt: { to: '2026-01-01T00:00:00Z' } })).toEqual([]);
  });

  it('has no conditions where the filters say nothing', async () => {
    const { data } = await app.graphql(
      '{ a: quarantine { totalCount } b: quarantine(filter: { address: {}, status: null, lastErrorAt: {} }) { totalCount } }',
    );
    expect(data.b).toEqual(data.a);
  });
});
