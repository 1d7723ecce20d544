import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Workplace } from '../../../src/cli/open-command.ts';
import { sql } from '../../../src/store/database.ts';
import { aSecondPasses } from '../../support/a-second-passes.ts';
import { freshWord } from '../../support/fresh.ts';
import { type TestApp, testApp } from '../../support/test-app.ts';
import { importWithWarning, placeOfServer, scratchFolder } from './import-files.ts';

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

/** A file of so many people, of whom the first ones are shut: every other one in quarantine, the others on the denylist. */
async function aFile(people: number, shut: number): Promise<{ file: string; text: string }> {
  const mark = freshWord();
  const addresses = Array.from({ length: people }, (_, index) => `${mark}-${index}@share.example`);
  for (const [index, address] of addresses.slice(0, shut).entries()) {
    const input = { channel: 'EMAIL', address, status: index % 2 === 0 ? 'QUARANTINE' : 'DENYLISTED' };
    await app.graphql('mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { __typename } }', { input });
  }
  const erroneous = { channel: 'EMAIL', address: addresses.at(-1), status: 'ERRONEOUS' };
  await app.graphql('mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { __typename } }', {
    input: erroneous,
  });
  const lines = addresses.map((address, index) => `${mark}-${index},${address.toUpperCase()}`);
  return { file: join(folder, `${mark}.csv`), text: ['external_id,email', ...lines, ''].join('\n') };
}

const alertsOf = (file: string) =>
  app.instance.database.query<{ text: string }>(
    sql`SELECT text FROM alert WHERE kind = 'IMPORT_IN_QUARANTINE' AND strpos(text, ${`The import of ${file}:`}) = 1`,
  );

test.each(['database', 'server'])(
  'an import of which more than 10 % is in quarantine already says so and alerts staff (through the %s)',
  async (name) => {
    const { file, text } = await aFile(16, 2);
    const { outcome, warning } = await importWithWarning(places[name] as Workplace, file, text, 'profiles');
    expect(outcome).toEqual({ counts: { WRITTEN: 16 }, rejected: [] });
    expect(warning).toContain('2 of 16 addresses (12.5 %)');
    expect(await alertsOf(file)).toEqual([{ text: `The import of ${file}: ${warning}` }]);
    const { data } = await app.graphql('{ auditLog(first: 1) { edges { node { action detail } } } }');
    const { action, detail } = data.auditLog.edges[0].node;
    expect([action, JSON.parse(detail)]).toMatchObject(['profile.import.end', { file, addresses: 16, inQuarantine: 2 }]);
  },
);

test.each(['database', 'server'])(
  'at 10 % there is nothing to warn of, and rejected rows are no part of it (through the %s)',
  async (name) => {
    const { file, text } = await aFile(20, 2);
    const spoilt = `${text}no-address,this is none\n`;
    const { outcome, warning } = await importWithWarning(places[name] as Workplace, file, spoilt, 'profiles');
    expect([outcome.counts, outcome.rejected.length, warning]).toEqual([{ WRITTEN: 20 }, 1, null]);
    expect(await alertsOf(file)).toEqual([]);
  },
);

test.each(['database', 'server'])('a dry run warns before anything is written, and alerts nobody (through the %s)', async (name) => {
  const { file, text } = await aFile(10, 3);
  const { warning } = await importWithWarning(places[name] as Workplace, file, text, 'profiles', true);
  expect(warning).toContain('3 of 10 addresses (30.0 %)');
  expect(await alertsOf(file)).toEqual([]);
});

test('the setting decides', async () => {
  const set = (value: string) =>
    app.graphql('mutation ($input: UpdateSettingInput!) { updateSetting(input: $input) { __typename } }', {
      input: { key: 'importQuarantineWarning', value },
    });
  await set('50');
  try {
    aSecondPasses();
    expect((await app.instance.settings()).importQuarantineWarning).toBe(50);
    const { file, text } = await aFile(10, 5);
    expect((await importWithWarning(places.database as Workplace, file, text, 'profiles')).warning).toBeNull();
  } finally {
    await set('10');
    aSecondPasses();
    expect((await app.instance.settings()).importQuarantineWarning).toBe(10);
  }
});

test('every import alerts by itself, whatever the name of its file', async () => {
  // As long as a name may be, in letters of three bytes that no index could make shorter.
  const source = Array.from({ length: 1_000 }, (_, index) => String.fromCharCode(0x4e00 + ((index * 7_919) % 20_000))).join('');
  const input = { source, addresses: 10, inQuarantine: 5 };
  for (let time = 0; time < 2; time += 1) {
    const { data } = await app.graphql('mutation ($input: EndImportInput!) { endImport(input: $input) { __typename } }', { input });
    expect(data.endImport.__typename).toBe('ImportReport');
  }
  expect(await alertsOf(source)).toHaveLength(2);
});

test('an end that cannot be is refused in words', async () => {
  const END = 'mutation ($input: EndImportInput!) { endImport(input: $input) { __typename ... on InvalidInputError { field message } } }';
  const { data } = await app.graphql(END, { input: { source: 'x.csv', addresses: 1, inQuarantine: 2 } });
  expect(data.endImport).toMatchObject({ __typename: 'InvalidInputError', field: 'inQuarantine' });
});
