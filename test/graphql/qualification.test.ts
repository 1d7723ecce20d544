import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { foldCounters } from '../../src/operations/fold-counters.ts';
import type { Database } from '../../src/store/database.ts';
import { sql } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { millisecondsSince } from '../support/cpu-time.ts';
import { aDelivery } from '../support/feedback-instance.ts';
import { freshAddress, freshNumber, freshWord, freshWords } from '../support/fresh.ts';
import { NORMALISED_TEXTS, TEXT_KEYS } from '../support/normalised-texts.ts';
import { aReport } from '../support/reports.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

// A database of its own, with two nodes on it: what one changes, the other must know within a second.
let database: Database;
let app: TestApp;
let other: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await openTestApp(database);
  other = await openTestApp(database);
});
afterAll(async () => {
  await other.close();
  await app.close();
  await database.close();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of the API, read by the test that knows their shape
async function ask(document: string, variables: object = {}, node: TestApp = app): Promise<any> {
  const { data, errors } = await node.graphql(document, variables);
  expect(errors).toBeUndefined();
  return data;
}

const RECORD = `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results {
  accepted error { message } addressStatus verdict { type reason fault decidedBy normalizedText md5 } } } }`;

async function record(result: object, node: TestApp = app) {
  const base = { channel: 'EMAIL', outcome: 'FAILED', occurredAt: app.clock.now().toISOString(), eventId: freshWord() };
  const { results } = (await ask(RECORD, { input: [{ ...base, ...result }] }, node)).recordDeliveryResults;
  expect(results[0]).toMatchObject({ accepted: true, error: null });
  return results[0];
}

const fail = (text: string, more: object = {}) => record({ address: freshAddress(), text, ...more });

const verdictOf = async (text: string, more: object = {}, node: TestApp = app) =>
  (
    await ask(
      'query ($input: QualifyTextInput!) { qualify(input: $input) { type reason fault decidedBy normalizedText md5 } }',
      { input: { text, ...more } },
      node,
    )
  ).qualify;

const ROWS = `query ($text: String!) { qualifications(filter: { text: { contains: $text } }, first: 100) { edges { node {
  id text md5 firstText type reason fault status occurrences version editedByUser } } } }`;

async function rowsWith(text: string) {
  return (await ask(ROWS, { text })).qualifications.edges.map(({ node }: { node: object }) => node);
}

async function rowWith(text: string) {
  const [row] = await rowsWith(text);
  if (row === undefined) throw new Error(`no qualification holds ${text}`);
  return row;
}

const EDIT = `mutation ($input: UpdateQualificationInput!) { updateQualification(input: $input) {
  __typename ... on MessageQualification { occurrences status } ... on Error { message } } }`;
const edit = async (row: { id: string }, input: object) => (await ask(EDIT, { input: { id: row.id, ...input } })).updateQualification;

const CREATE = `mutation ($input: QualificationRuleInput!) { createQualificationRule(input: $input) {
  __typename ... on QualificationRule { id } ... on Error { message } } }`;
const addRule = async (input: object) =>
  (await ask(CREATE, { input: { name: `Rule ${freshWord()}`, type: 'SOFT', reason: 'REFUSED', ...input } })).createQualificationRule;

const entryStatus = async (address: string): Promise<string> => {
  const { edges } = (
    await ask('query ($a: String!) { quarantine(filter: { address: { eq: $a } }) { edges { node { status errorCount } } } }', {
      a: address,
    })
  ).quarantine;
  return edges.length === 0 ? 'none' : `${edges[0].node.status} ${edges[0].node.errorCount}`;
};

const UNKNOWN_USER = '550 5.1.1 <ann@customer.example>: Recipient address rejected: User unknown';

/** A raw bounce for that address. */
const bounce = (address: string, diagnostic: string, status: string) =>
  Buffer.from(aReport([{ address, diagnostic, status }], { date: app.clock.now().toUTCString() })).toString();

const INGEST = `mutation ($raw: String!) { ingestMessage(raw: $raw) { ... on IngestedMessage { kind recipients { address addressStatus
  verdict { type reason decidedBy } deliveryLog { origin failureType } } } } }`;
const ingest = async (raw: string) => (await ask(INGEST, { raw })).ingestMessage;

describe('what a failure means', () => {
  test.each([
    ['EMAIL', freshAddress(), UNKNOWN_USER, 'HARD', 'USER_UNKNOWN'],
    ['SMS', freshNumber(), 'SR Generic UNDELIV 001|id:12', 'SOFT', 'UNREACHABLE'],
    ['PUSH', 'token-of-a-phone-that-is-gone', 'UNREGISTERED', 'HARD', 'USER_UNKNOWN'],
  ])('R139: an error of %s is captured and qualified, and that decides on quarantine', async (channel, address, text, type, reason) => {
    const { verdict, addressStatus } = await record({ channel, address, text });
    expect(verdict).toMatchObject({ type, reason });
    expect(addressStatus).toBe(type === 'HARD' ? 'QUARANTINE' : 'ERRONEOUS');
    expect(await rowsWith(verdict.normalizedText)).toMatchObject([{ md5: verdict.md5, type, reason }]);
  });

  test('R140: a refusal during the session and a bounce that comes later are told apart', async () => {
    const [now, later] = [freshAddress(), freshAddress()];
    const { logIds } = await aDelivery(app.instance, [{ address: now }, { address: later }]);
    const [atOnce, afterwards] = logIds.map((id) => encodeGlobalId('DeliveryLog', id));
    await record({ address: now, deliveryLogId: atOnce, text: UNKNOWN_USER });
    const messageId = `<${freshWord()}@sender.example>`;
    await record({ address: later, deliveryLogId: afterwards, outcome: 'DELIVERED', text: null, messageId });
    app.clock.advance(60_000);
    const raw = bounce(later, `550 5.1.1 <${later}>: User unknown`, '5.1.1');
    const returned = [
      '--b',
      'Content-Type: message/rfc822',
      '',
      `Message-ID: ${messageId}`,
      `To: ${later}`,
      'Subject: Hello',
      '',
      'Hello',
      '',
      '--b--',
    ];
    await ingest(raw.replace('--b--', returned.join('\n')));
    const ORIGIN = 'query ($id: ID!) { node(id: $id) { ... on DeliveryLog { origin status failureType failureReason } } }';
    const failed = { status: 'FAILED', failureType: 'HARD', failureReason: 'USER_UNKNOWN' };
    expect((await ask(ORIGIN, { id: atOnce })).node).toEqual({ origin: 'SYNC', ...failed });
    expect((await ask(ORIGIN, { id: afterwards })).node).toEqual({ origin: 'ASYNC', ...failed });
  });

  test('R141: a status report of an SMS is qualified by its own way, and what varies in it is no part of the text', async () => {
    const address = freshNumber();
    const text = 'SR Generic EXPIRED 003|id:1234567890 sub:001 stat:EXPIRED err:003 Text:Hello';
    const { verdict } = await record({ channel: 'SMS', address, text, origin: 'STATUS_REPORT' });
    expect(verdict.normalizedText).toBe('SR Generic EXPIRED 003|#MESSAGE#');
    expect(verdict.type).not.toBe('UNDEFINED');
  });

  test('R145: there are the types Hard, Soft and Ignored besides Undefined, and the type decides about quarantine', async () => {
    const { __type } = await ask('{ __type(name: "FailureType") { enumValues { name } } }');
    expect(__type.enumValues.map(({ name }: { name: string }) => name).sort()).toEqual(['HARD', 'IGNORED', 'SOFT', 'UNDEFINED']);
    for (const [type, status] of [
      ['HARD', 'QUARANTINE 1'],
      ['SOFT', 'ERRONEOUS 1'],
      ['IGNORED', 'none'],
    ] as const) {
      const [words, address] = [freshWords(), freshAddress()];
      await addRule({ patterns: [words], type, reason: 'USER_UNKNOWN' });
      aSecondPasses();
      expect((await verdictOf(words)).type).toBe(type);
      await record({ address, text: `599 ${words}` });
      expect([type, await entryStatus(address)]).toEqual([type, status]);
    }
  });

  test.each([
    ['R146', UNKNOWN_USER, 'HARD', 'USER_UNKNOWN'],
    ['R146', '550 <jo@corp.example> unknown mailbox', 'HARD', 'USER_UNKNOWN'],
    ['R147', "DNS query failed for 'nowhere.example'", 'SOFT', 'INVALID_DOMAIN'],
    ['R147', '550 5.2.2 User quota exceeded', 'SOFT', 'MAILBOX_FULL'],
  ])('%s: %s is %s, %s', async (_number, text, type, reason) => {
    expect((await fail(text)).verdict).toMatchObject({ type, reason });
  });

  test('R148: an answer of somebody who is away is no failure: nothing is counted', async () => {
    const address = freshAddress();
    await record({ address, outcome: 'DELIVERED', text: null });
    const raw = [
      `From: <${address}>`,
      'To: bounces@sender.example',
      'Subject: Out of office: your news',
      `Date: ${app.clock.now().toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <${freshWord()}@customer.example>`,
      'Auto-Submitted: auto-replied',
      '',
      'I am away until Monday.',
      '',
    ].join('\n');
    expect((await ingest(raw)).kind).toBe('AUTO_REPLY');
    expect(await entryStatus(address)).toBe('none');
  });
});

describe('the list of texts', () => {
  test('R197, R203, R199: equal failures share one row with its first text, and each finds it by its strings', async () => {
    const words = freshWords();
    const first = `550 <ann@one.example> ${words} id 4711`;
    await fail(first);
    await fail(`550 <ben@two.example> ${words} id 4712`);
    const rows = await rowsWith(words);
    expect(rows).toMatchObject([{ text: `550 <*> ${words} id #ID#`, firstText: first, occurrences: 2, status: 'TO_QUALIFY' }]);
    await edit(rows[0], { type: 'SOFT', reason: 'MAILBOX_FULL', status: 'KEEP' });
    aSecondPasses();
    expect(await verdictOf(`550 <eve@three.example> ${words} id 4713`)).toMatchObject({
      type: 'SOFT',
      reason: 'MAILBOX_FULL',
      decidedBy: `qualification ${rows[0].md5}`,
    });
    expect(await rowWith(words)).toMatchObject({ firstText: first });
  });

  test('R200: every column of the list can be chosen, and the list be sorted by how often texts occur', async () => {
    const { qualifications } = await ask(
      `{ qualifications(first: 5, orderBy: { field: OCCURRENCES }) { edges { node {
        channel text md5 firstText firstAddress type reason fault status editedByUser occurrences createdAt updatedAt } } } }`,
    );
    expect(qualifications.edges.length).toBeGreaterThan(0);
    expect(qualifications.edges[0].node.firstText).toEqual(expect.any(String));
  });

  test.each(NORMALISED_TEXTS.map(([raw, text, recipient]) => ({ raw, text, recipient })))(
    'R201, R202 (7.3): $raw',
    async ({ raw, text, recipient }) => {
      expect((await verdictOf(raw, recipient === undefined ? {} : { recipient })).normalizedText).toBe(text);
    },
  );

  test.each(TEXT_KEYS)('R203 (7.4): the key of %s is %s', async (text, md5) => {
    expect(await verdictOf(text)).toMatchObject({ normalizedText: text, md5 });
  });

  test('R204, R205: the number of occurrences stops at 100,000 and can be set', async () => {
    const words = freshWords();
    await fail(`599 ${words}`);
    await foldCounters(app.instance);
    const row = await rowWith(words);
    expect(await edit(row, { occurrences: 100_000 })).toMatchObject({ occurrences: 100_000 });
    await fail(`599 ${words}`);
    expect(await rowWith(words)).toMatchObject({ occurrences: 100_000 });
    await foldCounters(app.instance);
    expect(await rowWith(words)).toMatchObject({ occurrences: 100_000 });
    expect(await edit(row, { occurrences: 0 })).toMatchObject({ occurrences: 0 });
    expect(await edit(row, { occurrences: 100_001 })).toMatchObject({ __typename: 'InvalidInputError' });
    await fail(`599 ${words}`);
    expect(await rowWith(words)).toMatchObject({ occurrences: 1, editedByUser: false });
  });

  test('R206, R207, R191: the nightly update extends the rules by KEEP texts; R208: by no other, and IGNORE never quarantines', async () => {
    const [keep, ignore, open] = ['keep', 'ignore', 'open'].map((word) => `599 zqupdate ${word} frumious bandersnatch ${freshWords()}`) as [
      string,
      string,
      string,
    ];
    for (const text of [keep, ignore, open]) await fail(text);
    await edit(await rowWith(keep), { type: 'HARD', reason: 'ACCOUNT_DISABLED', status: 'KEEP' });
    await edit(await rowWith(ignore), { type: 'HARD', reason: 'ACCOUNT_DISABLED', status: 'IGNORE' });
    const { tasks } = (await ask('mutation { updateDeliverabilityRules { tasks { name error } } }')).updateDeliverabilityRules;
    expect(tasks).toContainEqual({ name: 'addedRules', error: null });
    const { qualificationRules } = await ask('{ qualificationRules { origin patterns type reason } }');
    const added = qualificationRules.filter(({ patterns }: { patterns: string[] }) => patterns.some((one) => one.includes('zqupdate')));
    expect(added).toEqual([{ origin: 'DELIVERABILITY_UPDATE', patterns: [keep], type: 'HARD', reason: 'ACCOUNT_DISABLED' }]);
    aSecondPasses();
    expect((await verdictOf(`said: ${keep}`)).type).toBe('HARD');
    const address = freshAddress();
    await record({ address, text: ignore });
    expect(await entryStatus(address)).toBe('none');
  });

  test('R209: after an outage the meaning of its text is corrected, and it stops to quarantine', async () => {
    const words = freshWords();
    const [before, after] = [freshAddress(), freshAddress()];
    const text = `550 5.1.1 User unknown ${words}`;
    expect((await record({ address: before, text })).addressStatus).toBe('QUARANTINE');
    await edit(await rowWith(words), { type: 'SOFT', reason: 'UNREACHABLE', status: 'KEEP' });
    aSecondPasses();
    expect((await verdictOf(text)).type).toBe('SOFT');
    expect((await record({ address: after, text })).addressStatus).toBe('ERRONEOUS');
  });
});

describe('the rules', () => {
  test('R198, R210: all of them are listed in their order, each with its details, and users add their own', async () => {
    const words = freshWords();
    const { __typename, id } = await addRule({ name: `Own ${words}`, patterns: [words], type: 'HARD', reason: 'ACCOUNT_DISABLED' });
    expect(__typename).toBe('QualificationRule');
    const { qualificationRules } = await ask('{ qualificationRules { id name position } }');
    const positions = qualificationRules.map(({ position }: { position: number }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(qualificationRules.map((rule: { name: string }) => rule.name)).toContain(`Own ${words}`);
    const DETAILS = `query ($id: ID!) { node(id: $id) { ... on QualificationRule { name patterns regex type reason fault active shadow hits origin } } }`;
    aSecondPasses();
    expect((await verdictOf(words)).decidedBy).toBe(`rule Own ${words}`);
    await fail(`599 ${words}`);
    expect((await ask(DETAILS, { id })).node).toEqual({
      name: `Own ${words}`,
      patterns: [words],
      regex: null,
      type: 'HARD',
      reason: 'ACCOUNT_DISABLED',
      fault: 'RECIPIENT',
      active: true,
      shadow: false,
      hits: 1,
      origin: 'USER',
    });
  });

  test('R212: a new instance has the default rules of the field, in their order', async () => {
    const { qualificationRules } = await ask('{ qualificationRules { name origin } }');
    const names = qualificationRules
      .filter(({ origin }: { origin: string }) => origin === 'BUILT_IN')
      .map(({ name }: { name: string }) => name);
    const defaults = [
      'AOL_postmaster',
      'User_unknown',
      'Mailbox_full',
      'Unreachable',
      'Account_disabled',
      'Auto_replies',
      'Probably_unreachable',
      'Other_responses',
    ];
    expect(names.filter((name: string) => defaults.includes(name))).toEqual(defaults);
  });

  test('R211: the figures of the platform are settings with their defaults', async () => {
    const { settings } = await ask('{ settings { key value defaultValue } }');
    const values = new Map(settings.map((setting: { key: string; value: string }) => [setting.key, JSON.parse(setting.value)]));
    expect([
      values.get('maxErrorsBeforeQuarantineEmail'),
      values.get('significantErrorGapEmail'),
      values.get('counterResetAfterEmail'),
      values.get('mailboxFullReleaseAfterEmail'),
      values.get('asyncWindow'),
    ]).toEqual([5, 86_400, 10, 30, 7]);
  });

  test.each([
    ['string', (words: string) => ({ patterns: [words.toUpperCase()] })],
    ['regular expression', (words: string) => ({ regex: `(?i)${words.replaceAll(' ', ' +')}$` })],
  ])('R215: a %s that the server returned qualifies as Hard, Soft or Ignored', async (_kind, content) => {
    for (const type of ['HARD', 'SOFT', 'IGNORED']) {
      const words = freshWords();
      await addRule({ ...content(words), type, reason: 'UNREACHABLE' });
      aSecondPasses();
      expect((await verdictOf(`550 5.1.1 ${words}`)).type).toBe(type);
    }
  });

  test('R214 (A16): scopes decide who may change rules, and a rule that cannot be used is refused in words', async () => {
    const input = { name: 'Refused', patterns: [freshWords()], type: 'SOFT', reason: 'REFUSED' };
    const reader = await app.graphql(CREATE, { input }, await app.token('rules:read', 'logs:read', 'profiles:write'));
    expect(reader.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const expert = await app.graphql(CREATE, { input }, await app.token('rules:write'));
    expect(expert.data.createQualificationRule.__typename).toBe('QualificationRule');
    expect(await addRule({ regex: '(a)\\1' })).toMatchObject({
      __typename: 'InvalidInputError',
      message: expect.stringContaining('backreferences'),
    });
  });

  test('an expression that would bring another engine down costs no more than any other', async () => {
    const name = `Linear ${freshWord()}`;
    await addRule({ name, regex: '(a+)+zqlinear$' });
    const text = `${'a'.repeat(15_000)}zqlinear`;
    aSecondPasses();
    expect((await verdictOf(text)).decidedBy).toBe(`rule ${name}`);
    const started = process.cpuUsage();
    expect((await verdictOf(`${text}!`)).decidedBy).not.toBe(`rule ${name}`);
    expect(millisecondsSince(started)).toBeLessThan(2_000);
  });

  test('R216 (A12): one list decides for every origin; whether a result came at once, later or by a webhook is recorded and changes no verdict', async () => {
    const words = freshWords();
    const name = `Every origin ${words}`;
    await addRule({ name, patterns: [words], type: 'SOFT', reason: 'MAILBOX_FULL' });
    const text = `550 5.1.1 User unknown ${words}`;
    aSecondPasses();
    expect((await verdictOf(text)).decidedBy).toBe(`rule ${name}`);
    for (const origin of ['SYNC', 'ASYNC', 'WEBHOOK', 'API', 'STATUS_REPORT']) {
      const verdict = await verdictOf(text, { origin });
      expect([origin, verdict.type, verdict.decidedBy]).toEqual([origin, 'SOFT', `rule ${name}`]);
    }
  });

  test('R217 (A12, QUA-10): a bounce is compared with the strings and gets its type; what none of them knows waits to be qualified', async () => {
    const [known, unknown, words] = [freshAddress(), freshAddress(), freshWords()];
    expect(await ingest(bounce(known, `550 5.2.2 <${known}>: mailbox full`, '5.2.2'))).toMatchObject({
      kind: 'BOUNCE',
      recipients: [{ verdict: { type: 'SOFT', reason: 'MAILBOX_FULL', decidedBy: expect.stringMatching(/^rule /) } }],
    });
    expect(await ingest(bounce(unknown, `599 ${words}`, '5.0.0'))).toMatchObject({
      recipients: [{ verdict: { type: 'UNDEFINED', reason: 'UNDEFINED', decidedBy: 'fallback' } }],
    });
    expect(await rowWith(words)).toMatchObject({ type: 'UNDEFINED', status: 'TO_QUALIFY' });
    expect(await entryStatus(unknown)).toBe('none');
  });
});

describe('R213 (A16): nothing is restarted: what one node changes, another decides by within a second', () => {
  test('type, reason and status of a text', async () => {
    const words = freshWords();
    const text = `599 ${words}`;
    await fail(text);
    expect((await verdictOf(text, {}, other)).type).toBe('UNDEFINED');
    const row = await rowWith(words);
    await edit(row, { type: 'HARD' });
    aSecondPasses();
    expect((await verdictOf(text, {}, other)).type).toBe('HARD');
    await edit(row, { reason: 'ACCOUNT_DISABLED' });
    aSecondPasses();
    expect((await verdictOf(text, {}, other)).reason).toBe('ACCOUNT_DISABLED');
    await edit(row, { status: 'IGNORE' });
    const counted = async () => {
      const address = freshAddress();
      await record({ address, text }, other);
      return entryStatus(address);
    };
    aSecondPasses();
    expect(await counted()).toBe('none');
  });

  test('a rule that is made, switched off and deleted', async () => {
    const words = freshWords();
    const name = `Nodes ${words}`;
    const decidedBy = async () => (await verdictOf(words, {}, other)).decidedBy;
    const { id } = await addRule({ name, patterns: [words] });
    aSecondPasses();
    expect(await decidedBy()).toBe(`rule ${name}`);
    const UPDATE = 'mutation ($input: UpdateQualificationRuleInput!) { updateQualificationRule(input: $input) { __typename } }';
    await ask(UPDATE, { input: { id, active: false } });
    aSecondPasses();
    expect(await decidedBy()).toBe('fallback');
    await ask(UPDATE, { input: { id, active: true } });
    aSecondPasses();
    expect(await decidedBy()).toBe(`rule ${name}`);
    await ask('mutation ($id: ID!) { deleteQualificationRule(id: $id) { __typename } }', { id });
    aSecondPasses();
    expect(await decidedBy()).toBe('fallback');
  });

  test('every change has its line in the audit trail', async () => {
    const lines = await database.query<{ action: string }>(sql`SELECT DISTINCT action FROM audit_entry WHERE action LIKE 'qualif%'`);
    expect(lines.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        'qualification.update',
        'qualificationRule.create',
        'qualificationRule.update',
        'qualificationRule.delete',
        'qualificationRule.deliverabilityUpdate',
      ]),
    );
  });
});
