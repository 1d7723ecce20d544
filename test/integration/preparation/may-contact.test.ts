import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/domain/errors.ts';
import { createDelivery } from '../../../src/operations/create-delivery.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { type ContactCheck, mayContact } from '../../../src/operations/may-contact.ts';
import { optIn } from '../../../src/operations/opt-in.ts';
import { optOut } from '../../../src/operations/opt-out.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { freshNumber } from '../../support/fresh.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { fresh, insertEntry, insertPeople, outcomes, prepareAndWait, prepared, tester } from './people.ts';

let database: Database;
let instance: Instance;
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
});
afterAll(() => database.close());

const asked = async (check: Partial<ContactCheck>) => {
  const [decision] = await mayContact(instance, [{ channel: 'EMAIL', address: 'nobody@people.test', ...check }]);
  return decision;
};
const noteOptOut = (profileId: bigint | undefined, at: string) =>
  database.execute(sql`
    INSERT INTO consent_event (profile_id, channel, opted_out, source, occurred_at) VALUES (${profileId}, 'EMAIL', true, 'API', ${at}::timestamptz)`);

test('an address of which nothing is known may be written to', async () => {
  expect(await asked({})).toEqual({ channel: 'EMAIL', address: 'nobody@people.test', allowed: true, blocks: [] });
});

test('every shut gate is told with its evidence, in the order of preparation', async () => {
  const address = fresh('both');
  const [profileId] = await insertPeople(instance, [{ emails: [address], optedOut: 'email' }]);
  await noteOptOut(profileId, '2026-04-01T00:00:00Z');
  await insertEntry(instance, address, 'QUARANTINE');
  const [entry] = await database.query<{ id: bigint }>(sql`SELECT id FROM quarantine_entry WHERE address = ${address}`);
  const decision = await asked({ address: address.toUpperCase(), profileId: profileId ?? 0n });
  expect(decision).toMatchObject({
    address: address.toUpperCase(),
    allowed: false,
    blocks: [
      { reason: 'DENYLISTED', scope: 'PROFILE', profileId, since: new Date('2026-04-01T00:00:00Z'), until: null, entryId: null },
      { reason: 'QUARANTINED', scope: 'ADDRESS', entryId: entry?.id, since: new Date('2026-05-01T00:00:00Z'), profileId: null },
    ],
  });
  for (const block of decision?.blocks ?? []) expect(block.remedy).toMatch(/\.$/);
});

test('an opt-out that was withdrawn and given again counts from the second time', async () => {
  const address = fresh('again');
  const [profileId] = await insertPeople(instance, [{ emails: [address], optedOut: 'email' }]);
  await noteOptOut(profileId, '2026-01-01T00:00:00Z');
  await database.execute(sql`
    INSERT INTO consent_event (profile_id, channel, opted_out, source, occurred_at) VALUES (${profileId}, NULL, false, 'API', '2026-02-01Z'::timestamptz)`);
  await noteOptOut(profileId, '2026-03-01T00:00:00Z');
  expect((await asked({ address, profileId: profileId ?? 0n }))?.blocks[0]?.since).toEqual(new Date('2026-03-01T00:00:00Z'));
});

test('without a profile the person is asked only where everybody who holds the address has opted out', async () => {
  const [shared, alone] = [fresh('shared'), fresh('alone')];
  const [denied] = await insertPeople(instance, [{ emails: [shared, alone], optedOut: 'all' }, { emails: [shared] }]);
  expect((await asked({ address: shared }))?.allowed).toBe(true);
  expect((await asked({ address: shared, profileId: denied ?? 0n }))?.allowed).toBe(false);
  expect((await asked({ address: alone }))?.blocks).toMatchObject([{ scope: 'PROFILE', profileId: denied }]);
});

test.each([
  ['+15550100199', '15550100199'],
  ['15550100199', '+1 555 010 0199'],
  ['+15550100199', '+15550100199'],
])('an entry that was kept for %s shuts the gate for %s: with or without its plus, it is one number', async (kept, asks) => {
  const address = freshNumber();
  await insertEntry(instance, address, 'DENYLISTED', { channel: 'SMS', shortCode: kept });
  expect((await asked({ channel: 'SMS', address, shortCode: asks }))?.allowed).toBe(false);
  const profileIds = await insertPeople(instance, [{ phones: [address] }]);
  const id = await createDelivery(instance, { label: 'News', channel: 'SMS', profileIds, shortCode: asks }, tester);
  // As an earlier version kept it.
  await instance.database.execute(sql`UPDATE delivery SET short_code = ${asks.replaceAll(' ', '')} WHERE id = ${id}`);
  await prepareAndWait(instance, id);
  expect((await outcomes(instance, id)).map(({ outcome }) => outcome)).toEqual(['DENYLISTED']);
});

test('an SMS entry for a short code shuts the gate for that code only', async () => {
  const address = freshNumber();
  await insertEntry(instance, address, 'DENYLISTED', { channel: 'SMS', shortCode: '12345' });
  expect((await asked({ channel: 'SMS', address, shortCode: '12345' }))?.allowed).toBe(false);
  expect((await asked({ channel: 'SMS', address, shortCode: '999' }))?.allowed).toBe(true);
  expect((await asked({ channel: 'SMS', address }))?.allowed).toBe(true);
});

test('answers stand in the order of the questions', async () => {
  const addresses = Array.from({ length: 50 }, (_, place) => fresh(`n${place}`));
  await insertEntry(instance, addresses[7] ?? '', 'QUARANTINE');
  const decisions = await mayContact(
    instance,
    addresses.map((address) => ({ channel: 'EMAIL', address })),
  );
  expect(decisions.map(({ address }) => address)).toEqual(addresses);
  expect(decisions.flatMap(({ allowed }, place) => (allowed ? [] : [place]))).toEqual([7]);
});

test('thousands of answers stand in the order of the questions too, and a wrong one is named by its place', async () => {
  const addresses = Array.from({ length: 6_000 }, (_, place) => fresh(`m${place}`));
  const shut = [0, 2_499, 2_500, 5_999];
  for (const place of shut) await insertEntry(instance, addresses[place] ?? '', 'QUARANTINE');
  await insertPeople(instance, [{ emails: [addresses[5_000] ?? ''], optedOut: 'all' }]);
  const checks: ContactCheck[] = addresses.map((address) => ({ channel: 'EMAIL', address }));
  const decisions = await mayContact(instance, checks);
  expect(decisions.map(({ address }) => address)).toEqual(addresses);
  expect(decisions.flatMap(({ allowed }, place) => (allowed ? [] : [place]))).toEqual([...shut, 5_000].toSorted((a, b) => a - b));
  const refusal = await mayContact(instance, checks.with(5_500, { channel: 'EMAIL', address: 'none' })).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ field: 'input.5500.address' });
});

test('the wish of a person who opts out, and in again, is asked of every address of theirs', async () => {
  const [own, shared] = [fresh('own'), fresh('shared')];
  const [one, other] = await insertPeople(instance, [{ emails: [own, shared] }, { emails: [shared] }]);
  const allowed = async () =>
    (
      await mayContact(
        instance,
        [own, shared].map((address) => ({ channel: 'EMAIL', address })),
      )
    ).map((it) => it.allowed);
  await optOut(instance, { profileId: one, channels: ['EMAIL'], source: 'API' }, tester);
  expect(await allowed()).toEqual([false, true]);
  await optOut(instance, { profileId: other, source: 'API' }, tester);
  expect(await allowed()).toEqual([false, false]);
  await optIn(instance, { profileId: one, channels: ['EMAIL'], source: 'API' }, tester);
  expect(await allowed()).toEqual([true, true]);
});

const ok: ContactCheck = { channel: 'EMAIL', address: 'a@people.test' };
const REFUSED: [string, ContactCheck[]][] = [
  ['input', []],
  ['input', Array(10_001).fill(ok)],
  ['input.1.address', [ok, { channel: 'EMAIL', address: 'no address' }]],
  ['input.1.profileId', [ok, { ...ok, profileId: 987_654_321_987n }]],
  ['input.0.shortCode', [{ ...ok, shortCode: '12345' }]],
];

test.each(REFUSED)('the whole question is refused for %s', async (field, checks) => {
  const refusal = await mayContact(instance, checks).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(InvalidInputError);
  expect(refusal).toMatchObject({ field });
});

test('a list that cannot be read is an error, never a permission', async () => {
  const broken: Instance = { ...instance, database: { ...database, query: () => Promise.reject(new Error('the database is away')) } };
  await expect(mayContact(broken, [ok])).rejects.toThrow('the database is away');
});

const person = fc.record({
  address: fc.nat({ max: 5 }),
  optedOut: fc.constantFrom(undefined, undefined, 'all' as const, 'email' as const, 'sms' as const),
});
const entry = fc.record({
  address: fc.nat({ max: 5 }),
  status: fc.constantFrom('UNKNOWN', 'ERRONEOUS', 'VALID', 'DENYLISTED', 'QUARANTINE', 'ALLOWLISTED'),
});

test('the first gate that is shut is the reason that preparation logs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(person, { minLength: 1, maxLength: 8 }),
      fc.uniqueArray(entry, { selector: ({ address }) => address, maxLength: 6 }),
      async (people, entries) => {
        const addresses = Array.from({ length: 6 }, (_, place) => fresh(`a${place}`));
        const at = (place: number) => addresses[place] ?? '';
        const profileIds = await insertPeople(
          instance,
          people.map(({ address, optedOut }) => ({ emails: [at(address)], ...(optedOut ? { optedOut } : {}) })),
        );
        for (const { address, status } of entries) await insertEntry(instance, at(address), status);
        const rows = await outcomes(instance, await prepared(instance, { profileIds, excludeDuplicates: false }, 3));
        const decisions = await mayContact(
          instance,
          rows.map(({ profileId, address }) => ({ channel: 'EMAIL', address: address ?? '', profileId })),
        );
        expect(rows).toHaveLength(people.length);
        expect(decisions.map(({ blocks }) => blocks[0]?.reason ?? 'send')).toEqual(rows.map(({ outcome }) => outcome));
        expect(decisions.map(({ blocks }) => blocks[0]?.scope ?? null)).toEqual(rows.map(({ scope }) => scope));
        expect(decisions.map(({ blocks }) => blocks[0]?.text ?? null)).toEqual(rows.map(({ text }) => text));
      },
    ),
    { numRuns: 25 },
  );
});
