import { beforeAll, describe, expect, test } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { aDelivery, TEXT } from '../support/feedback-instance.ts';
import { freshAddress, freshNumber, freshWords } from '../support/fresh.ts';
import { aReport } from '../support/reports.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const RECORD = `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results {
  index accepted duplicate addressStatus error { code field message } verdict { type reason fault decidedBy normalizedText md5 smtpCode enhancedCode } } } }`;
const INGEST = `mutation ($raw: String!) { ingestMessage(raw: $raw) { __typename ... on IngestedMessage { kind duplicate
  recipients { address addressStatus verdict { type reason } deliveryLog { id status } } } ... on InvalidInputError { code field } } }`;
const QUARANTINE = `query ($address: String!) { quarantine(filter: { address: { eq: $address } }) { edges { node {
  id status errorCount reason errorText source shortCode lastErrorAt lastSignificantErrorAt lastDelivery { id } } } } }`;
const PROFILE = `mutation ($input: CreateProfileInput!) { createProfile(input: $input) { ... on Profile { id } } }`;
const DENYLIST = `query ($id: ID!) { profile(id: $id) { denylist { all email sms phone directMail fax push } } }`;
const LOG = `query ($id: ID!) { node(id: $id) { ... on DeliveryLog { status failureType failureReason origin attempts quarantined rawText
  messageId qualification { text status occurrences editedByUser } } } }`;
const COUNTERS = `query ($id: ID!) { node(id: $id) { ... on Delivery { counters { pending sent failed hard soft newQuarantines complaints } } } }`;
const QUALIFICATIONS = `query ($text: String!) { qualifications(filter: { text: { contains: $text } }) { edges { node {
  id text md5 firstText type reason status occurrences version editedByUser } } } }`;
const EDIT = `mutation ($input: UpdateQualificationInput!) { updateQualification(input: $input) { __typename ... on MessageQualification { type version editedByUser }
  ... on Error { code } } }`;

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});

async function ask(document: string, variables: object) {
  const { data, errors } = await app.graphql(document, variables);
  expect(errors).toBeUndefined();
  return data;
}

interface Result {
  address: string;
  channel?: string;
  outcome?: string;
  text?: string | null;
  occurredAt?: string;
  [field: string]: unknown;
}

async function record(...results: Result[]) {
  const input = results.map((result) => ({
    channel: 'EMAIL',
    outcome: 'FAILED',
    text: TEXT.mailboxFull,
    occurredAt: '2026-03-01T08:00:00Z',
    ...result,
  }));
  return (await ask(RECORD, { input })).recordDeliveryResults.results;
}

async function entryOf(address: string) {
  const { edges } = (await ask(QUARANTINE, { address })).quarantine;
  return edges.map(({ node }: { node: object }) => node);
}

async function aProfile(...addresses: { channel: string; value: string }[]): Promise<string> {
  return (await ask(PROFILE, { input: { addresses } })).createProfile.id;
}

const NO_FLAG = { all: false, email: false, sms: false, phone: false, directMail: false, fax: false, push: false };

describe('recordDeliveryResults', () => {
  test('R17: a hard bounce quarantines the address and leaves the profile alone', async () => {
    const address = freshAddress();
    const id = await aProfile({ channel: 'EMAIL', value: address });
    const [result] = await record({ address, text: TEXT.unknownUser });
    expect(result).toMatchObject({
      index: 0,
      accepted: true,
      duplicate: false,
      error: null,
      addressStatus: 'QUARANTINE',
      verdict: { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT', smtpCode: 550, enhancedCode: '5.1.1' },
    });
    expect((await ask(DENYLIST, { id })).profile.denylist).toEqual(NO_FLAG);
  });

  test('R24, R25: a complaint and a STOP put the one address, with its short code, on the denylist', async () => {
    const [address, other, number] = [freshAddress(), freshAddress(), freshNumber()];
    const id = await aProfile({ channel: 'EMAIL', value: address }, { channel: 'EMAIL', value: other }, { channel: 'SMS', value: number });
    await record(
      { address, outcome: 'COMPLAINT', text: 'abuse', origin: 'FEEDBACK_LOOP' },
      { address: number, channel: 'SMS', outcome: 'STOP', text: 'Stop', shortCode: '12345' },
    );
    expect(await entryOf(address)).toMatchObject([{ status: 'DENYLISTED', reason: 'REFUSED', source: 'FEEDBACK_LOOP', shortCode: null }]);
    expect(await entryOf(number)).toMatchObject([{ status: 'DENYLISTED', source: 'SMS_STOP', shortCode: '12345' }]);
    expect(await entryOf(other)).toEqual([]);
    expect((await ask(DENYLIST, { id })).profile.denylist).toEqual(NO_FLAG);
  });

  test('R66: the same text has another outcome once it is qualified otherwise', async () => {
    const words = freshWords();
    const [before, after] = [freshAddress(), freshAddress()];
    await record({ address: before, text: `550 5.1.1 User unknown ${words}` });
    expect(await entryOf(before)).toMatchObject([{ status: 'QUARANTINE' }]);
    const [row] = (await ask(QUALIFICATIONS, { text: words })).qualifications.edges;
    expect(row.node).toMatchObject({ type: 'HARD', status: 'TO_QUALIFY', occurrences: 1, version: 1, editedByUser: false });
    const input = { id: row.node.id, expectedVersion: 1, type: 'SOFT', reason: 'MAILBOX_FULL', status: 'KEEP' };
    expect((await ask(EDIT, { input })).updateQualification).toEqual({
      __typename: 'MessageQualification',
      type: 'SOFT',
      version: 2,
      editedByUser: true,
    });
    aSecondPasses();
    const [result] = await record({ address: after, text: `550 5.1.1 User unknown ${words}` });
    expect(result.verdict.decidedBy).toBe(`qualification ${row.node.md5}`);
    expect((await ask(EDIT, { input })).updateQualification).toEqual({ __typename: 'ConflictError', code: 'CONFLICT' });
  });

  test('R67: an ignored error makes no entry', async () => {
    const address = freshAddress();
    await record({ address, outcome: 'AUTO_REPLY', text: 'Out of office' });
    expect(await entryOf(address)).toEqual([]);
  });

  test('R68: one hard error quarantines', async () => {
    const address = freshAddress();
    await record({ address, text: TEXT.unknownUser });
    expect(await entryOf(address)).toMatchObject([
      { status: 'QUARANTINE', errorCount: 1, errorText: TEXT.unknownUser, source: 'BOUNCE_SYNC' },
    ]);
  });

  test('R69: one soft error only raises the counter', async () => {
    const address = freshAddress();
    await record({ address });
    expect(await entryOf(address)).toMatchObject([{ status: 'ERRONEOUS', errorCount: 1, reason: 'MAILBOX_FULL' }]);
  });

  test('R70, R72: the fifth error quarantines', async () => {
    const address = freshAddress();
    const days = ['01', '02', '03', '04', '05'];
    const results = await record(...days.map((day) => ({ address, occurredAt: `2026-03-${day}T08:00:00Z` })));
    expect(results.map(({ addressStatus }: { addressStatus: string }) => addressStatus)).toEqual([
      ...Array(4).fill('ERRONEOUS'),
      'QUARANTINE',
    ]);
    expect(await entryOf(address)).toMatchObject([{ status: 'QUARANTINE', errorCount: 5 }]);
  });

  test('R71: an error counts 24:00:00 after the last counted one, not 23:59:59', async () => {
    const address = freshAddress();
    await record({ address }, { address, occurredAt: '2026-03-02T07:59:59Z' });
    expect(await entryOf(address)).toMatchObject([{ errorCount: 1, lastErrorAt: '2026-03-02T07:59:59.000Z' }]);
    await record({ address, occurredAt: '2026-03-02T08:00:00Z' });
    expect(await entryOf(address)).toMatchObject([{ errorCount: 2, lastSignificantErrorAt: '2026-03-02T08:00:00.000Z' }]);
  });

  test('tells the log, its qualification and the counters of the delivery at once', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(app.instance, [{ address }]);
    const deliveryId = encodeGlobalId('Delivery', delivery.id);
    const logId = encodeGlobalId('DeliveryLog', delivery.logIds[0] ?? 0n);
    await record({ address, deliveryLogId: logId, text: TEXT.unknownUser, messageId: '<one@sender.example>' });
    expect((await ask(LOG, { id: logId })).node).toMatchObject({
      status: 'FAILED',
      failureType: 'HARD',
      failureReason: 'USER_UNKNOWN',
      origin: 'SYNC',
      attempts: 1,
      quarantined: true,
      rawText: TEXT.unknownUser,
      messageId: '<one@sender.example>',
      qualification: { status: 'TO_QUALIFY', editedByUser: false },
    });
    await record({ address, deliveryId, outcome: 'COMPLAINT', text: 'abuse' });
    expect((await ask(COUNTERS, { id: deliveryId })).node.counters).toEqual({
      pending: 0,
      sent: 0,
      failed: 1,
      hard: 1,
      soft: 0,
      newQuarantines: 1,
      complaints: 1,
    });
    expect(await entryOf(address)).toMatchObject([{ lastDelivery: { id: deliveryId } }]);
  });

  test('answers a bad item in its place and takes the others', async () => {
    const [good, again] = [freshAddress(), freshAddress()];
    const delivery = encodeGlobalId('Delivery', 999_999_999n);
    const results = await record(
      { address: 'nonsense' },
      { address: good },
      { address: again, deliveryId: delivery },
      { address: again, deliveryId: 'no id' },
      { address: good },
      { address: again, occurredAt: '2026-05-12T10:06:00Z' },
    );
    expect(
      results.map(({ accepted, duplicate, error }: { accepted: boolean; duplicate: boolean; error: { field: string } | null }) => [
        accepted,
        duplicate,
        error?.field ?? null,
      ]),
    ).toEqual([
      [false, false, 'address'],
      [true, false, null],
      [false, false, 'deliveryId'],
      [false, false, 'deliveryId'],
      [true, true, null],
      [false, false, 'occurredAt'],
    ]);
  });
});

describe('ingestMessage', () => {
  test('takes a raw report in, once', async () => {
    const address = freshAddress();
    const raw = Buffer.from(aReport([{ address }], { date: 'Sun, 01 Mar 2026 08:00:00 +0000' })).toString();
    const expected = {
      __typename: 'IngestedMessage',
      kind: 'BOUNCE',
      recipients: [{ address, addressStatus: 'QUARANTINE', verdict: { type: 'HARD', reason: 'USER_UNKNOWN' }, deliveryLog: null }],
    };
    expect((await ask(INGEST, { raw })).ingestMessage).toEqual({ ...expected, duplicate: false });
    expect((await ask(INGEST, { raw })).ingestMessage).toEqual({ ...expected, duplicate: true });
    expect(await entryOf(address)).toMatchObject([{ errorCount: 1, source: 'BOUNCE_ASYNC' }]);
  });

  test('refuses an empty message with its field', async () => {
    expect((await ask(INGEST, { raw: '' })).ingestMessage).toEqual({
      __typename: 'InvalidInputError',
      code: 'INVALID_INPUT',
      field: 'raw',
    });
  });
});
