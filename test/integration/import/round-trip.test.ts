import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportLines } from '../../../src/cli/export.ts';
import { EXPORT_LISTS } from '../../../src/cli/export-lists.ts';
import type { Workplace } from '../../../src/cli/open-command.ts';
import { ADDRESS_STATUSES, CHANNELS, type Channel, FAILURE_REASONS, QUARANTINE_SOURCES } from '../../../src/domain/vocabulary.ts';
import { mayContact } from '../../../src/operations/may-contact.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { sql } from '../../../src/store/database.ts';
import { insertEntries } from '../../../src/store/feedback-writes.ts';
import { openTestApp, type TestApp } from '../../support/test-app.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { importText, placeOfServer, scratchFolder } from './import-files.ts';

let source: TestApp;
let target: TestApp;
let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await scratchFolder());
  [source, target] = await Promise.all([openTestApp(await freshDatabase()), openTestApp(await freshDatabase())]);
});
afterAll(async () => {
  await Promise.all(
    [source, target].map(async (app) => {
      await app.close();
      await app.instance.database.close();
    }),
  );
  await remove();
});

const LAST = Date.parse('2026-05-12T10:00:00Z');
const instant = fc.integer({ min: 0, max: 400 * 86_400_000 }).map((ago) => new Date(LAST - ago));
const odd = fc.string({
  unit: fc.constantFrom('a', 'é', '"', ',', '|', '=', '\n', '\r\n', '\r', ' ', ';', '日'),
  minLength: 1,
  maxLength: 12,
});
const ADDRESS: Readonly<Record<Channel, (index: number, text: string) => string>> = {
  EMAIL: (index) => `any+${index}@example.com`,
  SMS: (index) => `+4477009${String(index).padStart(5, '0')}`,
  PHONE: (index) => `+4477009${String(index).padStart(5, '0')}`,
  FAX: (index) => `+4477009${String(index).padStart(5, '0')}`,
  PUSH: (index, text) => `${text.replace(/\s/g, '')}"t,${index}`,
  DIRECT_MAIL: (index, text) => `${text.replace(/\s+/g, ' ').trim()} "${index}", Main Street`,
  OTHER: (index, text) => `${index},${text.replace(/\s+/g, ' ').trim()}`.trim(),
};
const entry = fc.record({
  channel: fc.constantFrom(...CHANNELS),
  text: odd,
  shortCode: fc.constantFrom('', '36777', '15550100199', 'ACME, "Ltd"'),
  status: fc.constantFrom(...ADDRESS_STATUSES),
  reason: fc.option(fc.constantFrom(...FAILURE_REASONS)),
  errorText: fc.option(odd),
  errorCount: fc.integer({ min: 0, max: 9 }),
  lastErrorAt: fc.option(instant),
  lastSignificantErrorAt: fc.option(instant),
  lastSuccessAt: fc.option(instant),
  softCaused: fc.boolean(),
  statusUpdatedAt: instant,
  origin: fc.constantFrom(...QUARANTINE_SOURCES),
});
type Entry = typeof entry extends fc.Arbitrary<infer Value> ? Value : never;

async function clear(): Promise<void> {
  for (const { instance } of [source, target]) await instance.database.execute(sql`TRUNCATE quarantine_entry, quarantine_event`);
}

async function fill(entries: readonly Entry[]): Promise<void> {
  const book = await source.instance.addressBook();
  const rows = entries.map(({ channel, text, shortCode, origin, ...state }, index) => {
    const address = ADDRESS[channel](index, text);
    const result = book.canonical(channel, address);
    if (!result.ok) throw new Error(`${channel} ${address}: ${result.message}`);
    return {
      ...state,
      channel,
      address: result.canonical,
      addressKey: book.key(channel, result.canonical),
      domain: result.domain,
      shortCode: channel === 'SMS' ? shortCode : '',
      softCaused: state.softCaused && state.status === 'QUARANTINE',
      source: origin,
      lastDeliveryId: null,
      createdAt: state.statusUpdatedAt,
      version: 7,
    };
  });
  await source.instance.database.transaction((tx) => insertEntries(tx, rows));
}

/** All that decides about an address, now and later. */
const listOf = ({ instance }: TestApp) =>
  instance.database.query(sql`
    SELECT channel, address, short_code, domain, status, reason, error_text, error_count, last_error_at, last_significant_error_at,
      last_success_at, soft_caused, status_updated_at FROM quarantine_entry ORDER BY channel, address, short_code`);

async function exported(place: Workplace, format: string): Promise<string> {
  const list = EXPORT_LISTS.quarantine;
  if (!list) throw new Error('there is no such list');
  const lines: string[] = [];
  for await (const some of exportLines(place, list, {}, format)) lines.push(...some);
  return lines.map((line) => `${line}\n`).join('');
}

const placeOf = (app: TestApp, through: string): Workplace | Promise<Workplace> =>
  through === 'server' ? placeOfServer(app, folder) : { kind: 'instance', instance: app.instance };

describe.each(['csv', 'ndjson'])('a list that is exported as %s', (format) => {
  test.each(['database', 'server'])('comes into an empty database through the %s as it was, whatever it holds', async (through) => {
    const from = await placeOf(source, through);
    const to = await placeOf(target, through);
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 60 }), async (entries) => {
        await clear();
        await fill(entries);
        const text = await exported(from, format);
        const bring = () => importText(to, join(folder, `all.${format}`), text, 'quarantine');
        expect(await bring()).toEqual({ counts: { CREATED: entries.length }, rejected: [] });
        expect(await listOf(target)).toEqual(await listOf(source));
        expect(await bring()).toEqual({ counts: { UNCHANGED: entries.length }, rejected: [] });
        expect(await verifyQuarantine(target.instance, { name: 'test', tokenId: null })).toMatchObject({
          compared: entries.length,
          different: 0,
        });
      }),
      { numRuns: 8 },
    );
  });
});

test('a STOP to one sender migrates as what it is: that sender is stopped and no other', async () => {
  await clear();
  const csv = 'channel,address,status,short_code\nSMS,+447700900777,DENYLISTED,+36 777\n';
  expect(await importText(await placeOf(target, 'database'), join(folder, 'stop.csv'), csv, 'quarantine')).toEqual({
    counts: { CREATED: 1 },
    rejected: [],
  });
  const asked = (shortCode: string) => ({ channel: 'SMS' as const, address: '+447700900777', shortCode });
  const decisions = await mayContact(target.instance, [asked('36777'), asked('36778')]);
  expect(decisions.map(({ allowed }) => allowed)).toEqual([false, true]);
});

test('one number has an entry of each sender and one of all: rows of each go to their own', async () => {
  await clear();
  const rows = ['36777,QUARANTINE', ',ERRONEOUS', '36778,', '36777,DENYLISTED', ',VALID'];
  const csv = `short_code,status,channel,address\n${rows.map((row) => `${row},SMS,+447700900778\n`).join('')}`;
  const { counts } = await importText(await placeOf(target, 'database'), join(folder, 'senders.csv'), csv, 'quarantine');
  expect(counts).toEqual({ CREATED: 3, CHANGED: 1, UNCHANGED: 1 });
  const found = await target.instance.database.query(sql`
    SELECT short_code AS code, status, version FROM quarantine_entry ORDER BY short_code`);
  expect(found).toEqual([
    { code: '', status: 'ERRONEOUS', version: 1 },
    { code: '36777', status: 'DENYLISTED', version: 2 },
    { code: '36778', status: 'DENYLISTED', version: 1 },
  ]);
});

test('what cannot be an entry of a sender, a past or an address is rejected with its line and reason', async () => {
  await clear();
  const rows = [
    'EMAIL,a@example.com,36777,,,',
    `SMS,+447700900779,${'9'.repeat(41)},,,`,
    'EMAIL,a@example.com,,perhaps,,',
    'EMAIL,a@example.com,,,2999-01-01,',
    'EMAIL,a@example.com,,,,soon',
    'OTHER,erased:0123456789ab,,,,',
  ];
  const csv = `channel,address,short_code,soft_caused,status_updated_at,last_success_at\n${rows.join('\n')}\n`;
  expect(await importText(await placeOf(target, 'database'), join(folder, 'bad.csv'), csv, 'quarantine')).toEqual({
    counts: {},
    rejected: [
      [2, 'Only SMS has short codes.'],
      [3, expect.stringContaining('1 to 40 characters')],
      [4, 'soft_caused is empty, true or false.'],
      [5, 'The last change of status lies in the future.'],
      [6, expect.stringContaining('The time of the last success')],
      [7, expect.stringContaining('what is left of an erased address')],
    ],
  });
});
