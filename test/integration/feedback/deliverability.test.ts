import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createQualificationRule } from '../../../src/operations/create-qualification-rule.ts';
import { runDueDeliverability } from '../../../src/operations/deliverability-schedule.ts';
import type { Actor, Instance } from '../../../src/operations/instance.ts';
import { listJobs } from '../../../src/operations/list-jobs.ts';
import { qualifyText } from '../../../src/operations/qualify-text.ts';
import { updateDeliverabilityRules } from '../../../src/operations/update-deliverability-rules.ts';
import { updateQualification } from '../../../src/operations/update-qualification.ts';
import { updateQualificationRule } from '../../../src/operations/update-qualification-rule.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { aResult, record } from '../../support/feedback-instance.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';

const ACTOR: Actor = { name: 'expert', tokenId: null };

// A database of its own: the job reads every text and rule.
let database: Database;
let instance: Instance;
let now = new Date('2027-03-14T12:00:00Z');

beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database, { now: () => now });
});
afterAll(() => database.close());

async function qualified(text: string, change: object): Promise<bigint> {
  await record(instance, aResult({ text }));
  const [row] = await database.query<{ id: bigint }>(sql`SELECT id FROM qualification WHERE first_text = ${text}`);
  if (row === undefined) throw new Error('there is no such text');
  await updateQualification(instance, { id: row.id, type: 'HARD', reason: 'USER_UNKNOWN', ...change }, ACTOR);
  return row.id;
}

const extensions = () =>
  database.query<{ id: bigint; name: string; patterns: string[]; type: string; active: boolean; version: number }>(
    sql`SELECT id, name, patterns, type, active, version FROM qualification_rule WHERE origin = 'DELIVERABILITY_UPDATE' ORDER BY id`,
  );
const usersRules = () => database.query<object>(sql`SELECT * FROM qualification_rule WHERE origin = 'USER' ORDER BY id`);

/** As another node would see it: nothing held in memory. */
const freshly = () => testInstance(database, { now: () => now });

const done = async () => (await updateDeliverabilityRules(instance, ACTOR)).tasks.map(({ name, rows, error }) => [name, rows, error]);

describe('the deliverability update', () => {
  test('R191, R206, R207, R208: makes rules of KEEP texts only, once, and leaves the rules of users alone (A2)', async () => {
    const mine = { name: 'Deliverability of mine', patterns: ['599 keep zquarn blorf'], type: 'IGNORED', reason: 'REFUSED' } as const;
    await createQualificationRule(instance, mine, ACTOR);
    const before = await usersRules();
    await qualified('599 keep zquarn blorf gimble wabe', { status: 'KEEP' });
    await qualified('599 ignore zquarn blorf gimble wabe', { status: 'IGNORE' });
    await qualified('599 unsure zquarn blorf gimble wabe', {});
    await qualified('550 5.1.1 <a@b.example> User unknown in virtual mailbox table', { status: 'KEEP' });
    expect(await done()).toEqual([
      ['removedRules', 0, null],
      ['addedRules', 1, null],
    ]);
    expect(await extensions()).toMatchObject([{ patterns: ['599 keep zquarn blorf gimble wabe'], type: 'HARD', active: true }]);
    expect(await done()).toEqual([
      ['removedRules', 0, null],
      ['addedRules', 0, null],
    ]);
    expect(await extensions()).toHaveLength(1);
    expect(await usersRules()).toEqual(before);
  });

  test('a rule that it made decides texts that hold the kept one, behind the rules of users', async () => {
    await qualified('599 plain frabjous callooh callay', { status: 'KEEP' });
    await done();
    const verdict = await qualifyText(await freshly(), { text: 'The server said: 599 plain frabjous callooh callay. Bye.' });
    expect(verdict).toMatchObject({
      type: 'HARD',
      reason: 'USER_UNKNOWN',
      decidedBy: expect.stringMatching(/^rule Deliverability EMAIL /),
    });
    const override = { name: 'Frabjous', patterns: ['frabjous callooh'], type: 'SOFT', reason: 'UNREACHABLE' } as const;
    await createQualificationRule(instance, override, ACTOR);
    const after = await qualifyText(await freshly(), { text: 'The server said: 599 plain frabjous callooh callay. Bye.' });
    expect(after.decidedBy).toBe('rule Frabjous');
  });

  test('a text that is no longer KEEP loses its rule; one that means something else gets another', async () => {
    const left = await qualified('599 leaving slithy toves gimbled', { status: 'KEEP' });
    const changed = await qualified('599 changing slithy toves gimbled', { status: 'KEEP' });
    await done();
    const patternsNow = async () => new Map((await extensions()).map(({ patterns, type }) => [patterns[0], type]));
    expect((await patternsNow()).get('599 leaving slithy toves gimbled')).toBe('HARD');
    await updateQualification(instance, { id: left, status: 'IGNORE' }, ACTOR);
    await updateQualification(instance, { id: changed, type: 'SOFT', reason: 'MAILBOX_FULL' }, ACTOR);
    expect(await done()).toEqual([
      ['removedRules', 2, null],
      ['addedRules', 1, null],
    ]);
    expect((await patternsNow()).has('599 leaving slithy toves gimbled')).toBe(false);
    expect((await patternsNow()).get('599 changing slithy toves gimbled')).toBe('SOFT');
  });

  test('a rule that a person switched off stays off', async () => {
    const [rule] = await extensions();
    if (rule === undefined) throw new Error('there is no rule');
    await updateQualificationRule(instance, { id: rule.id, active: false }, ACTOR);
    expect(await done()).toEqual([
      ['removedRules', 0, null],
      ['addedRules', 0, null],
    ]);
    expect((await extensions()).find(({ id }) => id === rule.id)).toMatchObject({ active: false });
  });

  test('comes at 02:00 once a night, and is shown among the jobs with what it did', async () => {
    now = new Date('2027-03-15T01:59:59Z');
    expect(await runDueDeliverability(instance)).toBeNull();
    await qualified('599 nightly mimsy borogoves outgrabe', { status: 'KEEP' });
    now = new Date('2027-03-15T02:00:00Z');
    expect((await runDueDeliverability(instance))?.tasks[1]).toMatchObject({ name: 'addedRules', rows: 1 });
    expect(await runDueDeliverability(instance)).toBeNull();
    const job = (await listJobs(instance)).find(({ name }) => name === 'deliverability');
    expect(job).toMatchObject({ schedule: 'daily at 02:00 (UTC)', lastRunAt: now, nextRunAt: new Date('2027-03-16T02:00:00Z') });
    expect(job?.lastReport?.tasks[1]).toMatchObject({ name: 'addedRules', rows: 1, error: null });
  });
});
