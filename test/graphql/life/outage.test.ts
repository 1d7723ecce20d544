import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp('2020-12-14T00:00:00Z');
});
afterAll(() => life.close());

const RELEASE = `mutation ($input: ReleaseQuarantineInput!) { releaseQuarantine(input: $input) {
  __typename ... on QuarantineRelease { state matched changed sample { address status } } ... on Error { message } } }`;

async function release(filter: object, more: object = {}) {
  return (await life.call(RELEASE, { input: { filter, ...more } })).releaseQuarantine;
}

let made = 0;
/** A domain that no other row has. */
const freshDomain = () => {
  made += 1;
  return `outage-${made}.example`;
};

const GMAIL = '550-5.1.1 The email account that you tried to reach does not exist. https://support.google.com/mail/?p=NoSuchUser';
/** 6:55 a.m. to 6:00 a.m. of the day after next, Eastern Standard Time (R55 to R58, worked example 7.7). */
const WINDOW = { from: '2020-12-14T06:55:00-05:00', to: '2020-12-16T06:00:00-05:00' };
const FRAGMENTS = ['550-5.1.1', 'support.google.com'];

const ROWS: readonly (readonly [name: string, quarantinedAt: string, text: string, released: boolean])[] = [
  ['within the window (R56, R58)', '2020-12-15T14:00:00-05:00', GMAIL, true],
  ['at its first second (R62)', '2020-12-14T06:55:00-05:00', GMAIL, true],
  ['a second before it (R62)', '2020-12-14T06:54:59-05:00', GMAIL, false],
  ['at its last second (R63)', '2020-12-16T06:00:00-05:00', GMAIL, true],
  ['a second after it (R63)', '2020-12-16T06:00:01-05:00', GMAIL, false],
  ['with one of the two texts only (R60)', '2020-12-15T14:00:00-05:00', '550-5.1.1 The email account does not exist', false],
  ['without the hyphenated form (X26)', '2020-12-15T14:00:00-05:00', '550 5.1.1 No such user, see support.google.com', false],
  ['in another case', '2020-12-15T14:00:00-05:00', '550-5.1.1 No such user, see SUPPORT.GOOGLE.COM', false],
];

describe('the release after an outage (7.7)', () => {
  test.each(ROWS)('%s', async (_name, at, text, released) => {
    const domain = freshDomain();
    const address = `jo@${domain}`;
    await life.happens({ address, at: new Date(at).toISOString(), text });
    const filter = { domain: [domain], status: ['QUARANTINE'], errorTextContains: FRAGMENTS, statusUpdatedAt: WINDOW };
    const dry = await release(filter, { dryRun: true });
    expect(dry).toMatchObject({
      state: 'DONE',
      matched: released ? 1 : 0,
      changed: 0,
      sample: released ? [{ address, status: 'QUARANTINE' }] : [],
    });
    expect(await life.stateOf(address)).toBe('QUARANTINE 1');
    expect(await release(filter, { expectedCount: dry.matched })).toMatchObject({ state: 'DONE', changed: released ? 1 : 0 });
    expect(await life.stateOf(address)).toBe(released ? 'VALID 0' : 'QUARANTINE 1');
    expect(await life.isAllowed(address)).toBe(released);
  });

  test('the same text on the denylist is never part of it (R51, W8)', async () => {
    const domain = freshDomain();
    const address = `jo@${domain}`;
    await life.happens(
      { address, at: '2020-12-15T19:00:00.000Z', text: GMAIL },
      { address, at: '2020-12-15T20:00:00.000Z', outcome: 'COMPLAINT', text: GMAIL },
    );
    const filter = { domain: [domain], errorTextContains: FRAGMENTS };
    expect(await release(filter)).toMatchObject({ matched: 0, changed: 0 });
    expect(await release({ ...filter, status: ['DENYLISTED'] })).toMatchObject({ matched: 0, changed: 0 });
    expect(await life.stateOf(address)).toBe('DENYLISTED 1');
  });

  test('released rows are targeted by the next preparation and gone after the next cleanup (R57, R59, R64)', async () => {
    const domain = freshDomain();
    const address = `jo@${domain}`;
    const id = await life.profile({ channel: 'EMAIL', value: address });
    await life.happens({ address, at: '2020-12-15T19:00:00.000Z', text: GMAIL });
    expect((await life.deliver({ profileIds: [id] })).excluded).toMatchObject([{ address, status: 'QUARANTINED' }]);
    await release({ domain: [domain] });
    expect((await life.deliver({ profileIds: [id] })).logs).toMatchObject([{ address, status: 'PENDING' }]);
    expect(await release({ domain: [domain] })).toMatchObject({ matched: 0 });
    await life.cleanUp('2020-12-17T04:00:00Z');
    expect(await life.stateOf(address)).toBe('none');
  });

  test('rows may simply be deleted (R65)', async () => {
    const domain = freshDomain();
    await life.happens({ address: `jo@${domain}`, at: '2020-12-15T19:00:00.000Z', text: GMAIL });
    expect(await release({ domain: [domain] }, { mode: 'DELETE' })).toMatchObject({ changed: 1 });
    expect(await life.stateOf(`jo@${domain}`)).toBe('none');
    expect(await life.isAllowed(`jo@${domain}`)).toBe(true);
  });

  test('the criteria fit other providers: Apple and Italia Online (R61, R209)', async () => {
    const at = '2021-04-26T09:00:00.000Z';
    await life.happens(
      { address: 'a@icloud.com', at, text: "550 5.1.1 'a@icloud.com': user lookup success but no user record found. support.apple.com" },
      { address: 'b@me.com', at, text: '554 5.1.1 Momen_Code10_InvalidRecipient unknown user' },
      { address: 'c@libero.it', at, text: '550 <c@libero.it> recipient rejected' },
      { address: 'd@iol.it', at, text: '452 requested action aborted: try again later' },
    );
    expect(await life.stateOf('d@iol.it')).not.toMatch(/^QUARANTINE/);
    const byText = await release({ errorTextContains: ['user lookup success but no user record found', 'support.apple.com'] });
    const byDomain = await release({ errorTextContains: ['Momen_Code10_InvalidRecipient'], domain: ['icloud.com', 'me.com', 'mac.com'] });
    const italian = ['libero.it', 'virgilio.it', 'inwind.it', 'iol.it', 'blu.it'];
    const rejected = await release({ errorTextContains: ['recipient rejected'], domain: italian });
    expect([byText.changed, byDomain.changed, rejected.changed]).toEqual([1, 1, 1]);
    for (const address of ['a@icloud.com', 'b@me.com', 'c@libero.it']) expect(await life.stateOf(address)).toBe('VALID 0');
  });
});
