import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aSecondPasses } from '../../support/a-second-passes.ts';
import { readingSqlOf } from '../../support/count-sql.ts';
import { type LifeApp, openLifeApp } from './life-app.ts';

let life: LifeApp;

beforeAll(async () => {
  life = await openLifeApp('2025-03-01T00:00:00Z');
});
afterAll(() => life.close());

const FULL = '552 5.2.2 The mailbox is over quota';
const UNKNOWN = '550 5.1.1 <x@explain.example>: User unknown in table 4711';
const A_SENTENCE = expect.stringMatching(/^[A-Z].*\.$/s);
const optOut = (id: string, channels: string[] | null, occurredAt: string) =>
  life.call('mutation ($input: ConsentInput!) { optOut(input: $input) { __typename } }', {
    input: { profileId: id, channels, occurredAt },
  });

describe('mayContact tells of each shut gate its evidence, since when, until when, and the remedy', () => {
  test('nothing is known: allowed', async () => {
    expect(await life.contact({ address: 'nobody@explain.example' })).toEqual({ allowed: true, blocks: [] });
  });

  test.each([
    ['of everything', null],
    ['of the channel', ['EMAIL']],
  ])('a person who opted out %s', async (name, channels) => {
    const address = `${channels ? 'channel' : 'all'}@explain.example`;
    const id = await life.profile({ channel: 'EMAIL', value: address });
    life.app.clock.set('2025-03-02T00:00:00Z');
    await optOut(id, channels, '2025-03-01T12:00:00Z');
    const block = {
      reason: 'DENYLISTED',
      scope: 'PROFILE',
      text: 'The recipient no longer wants to be contacted.',
      since: '2025-03-01T12:00:00.000Z',
      until: null,
      remedy: A_SENTENCE,
      profile: { id },
      quarantineEntry: null,
    };
    expect(await life.contact({ address, profileId: id }), name).toEqual({ allowed: false, blocks: [block] });
    // Nobody was named, and everybody who holds the address has opted out.
    expect(await life.contact({ address })).toEqual({ allowed: false, blocks: [block] });
  });

  test('an address that complained: with the entry, never opened by time', async () => {
    const address = 'complained@explain.example';
    await life.happens({ address, at: '2025-03-01T08:00:00Z', outcome: 'COMPLAINT', text: 'abuse' });
    expect(await life.contact({ address })).toEqual({
      allowed: false,
      blocks: [
        {
          reason: 'DENYLISTED',
          scope: 'ADDRESS',
          text: 'The address is on the denylist.',
          since: '2025-03-01T08:00:00.000Z',
          until: null,
          remedy: A_SENTENCE,
          profile: null,
          quarantineEntry: { id: expect.any(String), status: 'DENYLISTED', reason: 'REFUSED', errorText: 'abuse' },
        },
      ],
    });
  });

  test('an address that a person shut: the remedy does not put it down to the recipient alone', async () => {
    const address = 'by.hand@explain.example';
    await life.call('mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { __typename } }', {
      input: { channel: 'EMAIL', address, status: 'DENYLISTED' },
    });
    const remedy = expect.stringMatching(/a person shut it: quarantineHistory says which/);
    expect((await life.contact({ address })).blocks).toMatchObject([{ reason: 'DENYLISTED', until: null, remedy }]);
  });

  test('an unknown user: with the raw answer, never opened by time', async () => {
    const address = 'unknown@explain.example';
    await life.happens({ address, at: '2025-03-01T08:00:00Z', text: UNKNOWN });
    expect((await life.contact({ address })).blocks).toEqual([
      {
        reason: 'QUARANTINED',
        scope: 'ADDRESS',
        text: 'The address is in quarantine.',
        since: '2025-03-01T08:00:00.000Z',
        until: null,
        remedy: A_SENTENCE,
        profile: null,
        quarantineEntry: { id: expect.any(String), status: 'QUARANTINE', reason: 'USER_UNKNOWN', errorText: UNKNOWN },
      },
    ]);
  });

  test('a full mailbox: shut since the fifth error, until the first cleanup 30 days after the last one, where the switch is on', async () => {
    const address = 'full@explain.example';
    for (const day of ['01', '02', '03', '04', '05']) await life.happens({ address, at: `2025-03-${day}T08:00:00Z`, text: FULL });
    const [block] = (await life.contact({ address })).blocks;
    expect(block).toMatchObject({ since: '2025-03-05T08:00:00.000Z', until: '2025-04-05T04:00:00.000Z' });
    await life.set('releaseMailboxFullQuarantineEmail', false);
    expect((await life.contact({ address })).blocks).toMatchObject([{ until: null }]);
    await life.set('releaseMailboxFullQuarantineEmail', true);
  });

  test('a number that answered STOP: for the short code that it answered', async () => {
    const stop = { address: '+33612345002', channel: 'SMS' } as const;
    await life.happens({ ...stop, at: '2025-03-01T08:00:00Z', outcome: 'STOP', text: 'Stop', shortCode: '12345' });
    expect((await life.contact({ ...stop, shortCode: '12345' })).blocks).toMatchObject([
      { reason: 'DENYLISTED', scope: 'ADDRESS', since: '2025-03-01T08:00:00.000Z', until: null, quarantineEntry: { errorText: 'Stop' } },
    ]);
    expect((await life.contact({ ...stop, shortCode: '999' })).allowed).toBe(true);
  });

  test('several gates: all of them, the one that preparation logs first', async () => {
    const address = 'both@explain.example';
    const id = await life.profile({ channel: 'EMAIL', value: address });
    await life.happens({ address, at: '2025-03-01T08:00:00Z', text: UNKNOWN });
    life.app.clock.set('2025-03-02T00:00:00Z');
    await optOut(id, null, '2025-03-01T09:00:00Z');
    const { blocks } = await life.contact({ address, profileId: id });
    expect(blocks.map(({ scope, reason }: Record<string, string>) => `${scope} ${reason}`)).toEqual([
      'PROFILE DENYLISTED',
      'ADDRESS QUARANTINED',
    ]);
    const { excluded } = await life.deliver({ profileIds: [id] });
    expect(excluded).toMatchObject([{ status: blocks[0].reason, scope: blocks[0].scope, text: blocks[0].text }]);
  });

  test('ERRONEOUS, VALID, UNKNOWN and ALLOWLISTED shut nothing (SUP-4)', async () => {
    for (const status of ['ERRONEOUS', 'VALID', 'UNKNOWN', 'ALLOWLISTED']) {
      const address = `status.${status.toLowerCase()}@explain.example`;
      expect(await life.createEntry({ address, status })).toMatchObject({ status });
      expect(await life.contact({ address })).toEqual({ allowed: true, blocks: [] });
    }
  });
});

test('the evidence of many gates is read in the statements of one, and stands at its own address', async () => {
  const addresses = Array.from({ length: 20 }, (_, place) => `many${place}@explain.example`);
  await life.happens(...addresses.map((address) => ({ address, at: '2025-03-01T08:00:00Z', text: UNKNOWN })));
  const ids = await Promise.all(addresses.map((value) => life.profile({ channel: 'EMAIL', value })));
  life.app.clock.set('2025-03-02T00:00:00Z');
  for (const id of ids) await optOut(id, null, '2025-03-01T09:00:00Z');
  const ask = `query ($input: [ContactCheckInput!]!) {
    mayContact(input: $input) { blocks { quarantineEntry { address } profile { id addresses { edges { node { value } } } } } } }`;
  const input = addresses.map((address) => ({ channel: 'EMAIL', address }));
  const one = await readingSqlOf(() => life.call(ask, { input: input.slice(0, 1) }));
  const many = await readingSqlOf(() => life.call(ask, { input }));
  expect(many.length).toBe(one.length);
  const { mayContact } = await life.call(ask, { input });
  expect(mayContact).toEqual(
    addresses.map((address, place) => ({
      blocks: [
        { quarantineEntry: null, profile: { id: ids[place], addresses: { edges: [{ node: { value: address } }] } } },
        { quarantineEntry: { address }, profile: null },
      ],
    })),
  );
});

describe('quarantineHistory tells of each change the raw text and what decided', () => {
  test('a rule, a status code, a complaint, the cleanup and a person', async () => {
    const address = 'story@explain.example';
    const own = '550 5.2.2 story@explain.example is over quota';
    await life.happens(
      { address, at: '2025-03-01T08:00:00Z', text: own },
      { address, at: '2025-03-02T08:00:00Z', text: '451 4.3.1 brblx' },
      { address, at: '2025-03-02T09:00:00Z', outcome: 'DELIVERED' },
      { address, at: '2025-03-03T08:00:00Z', text: UNKNOWN },
      { address, at: '2025-03-04T08:00:00Z', outcome: 'COMPLAINT', text: 'abuse' },
    );
    await life.updateEntry({ id: (await life.entryOf(address)).id, status: 'VALID' });
    await life.cleanUp('2025-03-05T04:00:00Z');
    expect(await life.historyOf(address)).toMatchObject([
      {
        previousStatus: null,
        status: 'ERRONEOUS',
        errorCount: 1,
        text: own,
        decidedBy: expect.stringMatching(/^rule /),
        fault: 'RECIPIENT',
        actor: null,
      },
      { status: 'ERRONEOUS', errorCount: 2, text: '451 4.3.1 brblx', decidedBy: 'status 4.3.1', fault: 'INFRASTRUCTURE' },
      { status: 'VALID', errorCount: 0, decidedBy: 'delivered' },
      { status: 'QUARANTINE', errorCount: 1, text: UNKNOWN, decidedBy: 'rule User_unknown', source: 'BOUNCE_SYNC' },
      { status: 'DENYLISTED', text: 'abuse', decidedBy: 'complaint', source: 'FEEDBACK_LOOP' },
      {
        previousStatus: 'DENYLISTED',
        status: 'VALID',
        errorCount: 0,
        decidedBy: null,
        source: 'MANUAL',
        actor: expect.stringContaining('test'),
      },
      { previousStatus: 'VALID', status: null, decidedBy: null, actor: 'cleanup' },
    ]);
  });

  test('a text that a person has qualified names its qualification', async () => {
    const text = '550 5.1.1 gfmpl wrote this';
    const [{ verdict }] = await life.happens({ address: 'first@explain.example', at: '2025-03-01T08:00:00Z', text });
    const find = 'query ($text: String!) { qualifications(filter: { text: { contains: $text } }) { edges { node { id } } } }';
    const { id } = (await life.call(find, { text: 'gfmpl' })).qualifications.edges[0].node;
    await life.call('mutation ($input: UpdateQualificationInput!) { updateQualification(input: $input) { __typename } }', {
      input: { id, type: 'SOFT', reason: 'MAILBOX_FULL', status: 'KEEP' },
    });
    const qualify = 'query ($text: String!) { qualify(input: { text: $text }) { decidedBy } }';
    aSecondPasses();
    expect((await life.call(qualify, { text })).qualify.decidedBy).toBe(`qualification ${verdict.md5}`);
    await life.happens({ address: 'second@explain.example', at: '2025-03-02T08:00:00Z', text });
    expect(await life.historyOf('second@explain.example')).toMatchObject([
      { status: 'ERRONEOUS', reason: 'MAILBOX_FULL', text, decidedBy: `qualification ${verdict.md5}` },
    ]);
  });
});
