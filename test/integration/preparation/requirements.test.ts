import { beforeAll, expect, test } from 'vitest';
import type { Instance } from '../../../src/operations/instance.ts';
import { sql } from '../../../src/store/database.ts';
import { freshNumber } from '../../support/fresh.ts';
import { testDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { fresh, insertEntry, insertPeople, outcomes, prepared } from './people.ts';

let instance: Instance;
beforeAll(async () => {
  instance = await testInstance(await testDatabase());
});

const reasons = async (input: Parameters<typeof prepared>[1]) =>
  (await outcomes(instance, await prepared(instance, input))).map(({ outcome }) => outcome);

test('R1: who opted out of everything gets nothing on any channel', async () => {
  const profileIds = await insertPeople(instance, [{ emails: [fresh('a')], phones: [freshNumber()], optedOut: 'all' }]);
  expect(await reasons({ profileIds, channel: 'EMAIL' })).toEqual(['DENYLISTED']);
  expect(await reasons({ profileIds, channel: 'SMS' })).toEqual(['DENYLISTED']);
});

test('R1, R21: who opted out of e-mail still gets SMS', async () => {
  const profileIds = await insertPeople(instance, [{ emails: [fresh('a')], phones: [freshNumber()], optedOut: 'email' }]);
  expect(await reasons({ profileIds, channel: 'EMAIL' })).toEqual(['DENYLISTED']);
  expect(await reasons({ profileIds, channel: 'SMS' })).toEqual(['send']);
});

test('R4: an opt-out is an exclusion row with reason, text and scope', async () => {
  const address = fresh('a');
  const profileIds = await insertPeople(instance, [{ emails: [address], optedOut: 'email' }]);
  expect(await outcomes(instance, await prepared(instance, { profileIds }))).toEqual([
    {
      profileId: profileIds[0],
      address,
      outcome: 'DENYLISTED',
      cause: 'Blacklisted',
      scope: 'PROFILE',
      text: 'The recipient no longer wants to be contacted.',
    },
  ]);
});

test('R7, R22: every address of a profile that opted out is excluded', async () => {
  const profileIds = await insertPeople(instance, [{ emails: [fresh('a'), fresh('b')], optedOut: 'email' }]);
  expect(await reasons({ profileIds })).toEqual(['DENYLISTED', 'DENYLISTED']);
});

test('R8: of two profiles of one person, the one that did not opt out still receives', async () => {
  const address = fresh('same');
  const profileIds = await insertPeople(instance, [{ emails: [address], optedOut: 'email' }, { emails: [address] }]);
  expect(await reasons({ profileIds })).toEqual(['DENYLISTED', 'send']);
});

test('R9: entries for all addresses of a person exclude every profile of hers', async () => {
  const [one, two] = [fresh('one'), fresh('two')];
  const profileIds = await insertPeople(instance, [{ emails: [one], optedOut: 'email' }, { emails: [one, two] }]);
  await insertEntry(instance, one, 'QUARANTINE');
  await insertEntry(instance, two, 'DENYLISTED');
  expect(await reasons({ profileIds })).toEqual(['DENYLISTED', 'QUARANTINED', 'DENYLISTED']);
});

test('R13: a profile whose e-mail or phone is quarantined is excluded with reason 9', async () => {
  const [email, phone] = [fresh('a'), freshNumber()];
  const profileIds = await insertPeople(instance, [{ emails: [email], phones: [phone] }]);
  await insertEntry(instance, email, 'QUARANTINE');
  await insertEntry(instance, phone, 'QUARANTINE', { channel: 'SMS' });
  expect(await reasons({ profileIds, channel: 'EMAIL' })).toEqual(['QUARANTINED']);
  expect(await reasons({ profileIds, channel: 'SMS' })).toEqual(['QUARANTINED']);
});

test('R18: a profile whose quarantined e-mail was replaced is targeted again', async () => {
  const address = fresh('old');
  const profileIds = await insertPeople(instance, [{ emails: [address] }]);
  await insertEntry(instance, address, 'QUARANTINE');
  expect(await reasons({ profileIds })).toEqual(['QUARANTINED']);
  const book = await instance.addressBook();
  const next = fresh('new');
  await instance.database.execute(sql`
    UPDATE address SET value = ${next}, address_key = ${book.key('EMAIL', next)}::uuid WHERE profile_id = ${profileIds[0]}`);
  expect(await reasons({ profileIds })).toEqual(['send']);
});

test('R19: two profiles with one quarantined number are both excluded', async () => {
  const phone = freshNumber();
  const profileIds = await insertPeople(instance, [{ phones: [phone] }, { phones: [phone] }]);
  await insertEntry(instance, phone, 'QUARANTINE', { channel: 'SMS' });
  expect(await reasons({ profileIds, channel: 'SMS' })).toEqual(['QUARANTINED', 'QUARANTINED']);
});

test('R20, R30: a quarantined address stands in the exclusion log of the delivery before it is confirmed', async () => {
  const address = fresh('q');
  const profileIds = await insertPeople(instance, [{ emails: [address] }]);
  await insertEntry(instance, address, 'QUARANTINE');
  const deliveryId = await prepared(instance, { profileIds });
  const rows = await instance.database.query(sql`
    SELECT x.address, x.reason::text, d.state::text FROM exclusion_log x JOIN delivery d ON d.id = x.delivery_id WHERE d.id = ${deliveryId}`);
  expect(rows).toEqual([{ address, reason: 'QUARANTINED', state: 'READY' }]);
});

test('an entry for a short code blocks deliveries of that code only; an entry without one blocks all', async () => {
  const [one, all] = [freshNumber(), freshNumber()];
  const profileIds = await insertPeople(instance, [{ phones: [one] }, { phones: [all] }]);
  await insertEntry(instance, one, 'DENYLISTED', { channel: 'SMS', shortCode: '12345' });
  await insertEntry(instance, all, 'QUARANTINE', { channel: 'SMS' });
  expect(await reasons({ profileIds, channel: 'SMS', shortCode: '12345' })).toEqual(['DENYLISTED', 'QUARANTINED']);
  expect(await reasons({ profileIds, channel: 'SMS', shortCode: '999' })).toEqual(['send', 'QUARANTINED']);
  expect(await reasons({ profileIds, channel: 'SMS' })).toEqual(['send', 'QUARANTINED']);
});

test('of an entry for the short code and one for all, the denylisted one is logged', async () => {
  const phone = freshNumber();
  const profileIds = await insertPeople(instance, [{ phones: [phone] }]);
  await insertEntry(instance, phone, 'DENYLISTED', { channel: 'SMS', shortCode: '12345' });
  await insertEntry(instance, phone, 'QUARANTINE', { channel: 'SMS' });
  expect(await reasons({ profileIds, channel: 'SMS', shortCode: '12345' })).toEqual(['DENYLISTED']);
});
