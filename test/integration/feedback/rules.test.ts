import { beforeAll, describe, expect, test } from 'vitest';
import { createQualificationRule, type QualificationRuleInput } from '../../../src/operations/create-qualification-rule.ts';
import { deleteQualificationRule } from '../../../src/operations/delete-qualification-rule.ts';
import type { Actor, Instance } from '../../../src/operations/instance.ts';
import { qualifyText } from '../../../src/operations/qualify-text.ts';
import { FIRST_BUILT_IN_POSITION, seedBuiltInRules } from '../../../src/operations/rule-books.ts';
import { updateQualification } from '../../../src/operations/update-qualification.ts';
import { updateQualificationRule } from '../../../src/operations/update-qualification-rule.ts';
import { sql } from '../../../src/store/database.ts';
import { aSecondPasses } from '../../support/a-second-passes.ts';
import { aResult, feedbackInstance, record, stateOf, TEXT } from '../../support/feedback-instance.ts';
import { foldNow } from '../../support/fold-now.ts';
import { freshWord, freshWords } from '../../support/fresh.ts';
import { testInstance } from '../../support/test-instance.ts';

const ACTOR: Actor = { name: 'expert', tokenId: null };

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

/** As another node would see it: nothing held in memory. */
const freshly = () => testInstance(instance.database);

async function addRule(rule: Partial<QualificationRuleInput> = {}): Promise<bigint> {
  const input = { name: `Rule ${freshWord()}`, patterns: [freshWords()], type: 'SOFT', reason: 'UNREACHABLE', ...rule } as const;
  return createQualificationRule(instance, input, ACTOR);
}

async function qualificationOf(text: string) {
  const [row] = await instance.database.query<{
    id: bigint;
    type: string;
    status: string;
    editedByUser: boolean;
    version: number;
    occurrences: number;
  }>(sql`
    SELECT id, type, status, edited_by_user AS "editedByUser", version, occurrences FROM qualification WHERE first_text = ${text}`);
  if (row === undefined) throw new Error('there is no such qualification');
  return row;
}

describe('qualifications', () => {
  test('R199, R203: equal failures share one row, which keeps its first text and counts', async () => {
    const words = freshWords();
    const first = `550 ${words} 12345`;
    await record(instance, aResult({ text: first }));
    await record(instance, aResult({ text: `550 ${words} 67890` }));
    const row = await qualificationOf(first);
    expect(row).toMatchObject({ status: 'TO_QUALIFY', editedByUser: false, occurrences: 0, version: 1 });
    await foldNow(instance);
    expect(await qualificationOf(first)).toMatchObject({ occurrences: 2, version: 1 });
  });

  test('R66: what a person says of a text decides, and a later failure has another outcome', async () => {
    const text = `599 ${freshWords()}`;
    const before = aResult({ text });
    await record(instance, before);
    expect(await stateOf(instance, before.address)).toBe('none');
    const { id } = await qualificationOf(text);
    await updateQualification(instance, { id, type: 'HARD', reason: 'USER_UNKNOWN', status: 'KEEP' }, ACTOR);
    const other = await freshly();
    const after = aResult({ text });
    const outcome = await record(other, after);
    expect(outcome.verdict).toMatchObject({ type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' });
    expect(outcome.verdict?.decidedBy).toMatch(/^qualification [0-9a-f]{32}$/);
    expect(await stateOf(instance, after.address)).toBe('QUARANTINE 1');
  });

  test('R208: a text on IGNORE never quarantines', async () => {
    const text = `550 5.1.1 ${freshWords()} user unknown`;
    const first = aResult({ text });
    await record(instance, first);
    expect(await stateOf(instance, first.address)).toBe('QUARANTINE 1');
    await updateQualification(instance, { id: (await qualificationOf(text)).id, status: 'IGNORE' }, ACTOR);
    const second = aResult({ text });
    await record(await freshly(), second);
    expect(await stateOf(instance, second.address)).toBe('none');
  });

  test('R205: occurrences can be set to 0, pending ones too, and that is no judgement', async () => {
    const text = `598 ${freshWords()}`;
    await record(instance, aResult({ text }));
    const { id } = await qualificationOf(text);
    await updateQualification(instance, { id, occurrences: 0 }, ACTOR);
    await foldNow(instance);
    expect(await qualificationOf(text)).toMatchObject({ occurrences: 0, editedByUser: false, version: 2 });
  });

  test('R204: occurrences stop at 100,000', async () => {
    const text = `597 ${freshWords()}`;
    await record(instance, aResult({ text }));
    const { id } = await qualificationOf(text);
    await updateQualification(instance, { id, occurrences: 100_000 }, ACTOR);
    await record(instance, aResult({ text }));
    await foldNow(instance);
    expect(await qualificationOf(text)).toMatchObject({ occurrences: 100_000 });
  });

  test('a stale version, an unknown id, an empty field and a reason of preparation are refused', async () => {
    const text = `596 ${freshWords()}`;
    await record(instance, aResult({ text }));
    const { id } = await qualificationOf(text);
    const edit = (input: object) => updateQualification(instance, { id, ...input }, ACTOR);
    await expect(edit({ expectedVersion: 7, status: 'KEEP' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(edit({ id: 999_999_999n })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(edit({ type: null })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'type' });
    await expect(edit({ occurrences: 100_001 })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'occurrences' });
    await expect(edit({ reason: 'DUPLICATE' })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'reason' });
    expect(await qualificationOf(text)).toMatchObject({ version: 1, editedByUser: false });
  });
});

describe('rules', () => {
  test('R212: the shipped rules are there, after those of users', async () => {
    const rules = await instance.database.query<{ name: string; position: number }>(sql`
      SELECT name, position FROM qualification_rule WHERE origin = 'BUILT_IN' ORDER BY position`);
    expect(rules.length).toBeGreaterThan(8);
    expect(rules[0]?.position).toBe(FIRST_BUILT_IN_POSITION);
    expect(rules.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['User_unknown', 'Mailbox_full', 'Auto_replies', 'Other_responses']),
    );
  });

  test("R198, R215: a user's rule decides before the shipped ones", async () => {
    const words = freshWords();
    await addRule({ name: `Own ${words}`, patterns: [words], type: 'IGNORED', reason: 'UNREACHABLE' });
    const result = aResult({ text: `${TEXT.unknownUser} ${words}` });
    const outcome = await record(await freshly(), result);
    expect(outcome.verdict).toMatchObject({ type: 'IGNORED', decidedBy: `rule Own ${words}` });
    expect(await stateOf(instance, result.address)).toBe('none');
  });

  test('a rule takes effect on another node within a second', async () => {
    const node = await freshly();
    const words = freshWords();
    await qualifyText(node, { text: words });
    await addRule({ name: `Soon ${words}`, patterns: [words] });
    aSecondPasses();
    expect((await qualifyText(node, { text: words })).decidedBy).toBe(`rule Soon ${words}`);
  });

  test('a shadow rule counts and decides nothing', async () => {
    const words = freshWords();
    const id = await addRule({ patterns: [words], type: 'IGNORED', shadow: true });
    const result = aResult({ text: `${TEXT.unknownUser} ${words}` });
    await record(await freshly(), result);
    await foldNow(instance);
    expect(await stateOf(instance, result.address)).toBe('QUARANTINE 1');
    const [rule] = await instance.database.query<{ hits: number; version: number }>(
      sql`SELECT hits, version FROM qualification_rule WHERE id = ${id}`,
    );
    expect(rule).toEqual({ hits: 1, version: 1 });
  });

  test('qualifying a text records nothing', async () => {
    const text = `595 ${freshWords()}`;
    expect(await qualifyText(instance, { text })).toMatchObject({ smtpCode: 595, normalizedText: text });
    await expect(qualificationOf(text)).rejects.toThrow('no such qualification');
  });

  test('names are unique, and a rule that would match everything is refused with its field', async () => {
    const name = `Twice ${freshWord()}`;
    await addRule({ name });
    await expect(addRule({ name })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(addRule({ patterns: [' '] })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'patterns' });
    await expect(addRule({ patterns: [], regex: '(?=a)b' })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'regex' });
    await expect(addRule({ name: ' ' })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'name' });
    await expect(addRule({ position: FIRST_BUILT_IN_POSITION })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'position' });
    await expect(addRule({ patterns: ['a\0b'] })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'patterns' });
  });

  test('a new rule comes last among those of users', async () => {
    const [one, two] = [await addRule(), await addRule()];
    const rules = await instance.database.query<{ id: bigint }>(sql`
      SELECT id FROM qualification_rule WHERE id IN (${one}, ${two}) ORDER BY position, id`);
    expect(rules.map(({ id }) => id)).toEqual([one, two]);
  });

  test('an edit changes what it names, a new reason brings its fault, and null clears', async () => {
    const id = await addRule({ reason: 'REFUSED' });
    await updateQualificationRule(
      instance,
      { id, expectedVersion: 1, reason: 'MAILBOX_FULL', regex: 'over +quota', patterns: null },
      ACTOR,
    );
    const [rule] = await instance.database.query(
      sql`SELECT reason, fault, patterns, regex, version FROM qualification_rule WHERE id = ${id}`,
    );
    expect(rule).toEqual({ reason: 'MAILBOX_FULL', fault: 'RECIPIENT', patterns: [], regex: 'over +quota', version: 2 });
    await expect(updateQualificationRule(instance, { id, expectedVersion: 1, active: false }, ACTOR)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(updateQualificationRule(instance, { id, name: null }, ACTOR)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'name',
    });
  });

  test('of a shipped rule only active, shadow and position change, and it cannot be deleted', async () => {
    const [rule] = await instance.database.query<{ id: bigint }>(sql`SELECT id FROM qualification_rule WHERE name = 'Other_responses'`);
    const id = rule?.id ?? 0n;
    await expect(updateQualificationRule(instance, { id, patterns: ['x'] }, ACTOR)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'patterns',
    });
    await expect(deleteQualificationRule(instance, id, ACTOR)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await updateQualificationRule(instance, { id, active: true, position: FIRST_BUILT_IN_POSITION + 999 }, ACTOR);
  });

  test("A2: seeding again keeps a user's choices and a user's rules", async () => {
    const own = await addRule();
    await instance.database.transaction(async (tx) => {
      await tx.execute(sql`UPDATE qualification_rule SET shadow = true, patterns = '{changed}' WHERE name = 'Mailbox_full'`);
      await tx.execute(sql`DELETE FROM setting WHERE key = 'instance.built_in_rules'`);
      await seedBuiltInRules(tx, instance.now());
    });
    const [shipped] = await instance.database.query<{ shadow: boolean; patterns: string[] }>(
      sql`SELECT shadow, patterns FROM qualification_rule WHERE name = 'Mailbox_full'`,
    );
    expect(shipped?.shadow).toBe(true);
    expect(shipped?.patterns).not.toEqual(['changed']);
    await instance.database.execute(sql`UPDATE qualification_rule SET shadow = false WHERE origin = 'BUILT_IN'`);
    expect(await instance.database.query(sql`SELECT id FROM qualification_rule WHERE id = ${own}`)).toHaveLength(1);
  });

  test('every change is in the audit trail', async () => {
    const id = await addRule();
    await updateQualificationRule(instance, { id, active: false }, ACTOR);
    await deleteQualificationRule(instance, id, ACTOR);
    await expect(deleteQualificationRule(instance, id, ACTOR)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const lines = await instance.database.query<{ action: string; actor: string }>(
      sql`SELECT action, actor FROM audit_entry WHERE subject = ${`QualificationRule ${id}`} ORDER BY id`,
    );
    expect(lines).toEqual(['create', 'update', 'delete'].map((verb) => ({ action: `qualificationRule.${verb}`, actor: 'expert' })));
  });
});
