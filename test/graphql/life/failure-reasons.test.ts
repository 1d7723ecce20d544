import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Channel } from '../../../src/domain/vocabulary.ts';
import { aSecondPasses } from '../../support/a-second-passes.ts';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp();
  // Answers that say more than the shipped rules take them for: a person's rule decides their type.
  for (const rule of [
    { name: 'Account_closed', patterns: ['account closed for good'], type: 'HARD', reason: 'ACCOUNT_DISABLED' },
    { name: 'Host_gone', patterns: ['host is gone for good'], type: 'HARD', reason: 'UNREACHABLE', fault: 'RECIPIENT' },
    { name: 'Refused_for_good', patterns: ['refused for good'], type: 'HARD', reason: 'REFUSED', fault: 'RECIPIENT' },
  ]) {
    const { createQualificationRule } = await life.call(
      'mutation ($input: QualificationRuleInput!) { createQualificationRule(input: $input) { __typename ... on Error { message } } }',
      { input: rule },
    );
    expect(createQualificationRule).toEqual({ __typename: 'QualificationRule' });
  }
  const qualify = '{ qualify(input: { text: "550 refused for good" }) { decidedBy } }';
  aSecondPasses();
  expect((await life.call(qualify)).qualify.decidedBy).toBe('rule Refused_for_good');
});
afterAll(() => life.close());

let made = 0;
const freshAddress = () => {
  made += 1;
  return `reason-${made}@failures.example`;
};

const day = (number: number) => `2025-03-0${number}T08:00:00Z`;

interface Case {
  readonly name: string;
  readonly text: string;
  readonly channel?: Channel;
  readonly address?: string;
  readonly type: string;
  readonly reason: string;
  /** After one failure, and after five of them a day apart. */
  readonly states: readonly [first: string, fifth: string];
}

const SOFT = ['ERRONEOUS 1', 'QUARANTINE 5'] as const;
const HARD = ['QUARANTINE 1', 'QUARANTINE 1'] as const;
const NONE = ['none', 'none'] as const;

const CASES: readonly Case[] = [
  {
    name: 'R171, R11: 1 User unknown quarantines at once',
    text: '550 5.1.1 User unknown',
    type: 'HARD',
    reason: 'USER_UNKNOWN',
    states: HARD,
  },
  {
    name: 'R160: 2 Invalid domain counts to five',
    text: "DNS query failed for 'gone.example'",
    type: 'SOFT',
    reason: 'INVALID_DOMAIN',
    states: SOFT,
  },
  {
    name: 'R170: 3 Unreachable, for now, counts to five',
    text: '451 4.3.0 system resources low',
    type: 'SOFT',
    reason: 'UNREACHABLE',
    states: SOFT,
  },
  {
    name: 'R170: 3 Unreachable, for good, quarantines at once',
    text: '550 host is gone for good',
    type: 'HARD',
    reason: 'UNREACHABLE',
    states: HARD,
  },
  {
    name: 'R149: 4 Account disabled after six months counts to five',
    text: '550 5.7.1 : Recipient address rejected: Inactive MailBox, not poped for more than 6 months',
    type: 'SOFT',
    reason: 'ACCOUNT_DISABLED',
    states: SOFT,
  },
  {
    name: 'R150: 4 Account disabled for good quarantines at once',
    text: '550 account closed for good',
    type: 'HARD',
    reason: 'ACCOUNT_DISABLED',
    states: HARD,
  },
  {
    name: 'R161, R11: 5 Mailbox full counts to five',
    text: '552 5.2.2 The mailbox is over quota',
    type: 'SOFT',
    reason: 'MAILBOX_FULL',
    states: SOFT,
  },
  {
    name: 'R164: 6 Not connected, a phone that is off, never counts',
    text: 'Absent subscriber at 12/14/2020 6:55:00 AM',
    channel: 'SMS',
    address: '+33612345001',
    type: 'IGNORED',
    reason: 'NOT_CONNECTED',
    states: NONE,
  },
  {
    name: 'R167: 20 Refused by a filter of the recipient counts to five',
    text: "550 5.7.1 Message refused by recipient's filter",
    type: 'SOFT',
    reason: 'REFUSED',
    states: SOFT,
  },
  { name: 'R167: 20 Refused for good quarantines at once', text: '550 refused for good', type: 'HARD', reason: 'REFUSED', states: HARD },
  {
    name: 'A3: 20 Refused for the reputation of the sender never counts',
    text: '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org',
    type: 'SOFT',
    reason: 'REFUSED',
    states: NONE,
  },
  {
    name: 'A3: 20 Refused for the content never counts',
    text: '554 5.7.1 Spam message rejected',
    type: 'SOFT',
    reason: 'REFUSED',
    states: NONE,
  },
  {
    name: 'R165: 0 Undefined does not count the first time, then from repetition to repetition',
    text: 'Vmbq krtz wlpd',
    type: 'UNDEFINED',
    reason: 'UNDEFINED',
    states: ['none', 'ERRONEOUS 4'],
  },
  {
    name: 'CHN-1: a push token that is registered no more is quarantined at once',
    text: '410 Unregistered',
    channel: 'PUSH',
    address: 'a'.repeat(64),
    type: 'HARD',
    reason: 'USER_UNKNOWN',
    states: HARD,
  },
];

describe('what each failure of a message does to its address (R66)', () => {
  test.each(CASES.map((one) => [one.name, one] as const))(
    '%s',
    async (_name, { text, type, reason, states, channel = 'EMAIL', ...given }) => {
      const address = given.address ?? freshAddress();
      const answers = [...(await life.happens({ address, channel, text, at: day(1) }))];
      const first = await life.stateOf(address);
      for (const number of [2, 3, 4, 5]) answers.push(...(await life.happens({ address, channel, text, at: day(number) })));
      expect(answers.map(({ verdict }) => [verdict.type, verdict.reason])).toEqual(Array(5).fill([type, reason]));
      expect([first, await life.stateOf(address)]).toEqual(states);
      expect(await life.isAllowed(address, channel)).toBe(!states[1].startsWith('QUARANTINE'));
      if (states[1] !== 'none') expect(await life.entryOf(address)).toMatchObject({ reason, errorText: text });
    },
  );

  test('R171: after a hard error there is no further attempt, also not by the next delivery', async () => {
    const address = freshAddress();
    const id = await life.profile({ channel: 'EMAIL', value: address });
    const { id: deliveryId } = await life.deliver({ profileIds: [id] });
    await life.start(deliveryId);
    await life.happens({ address, at: day(1), deliveryId, text: '550 5.1.1 User unknown' });
    expect((await life.deliveryOf(deliveryId)).logs).toMatchObject([
      { status: 'FAILED', failureType: 'HARD', nextAttemptAt: null, quarantined: true },
    ]);
    expect((await life.deliver({ profileIds: [id] })).counters).toMatchObject({ toDeliver: 0, excluded: 1 });
  });

  test('R79: the list says why each address is on it', async () => {
    const address = freshAddress();
    await life.happens({ address, at: day(1), text: '550 5.1.1 User unknown' });
    expect(await life.entriesOf({ address: { eq: address }, reason: ['USER_UNKNOWN'] })).toMatchObject([{ reason: 'USER_UNKNOWN' }]);
  });

  test('R66: the same answer has another outcome once a person has qualified it otherwise', async () => {
    const text = '550 5.1.1 User unknown, frblz office';
    const [before, after] = [freshAddress(), freshAddress()];
    const [{ verdict }] = await life.happens({ address: before, at: day(1), text });
    const find = 'query ($text: String!) { qualifications(filter: { text: { contains: $text } }) { edges { node { id md5 } } } }';
    const [row] = (await life.call(find, { text: 'frblz' })).qualifications.edges;
    expect(row.node.md5).toBe(verdict.md5);
    await life.call('mutation ($input: UpdateQualificationInput!) { updateQualification(input: $input) { __typename } }', {
      input: { id: row.node.id, type: 'SOFT', reason: 'UNREACHABLE', status: 'KEEP' },
    });
    const qualify = 'query ($text: String!) { qualify(input: { text: $text }) { decidedBy } }';
    aSecondPasses();
    expect((await life.call(qualify, { text })).qualify.decidedBy).toBe(`qualification ${verdict.md5}`);
    await life.happens({ address: after, at: day(2), text });
    expect([await life.stateOf(before), await life.stateOf(after)]).toEqual(['QUARANTINE 1', 'ERRONEOUS 1']);
  });
});

describe('R12, R151 to R169: the catalogue of reasons', () => {
  const ROWS: readonly (readonly [rule: string, value: number | null, reason: string, types: readonly string[], atPreparation: boolean])[] =
    [
      ['R165', 0, 'UNDEFINED', ['UNDEFINED'], false],
      ['R171', 1, 'USER_UNKNOWN', ['HARD'], false],
      ['R160', 2, 'INVALID_DOMAIN', ['SOFT'], false],
      ['R170', 3, 'UNREACHABLE', ['SOFT', 'HARD'], false],
      ['R149, R150', 4, 'ACCOUNT_DISABLED', ['SOFT', 'HARD'], false],
      ['R161', 5, 'MAILBOX_FULL', ['SOFT'], false],
      ['R164', 6, 'NOT_CONNECTED', ['IGNORED'], false],
      ['R152', 7, 'ADDRESS_UNDEFINED', ['HARD'], true],
      ['R154', 8, 'DENYLISTED', ['HARD'], true],
      ['R151', 9, 'QUARANTINED', ['HARD'], true],
      ['R156', 10, 'DUPLICATE', ['IGNORED'], true],
      ['R159', 11, 'EXCLUDED_BY_SQL_RULE', ['IGNORED'], true],
      ['R158', 12, 'EXCLUDED_BY_ARBITRATION', ['IGNORED'], true],
      ['R153', 14, 'BAD_QUALITY_ADDRESS', ['IGNORED'], true],
      ['R169', 15, 'UNQUALIFIED_ADDRESS', ['IGNORED'], true],
      ['R166', 16, 'NOT_ELIGIBLE_FOR_OFFERS', ['IGNORED'], true],
      ['R168', 17, 'TARGET_LIMITED', ['IGNORED'], true],
      ['R167', 20, 'REFUSED', ['SOFT', 'HARD'], false],
      ['R157', 25, 'ERROR_IGNORED', ['IGNORED'], false],
      ['R155', 127, 'CONTROL_GROUP', ['IGNORED'], true],
      ['X13', null, 'EXPIRED', ['IGNORED'], false],
    ];

  test('has the number, the types and the phase of each, in the order of the numbers', async () => {
    const { failureReasons } = await life.call('{ failureReasons { technicalValue reason types atPreparation label description } }');
    expect(
      failureReasons.map(({ technicalValue, reason, types, atPreparation }: Record<string, unknown>) => [
        technicalValue,
        reason,
        types,
        atPreparation,
      ]),
    ).toEqual(ROWS.map(([, ...row]) => row));
    for (const { label, description } of failureReasons)
      expect([label, description]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\.$/)]);
  });

  test('R12: the rules that bring an address into quarantine can be read and are settings of the instance', async () => {
    const { settings, qualificationRules } = await life.call('{ settings { key value } qualificationRules { name type reason fault } }');
    const values = Object.fromEntries(settings.map(({ key, value }: { key: string; value: string }) => [key, value]));
    expect(values).toMatchObject({ maxErrorsBeforeQuarantineEmail: '5', significantErrorGapEmail: '86400', counterResetAfterEmail: '10' });
    expect(qualificationRules).toContainEqual({ name: 'User_unknown', type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' });
  });
});

describe('what preparation sets (R151, R152, R154 to R156, R168)', () => {
  test('each reason has its row, and none of them touches the quarantine list (PRE-5)', async () => {
    const [kept, quarantined, denied, out] = [freshAddress(), freshAddress(), freshAddress(), freshAddress()];
    await life.happens({ address: quarantined, at: day(1), text: '550 5.1.1 User unknown' });
    await life.happens({ address: denied, at: day(1), outcome: 'COMPLAINT', text: 'abuse' });
    const profileIds = [
      await life.profile({ channel: 'EMAIL', value: kept }),
      await life.profile({ channel: 'EMAIL', value: kept }),
      await life.profile({ channel: 'EMAIL', value: quarantined }),
      await life.profile({ channel: 'EMAIL', value: denied }),
      await life.profile({ channel: 'EMAIL', value: out }),
      await life.profile(),
    ];
    await life.call('mutation ($id: ID!) { optOut(input: { profileId: $id }) { __typename } }', { id: profileIds[4] });
    const { logs, excluded, counters } = await life.deliver({ profileIds });
    expect(logs).toMatchObject([{ address: kept }]);
    expect(excluded.map(({ status, scope }: { status: string; scope: string | null }) => `${status} ${scope}`).sort()).toEqual([
      'ADDRESS_UNDEFINED null',
      'DENYLISTED ADDRESS',
      'DENYLISTED PROFILE',
      'DUPLICATE null',
      'QUARANTINED ADDRESS',
    ]);
    expect(counters).toMatchObject({ targeted: 6, excluded: 5, toDeliver: 1 });
    expect([await life.stateOf(kept), await life.stateOf(quarantined), await life.stateOf(out)]).toEqual(['none', 'QUARANTINE 1', 'none']);
  });

  test('R168 and R155: a limit and a control group leave the rest out with their own reasons', async () => {
    const profileIds = await Promise.all(Array.from({ length: 4 }, () => life.profile({ channel: 'EMAIL', value: freshAddress() })));
    const limited = await life.deliver({ profileIds, limitTo: 3 });
    expect(limited.excluded).toMatchObject([{ status: 'TARGET_LIMITED' }]);
    const controlled = await life.deliver({ profileIds, controlGroupPercent: 100 });
    expect(controlled.excluded.map(({ status }: { status: string }) => status)).toEqual(Array(4).fill('CONTROL_GROUP'));
  });
});
