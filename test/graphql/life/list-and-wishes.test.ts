import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importText, scratchFolder } from '../../integration/import/import-files.ts';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp('2025-03-02T00:00:00Z');
});
afterAll(() => life.close());

const AT = '2025-03-01T08:00:00Z';
const INGEST = `mutation ($raw: String!) { ingestMessage(raw: $raw) { __typename ... on IngestedMessage { kind recipients { address addressStatus } }
  ... on Error { message } } }`;
const PROFILE = `query ($id: ID!) { profile(id: $id) { denylist { all email sms phone directMail fax push }
  consentHistory(first: 10) { edges { node { optedOut } } } } }`;
const NO_FLAG = { all: false, email: false, sms: false, phone: false, directMail: false, fax: false, push: false };

const complaintAbout = (address: string, messageId: string) =>
  [
    'From: staff@fbl.example',
    'To: complaints@sender.example',
    'Subject: FW: News',
    'Date: Sat, 01 Mar 2025 08:00:00 +0000',
    `Message-ID: <report-${messageId}>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'This is an email abuse report.',
    '--b',
    'Content-Type: message/feedback-report',
    '',
    'Feedback-Type: abuse',
    'User-Agent: Loop/1.0',
    'Version: 1',
    `Original-Rcpt-To: <${address}>`,
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'From: news@sender.example',
    `To: ${address}`,
    `Message-ID: <${messageId}>`,
    'Subject: News',
    '',
    'Hello',
    '--b--',
    '',
  ].join('\r\n');

describe('a complaint', () => {
  const [address, other, number, token] = ['jo@complaint.example', 'jo.two@complaint.example', '+33612340001', 'f'.repeat(64)];
  let id: string;

  beforeAll(async () => {
    id = await life.profile(
      { channel: 'EMAIL', value: address },
      { channel: 'EMAIL', value: other },
      { channel: 'SMS', value: number },
      { channel: 'PUSH', value: token },
    );
    const { ingestMessage } = await life.call(INGEST, { raw: complaintAbout(address, 'one@sender.example') });
    expect(ingestMessage).toEqual({
      __typename: 'IngestedMessage',
      kind: 'COMPLAINT',
      recipients: [{ address, addressStatus: 'DENYLISTED' }],
    });
  });

  test('R75, R76: that comes as a feedback report denylists the address at once, with reason 20', async () => {
    expect(await life.entryOf(address)).toMatchObject({ status: 'DENYLISTED', reason: 'REFUSED', source: 'FEEDBACK_LOOP', errorCount: 0 });
  });

  test('R77: concerns the address only: the profile is not on the denylist, and nobody has unsubscribed', async () => {
    expect((await life.call(PROFILE, { id })).profile).toEqual({ denylist: NO_FLAG, consentHistory: { edges: [] } });
  });

  test('R77: SMS, push and the other address go on', async () => {
    const email = await life.deliver({ profileIds: [id] });
    expect(email.excluded).toMatchObject([{ address, status: 'DENYLISTED', scope: 'ADDRESS' }]);
    expect(email.logs).toMatchObject([{ address: other }]);
    expect((await life.deliver({ profileIds: [id], channel: 'SMS' })).logs).toMatchObject([{ address: number }]);
    expect((await life.deliver({ profileIds: [id], channel: 'PUSH' })).logs).toMatchObject([{ address: token }]);
  });
});

test('R32 and R87: the list is not one of e-mail addresses: it holds numbers and push tokens too', async () => {
  const token = 'e'.repeat(64);
  await life.happens(
    { address: 'three@list.example', at: AT, text: '550 5.1.1 User unknown' },
    { address: '+33612340002', channel: 'SMS', at: AT, outcome: 'STOP', text: 'Stop', shortCode: '12345' },
    { address: token, channel: 'PUSH', at: AT, text: '410 Unregistered' },
  );
  const listed = (await life.entriesOf({})).map(
    ({ channel, address, shortCode, status }) => `${channel} ${address} ${shortCode} ${status}`,
  );
  expect(listed).toEqual(
    expect.arrayContaining([
      'EMAIL three@list.example null QUARANTINE',
      'SMS +33612340002 12345 DENYLISTED',
      `PUSH ${token} null QUARANTINE`,
    ]),
  );
  expect(await life.entriesOf({ channel: ['PUSH'], status: ['QUARANTINE'] })).toMatchObject([{ address: token, source: 'PUSH' }]);
});

test('R85: the statuses have the names of the specification, and any other is refused', async () => {
  const { __type } = await life.call('{ __type(name: "AddressStatus") { enumValues { name } } }');
  const names = __type.enumValues.map(({ name }: { name: string }) => name).sort();
  expect(names).toEqual(['ALLOWLISTED', 'DENYLISTED', 'ERRONEOUS', 'QUARANTINE', 'UNKNOWN', 'VALID']);
  const { errors } = await life.app.graphql('{ quarantine(filter: { status: [BLACKLISTED] }) { totalCount } }');
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

test('R78 and A1: addresses are matched in one form, whatever the case in which they are given', async () => {
  await life.createEntry({ address: 'ivan@case.example' });
  const id = await life.profile({ channel: 'EMAIL', value: 'Ivan@Case.Example' });
  expect((await life.deliver({ profileIds: [id] })).excluded).toMatchObject([{ address: 'ivan@case.example', status: 'QUARANTINED' }]);
  expect(await life.isAllowed('IVAN@case.example')).toBe(false);
});

test('R78: with ADDRESS_CASE=exact, the way of the vendor, an entry in small letters does not hold for another case', async () => {
  const exact = await openLifeApp(AT, { ADDRESS_CASE: 'exact' });
  try {
    await exact.createEntry({ address: 'ivan@case.example' });
    expect([await exact.isAllowed('ivan@case.example'), await exact.isAllowed('Ivan@CASE.example')]).toEqual([false, true]);
    const id = await exact.profile({ channel: 'EMAIL', value: 'Ivan@Case.Example' });
    expect((await exact.deliver({ profileIds: [id] })).logs).toMatchObject([{ address: 'Ivan@case.example' }]);
  } finally {
    await exact.close();
  }
});

test('R154: an external list comes in as DENYLISTED with reason 8, and preparation leaves its addresses out with reason 8', async () => {
  const { folder, remove } = await scratchFolder();
  try {
    const file = join(folder, 'external.csv');
    await importText(
      { kind: 'instance', instance: life.app.instance },
      file,
      'channel,address,status\nEMAIL,Trap@External.example,\n',
      'quarantine',
    );
  } finally {
    await remove();
  }
  expect(await life.entryOf('trap@external.example')).toMatchObject({ status: 'DENYLISTED', reason: 'DENYLISTED', source: 'IMPORT' });
  const id = await life.profile({ channel: 'EMAIL', value: 'trap@external.example' });
  expect((await life.deliver({ profileIds: [id] })).excluded).toMatchObject([{ status: 'DENYLISTED', scope: 'ADDRESS' }]);
});

describe('an address on the allowlist', () => {
  const allowlisted = async (address: string) => {
    expect(await life.createEntry({ address, status: 'ALLOWLISTED' })).toMatchObject({ status: 'ALLOWLISTED' });
    const id = await life.profile({ channel: 'EMAIL', value: address });
    return (await life.deliver({ profileIds: [id] })).id;
  };

  test('R157: is written to after any number of errors, each logged as ignored with reason 25', async () => {
    const address = 'partner@allow.example';
    const deliveryId = await allowlisted(address);
    for (const day of ['01', '02', '03', '04', '05', '06']) {
      await life.happens({ address, deliveryId, at: `2025-03-${day}T08:00:00Z`, text: '552 5.2.2 The mailbox is over quota' });
    }
    await life.happens({ address, deliveryId, at: '2025-03-07T08:00:00Z', text: '550 5.1.1 User unknown' });
    expect((await life.deliveryOf(deliveryId)).logs).toMatchObject([
      { status: 'FAILED', failureType: 'IGNORED', failureReason: 'ERROR_IGNORED', rawText: '550 5.1.1 User unknown', quarantined: false },
    ]);
    expect(await life.stateOf(address)).toBe('ALLOWLISTED 0');
    expect(await life.historyOf(address)).toHaveLength(1);
    expect(await life.isAllowed(address)).toBe(true);
    await life.cleanUp('2026-03-01T04:00:00Z');
    expect(await life.stateOf(address)).toBe('ALLOWLISTED 0');
  });

  test('QTN-9: a complaint wins over the allowlist', async () => {
    const address = 'partner.two@allow.example';
    const deliveryId = await allowlisted(address);
    await life.happens({ address, deliveryId, at: '2025-03-02T08:00:00Z', outcome: 'COMPLAINT', text: 'abuse' });
    expect(await life.stateOf(address)).toBe('DENYLISTED 0');
    expect(await life.isAllowed(address)).toBe(false);
  });

  test('QTN-9: so does a STOP, for the short code that it answered', async () => {
    const address = '+33612340003';
    await life.createEntry({ channel: 'SMS', address, shortCode: '12345', status: 'ALLOWLISTED' });
    await life.happens({ address, channel: 'SMS', at: AT, outcome: 'STOP', text: 'Stop', shortCode: '12345' });
    expect(await life.contact({ address, channel: 'SMS', shortCode: '12345' })).toMatchObject({
      allowed: false,
      blocks: [{ reason: 'DENYLISTED', scope: 'ADDRESS' }],
    });
    expect(await life.contact({ address, channel: 'SMS', shortCode: '999' })).toMatchObject({ allowed: true });
  });
});
