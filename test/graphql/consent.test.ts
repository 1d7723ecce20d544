import { beforeAll, describe, expect, it } from 'vitest';
import { createProfile } from '../../src/operations/create-profile.ts';
import { optIn } from '../../src/operations/opt-in.ts';
import { optOut } from '../../src/operations/opt-out.ts';
import { updateProfile } from '../../src/operations/update-profile.ts';
import { sql } from '../../src/store/database.ts';
import { sqlOf } from '../support/count-sql.ts';
import { freshWord } from '../support/fresh.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const ACTOR = { name: 'test', tokenId: null };
const CONSENT = (field: string) => `mutation ($input: ConsentInput!) { result: ${field}(input: $input) {
  __typename ... on Profile { id denylist { all email sms phone directMail fax push }
    consentHistory(first: 50) { edges { node { channel optedOut source note actor occurredAt } } } }
  ... on Error { message code } ... on InvalidInputError { field } } }`;
const OPEN = { all: false, email: false, sms: false, phone: false, directMail: false, fax: false, push: false };

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});

async function aPerson(): Promise<{ id: string; key: bigint; externalId: string }> {
  const externalId = freshWord();
  const key = await createProfile(
    app.instance,
    { externalId, addresses: [{ channel: 'EMAIL', value: `${externalId}@example.com` }] },
    ACTOR,
  );
  return { id: Buffer.from(`Profile:${key}`).toString('base64url'), key, externalId };
}

async function run(field: 'optOut' | 'optIn', input: object) {
  const { data, errors } = await app.graphql(CONSENT(field), { input });
  expect(errors).toBeUndefined();
  const { consentHistory, ...result } = data.result;
  return { ...result, history: consentHistory?.edges.map(({ node }: { node: object }) => node) };
}

async function openAddresses(key: bigint): Promise<number> {
  const rows = await app.instance.database.query(sql`SELECT 1 FROM address WHERE profile_id = ${key} AND NOT opted_out`);
  return rows.length;
}

describe('optOut and optIn', () => {
  it('an opt-in that is told late does not take back a newer opt-out, and one that is newer does', async () => {
    const { id } = await aPerson();
    const at = (minutes: number) => new Date(app.clock.now().getTime() + minutes * 60_000).toISOString();
    await run('optOut', { profileId: id, channels: ['EMAIL'], occurredAt: at(-10) });
    const late = await run('optIn', { profileId: id, channels: ['EMAIL'], occurredAt: at(-20) });
    expect(late.denylist).toEqual({ ...OPEN, email: true });
    expect(late.history).toHaveLength(1);
    expect((await run('optIn', { profileId: id, occurredAt: at(-15) })).denylist).toEqual({ ...OPEN, email: true });
    expect((await run('optIn', { profileId: id, channels: ['EMAIL'], occurredAt: at(-5) })).denylist).toEqual(OPEN);
  });

  it('R3: an operator opts a profile out and in again by hand, and the history says so', async () => {
    const { id } = await aPerson();
    const out = await run('optOut', { profileId: id, channels: ['EMAIL', 'SMS'], note: 'asked on the phone' });
    expect(out.denylist).toEqual({ ...OPEN, email: true, sms: true });
    const back = await run('optIn', { profileId: id, channels: ['EMAIL'] });
    expect(back.denylist).toEqual({ ...OPEN, sms: true });
    expect(back.history).toMatchObject([
      { channel: 'EMAIL', optedOut: false, source: 'OPERATOR' },
      { channel: 'SMS', optedOut: true, note: 'asked on the phone' },
      { channel: 'EMAIL', optedOut: true, source: 'OPERATOR', actor: expect.any(String) },
    ]);
  });

  it('R1 and R21: opting out of everything sets the flag `all`, opting out of a channel only its own', async () => {
    const { id, key } = await aPerson();
    expect((await run('optOut', { profileId: id, channels: ['FAX'] })).denylist).toEqual({ ...OPEN, fax: true });
    expect(await openAddresses(key)).toBe(1);
    expect((await run('optOut', { profileId: id })).denylist).toEqual({ ...OPEN, all: true, fax: true });
    expect(await openAddresses(key)).toBe(0);
    expect((await run('optIn', { profileId: id })).denylist).toEqual(OPEN);
    expect(await openAddresses(key)).toBe(1);
  });

  it('R6: an opt-out concerns the profile: the quarantine list stays empty', async () => {
    const { id, externalId } = await aPerson();
    await run('optOut', { profileId: id });
    const { data } = await app.graphql('query ($address: String) { quarantine(filter: { address: { eq: $address } }) { totalCount } }', {
      address: `${externalId}@example.com`,
    });
    expect(data.quarantine.totalCount).toBe(0);
  });

  it('a repeat changes nothing and writes no line', async () => {
    const { id } = await aPerson();
    await run('optOut', { profileId: id, channels: ['EMAIL'] });
    const again = await run('optOut', { profileId: id, channels: ['EMAIL', 'EMAIL'] });
    expect(again.history).toHaveLength(1);
  });

  it('names a profile by its external id', async () => {
    const { id, externalId } = await aPerson();
    expect((await run('optOut', { externalId })).id).toBe(id);
  });

  it('keeps the time that it is told, and the present without one', async () => {
    const { id } = await aPerson();
    await run('optOut', { profileId: id, channels: ['PUSH'], occurredAt: '2026-01-02T03:04:05+01:00' });
    const { history } = await run('optOut', { profileId: id });
    expect(history.map(({ occurredAt }: { occurredAt: string }) => occurredAt)).toEqual([
      app.clock.now().toISOString(),
      '2026-01-02T02:04:05.000Z',
    ]);
  });

  it.each([
    ['an empty list of channels', { channels: [] }, 'channels'],
    ['the channel OTHER', { channels: ['OTHER'] }, 'channels'],
    ['a time far ahead', { occurredAt: '2027-01-01T00:00:00Z' }, 'occurredAt'],
    ['both names of a profile', { externalId: 'x' }, 'profileId'],
    ['a note with a NUL', { note: 'a\0b' }, 'note'],
  ])('refuses %s', async (_name, part, field) => {
    const { id } = await aPerson();
    expect(await run('optOut', { profileId: id, ...part })).toMatchObject({ __typename: 'InvalidInputError', field });
  });

  it('refuses an opt-in to a channel while the profile has opted out of all, and says so', async () => {
    const { id } = await aPerson();
    await run('optOut', { profileId: id });
    expect(await run('optIn', { profileId: id, channels: ['EMAIL'] })).toMatchObject({
      __typename: 'InvalidInputError',
      message: expect.stringContaining('opted out of all channels'),
    });
  });

  it('says that a profile does not exist', async () => {
    expect(await run('optOut', { externalId: 'nobody at all' })).toMatchObject({ __typename: 'NotFoundError' });
  });
});

describe('recordConsents', () => {
  const RECORD =
    'mutation ($input: [RecordConsentInput!]!) { recordConsents(input: $input) { results { index accepted id error { message field } } } }';

  it('takes the items of one profile in their order and reports bad ones in their place', async () => {
    const [ann, bob] = [await aPerson(), await aPerson()];
    const { data, errors } = await app.graphql(RECORD, {
      input: [
        { consent: { profileId: ann.id, channels: ['EMAIL'] }, optedOut: true },
        { consent: { profileId: 'rubbish' }, optedOut: true },
        { consent: { externalId: 'nobody at all' }, optedOut: true },
        { consent: { externalId: bob.externalId }, optedOut: true },
        { consent: { externalId: ann.externalId, channels: ['EMAIL'] }, optedOut: false },
        { consent: { externalId: bob.externalId, channels: ['SMS'] }, optedOut: false },
      ],
    });
    expect(errors).toBeUndefined();
    expect(data.recordConsents.results).toMatchObject([
      { accepted: true, id: ann.id },
      { accepted: false, error: { field: 'consent.profileId' } },
      { accepted: false, error: { message: expect.stringContaining('no profile') } },
      { accepted: true, id: bob.id },
      { accepted: true, id: ann.id },
      { accepted: false, error: { field: 'channels' } },
    ]);
    expect([await openAddresses(ann.key), await openAddresses(bob.key)]).toEqual([1, 0]);
    const lines = await app.instance.database.query(sql`SELECT opted_out FROM consent_event WHERE profile_id = ${ann.key} ORDER BY id`);
    expect(lines).toEqual([{ opted_out: true }, { opted_out: false }]);
  });

  it('costs the same few statements for one and for 50', async () => {
    const people = await Promise.all(Array.from({ length: 50 }, aPerson));
    const items = (some: typeof people) => some.map(({ id }) => ({ consent: { profileId: id }, optedOut: true }));
    const one = await sqlOf(() => app.graphql(RECORD, { input: items(people.slice(0, 1)) }));
    const all = await sqlOf(() => app.graphql(RECORD, { input: items(people) }));
    expect(all.length).toBe(one.length);
  });

  it('refuses an empty list and 1,001 items', async () => {
    for (const count of [0, 1_001]) {
      const input = Array.from({ length: count }, () => ({ consent: { externalId: 'x' }, optedOut: true }));
      const { errors } = await app.graphql(RECORD, { input });
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
  });
});

describe('consent and addresses raced', () => {
  it('an address added while its profile opts out is never left open', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { key, externalId } = await aPerson();
      const address = (index: number) => ({ channel: 'EMAIL' as const, value: `${externalId}-${index}@example.com` });
      const adds = Array.from(
        { length: 6 },
        (_, index) => () => updateProfile(app.instance, { id: key, addresses: [address(index)] }, ACTOR),
      );
      const outs = Array.from(
        { length: 2 },
        () => () => optOut(app.instance, { profileId: key, channels: ['EMAIL'], source: 'API' }, ACTOR),
      );
      await Promise.all([...adds.slice(0, 3), ...outs, ...adds.slice(3)].map((work) => work()));
      expect(await openAddresses(key)).toBe(0);
    }
  });

  it('the flag on the address equals the flag of the profile after any race of opt-outs and opt-ins', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { key, externalId } = await aPerson();
      const request = { profileId: key, source: 'API' as const };
      await Promise.all([
        optOut(app.instance, request, ACTOR),
        updateProfile(app.instance, { id: key, addresses: [{ channel: 'SMS', value: '+33612345678' }] }, ACTOR),
        optIn(app.instance, request, ACTOR),
        updateProfile(app.instance, { id: key, addresses: [{ channel: 'EMAIL', value: `${externalId}-b@example.com` }] }, ACTOR),
        optOut(app.instance, request, ACTOR),
        optIn(app.instance, request, ACTOR),
      ]);
      const wrong = await app.instance.database.query(sql`
        SELECT a.id FROM address a JOIN profile p ON p.id = a.profile_id WHERE p.id = ${key} AND a.opted_out <> p.opted_out_all`);
      expect(wrong).toEqual([]);
    }
  });
});
