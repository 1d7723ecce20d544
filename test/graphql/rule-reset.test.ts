import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { openTestApp, type TestApp } from '../support/test-app.ts';
import { freshDatabase } from '../support/test-database.ts';

// A database of its own: a reset is of all rules. Two nodes on it.
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

const RULES = '{ qualificationRules { id name position patterns regex type reason fault active shadow origin } }';
const RESET = `mutation ($input: ResetQualificationRulesInput!) { resetQualificationRules(input: $input) {
  restored removedUpdates removedUserRules keptUserRules nameTaken } }`;
const CREATE = `mutation ($input: QualificationRuleInput!) { createQualificationRule(input: $input) {
  ... on QualificationRule { id } ... on Error { message } } }`;
const UPDATE = `mutation ($input: UpdateQualificationRuleInput!) { updateQualificationRule(input: $input) {
  __typename ... on Error { message } ... on InvalidInputError { field } } }`;
const QUALIFY = 'query ($text: String!) { qualify(input: { text: $text }) { type reason decidedBy } }';

interface Rule {
  readonly id: string;
  readonly name: string;
  readonly origin: string;
  readonly active: boolean;
}

async function rules(): Promise<Rule[]> {
  return (await app.graphql(RULES)).data.qualificationRules;
}

async function ruleNamed(name: string): Promise<Rule> {
  const found = (await rules()).find((rule) => rule.name === name);
  if (found === undefined) throw new Error(`there is no rule ${name}`);
  return found;
}

async function change(name: string, input: object) {
  const { data } = await app.graphql(UPDATE, { input: { id: (await ruleNamed(name)).id, ...input } });
  return data.updateQualificationRule;
}

async function reset(input: object) {
  const { data, errors } = await app.graphql(RESET, { input });
  expect(errors).toBeUndefined();
  return data.resetQualificationRules;
}

const FULL = '452 4.2.2 The mailbox is over quota';
const decidedBy = async (node: TestApp, text: string): Promise<string> =>
  (await node.graphql(QUALIFY, { text })).data.qualify.decidedBy as string;

/** What a change takes at the most to be everywhere (amendment A16). */

async function keepText(text: string): Promise<void> {
  const failure = { channel: 'EMAIL', address: 'kept@reset.example', outcome: 'FAILED', text, occurredAt: app.clock.now() };
  await app.graphql('mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results { accepted } } }', {
    input: [failure],
  });
  const { data } = await app.graphql('{ unqualifiedTexts(first: 1) { edges { node { id } } } }');
  const input = { id: data.unqualifiedTexts.edges[0].node.id, type: 'HARD', reason: 'ACCOUNT_DISABLED', status: 'KEEP' };
  await app.graphql('mutation ($input: UpdateQualificationInput!) { updateQualification(input: $input) { __typename } }', { input });
  await app.graphql('mutation { updateDeliverabilityRules { tasks { name } } }');
}

describe('resetQualificationRules', () => {
  test('A2: brings the shipped table back on every node, removes rules of updates, and leaves those of users', async () => {
    const shipped = await rules();
    const shippedBy = await decidedBy(other, FULL);
    const name = shippedBy.replace('rule ', '');
    await change(name, { active: false });
    await change('User_unknown', { shadow: true });
    await change('Other_responses', { position: 1_000_500 });
    await keepText('599 zqreset grobnit fnoodle wabe taken away');
    await app.graphql(CREATE, { input: { name: 'Mine', patterns: ['zqreset mine'], type: 'SOFT', reason: 'REFUSED' } });
    aSecondPasses();
    expect(await decidedBy(other, FULL)).not.toBe(shippedBy);
    const [update] = (await rules()).filter(({ origin }) => origin === 'DELIVERABILITY_UPDATE').map((rule) => rule.name);
    expect(update).toBeDefined();

    const dry = await reset({ dryRun: true });
    expect(dry).toEqual({
      restored: expect.arrayContaining([name, 'User_unknown', 'Other_responses']),
      removedUpdates: [update],
      removedUserRules: [],
      keptUserRules: ['Mine'],
      nameTaken: [],
    });
    expect(dry.restored).toHaveLength(3);
    expect(await ruleNamed(name)).toMatchObject({ active: false });

    expect(await reset({})).toEqual(dry);
    aSecondPasses();
    expect(await decidedBy(other, FULL)).toBe(shippedBy);
    const mine = await ruleNamed('Mine');
    expect(await rules()).toEqual([mine, ...shipped]);
    const { data } = await app.graphql('{ auditLog(first: 1) { edges { node { action detail } } } }');
    const line = data.auditLog.edges[0].node;
    expect(line.action).toBe('qualificationRule.reset');
    expect(JSON.parse(line.detail)).toMatchObject({ restored: dry.restored, removedUpdates: [update], keptUserRules: 1 });
  });

  test("removes users' rules only when asked, and then nothing is left but the shipped table", async () => {
    expect(await reset({ removeUserRules: true })).toMatchObject({ removedUserRules: ['Mine'], keptUserRules: [], restored: [] });
    expect(new Set((await rules()).map(({ origin }) => origin))).toEqual(new Set(['BUILT_IN']));
    expect(await reset({ removeUserRules: true })).toEqual({
      restored: [],
      removedUpdates: [],
      removedUserRules: [],
      keptUserRules: [],
      nameTaken: [],
    });
  });

  test('a shipped rule says why its content cannot be edited and why it cannot be deleted', async () => {
    expect(await change('Mailbox_full', { type: 'HARD' })).toEqual({
      __typename: 'InvalidInputError',
      field: 'type',
      message: expect.stringContaining('switch it off, or make a rule of your own'),
    });
    const { data } = await app.graphql('mutation ($id: ID!) { deleteQualificationRule(id: $id) { __typename ... on Error { message } } }', {
      id: (await ruleNamed('Mailbox_full')).id,
    });
    expect(data.deleteQualificationRule).toEqual({
      __typename: 'InvalidStateError',
      message: expect.stringContaining('switch it off instead'),
    });
  });
});
