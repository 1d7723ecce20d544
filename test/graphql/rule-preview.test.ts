import { beforeAll, expect, test } from 'vitest';
import { freshAddress, freshWords } from '../support/fresh.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const RECORD = `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted } } }`;
const PREVIEW = `query ($input: QualificationRuleInput!, $days: Int) { previewRule(input: $input, days: $days) {
  from examined cut matched changes { before { type reason fault } after { type reason fault } failures }
  samples { rawText address before { type } after { type } } releasedCount newlyQuarantinedCount released newlyQuarantined } }`;

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});

/** By the clock of the app, which other tests of this worker move. */
const daysAgo = (days: number) => new Date(app.clock.now().getTime() - days * 86_400_000).toISOString();

test('a rule is tried on history, and names are shown only to those who may read them', async () => {
  const words = freshWords();
  const address = freshAddress('tried', 'preview.example');
  const failure = { channel: 'EMAIL', address, outcome: 'FAILED', text: `599 ${words}`, occurredAt: daysAgo(1) };
  await app.graphql(RECORD, { input: [failure] });
  const input = { name: `Tried ${words}`, patterns: [words], type: 'HARD', reason: 'USER_UNKNOWN' };
  const { data, errors } = await app.graphql(PREVIEW, { input, days: 2 });
  expect(errors).toBeUndefined();
  expect(data.previewRule).toMatchObject({
    from: daysAgo(2),
    cut: false,
    matched: 1,
    changes: [
      {
        before: { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' },
        after: { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' },
        failures: 1,
      },
    ],
    samples: [{ rawText: `599 ${words}`, address, before: { type: 'UNDEFINED' }, after: { type: 'HARD' } }],
    releasedCount: 0,
    newlyQuarantinedCount: 1,
    released: [],
    newlyQuarantined: [address],
  });
  const limited = await app.graphql(PREVIEW, { input, days: 2 }, await app.token('rules:read'));
  expect(limited.data.previewRule).toMatchObject({ samples: [{ address: null }], newlyQuarantinedCount: 1, newlyQuarantined: null });
});

test('a rule that cannot be used is refused in words', async () => {
  const input = { name: 'Tried', regex: '(?=a)b', type: 'SOFT', reason: 'REFUSED' };
  const { errors } = await app.graphql(PREVIEW, { input });
  expect(errors?.[0]).toMatchObject({ message: expect.stringContaining('look-ahead'), extensions: { code: 'BAD_USER_INPUT' } });
  const days = await app.graphql(PREVIEW, { input: { ...input, regex: 'b+' }, days: 0 });
  expect(days.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});
