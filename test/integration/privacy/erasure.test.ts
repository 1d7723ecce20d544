import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erasedAddress } from '../../../src/domain/address/erased-address.ts';
import { createProfile } from '../../../src/operations/create-profile.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { findTexts } from '../../support/scan-database.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { anAddress, erase, OPERATOR, requestOf, type Somebody, somebody } from './somebody.ts';

let database: Database;
let instance: Instance;
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
});
afterAll(() => database.close());

const keyOf = async (channel: 'EMAIL' | 'SMS', address: string) => (await instance.addressBook()).key(channel, address);
/** Ids and places in the feed of every ledger, with what is no text. */
const ledgers = (person: Somebody) =>
  database.query(sql`
  SELECT 'q' AS ledger, id, txid::text AS txid, status::text, error_count AS figure FROM quarantine_event WHERE version > 0
  UNION ALL SELECT 'd', id, txid::text, outcome::text, run FROM delivery_event
  UNION ALL SELECT 'x', id, txid::text, reason::text, run FROM exclusion_log
  UNION ALL SELECT 'c', id, txid::text, channel::text, profile_id::int FROM consent_event WHERE profile_id = ${person.profileId} ORDER BY 1, 2`);
/** What was still to be sent is cancelled; the rest is as it was. */
const asLeft = (log: LogState): LogState =>
  log.status === 'PENDING'
    ? {
        ...log,
        status: 'CANCELLED',
        failure_type: 'HARD',
        failure_reason: 'DENYLISTED',
        version: log.version + 1,
        updated_at: instance.now(),
      }
    : log;
interface LogState {
  readonly status: string;
  readonly failure_type: string | null;
  readonly failure_reason: string | null;
  readonly version: number;
  readonly updated_at: Date;
}
const logStates = (person: Somebody) =>
  database.query<LogState>(sql`
  SELECT id, status, failure_type, failure_reason, attempts, version, updated_at, address_key::text FROM delivery_log
  WHERE profile_id = ${person.profileId} ORDER BY id`);

describe('after an erasure', () => {
  test('no column of no table holds the addresses, the names or the external id, and what is no text is as it was', async () => {
    const other = anAddress('witness');
    const person = await somebody(instance, other);
    const known = await findTexts(database, person.texts);
    for (const table of [
      'profile',
      'address',
      'consent_event',
      'delivery_log',
      'delivery_event',
      'exclusion_log',
      'inbound_event',
      'quarantine_entry',
      'quarantine_event',
      'quarantine_release',
      'requalification',
      'qualification',
      'audit_entry',
      'privacy_request',
      'privacy_file_part',
    ])
      expect([table, known.some((place) => place.startsWith(`${table}.`))]).toEqual([table, true]);
    const before = { ledgers: await ledgers(person), logs: await logStates(person) };

    const id = await erase(instance, { namespace: 'EMAIL', value: person.email });

    expect(await findTexts(database, person.texts)).toEqual([]);
    const request = await requestOf(database, id);
    expect(request).toMatchObject({
      status: 'COMPLETE',
      error: null,
      work: null,
      value: erasedAddress(await keyOf('EMAIL', person.email)),
    });
    expect(request.report.counts).toMatchObject({ profile: 1, address: 2, consent_event: 1, delivery_log: 2, inbound_event: 3 });
    const after = await ledgers(person);
    expect(after.filter((line) => before.ledgers.some((old) => JSON.stringify(old, text) === JSON.stringify(line, text)))).toHaveLength(
      before.ledgers.length,
    );
    expect(await logStates(person)).toEqual(before.logs.map(asLeft));
    // Somebody else of the same message is as before.
    expect(await findTexts(database, [other])).toEqual(expect.arrayContaining([expect.stringMatching(/^quarantine_entry\.address/)]));
    expect((await verifyQuarantine(instance, OPERATOR)).different).toBe(0);
  });

  test('every entry of the person is shut under the display form of its key; what shut before keeps its status', async () => {
    const person = await somebody(instance, anAddress('witness'));
    await erase(instance, { profileId: person.profileId });
    const key = await keyOf('EMAIL', person.email);
    const entries = await database.query(sql`
      SELECT address, domain, status, reason, error_text, short_code FROM quarantine_entry WHERE address_key = ${key}::uuid`);
    expect(entries).toEqual([
      { address: erasedAddress(key), domain: null, status: 'QUARANTINE', reason: 'USER_UNKNOWN', error_text: null, short_code: '' },
    ]);
    const sms = await keyOf('SMS', person.mobile);
    expect(await database.query(sql`SELECT address, status, reason FROM quarantine_entry WHERE address_key = ${sms}::uuid`)).toEqual([
      { address: erasedAddress(sms), status: 'DENYLISTED', reason: 'DENYLISTED' },
    ]);
  });

  test('an address of which nothing is known is shut too', async () => {
    const address = anAddress('stranger');
    const id = await erase(instance, { namespace: 'EMAIL', value: address });
    expect((await requestOf(database, id)).status).toBe('COMPLETE');
    expect(await findTexts(database, [address])).toEqual([]);
    const key = await keyOf('EMAIL', address);
    expect(await database.query(sql`SELECT status FROM quarantine_entry WHERE address_key = ${key}::uuid`)).toEqual([
      { status: 'DENYLISTED' },
    ]);
  });
});

describe('an address that several profiles hold', () => {
  const hold = (firstName: string, ...values: string[]) =>
    createProfile(instance, { firstName, addresses: values.map((value) => ({ channel: 'EMAIL' as const, value })) }, OPERATOR);
  const addressesOf = async (profileId: bigint) =>
    (await database.query<{ value: string }>(sql`SELECT value FROM address WHERE profile_id = ${profileId} ORDER BY id`)).map(
      ({ value }) => value,
    );

  test('asked for by itself it is erased everywhere, and the holders keep their names: nobody knows which of them asks', async () => {
    const [shared, own] = [anAddress('family'), anAddress('own')];
    const [first, second] = [await hold('Ann', shared, own), await hold('Bob', shared)];
    const id = await erase(instance, { namespace: 'EMAIL', value: shared });
    expect(await findTexts(database, [shared])).toEqual([]);
    expect([await addressesOf(first), await addressesOf(second)]).toEqual([[own], []]);
    expect(await database.query(sql`SELECT first_name FROM profile WHERE id IN (${first}, ${second}) ORDER BY id`)).toHaveLength(2);
    const display = erasedAddress(await keyOf('EMAIL', shared));
    expect((await requestOf(database, id)).report.shared).toEqual([{ channel: 'EMAIL', address: display, holders: 2, kept: false }]);
  });

  test('of a person who is erased it is taken, and it stays with the others: it is their data too', async () => {
    const [shared, own] = [anAddress('family'), anAddress('own')];
    const [first, second] = [await hold('Ann', shared, own), await hold('Bob', shared)];
    const id = await erase(instance, { profileId: first });
    expect(await addressesOf(second)).toEqual([shared]);
    expect(await findTexts(database, [own])).toEqual([]);
    expect((await requestOf(database, id)).report.shared).toEqual([{ channel: 'EMAIL', address: shared, holders: 1, kept: true }]);
    const key = await keyOf('EMAIL', shared);
    expect(await database.query(sql`SELECT key FROM erased_key WHERE key = ${key}::uuid`)).toEqual([]);
    // The report of that erasure names it: until the others ask for theirs.
    await erase(instance, { profileId: second });
    expect(await findTexts(database, [shared])).toEqual([]);
  });

  test('where the request says so it is erased with the person, everywhere', async () => {
    const shared = anAddress('family');
    const [first, second] = [await hold('Ann', shared), await hold('Bob', shared)];
    await erase(instance, { profileId: first }, { eraseShared: true });
    expect([await addressesOf(second), await findTexts(database, [shared])]).toEqual([[], []]);
  });
});

const text = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
