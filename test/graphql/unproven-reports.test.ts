import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ingestMessage } from '../../src/operations/ingest-message.ts';
import { type Database, sql } from '../../src/store/database.ts';
import { API_DOOR, aDelivery } from '../support/feedback-instance.ts';
import { freshAddress } from '../support/fresh.ts';
import { aComplaint, aReport, MAILBOX } from '../support/reports.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

let database: Database;
let app: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await openTestApp(database);
});
beforeEach(() => app.clock.advance(1_000));
afterAll(async () => {
  await app.close();
  await database.close();
});

const FIELDS = 'id kind state receivedAt recipients { address held verdict { type reason decidedBy } }';
const LIST = `{ unprovenReports(first: 10) { edges { node { ${FIELDS} } } } }`;
const act = (field: string) =>
  `mutation ($id: ID!) { ${field}(id: $id) { __typename ... on UnprovenReport { ${FIELDS} } ... on Error { message code } } }`;
const COUNT = act('countUnprovenReport');
const DISMISS = act('dismissUnprovenReport');
const FULL = { status: '4.2.2', diagnostic: '452 4.2.2 The mailbox is over quota' };

const statusOf = async (address: string) => {
  const query = 'query ($filter: QuarantineFilter) { quarantine(filter: $filter, first: 1) { edges { node { status lastErrorAt } } } }';
  const { data } = await app.graphql(query, { filter: { address: { eq: address } } });
  return data.quarantine.edges[0]?.node.status ?? 'gone';
};

const listed = async (token?: string) =>
  (await app.graphql(LIST, {}, token)).data.unprovenReports.edges.map(({ node }: { node: object }) => node);

/** A report of an unknown user that came through a mailbox, and its message. */
async function held() {
  const address = freshAddress();
  const raw = aReport([{ address }]);
  await ingestMessage(app.instance, raw, MAILBOX);
  const [report] = await listed();
  return { address, raw, id: report.id as string };
}

const audited = async (id: string) => {
  const subject = Buffer.from(id, 'base64url').toString('latin1').replace(':', ' ');
  const lines = await database.query<{ action: string; actor: string }>(sql`
    SELECT action, actor FROM audit_entry WHERE subject = ${subject} ORDER BY id`);
  return lines.map(({ action, actor }) => `${action} by ${actor}`);
};

describe('a report without proof (amendment A11)', () => {
  test('is listed with whom it speaks of and what it says of each; what needs no proof is not held', async () => {
    const [unknown, full] = [freshAddress(), freshAddress()];
    await ingestMessage(app.instance, aReport([{ address: unknown }, { address: full, ...FULL }]), MAILBOX);
    const complained = freshAddress();
    await ingestMessage(app.instance, aComplaint(complained), MAILBOX);
    await ingestMessage(app.instance, aReport([{ address: freshAddress(), ...FULL }]), MAILBOX);
    const [complaint, bounce] = await listed();
    expect(bounce).toMatchObject({
      kind: 'BOUNCE',
      state: 'HELD',
      receivedAt: app.clock.now().toISOString(),
      recipients: [
        { address: unknown, held: true, verdict: { type: 'HARD', reason: 'USER_UNKNOWN' } },
        { address: full, held: false, verdict: { type: 'SOFT', reason: 'MAILBOX_FULL' } },
      ],
    });
    expect(complaint).toMatchObject({ kind: 'COMPLAINT', recipients: [{ address: complained, held: true }] });
    const node = await app.graphql(`query ($id: ID!) { node(id: $id) { ... on UnprovenReport { ${FIELDS} } } }`, { id: bounce.id });
    expect(node.data.node).toEqual(bounce);
  });

  test('counts once a person says so, as it would have when it came; a repeat and the message itself change nothing then', async () => {
    const { address, raw, id } = await held();
    app.clock.advance(60_000);
    const counted = await app.graphql(COUNT, { id });
    expect(counted.data.countUnprovenReport).toMatchObject({
      __typename: 'UnprovenReport',
      id,
      state: 'COUNTED',
      recipients: [{ held: true }],
    });
    expect(await statusOf(address)).toBe('QUARANTINE');
    expect((await listed()).map((report: { id: string }) => report.id)).not.toContain(id);
    expect((await app.graphql(COUNT, { id })).data.countUnprovenReport).toEqual(counted.data.countUnprovenReport);
    for (const door of [MAILBOX, API_DOOR]) {
      expect(await ingestMessage(app.instance, raw, door)).toMatchObject({
        duplicate: true,
        recipients: [{ address, addressStatus: 'QUARANTINE' }],
      });
    }
    const [lines] = await database.query<{ n: bigint }>(sql`SELECT count(*) AS n FROM delivery_event WHERE address = ${address}`);
    expect(lines?.n).toBe(1n);
    expect(await audited(id)).toEqual(['report.count by test admin']);
    expect((await app.graphql(DISMISS, { id })).data.dismissUnprovenReport).toMatchObject({ __typename: 'InvalidStateError' });
  });

  test('a complaint that is counted shuts the address for good', async () => {
    const address = freshAddress();
    await ingestMessage(app.instance, aComplaint(address), MAILBOX);
    const [{ id }] = await listed();
    await app.graphql(COUNT, { id });
    expect(await statusOf(address)).toBe('DENYLISTED');
  });

  test('never counts once it is dismissed, through whichever door it comes again', async () => {
    const { address, raw, id } = await held();
    const dismissed = await app.graphql(DISMISS, { id });
    expect(dismissed.data.dismissUnprovenReport).toMatchObject({ __typename: 'UnprovenReport', id, state: 'DISMISSED' });
    expect((await app.graphql(DISMISS, { id })).data.dismissUnprovenReport).toEqual(dismissed.data.dismissUnprovenReport);
    expect((await listed()).map((report: { id: string }) => report.id)).not.toContain(id);
    for (const door of [MAILBOX, API_DOOR]) {
      expect(await ingestMessage(app.instance, raw, door)).toMatchObject({
        duplicate: true,
        recipients: [{ address, addressStatus: null }],
      });
    }
    expect((await app.graphql(COUNT, { id })).data.countUnprovenReport).toMatchObject({ __typename: 'InvalidStateError' });
    expect(await statusOf(address)).toBe('gone');
    expect(await audited(id)).toEqual(['report.dismiss by test admin']);
  });

  test('counted by an authenticated door meanwhile is COUNTED; asking for it once more changes nothing', async () => {
    const { address, raw, id } = await held();
    expect(await ingestMessage(app.instance, raw, API_DOOR)).toMatchObject({ duplicate: false });
    expect((await app.graphql(COUNT, { id })).data.countUnprovenReport).toMatchObject({ state: 'COUNTED' });
    expect(await statusOf(address)).toBe('QUARANTINE');
    expect(await audited(id)).toEqual([]);
  });

  test('counted twice at once counts once; counted and dismissed at once is one of both', async () => {
    const twice = await held();
    await Promise.all([app.graphql(COUNT, { id: twice.id }), app.graphql(COUNT, { id: twice.id })]);
    expect(await audited(twice.id)).toEqual(['report.count by test admin']);
    const either = await held();
    const answers = await Promise.all([app.graphql(COUNT, { id: either.id }), app.graphql(DISMISS, { id: either.id })]);
    const won = answers.map(({ data }) => (data.countUnprovenReport ?? data.dismissUnprovenReport).__typename);
    expect(won.toSorted()).toEqual(['InvalidStateError', 'UnprovenReport']);
    expect(await statusOf(either.address)).toBe(won[0] === 'UnprovenReport' ? 'QUARANTINE' : 'gone');
  });

  test('names people only to logs:read; whoever reads may not act, whoever acts is shown what came of it', async () => {
    const { address, id } = await held();
    const reader = await app.token('quarantine:read');
    expect((await listed(reader))[0]).toMatchObject({ id, recipients: [{ address: null, verdict: { type: 'HARD' } }] });
    expect((await listed(await app.token('quarantine:read', 'logs:read')))[0]).toMatchObject({ id, recipients: [{ address }] });
    for (const query of [COUNT, DISMISS]) {
      expect((await app.graphql(query, { id }, reader)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
    const writer = await app.token('quarantine:write');
    expect((await app.graphql(LIST, {}, writer)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const { data } = await app.graphql(COUNT, { id }, writer);
    expect(data.countUnprovenReport).toMatchObject({ state: 'COUNTED', recipients: [{ address: null, held: true }] });
  });

  test('what was never held is no report', async () => {
    const raw = aReport([{ address: freshAddress() }]);
    await ingestMessage(app.instance, raw, API_DOOR);
    const [row] = await database.query<{ id: bigint }>(sql`SELECT max(id) AS id FROM inbound_event`);
    const id = Buffer.from(`UnprovenReport:${row?.id}`).toString('base64url');
    expect((await app.graphql('query ($id: ID!) { node(id: $id) { id } }', { id })).data.node).toBeNull();
    for (const query of [COUNT, DISMISS]) {
      const { data } = await app.graphql(query, { id });
      expect(data.countUnprovenReport ?? data.dismissUnprovenReport).toMatchObject({ __typename: 'NotFoundError' });
    }
  });

  test('whose words were erased can only be dismissed', async () => {
    const { id } = await held();
    const [, row] = Buffer.from(id, 'base64url').toString('latin1').split(':');
    await database.execute(sql`UPDATE inbound_event SET raw = ''::bytea WHERE id = ${BigInt(row ?? 0)}`);
    expect((await app.graphql(COUNT, { id })).data.countUnprovenReport).toMatchObject({ message: expect.stringContaining('erased') });
    expect((await app.graphql(DISMISS, { id })).data.dismissUnprovenReport).toMatchObject({ state: 'DISMISSED' });
  });
});

describe('an instance that asks everybody for proof', () => {
  const set = async (value: boolean) => {
    const input = { key: 'proofRequired', value: String(value) };
    await app.graphql('mutation ($input: UpdateSettingInput!) { updateSetting(input: $input) { __typename } }', { input });
    await vi.waitFor(async () => expect((await app.instance.settings()).proofRequired).toBe(value), 5_000);
  };
  const ingest = async (raw: Uint8Array) => {
    const response = await app.fetch('/ingest/message', {
      method: 'POST',
      body: Buffer.from(raw),
      headers: { 'Content-Type': 'message/rfc822' },
    });
    return (await response.json()).recipients[0];
  };

  test('holds a forged report, and counts one with the token that the log of the message shows', async () => {
    const [address, stranger] = [freshAddress(), freshAddress()];
    const delivery = await aDelivery(app.instance, [{ address }]);
    const shown = await app.graphql(
      'query ($a: String!) { deliveryLogs(filter: { address: { eq: $a } }) { edges { node { ownToken } } } }',
      {
        a: address,
      },
    );
    const token = shown.data.deliveryLogs.edges[0].node.ownToken as string;
    await set(true);
    try {
      expect(await ingest(aReport([{ address: stranger }]))).toMatchObject({ addressStatus: null, verdict: { type: 'HARD' } });
      expect(await ingest(aReport([{ address: stranger }], { token: `${delivery.logIds[0]}.${'a'.repeat(26)}` }))).toMatchObject({
        addressStatus: null,
      });
      expect(await ingest(aReport([{ address }], { token }))).toMatchObject({ addressStatus: 'QUARANTINE' });
      const [last, first] = await listed();
      expect([first.recipients[0].address, last.recipients[0].address]).toEqual([stranger, stranger]);
    } finally {
      await set(false);
    }
  });
});
