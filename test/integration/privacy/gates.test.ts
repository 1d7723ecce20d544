import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erasedAddress } from '../../../src/domain/address/erased-address.ts';
import { InvalidInputError, InvalidStateError } from '../../../src/domain/errors.ts';
import type { Channel } from '../../../src/domain/vocabulary.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { createPrivacyRequest } from '../../../src/operations/create-privacy-request.ts';
import { createProfile } from '../../../src/operations/create-profile.ts';
import { createQuarantineEntry } from '../../../src/operations/create-quarantine-entry.ts';
import { deleteQuarantineEntry } from '../../../src/operations/delete-quarantine-entry.ts';
import { checkProfiles, importProfiles, tryProfiles } from '../../../src/operations/import-profiles.ts';
import { checkQuarantine, importQuarantine } from '../../../src/operations/import-quarantine.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { liftErasure } from '../../../src/operations/lift-erasure.ts';
import { mayContact } from '../../../src/operations/may-contact.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { privacyName, runPrivacyRequest } from '../../../src/operations/run-privacy-request.ts';
import { updateProfile } from '../../../src/operations/update-profile.ts';
import { updateQuarantineEntry } from '../../../src/operations/update-quarantine-entry.ts';
import { upsertProfiles } from '../../../src/operations/upsert-profiles.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { API_DOOR, aProfile } from '../../support/feedback-instance.ts';
import { freshNumber } from '../../support/fresh.ts';
import { findTexts } from '../../support/scan-database.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { outcomes, prepared } from '../preparation/people.ts';
import { anAddress, bounceOf, erase, OPERATOR } from './somebody.ts';

let database: Database;
let instance: Instance;
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
});
afterAll(() => database.close());

const displayOf = async (channel: Channel, address: string) => erasedAddress((await instance.addressBook()).key(channel, address));

async function erasedOne(): Promise<string> {
  const address = anAddress('gone');
  await erase(instance, { namespace: 'EMAIL', value: address });
  return address;
}

async function entryOf(address: string, channel: Channel = 'EMAIL') {
  const key = (await instance.addressBook()).key(channel, address);
  const [entry] = await database.query<{ id: bigint; status: string; address: string; version: number; errorText: string | null }>(sql`
    SELECT id, status, address, version, error_text AS "errorText" FROM quarantine_entry WHERE address_key = ${key}::uuid AND short_code = ''`);
  if (!entry) throw new Error('there is no entry');
  return entry;
}

const decisionOf = async (address: string) => (await mayContact(instance, [{ channel: 'EMAIL', address }]))[0];

describe('an erased person does not come back', () => {
  const profile = (value: string, more = {}) => ({
    addresses: [
      { channel: 'EMAIL' as const, value: anAddress('fine') },
      { channel: 'EMAIL' as const, value },
    ],
    ...more,
  });

  test('by no door for profiles, in any spelling; the refusal names the field and not the address', async () => {
    const address = await erasedOne();
    const shouted = address.toUpperCase();
    const id = await createProfile(instance, { addresses: [] }, OPERATOR);
    const doors: [string, () => Promise<unknown>][] = [
      ['create', () => createProfile(instance, profile(shouted), OPERATOR)],
      ['update', () => updateProfile(instance, { id, ...profile(shouted) }, OPERATOR)],
      ['upsert', async () => (await upsertProfiles(instance, [{ externalId: 'back', ...profile(shouted) }], OPERATOR))[0]],
      [
        'import',
        async () =>
          (
            await importProfiles(
              instance,
              checkProfiles([{ externalId: 'back', ...profile(shouted) }], await instance.addressBook()),
              OPERATOR,
            )
          )[0],
      ],
      [
        'dry run',
        async () =>
          (await tryProfiles(instance, checkProfiles([{ externalId: 'back', ...profile(shouted) }], await instance.addressBook())))[0],
      ],
    ];
    for (const [name, door] of doors) {
      const refusal = await door().catch((error: unknown) => error);
      expect([name, refusal]).toEqual([name, expect.any(InvalidInputError)]);
      expect([name, (refusal as InvalidInputError).field]).toEqual([name, 'addresses.1.value']);
      expect((refusal as InvalidInputError).message).toContain('was erased because they asked for it');
      expect((refusal as InvalidInputError).message.toLowerCase()).not.toContain(address);
    }
    expect(await findTexts(database, [address])).toEqual([]);
  });

  test('a refused row stops no other', async () => {
    const [address, fine] = [await erasedOne(), anAddress('fine')];
    const items = [
      { externalId: `row-${fine}`, addresses: [{ channel: 'EMAIL' as const, value: fine }] },
      { externalId: 'row-of-the-erased', ...profile(address) },
    ];
    const [first, second] = await upsertProfiles(instance, items, OPERATOR);
    expect([typeof first, second]).toEqual(['bigint', expect.any(InvalidInputError)]);
    const again = await importProfiles(instance, checkProfiles(items, await instance.addressBook()), OPERATOR);
    expect(again).toEqual([first, expect.any(InvalidInputError)]);
    expect(await findTexts(database, ['row-of-the-erased'])).toEqual([]);
  });

  test('nor by the external id alone', async () => {
    const externalId = `crm-${anAddress('x')}`;
    const profileId = await createProfile(instance, { externalId, addresses: [] }, OPERATOR);
    await erase(instance, { profileId });
    const rows = checkProfiles([{ externalId, firstName: 'Back' }], await instance.addressBook());
    expect(await importProfiles(instance, rows, OPERATOR)).toEqual([expect.objectContaining({ field: 'externalId' })]);
    await expect(createProfile(instance, { externalId, addresses: [] }, OPERATOR)).rejects.toMatchObject({ field: 'externalId' });
    expect(await findTexts(database, [externalId])).toEqual([]);
  });

  test('nor by a list for the quarantine, which can shut it further and says nothing in clear', async () => {
    const address = anAddress('listed');
    await createQuarantineEntry(instance, { channel: 'EMAIL', address, status: 'QUARANTINE' }, OPERATOR);
    await erase(instance, { namespace: 'EMAIL', value: address });
    const rows = checkQuarantine(
      [
        { channel: 'EMAIL', address, status: 'ALLOWLISTED' },
        { channel: 'EMAIL', address, errorText: `complaint of ${address}` },
      ],
      await instance.addressBook(),
      instance.now(),
    );
    expect(await importQuarantine(instance, rows, OPERATOR)).toEqual(['UNCHANGED', 'CHANGED']);
    expect(await entryOf(address)).toMatchObject({ status: 'DENYLISTED', address: await displayOf('EMAIL', address), errorText: null });
    expect(await findTexts(database, [address])).toEqual([]);
  });

  test('by hand an entry of theirs is neither opened, described nor deleted; another one for a short code keeps the display form', async () => {
    const number = freshNumber();
    await erase(instance, { namespace: 'MOBILE_PHONE', value: number });
    const { id } = await entryOf(number, 'SMS');
    await expect(updateQuarantineEntry(instance, { id, status: 'VALID' }, OPERATOR)).rejects.toMatchObject({ field: 'status' });
    await expect(updateQuarantineEntry(instance, { id, errorText: 'Zelda' }, OPERATOR)).rejects.toMatchObject({ field: 'errorText' });
    await expect(deleteQuarantineEntry(instance, id, OPERATOR)).rejects.toThrow('liftErasureBlock');
    await createQuarantineEntry(instance, { channel: 'SMS', address: number, shortCode: '36100', status: 'QUARANTINE' }, OPERATOR);
    expect(await findTexts(database, [number])).toEqual([]);
  });
});

describe('an erased address is not written to', () => {
  test('mayContact says since when, why and what a person can do, beside the entry', async () => {
    const address = await erasedOne();
    const decision = await decisionOf(address);
    expect(decision).toMatchObject({ allowed: false });
    expect(decision?.blocks.map(({ key, reason, scope, since, until }) => ({ key, reason, scope, since, until }))).toEqual([
      { key: 'ADDRESS_ERASED', reason: 'DENYLISTED', scope: 'ADDRESS', since: instance.now(), until: null },
      { key: 'ADDRESS_DENYLISTED', reason: 'DENYLISTED', scope: 'ADDRESS', since: instance.now(), until: null },
    ]);
    expect(decision?.blocks[0]?.remedy).toContain('an administrator lifts the block');
  });

  test('preparation excludes a profile that has come to carry it, under the display form', async () => {
    const address = await erasedOne();
    const profileId = await aProfile(instance, 'EMAIL', address);
    const deliveryId = await prepared(instance, { profileIds: [profileId] });
    expect(await outcomes(instance, deliveryId)).toEqual([
      {
        profileId,
        address: await displayOf('EMAIL', address),
        outcome: 'DENYLISTED',
        cause: 'Blacklisted',
        scope: 'ADDRESS',
        text: 'The address was erased because the person asked for it.',
      },
    ]);
    // The block does not hang on the entry.
    for (const table of [sql`quarantine_entry`, sql`quarantine_event`])
      await database.execute(sql`DELETE FROM ${table} WHERE address = ${await displayOf('EMAIL', address)}`);
    const again = await prepared(instance, { profileIds: [profileId] });
    expect((await outcomes(instance, again)).map(({ outcome }) => outcome)).toEqual(['DENYLISTED']);
    await database.execute(sql`DELETE FROM address WHERE profile_id = ${profileId}`);
  });

  test('neither a bulk release nor the cleanup opens it', async () => {
    const address = anAddress('full');
    const failures = Array.from({ length: 5 }, (_, day) => ({
      channel: 'EMAIL' as const,
      address,
      outcome: 'FAILED' as const,
      text: '452 4.2.2 The mailbox is over quota',
      occurredAt: new Date(Date.UTC(2026, 0, 1 + day)),
    }));
    await recordDeliveryResults(instance, failures, API_DOOR);
    await erase(instance, { namespace: 'EMAIL', value: address });
    expect((await entryOf(address)).status).toBe('QUARANTINE');
    const release = await releaseQuarantine(instance, { filter: { address: { eq: address } }, mode: 'DELETE', dryRun: false }, OPERATOR);
    expect(await database.query(sql`SELECT matched FROM quarantine_release WHERE id = ${release}`)).toEqual([{ matched: 0 }]);
    await runCleanup(instance, SCHEDULED_CLEANUP);
    expect((await entryOf(address)).status).toBe('QUARANTINE');
  });
});

describe('what still comes in about an erased address', () => {
  test('counts and shuts, and is kept under the display form', async () => {
    const address = anAddress('late');
    await createQuarantineEntry(instance, { channel: 'EMAIL', address, status: 'QUARANTINE' }, OPERATOR);
    await erase(instance, { namespace: 'EMAIL', value: address });
    const item = {
      channel: 'EMAIL' as const,
      address,
      outcome: 'COMPLAINT' as const,
      text: `${address} pressed the button`,
      occurredAt: new Date('2026-05-11T08:00:00Z'),
    };
    const [first] = await recordDeliveryResults(instance, [item], API_DOOR);
    expect(first).toMatchObject({ accepted: true, duplicate: false, addressStatus: 'DENYLISTED' });
    const failed = { ...item, outcome: 'FAILED' as const, text: `550 5.1.1 <${address}> is unknown here`, eventId: `late ${first?.index}` };
    await recordDeliveryResults(instance, [failed], API_DOOR);
    const [repeat] = await recordDeliveryResults(instance, [failed], API_DOOR);
    expect(repeat).toMatchObject({ duplicate: true, addressStatus: 'DENYLISTED' });
    const display = await displayOf('EMAIL', address);
    expect(
      await database.query(sql`SELECT outcome, raw_text, failure_reason FROM delivery_event WHERE address = ${display} ORDER BY id`),
    ).toEqual([
      { outcome: 'COMPLAINT', raw_text: null, failure_reason: null },
      { outcome: 'FAILED', raw_text: null, failure_reason: 'USER_UNKNOWN' },
    ]);
    expect(await findTexts(database, [address])).toEqual([]);
    expect((await verifyQuarantine(instance, OPERATOR)).different).toBe(0);
  });

  test('a raw message is kept without its bytes; who else it names is judged as ever', async () => {
    const [address, other] = [await erasedOne(), anAddress('other')];
    const message = bounceOf([address, other]);
    const taken = await ingestMessage(instance, message, API_DOOR);
    const display = await displayOf('EMAIL', address);
    expect(taken.recipients.map(({ address: told, addressStatus }) => [told, addressStatus])).toEqual([
      [display, 'DENYLISTED'],
      [other, 'QUARANTINE'],
    ]);
    expect(await ingestMessage(instance, message, API_DOOR)).toMatchObject({ duplicate: true });
    expect(await findTexts(database, [address])).toEqual([]);
    expect(await findTexts(database, [other])).toEqual(expect.arrayContaining([expect.stringContaining('quarantine_entry.address')]));
  });
});

describe('a person who comes back of their own will', () => {
  test('is let in again by an administrator, with their external id; what the erasure alone had shut is open', async () => {
    const [address, externalId] = [anAddress('returned'), `crm-${anAddress('y')}`];
    const profileId = await createProfile(instance, { externalId, addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR);
    await erase(instance, { profileId });
    const display = await displayOf('EMAIL', address);
    expect(await liftErasure(instance, { channel: 'EMAIL', address }, OPERATOR)).toEqual({
      addresses: [display],
      externalIds: 1,
      stillShut: false,
    });
    expect(await decisionOf(address)).toMatchObject({ allowed: true });
    await createProfile(instance, { externalId, addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR);
    await expect(liftErasure(instance, { channel: 'EMAIL', address }, OPERATOR)).rejects.toThrow('lifted already');
    const [line] = await database.query(
      sql`SELECT actor, action, detail FROM audit_entry WHERE action = 'privacy.lift' ORDER BY id DESC LIMIT 1`,
    );
    expect(line).toMatchObject({ actor: 'operator', detail: JSON.stringify({ addresses: [display], externalIds: 1 }) });
    expect((await verifyQuarantine(instance, OPERATOR)).different).toBe(0);
  });

  test('finds a gate that was shut before the erasure still shut, and that can then be edited', async () => {
    const address = anAddress('complained');
    await createQuarantineEntry(instance, { channel: 'EMAIL', address, status: 'DENYLISTED', reason: 'REFUSED' }, OPERATOR);
    await erase(instance, { namespace: 'EMAIL', value: address });
    expect(await liftErasure(instance, { channel: 'EMAIL', address }, OPERATOR)).toMatchObject({ stillShut: true });
    expect((await decisionOf(address))?.blocks.map(({ key }) => key)).toEqual(['ADDRESS_DENYLISTED']);
    await updateQuarantineEntry(instance, { id: (await entryOf(address)).id, status: 'VALID' }, OPERATOR);
    expect(await decisionOf(address)).toMatchObject({ allowed: true });
  });

  test.each(['COMPLAINT', 'STOP'] as const)('finds the gate shut where a %s came after the erasure', async (outcome) => {
    const [channel, address] = outcome === 'STOP' ? (['SMS', freshNumber()] as const) : (['EMAIL', anAddress('angry')] as const);
    await erase(instance, { namespace: outcome === 'STOP' ? 'MOBILE_PHONE' : 'EMAIL', value: address });
    await recordDeliveryResults(instance, [{ channel, address, outcome, occurredAt: new Date('2026-05-11T08:00:00Z') }], API_DOOR);
    expect(await liftErasure(instance, { channel, address }, OPERATOR)).toMatchObject({ stillShut: true });
    expect((await entryOf(address, channel)).status).toBe('DENYLISTED');
    expect((await mayContact(instance, [{ channel, address }]))[0]?.blocks.map(({ key }) => key)).toEqual(['ADDRESS_DENYLISTED']);
  });

  test('finds the gate shut where a person has edited the entry since', async () => {
    const address = await erasedOne();
    await updateQuarantineEntry(instance, { id: (await entryOf(address)).id, status: 'QUARANTINE', reason: 'USER_UNKNOWN' }, OPERATOR);
    expect(await liftErasure(instance, { channel: 'EMAIL', address }, OPERATOR)).toMatchObject({ stillShut: true });
    expect((await entryOf(address)).status).toBe('QUARANTINE');
  });

  test('is open again for every short code that the erasure alone had shut, also where they were erased twice', async () => {
    const address = freshNumber();
    for (const [shortCode, status] of [
      ['36100', 'ERRONEOUS'],
      ['36200', 'DENYLISTED'],
    ] as const)
      await createQuarantineEntry(instance, { channel: 'SMS', address, shortCode, status }, OPERATOR);
    for (let time = 0; time < 2; time += 1) await erase(instance, { namespace: 'MOBILE_PHONE', value: address });
    expect(await liftErasure(instance, { channel: 'SMS', address }, OPERATOR)).toMatchObject({ stillShut: true });
    const key = (await instance.addressBook()).key('SMS', address);
    const left = await database.query(sql`SELECT short_code AS code, status FROM quarantine_entry WHERE address_key = ${key}::uuid`);
    expect(left).toEqual([{ code: '36200', status: 'DENYLISTED' }]);
    expect((await verifyQuarantine(instance, OPERATOR)).different).toBe(0);
  });

  test('waits until the erasure has ended: what came in again would be erased too', async () => {
    const address = anAddress('early');
    const id = await createPrivacyRequest(
      instance,
      { regulation: 'GDPR', type: 'DELETE', subject: { namespace: 'EMAIL', value: address }, singleStep: true },
      OPERATOR,
      { signal: AbortSignal.abort() },
    );
    await backgroundWorkEnded(instance, privacyName(id));
    const kill = new AbortController();
    await runPrivacyRequest(instance, id, { signal: kill.signal, onSlice: () => kill.abort() });
    await expect(liftErasure(instance, { channel: 'EMAIL', address }, OPERATOR)).rejects.toThrow(InvalidStateError);
    await runPrivacyRequest(instance, id);
    expect(await liftErasure(instance, { channel: 'EMAIL', address }, OPERATOR)).toMatchObject({ stillShut: false });
  });
});
