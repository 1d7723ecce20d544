import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createQualificationRule, type QualificationRuleInput } from '../../../src/operations/create-qualification-rule.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Actor, Instance } from '../../../src/operations/instance.ts';
import { type PreviewOptions, previewRule } from '../../../src/operations/preview-rule.ts';
import { updateQualification } from '../../../src/operations/update-qualification.ts';
import { updateQuarantineEntry } from '../../../src/operations/update-quarantine-entry.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { API_DOOR, aResult, entriesOf, record, stateOf, TEXT } from '../../support/feedback-instance.ts';
import { freshAddress } from '../../support/fresh.ts';
import { aReport } from '../../support/reports.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';

const ACTOR: Actor = { name: 'expert', tokenId: null };
const DAY_MS = 86_400_000;
const NOW = new Date('2026-05-12T10:00:00Z');

// A database of its own: a preview reads every failure.
let database: Database;
let instance: Instance;

beforeAll(async () => {
  database = await freshDatabase();
  instance = await freshly();
});
afterAll(() => database.close());

/** As another node would see it: nothing held in memory. */
const freshly = () => testInstance(database, { now: () => NOW });

async function fail(text: string, address: string, daysAgo: number): Promise<string> {
  const outcome = await record(instance, aResult({ text, address, occurredAt: new Date(NOW.getTime() - daysAgo * DAY_MS) }));
  if (!outcome.accepted) throw new Error('the result was refused');
  return address;
}

const HARD = { type: 'HARD', reason: 'USER_UNKNOWN' } as const;

async function preview(rule: Partial<QualificationRuleInput>, days = 30, options: PreviewOptions = {}) {
  const input = { name: 'Tried', patterns: ['no such words'], type: 'SOFT', reason: 'UNREACHABLE', ...rule } as const;
  return previewRule(await freshly(), input, days, options);
}

describe('previewRule', () => {
  test('counts by old and new verdict what the rule would decide, within the days, with samples; and changes nothing', async () => {
    const recent = await fail('599 zquarn alpha blorf', freshAddress(), 2);
    await fail('599 zquarn alpha blorf', freshAddress(), 20);
    await fail('599 zquarn alpha blorf', freshAddress(), 40);
    await fail(TEXT.mailboxFull, freshAddress(), 2);
    const before = await database.query(sql`SELECT * FROM qualification_rule ORDER BY id`);
    const result = await preview({ patterns: ['zquarn alpha'], ...HARD });
    const undefinedMeaning = { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };
    const hard = { ...HARD, fault: 'RECIPIENT' };
    expect(result).toMatchObject({
      examined: 3,
      cut: false,
      matched: 2,
      changes: [{ before: undefinedMeaning, after: hard, failures: 2 }],
    });
    expect(result.samples).toHaveLength(2);
    expect(result.samples[0]).toMatchObject({ address: recent, rawText: '599 zquarn alpha blorf', before: undefinedMeaning, after: hard });
    expect(result.newlyQuarantined).toHaveLength(2);
    expect(result.newlyQuarantined).toContain(recent);
    expect(result.released).toEqual([]);
    expect(await database.query(sql`SELECT * FROM qualification_rule ORDER BY id`)).toEqual(before);
    expect(await stateOf(instance, recent)).toBe('none');
  });

  test('says which addresses would be released, and leaves out those that failed otherwise or that a person holds', async () => {
    const text = '550 5.1.1 zquarn beta user unknown';
    const freed = await fail(text, freshAddress(), 3);
    const alsoBad = await fail(text, freshAddress(), 3);
    await fail(TEXT.unknownUser, alsoBad, 2);
    const held = await fail(text, freshAddress(), 3);
    const [entry] = await entriesOf(instance, held);
    await updateQuarantineEntry(instance, { id: entry?.id ?? 0n, errorText: 'Keep this one.' }, ACTOR);
    const complained = await fail(text, freshAddress(), 3);
    await record(
      instance,
      aResult({ address: complained, outcome: 'COMPLAINT', text: null, occurredAt: new Date(NOW.getTime() - DAY_MS) }),
    );
    expect(await stateOf(instance, freed)).toBe('QUARANTINE 1');
    const result = await preview({ patterns: ['zquarn beta'], type: 'IGNORED', reason: 'REFUSED' });
    expect(result.matched).toBe(4);
    expect(result.released).toEqual([freed]);
    expect(result.newlyQuarantined).toEqual([]);
  });

  test('counts soft failures as the state machine does: the fifth one a day apart quarantines', async () => {
    const five = freshAddress();
    for (const day of [6, 5, 4, 3, 2]) await fail('599 zquarn gamma', five, day);
    const four = freshAddress();
    for (const day of [6, 5, 4, 3]) await fail('599 zquarn gamma', four, day);
    const healed = freshAddress();
    for (const day of [7, 6, 5, 4]) await fail('599 zquarn gamma', healed, day);
    await record(
      instance,
      aResult({ address: healed, outcome: 'DELIVERED', text: null, occurredAt: new Date(NOW.getTime() - 3 * DAY_MS) }),
    );
    await fail('599 zquarn gamma', healed, 2);
    const result = await preview({ patterns: ['zquarn gamma'], type: 'SOFT', reason: 'MAILBOX_FULL' });
    expect(await stateOf(instance, five)).toBe('ERRONEOUS 4');
    expect(result.newlyQuarantined).toEqual([five]);
    const sender = await preview({ patterns: ['zquarn gamma'], type: 'HARD', reason: 'REFUSED', fault: 'SENDER' });
    expect(sender.newlyQuarantined).toEqual([]);
  });

  test('what a person qualified, and what a rule before it decides, stays as it was', async () => {
    await fail('599 zquarn delta edited', freshAddress(), 1);
    await fail('599 zquarn delta ruled', freshAddress(), 1);
    const [row] = await database.query<{ id: bigint }>(sql`SELECT id FROM qualification WHERE text = '599 zquarn delta edited'`);
    await updateQualification(instance, { id: row?.id ?? 0n, type: 'SOFT', reason: 'REFUSED', status: 'KEEP' }, ACTOR);
    expect((await preview({ patterns: ['zquarn delta'], ...HARD })).matched).toBe(1);
    await createQualificationRule(
      instance,
      { name: 'First', position: 0, patterns: ['delta ruled'], type: 'SOFT', reason: 'REFUSED' },
      ACTOR,
    );
    expect((await preview({ patterns: ['zquarn delta'], ...HARD })).matched).toBe(0);
    expect((await preview({ patterns: ['zquarn delta'], position: 0, name: 'First', ...HARD })).matched).toBe(1);
  });

  test('a changed version of a rule also shows what it would no longer decide', async () => {
    await createQualificationRule(instance, { name: 'Wide', patterns: ['zquarn epsilon'], ...HARD }, ACTOR);
    instance = await freshly();
    const [one, two] = [await fail('599 zquarn epsilon one', freshAddress(), 1), await fail('599 zquarn epsilon two', freshAddress(), 1)];
    expect([await stateOf(instance, one), await stateOf(instance, two)]).toEqual(['QUARANTINE 1', 'QUARANTINE 1']);
    const result = await preview({ name: 'Wide', patterns: ['zquarn epsilon one'], ...HARD });
    expect(result.matched).toBe(2);
    expect(result.released).toEqual([two]);
    expect(result.samples).toMatchObject([{ address: two, after: { type: 'UNDEFINED' } }]);
  });

  test('a failure that a changed rule lets go is what its whole report says, not its text alone', async () => {
    await createQualificationRule(instance, { name: 'Letting go', patterns: ['zquarn zeta'], type: 'SOFT', reason: 'REFUSED' }, ACTOR);
    instance = await freshly();
    const address = freshAddress();
    const report = aReport([{ address, status: '5.1.1', diagnostic: '550 zquarn zeta' }], { date: 'Mon, 11 May 2026 08:00:00 +0000' });
    await ingestMessage(instance, report, API_DOOR);
    const result = await preview({ name: 'Letting go', patterns: ['zquarn zeta no more'], type: 'SOFT', reason: 'REFUSED' });
    expect(result.changes).toEqual([
      { before: { type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' }, after: { ...HARD, fault: 'RECIPIENT' }, failures: 1 },
    ]);
    expect(result.newlyQuarantined).toEqual([address]);
  });

  test('of rules at one position the older one is tried first, also while it is edited', async () => {
    for (const name of ['Older', 'Younger']) {
      await createQualificationRule(instance, { name, position: 7, patterns: ['zquarn eta'], type: 'SOFT', reason: 'REFUSED' }, ACTOR);
    }
    instance = await freshly();
    await fail('599 zquarn eta', freshAddress(), 1);
    expect(await preview({ name: 'Older', patterns: ['zquarn eta'], ...HARD })).toMatchObject({
      matched: 1,
      newlyQuarantined: [expect.any(String)],
    });
    expect(await preview({ name: 'Younger', patterns: ['zquarn eta'], ...HARD })).toMatchObject({ matched: 0 });
  });

  test('reads in slices, newest first, and says where it was cut', async () => {
    const whole = await preview({ patterns: ['zquarn'], ...HARD });
    const sliced = await preview({ patterns: ['zquarn'], ...HARD }, 30, { sliceSize: 3 });
    expect({ ...sliced, released: sliced.released.toSorted(), newlyQuarantined: sliced.newlyQuarantined.toSorted() }).toEqual({
      ...whole,
      released: whole.released.toSorted(),
      newlyQuarantined: whole.newlyQuarantined.toSorted(),
    });
    const cut = await preview({ patterns: ['zquarn'], ...HARD }, 30, { sliceSize: 3, mostFailures: 5 });
    expect(cut).toMatchObject({ examined: 5, cut: true });
    expect(await preview({ patterns: ['zquarn'], ...HARD }, 30, { mostFailures: whole.examined })).toMatchObject({ cut: false });
  });

  test.each([
    [{ patterns: [], regex: '(?=a)b' }, 30, /look-ahead/],
    [{ patterns: [] }, 30, /at least one string/],
    [{}, 0, /1 to 366/],
    [{}, 367, /1 to 366/],
    [{ name: 'User_unknown' }, 30, /There is a rule named/],
  ])('refuses %j over %d days', async (rule, days, message) => {
    await expect(preview(rule, days)).rejects.toThrow(message);
  });
});
