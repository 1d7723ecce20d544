import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Workplace } from '../../../src/cli/open-command.ts';
import { agreesWithLedger } from '../../../src/domain/quarantine/fold.ts';
import { createQuarantineEntry } from '../../../src/operations/create-quarantine-entry.ts';
import { deleteQuarantineEntry } from '../../../src/operations/delete-quarantine-entry.ts';
import { exportRows } from '../../../src/operations/export-rows.ts';
import { mayContact } from '../../../src/operations/may-contact.ts';
import { sql } from '../../../src/store/database.ts';
import { freshWord } from '../../support/fresh.ts';
import { type TestApp, testApp } from '../../support/test-app.ts';
import { importText, placeOfServer, scratchFolder } from './import-files.ts';

let app: TestApp;
let folder: string;
let remove: () => Promise<void>;
let place: Workplace;
const actor = { name: 'test', tokenId: null };

beforeAll(async () => {
  app = await testApp();
  ({ folder, remove } = await scratchFolder());
  place = { kind: 'instance', instance: app.instance };
});
afterAll(() => remove());

async function entryOf(address: string) {
  const entry = await app.instance.database.prisma.quarantineEntry.findFirst({ where: { address } });
  const lines = await app.instance.database.prisma.quarantineEvent.findMany({ where: { address }, orderBy: { id: 'asc' } });
  expect(agreesWithLedger(entry, lines)).toBe(true);
  return { entry, lines };
}

const importCsv = (mark: string, text: string, dryRun = false) =>
  importText(place, join(folder, `${mark}.csv`), text, 'quarantine', dryRun);

test('an external denylist comes in as DENYLISTED and shuts the gate at once; a repeat changes nothing (SUP-9)', async () => {
  const mark = freshWord();
  const address = `spam.trap.${mark}@example.com`;
  const text = `channel,address,status\nemail,Spam.Trap.${mark}@EXAMPLE.com,\nSMS,+44 7700 900200,\n`;
  expect(await importCsv(mark, text)).toMatchObject({ rejected: [] });
  const { entry, lines } = await entryOf(address);
  expect(entry).toMatchObject({ status: 'DENYLISTED', reason: 'DENYLISTED', source: 'IMPORT', domain: 'example.com', version: 1 });
  expect(lines).toMatchObject([{ previousStatus: null, status: 'DENYLISTED', actor: 'command line', version: 1 }]);
  expect(await mayContact(app.instance, [{ channel: 'EMAIL', address }])).toMatchObject([
    { allowed: false, blocks: [{ reason: 'DENYLISTED' }] },
  ]);
  expect((await importCsv(mark, text)).counts).toEqual({ UNCHANGED: 2 });
  expect((await entryOf(address)).lines).toHaveLength(1);
});

test('the stronger status wins: an import shuts what was open and opens nothing', async () => {
  const mark = freshWord();
  const address = (name: string) => `${name}.${mark}@example.com`;
  for (const [name, status] of [
    ['denied', 'DENYLISTED'],
    ['erroneous', 'ERRONEOUS'],
    ['allowed', 'ALLOWLISTED'],
  ] as const) {
    await createQuarantineEntry(app.instance, { channel: 'EMAIL', address: address(name), status, errorText: 'by hand' }, actor);
  }
  const rows = ['denied', 'erroneous', 'allowed', 'new'].map(
    (name) => `EMAIL,${address(name)},QUARANTINE,USER_UNKNOWN,3,550 gone,2026-05-01`,
  );
  const { counts } = await importCsv(mark, `channel,address,status,reason,error_count,error_text,last_error_at\n${rows.join('\n')}\n`);
  expect(counts).toEqual({ CHANGED: 1, CREATED: 1, UNCHANGED: 2 });
  const expected = { status: 'QUARANTINE', reason: 'USER_UNKNOWN', errorCount: 3, errorText: '550 gone', source: 'IMPORT' };
  expect((await entryOf(address('denied'))).entry).toMatchObject({ status: 'DENYLISTED', source: 'MANUAL', errorText: 'by hand' });
  expect((await entryOf(address('allowed'))).entry).toMatchObject({ status: 'ALLOWLISTED', version: 1 });
  expect((await entryOf(address('erroneous'))).entry).toMatchObject({ ...expected, version: 2 });
  expect((await entryOf(address('new'))).entry).toMatchObject({ ...expected, lastErrorAt: new Date('2026-05-01T00:00:00Z') });
});

test('rows of one address are taken in their order, and versions go on where an entry was deleted', async () => {
  const mark = freshWord();
  const address = `again.${mark}@example.com`;
  const id = await createQuarantineEntry(app.instance, { channel: 'EMAIL', address, status: 'VALID' }, actor);
  await deleteQuarantineEntry(app.instance, id, actor);
  const rows = ['ERRONEOUS', 'QUARANTINE', 'VALID', ''].map((status) => `EMAIL,${address},${status}`);
  const { counts } = await importCsv(mark, `channel,address,status\n${rows.join('\n')}\n`);
  expect(counts).toEqual({ CREATED: 1, CHANGED: 2, UNCHANGED: 1 });
  const { entry, lines } = await entryOf(address);
  expect(entry).toMatchObject({ status: 'DENYLISTED', version: 5 });
  expect(lines.map(({ version, status }) => [version, status])).toEqual([
    [1, 'VALID'],
    [2, null],
    [3, 'ERRONEOUS'],
    [4, 'QUARANTINE'],
    [5, 'DENYLISTED'],
  ]);
});

test('bad rows are rejected with line and reason; a dry run finds the same and writes nothing', async () => {
  const mark = freshWord();
  const rows = [
    `EMAIL,ok.${mark}@example.com,,,,`,
    `PIGEON,x.${mark}@example.com,,,,`,
    `EMAIL,x.${mark}@example.com,GONE,,,`,
    `EMAIL,x.${mark}@example.com,,SAD,,`,
    `EMAIL,x.${mark}@example.com,,,-1,`,
    `EMAIL,x.${mark}@example.com,,,,yesterday`,
    `EMAIL,x.${mark}@example.com,,,,2999-01-01`,
    `EMAIL,nobody,,,,`,
  ];
  const text = `channel,address,status,reason,error_count,last_error_at\n${rows.join('\n')}\n`;
  const reasons = [
    [3, expect.stringMatching(/^The channel is one of/)],
    [4, expect.stringMatching(/^The status is/)],
    [5, expect.stringMatching(/^The reason is/)],
    [6, expect.stringMatching(/whole number/)],
    [7, expect.stringMatching(/instant/)],
    [8, expect.stringMatching(/future/)],
    [9, expect.stringMatching(/no @/)],
  ];
  expect(await importCsv(mark, text, true)).toEqual({ counts: { SOUND: 1 }, rejected: reasons });
  expect((await entryOf(`ok.${mark}@example.com`)).entry).toBeNull();
  expect(await importCsv(mark, text)).toEqual({ counts: { CREATED: 1 }, rejected: reasons });
});

test('through a running server the list comes in as it does without one', async () => {
  const mark = freshWord();
  const server = await placeOfServer(app, folder);
  const text = `channel,address,status\nEMAIL,a.${mark}@example.com,\nPIGEON,b,\nEMAIL,"c ""x"",.${mark}",\n`;
  const rejected = [
    [3, expect.stringMatching(/^The channel is one of/)],
    [4, expect.any(String)],
  ];
  const bring = (dryRun: boolean) => importText(server, join(folder, `${mark}.csv`), text, 'quarantine', dryRun);
  expect(await bring(true)).toEqual({ counts: { SOUND: 1 }, rejected });
  expect(await bring(false)).toEqual({ counts: { CREATED: 1 }, rejected });
  expect(await bring(false)).toEqual({ counts: { UNCHANGED: 1 }, rejected });
  expect((await entryOf(`a.${mark}@example.com`)).entry).toMatchObject({ status: 'DENYLISTED', source: 'IMPORT' });
  const trail = await app.instance.database.query<{ action: string }>(sql`
    SELECT action FROM audit_entry WHERE detail::text LIKE ${`%${mark}%`} ORDER BY id`);
  expect(trail.map(({ action }) => action)).toEqual(Array(2).fill(['quarantine.import.begin', 'quarantine.import.end']).flat());
});

test.each([
  ['?dryRun=perhaps', 'text/csv', 400],
  [`?source=${'x'.repeat(1_001)}`, 'text/csv', 400],
  ['', 'application/json', 415],
])('POST /import/quarantine%s with %s is %i', async (parameters, type, status) => {
  const response = await app.fetch(`/import/quarantine${parameters}`, {
    method: 'POST',
    body: 'channel,address\n',
    headers: { 'Content-Type': type },
  });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { code: 'BAD_USER_INPUT' } });
});

test('POST /import/quarantine takes NDJSON, and answers NDJSON', async () => {
  const mark = freshWord();
  const bad = JSON.stringify({ channel: 'EMAIL', address: 'nobody' });
  const response = await app.fetch('/import/quarantine', {
    method: 'POST',
    body: `${bad}\n${JSON.stringify({ channel: 'EMAIL', address: `n.${mark}@example.com` })}\n`,
    headers: { 'Content-Type': 'application/x-ndjson' },
  });
  expect(response.headers.get('Content-Type')).toContain('application/x-ndjson');
  const lines = (await response.text()).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { line: 1, reason: expect.stringMatching(/no @/), row: bad },
    { counts: { CREATED: 1 }, rejected: 1, warning: null },
  ]);
});

test.each([
  ['without its header', 'x,y\n', 'there is no column "x"'],
  ['without its header, and long', `x,y\n${'EMAIL,a@example.com\n'.repeat(200_000)}`, 'there is no column "x"'],
  ['that is empty', '', 'the file is empty'],
])('through a running server a list %s is refused with a sentence', async (_what, text, words) => {
  const server = await placeOfServer(app, folder);
  await expect(importText(server, join(folder, 'wrong.csv'), text, 'quarantine')).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining(words),
  });
});

test('an export gives what the filter asks for, oldest first, and can be imported again', async () => {
  const mark = freshWord();
  const addresses = Array.from({ length: 12 }, (_, index) => `e${index}.${mark}@example.com`);
  const rows = addresses.map((address, index) => `EMAIL,${address},${index % 2 === 0 ? 'QUARANTINE' : 'VALID'}`);
  await importCsv(mark, `channel,address,status\n${rows.join('\n')}\n`);
  const found: unknown[] = [];
  const filter = { address: { contains: mark }, status: ['QUARANTINE'] as const };
  for await (const slice of exportRows(app.instance, { what: 'quarantine', filter })) found.push(...slice.map(({ address }) => address));
  expect(found).toEqual(addresses.filter((_, index) => index % 2 === 0));
});
