import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Workplace } from '../../../src/cli/open-command.ts';
import { sql } from '../../../src/store/database.ts';
import { freshWord } from '../../support/fresh.ts';
import { type TestApp, testApp } from '../../support/test-app.ts';
import { importText, placeOfServer, scratchFolder } from './import-files.ts';

let app: TestApp;
let folder: string;
let remove: () => Promise<void>;
const places: Record<string, Workplace> = {};

beforeAll(async () => {
  app = await testApp();
  ({ folder, remove } = await scratchFolder());
  places.database = { kind: 'instance', instance: app.instance };
  places.server = await placeOfServer(app, folder);
});
afterAll(() => remove());

const at = (name: string): Workplace => places[name] as Workplace;
const HEADER = 'external_id,first_name,last_name,email,mobile,opted_out';

async function profile(externalId: string) {
  return app.instance.database.prisma.profile.findUnique({
    where: { externalId },
    include: { addresses: { orderBy: { id: 'asc' } }, consentEvents: { orderBy: { id: 'asc' } } },
  });
}

test.each(['database', 'server'])(
  'profiles come in with names, addresses and opt-outs, and a repeat changes nothing (through the %s)',
  async (name) => {
    const mark = freshWord();
    const file = join(folder, `${mark}.csv`);
    const text = [
      HEADER,
      `${mark}-1,Ann,"O""Hara, Jr",Ann.${mark}@Example.COM|work.${mark}@example.com,+44 7700 900123,`,
      `${mark}-2,,Berg,berg.${mark}@example.com,,all`,
      `${mark}-3,Carl,,,+447700900124,EMAIL|SMS`,
      '',
    ].join('\r\n');
    const first = await importText(at(name), file, text, 'profiles');
    expect(first).toEqual({ counts: { WRITTEN: 3 }, rejected: [] });
    expect(existsSync(`${file}.rejected`)).toBe(false);
    const before = await Promise.all([1, 2, 3].map((number) => profile(`${mark}-${number}`)));
    expect(before).toMatchObject([
      {
        firstName: 'Ann',
        lastName: 'O"Hara, Jr',
        optedOutAll: false,
        addresses: [
          { channel: 'EMAIL', value: `ann.${mark}@example.com`, optedOut: false },
          { channel: 'EMAIL', value: `work.${mark}@example.com`, optedOut: false },
          { channel: 'SMS', value: '+447700900123', optedOut: false },
        ],
      },
      {
        firstName: null,
        lastName: 'Berg',
        optedOutAll: true,
        addresses: [{ value: `berg.${mark}@example.com`, optedOut: true }],
        consentEvents: [{ channel: null, optedOut: true, source: 'IMPORT' }],
      },
      { optedOutEmail: true, optedOutSms: true, addresses: [{ channel: 'SMS', optedOut: true }] },
    ]);
    await importText(at(name), file, text, 'profiles');
    expect(await Promise.all([1, 2, 3].map((number) => profile(`${mark}-${number}`)))).toEqual(before);
  },
);

test('what is there is updated: a column that is absent keeps, an empty one clears, an empty opted_out opts nobody in', async () => {
  const mark = freshWord();
  const file = join(folder, `${mark}.csv`);
  await importText(at('database'), file, `${HEADER}\n${mark},Ann,Hill,a.${mark}@example.com,+447700900125,EMAIL\n`, 'profiles');
  await importText(at('database'), file, `external_id,first_name,email,opted_out\n${mark},,b.${mark}@example.com,\n`, 'profiles');
  expect(await profile(mark)).toMatchObject({
    firstName: null,
    lastName: 'Hill',
    optedOutEmail: true,
    addresses: [
      { channel: 'SMS', optedOut: false },
      { channel: 'EMAIL', value: `b.${mark}@example.com`, optedOut: true },
    ],
    consentEvents: [{ channel: 'EMAIL' }],
  });
  await importText(at('database'), file, `external_id,email,mobile\n${mark},,\n`, 'profiles');
  expect((await profile(mark))?.addresses).toEqual([]);
});

test('several rows of one profile are taken in their order', async () => {
  const mark = freshWord();
  const rows = [`${mark},A,a.${mark}@example.com,`, `${mark},B,b.${mark}@example.com,SMS`, `${mark},C,c.${mark}@example.com,EMAIL`];
  const text = `external_id,first_name,email,opted_out\n${rows.join('\n')}\n`;
  expect(await importText(at('database'), join(folder, `${mark}.csv`), text, 'profiles')).toMatchObject({ counts: { WRITTEN: 3 } });
  expect(await profile(mark)).toMatchObject({
    firstName: 'C',
    optedOutSms: true,
    addresses: [{ value: `c.${mark}@example.com`, optedOut: true }],
    consentEvents: [{ channel: 'SMS' }, { channel: 'EMAIL' }],
  });
});

test.each(['database', 'server'])('rejected rows are told with line and reason, and stop no other (through the %s)', async (name) => {
  const mark = freshWord();
  const rows = [
    `${mark}-1,,,ok.${mark}@example.com,,`,
    ',,,x@example.com,,',
    `${mark}-3,,,not an address,,`,
    `${mark}-4,,,,12345,`,
    `${mark}-5,,,,,PIGEON`,
    `${mark}-6,,,,,OTHER`,
    `${mark}-7,too,few`,
    `${mark}-8,${'n'.repeat(201)},,,,`,
    `${mark}-9,nul\0,,,,`,
    `${mark}-10,Ok,,,,`,
  ];
  const { counts, rejected } = await importText(at(name), join(folder, `${mark}.csv`), [HEADER, ...rows].join('\n'), 'profiles');
  expect(counts).toEqual({ WRITTEN: 2 });
  expect(rejected).toEqual([
    [3, 'An external id is not empty.'],
    [4, expect.stringMatching(/no @/)],
    [5, expect.stringMatching(/short code/)],
    [6, expect.stringMatching(/"PIGEON" is none of EMAIL/)],
    [7, expect.stringMatching(/OTHER has no denylist flag/)],
    [8, 'The row has 3 columns; the first line names 6.'],
    [9, expect.stringMatching(/at most 200 characters/)],
    [10, expect.stringMatching(/NUL/)],
  ]);
  expect(await profile(`${mark}-10`)).not.toBeNull();
  // Nobody whose row was rejected is there with half of it.
  expect(await profile(`${mark}-6`)).toBeNull();
});

test.each(['database', 'server'])('a dry run says what would be taken and rejected, and writes nothing (through the %s)', async (name) => {
  const mark = freshWord();
  const text = `${HEADER}\n${mark}-1,,,a@example.com,,all\n${mark}-2,,,nonsense,,\n`;
  const said = await importText(at(name), join(folder, `${mark}.csv`), text, 'profiles', true);
  expect(said).toMatchObject({ counts: { SOUND: 1 }, rejected: [[3, expect.any(String)]] });
  expect(await profile(`${mark}-1`)).toBeNull();
});

test('NDJSON brings in the same, with lists in place of |', async () => {
  const mark = freshWord();
  const text = `${JSON.stringify({ external_id: mark, first_name: 'Ann', email: [`a.${mark}@example.com`, `b.${mark}@example.com`], opted_out: ['SMS'] })}\n{\n`;
  const { rejected } = await importText(at('database'), join(folder, `${mark}.ndjson`), text, 'profiles');
  expect(rejected).toEqual([[2, 'The line is not valid JSON.']]);
  expect(await profile(mark)).toMatchObject({ firstName: 'Ann', lastName: null, optedOutSms: true, addresses: [{}, {}] });
});

test('an import leaves its beginning and its end in the audit trail, whatever the number of its batches', async () => {
  const mark = freshWord();
  const rows = Array.from({ length: 9_000 }, (_, index) => `${mark}-${index}`);
  const { counts } = await importText(at('database'), join(folder, `${mark}.csv`), `external_id\n${rows.join('\n')}\n`, 'profiles');
  expect(counts).toEqual({ WRITTEN: 9_000 });
  const lines = await app.instance.database.query<{ action: string; detail: string }>(
    sql`SELECT action, detail FROM audit_entry WHERE detail LIKE ${`%${mark}%`} ORDER BY id`,
  );
  expect(lines.map(({ action }) => action)).toEqual(['profile.import.begin', 'profile.import.end']);
  expect(JSON.parse(lines[1]?.detail ?? '{}')).toMatchObject({ WRITTEN: 9_000, rejected: 0 });
});
