import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILT_IN_RULES } from '../../src/domain/qualification/built-in-rules.ts';
import { normalizeText } from '../../src/domain/qualification/normalize-text.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import type { Database } from '../../src/store/database.ts';
import { sql } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

// A database of its own: the inbox shows every text.
let database: Database;
let app: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await openTestApp(database);
});
afterAll(async () => {
  await app.close();
  await database.close();
});

const RECORD = `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted error { message } } } }`;
const INBOX = `query ($first: Int, $after: String, $type: [FailureType!]) { unqualifiedTexts(first: $first, after: $after, type: $type) {
  edges { cursor node { id text status recentOccurrences occurrences samples { rawText address occurredAt }
    suggestion { type reason fault nearestText score } } } pageInfo { hasNextPage endCursor } } }`;
const ALIKE = `mutation ($input: QualifyAlikeInput!) { qualifyAlike(input: $input) { __typename
  ... on QualifiedAlike { changed more texts } ... on Error { message } ... on InvalidInputError { field } } }`;

const DAY_MS = 86_400_000;
let people = 0;

async function fail(text: string, times = 1, daysAgo = 1) {
  const input = Array.from({ length: times }, () => {
    people += 1;
    const occurredAt = new Date(app.clock.now().getTime() - daysAgo * DAY_MS + people).toISOString();
    return { channel: 'EMAIL', address: `p${people}@inbox.example`, outcome: 'FAILED', text, occurredAt };
  });
  const { data } = await app.graphql(RECORD, { input });
  expect(data.recordDeliveryResults.results.every(({ accepted }: { accepted: boolean }) => accepted)).toBe(true);
}

async function inbox(variables: object = {}, token?: string) {
  const { data, errors } = await app.graphql(INBOX, { first: 50, ...variables }, token);
  expect(errors).toBeUndefined();
  return data.unqualifiedTexts;
}

// biome-ignore lint/suspicious/noExplicitAny: rows of the API, read by the test that knows their shape
const textsOf = (page: any): string[] => page.edges.map(({ node }: { node: { text: string } }) => node.text);

const qualify = async (input: object) => {
  const { data, errors } = await app.graphql(ALIKE, { input });
  expect(errors).toBeUndefined();
  return data.qualifyAlike;
};

const rowOf = async (text: string) => {
  const [row] = await database.query<{ id: bigint; type: string; reason: string; fault: string; status: string; edited: boolean }>(
    sql`SELECT id, type, reason, fault, status, edited_by_user AS edited FROM qualification WHERE text = ${text}`,
  );
  if (row === undefined) throw new Error(`no row for ${text}`);
  return row;
};

const OFTEN = '599 zquarn blorf gimble wabe';
const RARE = '599 zquarn mimsy borogove raths';
const OLD = '599 zquarn frabjous callooh callay';

describe('unqualifiedTexts', () => {
  test('shows what occurs most often in the last 7 days first, page by page', async () => {
    await fail(OLD, 5, 8);
    await fail(RARE, 1);
    await fail(OFTEN, 3);
    const page = await inbox({ type: ['UNDEFINED'] });
    expect(textsOf(page)).toEqual([OFTEN, RARE, OLD]);
    expect(page.edges.map(({ node }: { node: { recentOccurrences: number } }) => node.recentOccurrences)).toEqual([3, 1, 0]);
    expect(page.edges[2].node.occurrences).toBe(5);
    const first = await inbox({ type: ['UNDEFINED'], first: 2 });
    expect(textsOf(first)).toEqual([OFTEN, RARE]);
    const second = await inbox({ type: ['UNDEFINED'], first: 2, after: first.pageInfo.endCursor });
    expect([textsOf(second), second.pageInfo.hasNextPage]).toEqual([[OLD], false]);
  });

  test('shows up to 5 samples, newest first, and whose they are only to readers of logs', async () => {
    await fail('599 many zquarn samples of them', 7);
    const nodeOf = async (token?: string) => {
      const { edges } = await inbox({}, token);
      return edges.map(({ node }: { node: { text: string } }) => node).find(({ text }: { text: string }) => text.includes('many zquarn'));
    };
    const { samples } = await nodeOf();
    expect(samples).toHaveLength(5);
    expect(samples[0]).toMatchObject({ rawText: '599 many zquarn samples of them', address: `p${people}@inbox.example` });
    const times = samples.map(({ occurredAt }: { occurredAt: string }) => occurredAt);
    expect(times).toEqual([...times].sort().reverse());
    const addresses = async (token: string) => (await nodeOf(token)).samples.map(({ address }: { address: string | null }) => address);
    expect(await addresses(await app.token('rules:read'))).toEqual([null, null, null, null, null]);
    expect(await addresses(await app.token('rules:read', 'logs:read'))).not.toContain(null);
  });

  test('suggests the meaning of the nearest text that was kept, with its score', async () => {
    await fail('599 snark boojum vanished softly for good', 2);
    await fail('599 snark boojum vanished suddenly for good');
    await qualify({
      id: encodeGlobalId('MessageQualification', (await rowOf('599 snark boojum vanished softly for good')).id),
      type: 'HARD',
      reason: 'USER_UNKNOWN',
      minScore: 1,
    });
    aSecondPasses();
    const { edges } = await inbox();
    const node = edges.map((edge: { node: object }) => edge.node).find(({ text }: { text: string }) => text.includes('suddenly'));
    expect(node.suggestion).toMatchObject({
      type: 'HARD',
      reason: 'USER_UNKNOWN',
      fault: 'RECIPIENT',
      nearestText: '599 snark boojum vanished softly for good',
    });
    expect(node.suggestion.score).toBeGreaterThan(0.5);
    expect(node.suggestion.score).toBeLessThan(1);
  });

  test('suggests the meaning of a shipped example, and nothing where nothing is near', async () => {
    const rule = BUILT_IN_RULES.find(({ examples, channel }) => channel === undefined && (examples[0] ?? '').split(' ').length > 8);
    const example = rule?.examples[0] ?? '';
    await fail(`${example} snickersnack`);
    await fail('598 xyzzyq plughq');
    const { edges } = await inbox();
    const nodes = new Map<string, { suggestion: object | null }>(
      edges.map(({ node }: { node: { text: string; suggestion: object | null } }) => [node.text, node]),
    );
    const near = [...nodes].find(([text]) => text.includes('snickersnack'))?.[1].suggestion;
    expect(near).toMatchObject({ type: rule?.type, reason: rule?.reason, fault: rule?.fault, nearestText: normalizeText(example) });
    expect(nodes.get('598 xyzzyq plughq')).toMatchObject({ suggestion: null });
  });
});

describe('qualifyAlike', () => {
  test('sets the text and those like it in one go, decides from then on, and leaves a line in the audit trail', async () => {
    await fail('599 gyre shard one is tulgey no letters pass');
    await fail('599 gyre shard two is tulgey no letters pass');
    await fail('599 gyre shard three is tulgey no letters pass');
    await fail('599 gyre vorpal');
    const { id } = await rowOf('599 gyre shard one is tulgey no letters pass');
    const input = {
      id: encodeGlobalId('MessageQualification', id),
      type: 'SOFT',
      reason: 'UNREACHABLE',
      fault: 'RECIPIENT',
      minScore: 0.6,
    };
    const dry = await qualify({ ...input, dryRun: true });
    expect(dry).toMatchObject({ changed: 3, more: false });
    expect(dry.texts[0]).toBe('599 gyre shard one is tulgey no letters pass');
    expect(await rowOf('599 gyre shard two is tulgey no letters pass')).toMatchObject({ status: 'TO_QUALIFY', edited: false });
    expect(await qualify(input)).toEqual({ __typename: 'QualifiedAlike', changed: 3, more: false, texts: dry.texts });
    for (const shard of ['one', 'two', 'three']) {
      expect(await rowOf(`599 gyre shard ${shard} is tulgey no letters pass`)).toMatchObject({
        type: 'SOFT',
        reason: 'UNREACHABLE',
        fault: 'RECIPIENT',
        status: 'KEEP',
        edited: true,
      });
    }
    expect(await rowOf('599 gyre vorpal')).toMatchObject({ status: 'TO_QUALIFY', edited: false });
    const { data } = await app.graphql('{ auditLog(first: 1) { edges { node { action subject } } } }');
    expect(data.auditLog.edges[0].node).toEqual({ action: 'qualification.qualifyAlike', subject: `MessageQualification ${id}` });
    aSecondPasses();
    const verdict = await app.graphql('{ qualify(input: { text: "599 gyre shard two is tulgey no letters pass" }) { type decidedBy } }');
    expect(verdict.data.qualify).toMatchObject({ type: 'SOFT', decidedBy: expect.stringMatching(/^qualification /) });
  });

  test('touches nothing that a person has judged, nor what is taken for something else', async () => {
    await fail('599 slithy toves number one gimbled');
    await fail('599 slithy toves number two gimbled');
    await fail('450 slithy toves number three gimbled');
    const judged = await rowOf('599 slithy toves number two gimbled');
    await database.execute(sql`UPDATE qualification SET edited_by_user = true WHERE id = ${judged.id}`);
    const { id } = await rowOf('599 slithy toves number one gimbled');
    const input = { id: encodeGlobalId('MessageQualification', id), type: 'IGNORED', reason: 'REFUSED', status: 'IGNORE', minScore: 0.3 };
    expect((await qualify(input)).texts).not.toContain('599 slithy toves number two gimbled');
    expect(await rowOf('599 slithy toves number two gimbled')).toMatchObject({ type: 'UNDEFINED', status: 'TO_QUALIFY' });
    expect(await rowOf('450 slithy toves number three gimbled')).toMatchObject({ type: 'SOFT', status: 'TO_QUALIFY' });
    expect(await rowOf('599 slithy toves number one gimbled')).toMatchObject({ type: 'IGNORED', status: 'IGNORE', edited: true });
  });

  test('refuses what makes no sense, in words', async () => {
    const { id } = await rowOf(OFTEN);
    const input = { id: encodeGlobalId('MessageQualification', id), type: 'SOFT', reason: 'REFUSED' };
    expect(await qualify({ ...input, status: 'TO_QUALIFY' })).toMatchObject({ __typename: 'InvalidInputError', field: 'status' });
    expect(await qualify({ ...input, minScore: 0 })).toMatchObject({ __typename: 'InvalidInputError', field: 'minScore' });
    expect(await qualify({ ...input, minScore: 1.5 })).toMatchObject({ __typename: 'InvalidInputError', field: 'minScore' });
    expect(await qualify({ ...input, reason: 'QUARANTINED' })).toMatchObject({ __typename: 'InvalidInputError', field: 'reason' });
    expect(await qualify({ ...input, id: encodeGlobalId('MessageQualification', 99_999_999n) })).toMatchObject({
      __typename: 'NotFoundError',
    });
  });
});
