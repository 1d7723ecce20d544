import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createQuarantineEntry } from '../../../src/operations/create-quarantine-entry.ts';
import { deleteQuarantineEntry } from '../../../src/operations/delete-quarantine-entry.ts';
import { checkQuarantine, importQuarantine } from '../../../src/operations/import-quarantine.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import { previewRule } from '../../../src/operations/preview-rule.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { requalify } from '../../../src/operations/requalify.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { updateQuarantineEntry } from '../../../src/operations/update-quarantine-entry.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { type Database, type Sql, sql } from '../../../src/store/database.ts';
import { API_DOOR, aDelivery, aResult, logOf, record } from '../../support/feedback-instance.ts';
import { aReport } from '../../support/reports.ts';
import { entryOf, ledgerOf, OPERATOR, putEntry, stateOf } from './life.ts';
import { march, OUTAGE, OUTAGE_RULE, openRequalifyingLife, type RequalifyingLife, UNKNOWN } from './requalifying.ts';

let life: RequalifyingLife;

beforeAll(async () => {
  life = await openRequalifyingLife();
});
beforeEach(() => life.begin());
afterEach(async () => {
  expect(await verifyQuarantine(life.instance, OPERATOR)).toMatchObject({ different: 0 });
});
afterAll(() => life.close());

const states = (...addresses: string[]) => Promise.all(addresses.map((address) => stateOf(life.instance, address)));
const HARD = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' };
const SOFT = { type: 'SOFT', reason: 'UNREACHABLE', fault: 'INFRASTRUCTURE' };

describe('failures that are taken for something else now', () => {
  test('after an outage the addresses are released, with their logs and counters; a dry run says so before', async () => {
    const [one, two] = [life.anAddress(), life.anAddress()];
    const delivery = await aDelivery(life.instance, [{ address: one }, { address: two }]);
    for (const address of [one, two]) await life.fail(address, OUTAGE, 5, { deliveryId: delivery.id });
    await life.fail(two, '550 5.1.1 zqvx no such user', 6);
    expect(await states(one, two)).toEqual(['QUARANTINE 1', 'QUARANTINE 1']);
    expect(await life.countersOf(delivery.id)).toMatchObject({ hard: 2, newQuarantines: 2, failed: 2 });
    await life.addRule();
    const counts = { state: 'DONE', matched: 3, examined: 3, changedFailures: 2, addresses: 2, released: 1, otherwiseChanged: 1 };
    expect(await life.requalify({ dryRun: true })).toMatchObject({ ...counts, dryRun: true });
    expect(await states(one, two)).toEqual(['QUARANTINE 1', 'QUARANTINE 1']);
    const done = await life.requalify({ expectedCount: 3 });
    expect(done).toMatchObject({ ...counts, dryRun: false, changes: [{ before: HARD, after: SOFT, failures: 2 }] });
    expect(await states(one, two)).toEqual(['ERRONEOUS 1', 'QUARANTINE 2']);
    expect(await logOf(life.instance, delivery.logIds[0])).toMatchObject({
      status: 'FAILED',
      failureType: 'SOFT',
      quarantined: false,
      version: 3,
    });
    // What quarantines the other address now is a failure that names no delivery.
    expect(await life.countersOf(delivery.id)).toMatchObject({ hard: 0, soft: 2, newQuarantines: 0, failed: 2 });
    const actor = `requalification ${done.id}`;
    expect((await ledgerOf(life.instance, one)).at(-1)).toMatchObject({ previousStatus: 'QUARANTINE', status: 'ERRONEOUS', actor });
  });

  test('a text that a person has marked KEEP as hard quarantines, and IGNORE releases', async () => {
    const bad = await life.fail(life.anAddress(), UNKNOWN, 5);
    const ignored = await life.fail(life.anAddress(), OUTAGE, 5);
    expect(await states(bad, ignored)).toEqual(['gone', 'QUARANTINE 1']);
    await life.edit(UNKNOWN, { type: 'HARD', reason: 'USER_UNKNOWN', status: 'KEEP' });
    await life.edit(OUTAGE, { status: 'IGNORE' });
    expect(await life.requalify()).toMatchObject({ changedFailures: 2, newlyQuarantined: 1, released: 1 });
    expect(await states(bad, ignored)).toEqual(['QUARANTINE 1', 'gone']);
    expect(await entryOf(life.instance, bad)).toMatchObject({ reason: 'USER_UNKNOWN', errorText: UNKNOWN, source: 'BOUNCE_SYNC' });
  });

  test('five soft ones a day apart quarantine, and the fifth one is what did', async () => {
    const address = life.anAddress();
    const delivery = await aDelivery(life.instance, [{ address }]);
    for (const day of [1, 2, 3, 4]) await life.fail(address, UNKNOWN, day);
    await life.fail(address, UNKNOWN, 5, { deliveryId: delivery.id });
    expect(await states(address)).toEqual(['ERRONEOUS 4']);
    await life.addRule({ name: 'Blorf', patterns: ['blorf wibble'], type: 'SOFT', reason: 'MAILBOX_FULL' });
    expect(await life.requalify()).toMatchObject({ changedFailures: 5, newlyQuarantined: 1 });
    expect(await states(address)).toEqual(['QUARANTINE 5']);
    expect(await life.countersOf(delivery.id)).toMatchObject({ soft: 1, newQuarantines: 1 });
    expect(await logOf(life.instance, delivery.logIds[0])).toMatchObject({ failureType: 'SOFT', quarantined: true });
  });

  test('the log of a message that was delivered since stays as it is, and nobody is told', async () => {
    const address = life.anAddress();
    const delivery = await aDelivery(life.instance, [{ address }]);
    await life.fail(address, OUTAGE, 4, { deliveryId: delivery.id });
    await life.fail(address, '', 5, { deliveryLogId: delivery.logIds[0] ?? 0n, outcome: 'DELIVERED', text: null });
    const before = await logOf(life.instance, delivery.logIds[0]);
    await life.addRule();
    expect(await life.requalify()).toMatchObject({ changedFailures: 1, released: 1 });
    expect(await logOf(life.instance, delivery.logIds[0])).toEqual(before);
    expect(await life.countersOf(delivery.id)).toMatchObject({ sent: 1, hard: 0, newQuarantines: 0 });
    const lines = await life.instance.database.query<{ status: string | null }>(sql`
      SELECT status FROM delivery_event WHERE corrects_id IS NOT NULL AND address = ${address}`);
    expect(lines).toEqual([{ status: null }]);
  });

  test('the same once more changes nothing', async () => {
    const address = await life.fail(life.anAddress(), OUTAGE, 5);
    await life.addRule();
    await life.requalify();
    const ledger = await ledgerOf(life.instance, address);
    expect(await life.requalify()).toMatchObject({ state: 'DONE', matched: 1, examined: 1, changedFailures: 0, addresses: 0 });
    expect(await ledgerOf(life.instance, address)).toEqual(ledger);
  });

  test('what the cleanup would have released since is VALID', async () => {
    const address = await life.fail(life.anAddress(), OUTAGE, 1);
    await life.addRule();
    life.setNow('2025-04-20T12:00:00Z');
    expect(await life.requalify()).toMatchObject({ released: 1 });
    expect(await states(address)).toEqual(['VALID 0']);
  });

  test('a report of a mail is read again with its codes: the same rules change nothing', async () => {
    const address = life.anAddress();
    const diagnostic = '550 zqvx mystery';
    await ingestMessage(life.instance, aReport([{ address, status: '5.1.1', diagnostic }]), API_DOOR);
    expect(await states(address)).toEqual(['QUARANTINE 1']);
    expect(await life.requalify()).toMatchObject({ matched: 1, changedFailures: 0 });
    await life.instance.database.execute(sql`DELETE FROM inbound_event`);
    expect(await life.requalify()).toMatchObject({ matched: 1, changedFailures: 0 });
    await life.addRule({ ...OUTAGE_RULE, patterns: ['zqvx mystery'] });
    expect(await life.requalify()).toMatchObject({ changedFailures: 1, released: 1 });
  });
});

describe('what comes after', () => {
  test('feedback goes on from the corrected count, and another rule from the corrected failures', async () => {
    const address = await life.fail(life.anAddress(), OUTAGE, 3);
    await life.addRule();
    await life.requalify();
    await life.fail(address, '452 4.2.2 mailbox is full', 5);
    expect(await states(address)).toEqual(['ERRONEOUS 2']);
    await life.addRule({ name: 'Full', patterns: ['mailbox is full'], type: 'IGNORED', reason: 'REFUSED', position: 0 });
    expect(await life.requalify()).toMatchObject({ changedFailures: 1, otherwiseChanged: 1 });
    expect(await states(address)).toEqual(['ERRONEOUS 1']);
  });

  test('an unknown text that is known now is no longer the first unknown one of its address (QUA-9)', async () => {
    const address = await life.fail(life.anAddress(), UNKNOWN, 2);
    await life.addRule({ name: 'Blorf', patterns: ['blorf wibble'], type: 'IGNORED', reason: 'REFUSED' });
    await life.requalify();
    await life.fail(address, '599 zqvx another unknown', 5);
    expect(await states(address)).toEqual(['gone']);
  });

  test('a text that is unknown again is the first unknown one of its address again, also from before a release (QUA-9)', async () => {
    const address = life.anAddress();
    for (const day of [1, 2]) await life.fail(address, UNKNOWN, day);
    await releaseQuarantine(life.instance, { filter: { address: { eq: address } }, mode: 'SET_VALID', dryRun: false }, OPERATOR);
    await life.fail(address, UNKNOWN, 4);
    expect(await entryOf(life.instance, address)).toMatchObject({ status: 'ERRONEOUS', errorCount: 1, reason: 'UNDEFINED' });
    await life.addRule({ ...OUTAGE_RULE, patterns: [UNKNOWN] });
    await life.requalify();
    expect(await entryOf(life.instance, address)).toMatchObject({ status: 'ERRONEOUS', errorCount: 1, reason: 'UNREACHABLE' });
    await life.instance.database.execute(sql`DELETE FROM qualification_rule WHERE origin = 'USER'`);
    await life.anotherNode();
    await life.requalify();
    expect(await entryOf(life.instance, address)).toMatchObject({ status: 'ERRONEOUS', errorCount: 1, reason: 'UNDEFINED' });
  });

  test('a failure from before a release that is known now makes no later one the second unknown one (QUA-9)', async () => {
    const address = life.anAddress();
    const other = `${UNKNOWN} otherwise`;
    await life.fail(address, OUTAGE, 1);
    await life.fail(address, UNKNOWN, 1);
    await releaseQuarantine(life.instance, { filter: { address: { eq: address } }, mode: 'SET_VALID', dryRun: false }, OPERATOR);
    await life.fail(address, other, 4);
    expect(await stateOf(life.instance, address)).toBe('ERRONEOUS 1');
    await life.edit(UNKNOWN, { type: 'SOFT', reason: 'REFUSED', status: 'KEEP' });
    await life.edit(other, { fault: 'RECIPIENT', status: 'KEEP' });
    await life.requalify();
    expect(await stateOf(life.instance, address)).toBe('VALID 0');
  });

  test('a preview sees what the failures are taken for now', async () => {
    const address = await life.fail(life.anAddress(), OUTAGE, 5);
    await life.addRule();
    await life.requalify();
    const back = { ...OUTAGE_RULE, type: 'HARD', reason: 'USER_UNKNOWN', fault: null } as const;
    const preview = await previewRule(life.instance, back, 30);
    expect(preview.changes).toContainEqual({ before: SOFT, after: HARD, failures: expect.any(Number) });
    expect(preview.samples.filter((sample) => sample.address === address)).toHaveLength(1);
    expect(preview.newlyQuarantined).toContain(address);
  });
});

describe('what is left alone', () => {
  test('entries of a person, an import, a wish and the allowlist; their failures are corrected all the same', async () => {
    const edited = await life.fail(life.anAddress(), OUTAGE, 3);
    const entry = await entryOf(life.instance, edited);
    await updateQuarantineEntry(life.instance, { id: entry?.id ?? 0n, errorText: 'Keep this one.' }, OPERATOR);
    const created = await life.fail(life.anAddress(), UNKNOWN, 3);
    await createQuarantineEntry(life.instance, { channel: 'EMAIL', address: created, status: 'VALID' }, OPERATOR);
    const complained = await life.fail(life.anAddress(), OUTAGE, 3);
    await record(life.instance, aResult({ address: complained, outcome: 'COMPLAINT', text: null, occurredAt: march(4) }));
    const allowed = await life.fail(life.anAddress(), UNKNOWN, 3);
    await putEntry(life.instance, { address: allowed, status: 'ALLOWLISTED', errorCount: 0 });
    const imported = await life.fail(life.anAddress(), OUTAGE, 3);
    const listed = [{ channel: 'EMAIL', address: imported, status: 'DENYLISTED', reason: 'DENYLISTED' }] as const;
    await importQuarantine(life.instance, checkQuarantine(listed, await life.instance.addressBook(), march(6)), OPERATOR);
    const before = await states(edited, created, complained, allowed, imported);
    await life.addRule();
    await life.edit(UNKNOWN, { type: 'HARD', reason: 'USER_UNKNOWN', status: 'KEEP' });
    const done = await life.requalify();
    expect(done).toMatchObject({ changedFailures: 5, released: 0, newlyQuarantined: 0, otherwiseChanged: 0 });
    expect(done).toMatchObject({ skippedByHand: 2, skippedDenylisted: 2, skippedAllowlisted: 1, skippedMovedOn: 0 });
    expect(await states(edited, created, complained, allowed, imported)).toEqual(before);
    expect(await life.requalify()).toMatchObject({ changedFailures: 0 });
  });

  test('an entry that a person made before the failures is again what the person made of it', async () => {
    const address = life.anAddress();
    await createQuarantineEntry(life.instance, { channel: 'EMAIL', address, status: 'QUARANTINE', reason: 'REFUSED' }, OPERATOR);
    await life.fail(address, OUTAGE, 3);
    await life.addRule();
    expect(await life.requalify()).toMatchObject({ released: 0, otherwiseChanged: 1 });
    expect(await entryOf(life.instance, address)).toMatchObject({ status: 'QUARANTINE', reason: 'REFUSED', source: 'MANUAL' });
  });

  test('what was released or deleted since; a failure after that is judged from there', async () => {
    const [released, deleted, again] = [life.anAddress(), life.anAddress(), life.anAddress()];
    for (const address of [released, deleted, again]) await life.fail(address, UNKNOWN, 1);
    for (const address of [released, deleted, again]) await life.fail(address, OUTAGE, 2);
    await releaseQuarantine(life.instance, { filter: { address: { eq: released } }, mode: 'SET_VALID', dryRun: false }, OPERATOR);
    await releaseQuarantine(life.instance, { filter: { address: { eq: again } }, mode: 'SET_VALID', dryRun: false }, OPERATOR);
    await deleteQuarantineEntry(life.instance, (await entryOf(life.instance, deleted))?.id ?? 0n, OPERATOR);
    await life.fail(again, OUTAGE, 5);
    expect(await states(released, deleted, again)).toEqual(['VALID 0', 'gone', 'QUARANTINE 1']);
    await life.addRule();
    expect(await life.requalify()).toMatchObject({ changedFailures: 4, released: 1, skippedMovedOn: 1, skippedByHand: 1 });
    expect(await states(released, deleted, again)).toEqual(['VALID 0', 'gone', 'ERRONEOUS 1']);
  });

  test('a quarantine that an incident held back stays held back while its reason is the same', async () => {
    await life.instance.database.execute(sql`
      INSERT INTO incident (channel, domain, reason, opened_at, hits_from, baseline_messages, baseline_share, opening_messages, opening_share,
        current_messages, current_share, refreshed_at)
      VALUES ('EMAIL', ${life.domain}, 'USER_UNKNOWN', ${march(1)}, ${march(1)}, 100, 0, 100, 1, 100, 1, ${march(1)})`);
    await life.anotherNode();
    const [held, other] = [life.anAddress(), life.anAddress()];
    for (const address of [held, other]) {
      await life.fail(address, UNKNOWN, 2);
      await life.fail(address, '550 5.1.1 zqvx no such user', 4);
    }
    await life.fail(other, '550 zqvx sudden', 5);
    expect(await states(held, other)).toEqual(['ERRONEOUS 1', 'ERRONEOUS 2']);
    await life.addRule({ name: 'Blorf', patterns: ['blorf wibble'], type: 'SOFT', reason: 'UNREACHABLE' });
    await life.addRule({ name: 'Sudden', patterns: ['zqvx sudden'], type: 'HARD', reason: 'ACCOUNT_DISABLED' });
    expect(await life.requalify()).toMatchObject({ newlyQuarantined: 1, otherwiseChanged: 1 });
    expect(await states(held, other)).toEqual(['ERRONEOUS 2', 'QUARANTINE 3']);
  });

  test('a cleanup in between is nobody: it stays judged', async () => {
    const address = await life.fail(life.anAddress(), '451 4.4.1 zqvx later please', 1);
    life.setNow('2025-03-20T12:00:00Z');
    await runCleanup(life.instance, SCHEDULED_CLEANUP);
    life.setNow('2025-03-27T12:00:00Z');
    await runCleanup(life.instance, SCHEDULED_CLEANUP);
    expect(await states(address)).toEqual(['gone']);
    await life.addRule({ name: 'Later', patterns: ['zqvx later'], type: 'HARD', reason: 'USER_UNKNOWN' });
    expect(await life.requalify()).toMatchObject({ newlyQuarantined: 1 });
    expect(await states(address)).toEqual(['QUARANTINE 1']);
  });
});

describe('which failures are meant', () => {
  test.each([
    ['the channel', { channel: ['SMS'] }, 0],
    ['the domain', {}, 2],
    ['another domain', { domain: ['Elsewhere.example'] }, 0],
    ['the address', { address: { startsWith: 'narrow' } }, 1],
    ['the normalised text', { text: { contains: 'directory unreachable' } }, 1],
    ['what decided', { decidedBy: ['fallback'] }, 1],
    ['the type', { type: ['HARD'] }, 1],
    ['the reason', { reason: ['MAILBOX_FULL'] }, 0],
    ['the end of their time', { occurredAt: { from: march(1), to: march(3) } }, 1],
  ] as const)('by %s', async (_name, filter, matched) => {
    await life.fail(`narrow@${life.domain}`, OUTAGE, 3);
    await life.fail(`wide@${life.domain}`, UNKNOWN, 4);
    expect(await life.requalify({ filter, dryRun: true })).toMatchObject({ matched });
  });

  test('by the key of the text', async () => {
    await life.fail(life.anAddress(), OUTAGE, 3);
    const [row] = await life.instance.database.query<{ md5: string }>(sql`SELECT md5 FROM qualification WHERE first_text = ${OUTAGE}`);
    const filter = { md5: [row?.md5.toUpperCase() ?? ''] };
    expect(await life.requalify({ filter, dryRun: true })).toMatchObject({ matched: 1 });
  });

  test('no earlier than what is kept, and only by a filter that can be used', async () => {
    const filter = { occurredAt: { from: new Date('2001-01-01T00:00:00Z') } };
    const { from } = await life.requalify({ filter, dryRun: true });
    expect(from.getUTCFullYear()).toBeGreaterThan(2023);
    await expect(life.requalify({ filter: { occurredAt: {} } })).rejects.toMatchObject({ field: 'input.filter.occurredAt.from' });
    await expect(life.requalify({ expectedCount: -1 })).rejects.toMatchObject({ field: 'input.expectedCount' });
    await expect(life.requalify({ filter: { ...filter, md5: [] } })).rejects.toMatchObject({ field: 'input.filter.md5' });
  });

  test('what takes too long to be counted is to be narrowed', async () => {
    const { database } = life.instance;
    const cancelled = Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
    const slow = {
      ...database,
      query: (statement: Sql) => (/count\(\*\)/.test(statement.text) ? Promise.reject(cancelled) : database.query(statement)),
    };
    const input = { filter: { occurredAt: { from: march(1) } }, dryRun: true };
    await expect(requalify({ ...life.instance, database: slow as Database }, input, OPERATOR)).rejects.toMatchObject({
      field: 'input.filter',
    });
  });

  test('another number than expected changes nothing and names both', async () => {
    const address = await life.fail(life.anAddress(), OUTAGE, 3);
    await life.addRule();
    await expect(life.requalify({ expectedCount: 2 })).rejects.toThrow(/^1 failures match, not 2/);
    expect(await states(address)).toEqual(['QUARANTINE 1']);
  });
});
