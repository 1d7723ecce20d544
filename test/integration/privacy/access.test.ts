import { afterAll, beforeAll, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { type CreatePrivacyRequestInput, createPrivacyRequest } from '../../../src/operations/create-privacy-request.ts';
import { createProfile } from '../../../src/operations/create-profile.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { openAccessFile } from '../../../src/operations/read-access-file.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { privacyName, runPrivacyRequest } from '../../../src/operations/run-privacy-request.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { API_DOOR, aDelivery } from '../../support/feedback-instance.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { anAddress, bounceOf, erase, OPERATOR, requestOf, somebody } from './somebody.ts';

let database: Database;
let instance: Instance;
let now = new Date('2026-05-12T10:00:00Z');
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database, { now: () => now });
});
afterAll(() => database.close());

async function access(subject: CreatePrivacyRequestInput['subject'], sliceSize?: number): Promise<bigint> {
  const options = sliceSize === undefined ? {} : { sliceSize };
  const id = await createPrivacyRequest(instance, { regulation: 'GDPR', type: 'ACCESS', subject }, OPERATOR, options);
  await backgroundWorkEnded(instance, privacyName(id));
  return id;
}

async function textOf(id: bigint): Promise<string | null> {
  const file = await openAccessFile(instance, id, OPERATOR);
  if (file === null) return null;
  const pieces: Uint8Array[] = [];
  for await (const piece of file.pieces()) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  expect(bytes.length).toBe(Number(file.bytes));
  return bytes.toString('utf8');
}

// biome-ignore lint/suspicious/noExplicitAny: the test knows the shape of the file
const fileOf = async (id: bigint): Promise<any> => JSON.parse((await textOf(id)) ?? 'null');

test('the file holds everything about the person, and nobody else', async () => {
  const other = anAddress('witness');
  const person = await somebody(instance, other);
  const file = await fileOf(await access({ namespace: 'EMAIL', value: person.email.toUpperCase() }, 2));
  expect(file.request).toMatchObject({ regulation: 'GDPR', namespace: 'EMAIL', value: person.email, profileId: String(person.profileId) });
  const {
    profiles,
    addresses,
    consents,
    quarantineEntries,
    quarantineHistory,
    deliveryLogs,
    deliveryEvents,
    exclusionLogs,
    inboundEvents,
  } = file;
  expect(profiles).toMatchObject([{ first_name: person.firstName, last_name: person.lastName, external_id: person.externalId }]);
  expect(addresses.map(({ value }: { value: string }) => value)).toEqual([person.email, person.mobile]);
  expect(consents).toMatchObject([{ channel: 'SMS', opted_out: true, note: expect.stringContaining(person.firstName) }]);
  expect(quarantineEntries.map(({ channel, status }: Record<string, string>) => `${channel} ${status}`).sort()).toEqual([
    'EMAIL QUARANTINE',
    'PHONE ERRONEOUS',
  ]);
  expect(quarantineHistory.length).toBeGreaterThan(3);
  expect(deliveryLogs).toHaveLength(2);
  expect(deliveryLogs.some(({ raw_text }: { raw_text: string | null }) => raw_text?.includes(person.lastName))).toBe(true);
  expect(deliveryEvents.length).toBeGreaterThanOrEqual(3);
  expect(exclusionLogs).toMatchObject([{ reason: 'QUARANTINED', address: person.email }]);
  expect(inboundEvents.map(({ kind, withheld, raw_base64 }: Record<string, unknown>) => [kind, withheld, raw_base64])).toEqual([
    ['RESULT', null, null],
    ['RESULT', null, null],
    ['MESSAGE', 'This speaks of other people too.', null],
  ]);
  expect(file.qualifications.map(({ first_address }: Record<string, string>) => first_address)).toContain(person.email);
  expect(file.auditTrail.map(({ action }: { action: string }) => action)).toEqual(
    expect.arrayContaining(['profile.create', 'consent.record', 'quarantine.create']),
  );
  expect(file.privacyRequests).toHaveLength(2);
  expect(JSON.stringify(file)).not.toContain(other);
});

test('of an address that several hold, what is kept about the address is told and none of the holders', async () => {
  const shared = anAddress('family');
  for (const firstName of ['Annabell', 'Bobby'])
    await createProfile(instance, { firstName, addresses: [{ channel: 'EMAIL', value: shared }] }, OPERATOR);
  const { logIds } = await aDelivery(instance, [{ address: shared }]);
  const id = await access({ namespace: 'EMAIL', value: shared });
  const file = await fileOf(id);
  expect([file.profiles, file.addresses, file.deliveryLogs.map((log: { id: number }) => BigInt(log.id))]).toEqual([[], [], logIds]);
  expect(JSON.stringify(file)).not.toMatch(/Annabell|Bobby/);
  expect((await requestOf(database, id)).report.shared).toEqual([{ channel: 'EMAIL', address: shared, holders: 2, kept: false }]);
});

test('about somebody of whom nothing is known it says so', async () => {
  const file = await fileOf(await access({ namespace: 'EMAIL', value: anAddress('nobody') }));
  for (const [name, list] of Object.entries(file))
    if (name !== 'request' && name !== 'privacyRequests') expect([name, list]).toEqual([name, []]);
});

test('a thousand messages are gathered in parts, each row once, also where every process is killed', async () => {
  const address = anAddress('busy');
  const profileId = await createProfile(instance, { addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR);
  const { logIds } = await aDelivery(
    instance,
    Array.from({ length: 1_000 }, () => ({ address, profileId })),
  );
  const id = await createPrivacyRequest(instance, { regulation: 'GDPR', type: 'ACCESS', subject: { profileId } }, OPERATOR, {
    signal: AbortSignal.abort(),
  });
  await backgroundWorkEnded(instance, privacyName(id));
  for (let turn = 0; (await requestOf(database, id)).status !== 'COMPLETE'; turn += 1) {
    const kill = new AbortController();
    await runPrivacyRequest(instance, id, { signal: kill.signal, sliceSize: 90, onSlice: () => kill.abort() });
    expect(turn).toBeLessThan(60);
  }
  const file = await fileOf(id);
  expect(file.deliveryLogs.map((log: { id: number }) => BigInt(log.id))).toEqual(logIds);
  const [parts] = await database.query<{ count: number }>(
    sql`SELECT count(*)::int AS count FROM privacy_file_part WHERE request_id = ${id}`,
  );
  expect(parts?.count).toBeGreaterThan(20);
});

test('the file is there for 90 days; then the cleanup deletes it, and the request names nobody', async () => {
  const address = anAddress('kept');
  await createProfile(instance, { addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR);
  const id = await access({ namespace: 'EMAIL', value: address });
  const expired = new Date(now.getTime() + 90 * 86_400_000);
  const before = now;
  now = new Date(expired.getTime() - 1);
  await runCleanup(instance, SCHEDULED_CLEANUP);
  expect(await textOf(id)).toContain(address);
  now = expired;
  await runCleanup(instance, SCHEDULED_CLEANUP);
  expect([await textOf(id), (await requestOf(database, id)).value]).toEqual([null, null]);
  expect(await database.query(sql`SELECT part FROM privacy_file_part WHERE request_id = ${id}`)).toEqual([]);
  now = before;
});

test('an erasure takes the files of the person with it', async () => {
  const address = anAddress('gathered');
  await createProfile(instance, { addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR);
  const id = await access({ namespace: 'EMAIL', value: address });
  await erase(instance, { namespace: 'EMAIL', value: address });
  expect(await textOf(id)).toBeNull();
});

test('a letter about somebody else that names the person is not shown to them; neither is a result about somebody else', async () => {
  const [address, other] = [anAddress('bystander'), anAddress('other')];
  await ingestMessage(instance, bounceOf([other], `550 5.1.1 unknown, ask ${address}`), API_DOOR);
  const text = `550 5.1.1 no such user here, ask ${address}`;
  const occurredAt = new Date('2026-05-10T08:00:00Z');
  await recordDeliveryResults(instance, [{ channel: 'EMAIL', address: other, outcome: 'FAILED', text, occurredAt }], API_DOOR);
  const file = await fileOf(await access({ namespace: 'EMAIL', value: address }));
  const withheld = 'This speaks of other people too.';
  expect(file.inboundEvents).toMatchObject([
    { kind: 'MESSAGE', withheld, raw_base64: null, answer: null },
    { kind: 'RESULT', withheld, payload: null, answer: null },
  ]);
  expect(JSON.stringify(file)).not.toContain(other);
});

test('messages that are too large for one part are each in a later one, also where results lie between them', async () => {
  const address = anAddress('large');
  const filler = Buffer.alloc(3 * 1024 * 1024, 'x');
  for (let round = 0; round < 3; round += 1) {
    const letter = Buffer.concat([bounceOf([address]), filler]);
    await ingestMessage(instance, letter, API_DOOR);
    const occurredAt = new Date(Date.UTC(2026, 4, 10, round));
    await recordDeliveryResults(instance, [{ channel: 'EMAIL', address, outcome: 'DELIVERED', occurredAt }], API_DOOR);
  }
  const file = await fileOf(await access({ namespace: 'EMAIL', value: address }));
  expect(file.inboundEvents.map(({ kind }: { kind: string }) => kind)).toEqual([1, 2, 3].flatMap(() => ['MESSAGE', 'RESULT']));
});

test('a file that is deleted while it is read ends in an error and is not taken for the whole', async () => {
  const id = await access({ namespace: 'EMAIL', value: anAddress('read') });
  const file = await openAccessFile(instance, id, OPERATOR);
  const pieces = file?.pieces();
  expect((await pieces?.next())?.done).toBe(false);
  await database.execute(sql`DELETE FROM privacy_file_part WHERE request_id = ${id}`);
  await expect(pieces?.next()).rejects.toThrow('was deleted while it was read');
});
