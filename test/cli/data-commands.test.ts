import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/cli.ts';
import { announceApp, importText, scratchFolder } from '../integration/import/import-files.ts';
import { runCommand } from '../support/command.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { freshWord } from '../support/fresh.ts';
import { aReport } from '../support/reports.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await scratchFolder());
});
afterAll(() => remove());

const profileCsv = (mark: string) =>
  `external_id,email,opted_out\n${mark}-1,open.${mark}@example.com,\n${mark}-2,out.${mark}@example.com,all\n,x@example.com,\n`;

test('commands work on the embedded database where no server runs', async () => {
  const env = { LAZARET_DATA_DIR: join(folder, 'own') };
  const file = join(folder, 'people.csv');
  await writeFile(file, profileCsv('m'));
  const imported = await runCommand(['import', file, '--as', 'profiles'], env);
  expect(imported).toEqual({ exitCode: 1, stdout: `2 imported, 1 rejected, with the reasons in ${file}.rejected\n`, stderr: '' });
  expect(await readFile(`${file}.rejected`, 'utf8')).toBe('line,reason,row\n4,An external id is not empty.,",x@example.com,"\n');

  const checked = await runCommand(['check', '--channel', 'email'], env, 'open.m@example.com\nOUT.m@example.com\n\nnobody\n');
  expect(checked.exitCode).toBe(1);
  expect(checked.stdout.split('\n').map((line) => line.split('\t').slice(0, 3))).toEqual([
    ['open.m@example.com', 'allowed'],
    ['OUT.m@example.com', 'blocked', 'DENYLISTED'],
    ['nobody', 'invalid', ''],
    [''],
  ]);
});

describe('commands that meet a running server work through it', () => {
  let app: TestApp;
  let env: Record<string, string>;
  beforeAll(async () => {
    app = await testApp();
    env = { LAZARET_DATA_DIR: await announceApp(app, folder, process.pid) };
  });

  test('import, check, ingest and export', async () => {
    const mark = freshWord();
    const file = join(folder, `${mark}.csv`);
    await writeFile(file, profileCsv(mark));
    const bounce = join(folder, `${mark}.eml`);
    await writeFile(bounce, aReport([{ address: `gone.${mark}@example.com` }]));
    const empty = join(folder, 'empty.eml');
    await writeFile(empty, '');
    const [imported, ingested] = await Promise.all([
      runCommand(['import', file, '--as', 'profiles'], env),
      runCommand(['ingest', bounce, empty, bounce], env),
    ]);
    expect(imported).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^2 imported, 1 rejected/), stderr: '' });
    expect(ingested).toEqual({
      exitCode: 1,
      stdout: '2 messages, 1 of them taken in before: 2 BOUNCE\ntheir addresses: 2 QUARANTINE\n1 rejected\n',
      stderr: `lazaret: ${empty}: The message is empty.\n`,
    });

    const [checked, list] = await Promise.all([
      runCommand(['check'], env, `open.${mark}@example.com\nbad\nout.${mark}@example.com\n`),
      runCommand(['export', 'quarantine', '--format', 'ndjson', '--filter', JSON.stringify({ address: { contains: mark } })], env),
    ]);
    expect(checked.exitCode).toBe(1);
    expect(checked.stdout).toMatch(/\tallowed\nbad\tinvalid\t\t.*no @.*\nout\.\S+\tblocked\tDENYLISTED\t/);
    expect(list.exitCode).toBe(0);
    expect(
      list.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([{ address: `gone.${mark}@example.com`, status: 'QUARANTINE', source: 'BOUNCE_ASYNC' }]);
  });

  test('an export through the server gives what an export of the database gives, page after page', async () => {
    const mark = freshWord();
    const rows = Array.from({ length: 230 }, (_, index) => `EMAIL,p${index}.${mark}@example.com,,"a ""b"", =c"`);
    const text = `channel,address,status,error_text\n${rows.join('\n')}\n`;
    await importText({ kind: 'instance', instance: app.instance }, join(folder, `${mark}.csv`), text, 'quarantine');
    const { stdout } = await runCommand(['export', 'quarantine', '--filter', JSON.stringify({ address: { contains: mark } })], env);
    const lines = stdout.trimEnd().split('\n').slice(1);
    expect(lines.map((line) => line.split(',')[1])).toEqual(rows.map((row) => row.split(',')[1]));
    expect(lines[0]).toContain(',DENYLISTED,DENYLISTED,0,"a ""b"", =c",');
    // What was exported can be brought in again and changes nothing.
    const again = await importText({ kind: 'instance', instance: app.instance }, join(folder, `${mark}-2.csv`), stdout, 'quarantine');
    expect(again).toEqual({ counts: { UNCHANGED: 230 }, rejected: [] });
  });
});

describe('wrong usage and databases that cannot be reached', () => {
  const nowhere = 'postgresql://u@127.0.0.1:9/d';
  test.each([
    [['import', 'people.csv', '--as', 'unicorns'], 2, /--as takes profiles or quarantine/],
    [['import', 'nowhere.csv', '--as', 'profiles'], 2, /nowhere\.csv does not exist/],
    [['import', 'people.csv'], 2, /--as/],
    [['import', FIXTURES, '--as', 'profiles'], 2, /is a folder; a file is needed/],
    [['check', '--channel', 'PIGEON'], 2, /there is no channel PIGEON: one of EMAIL/],
    [['export', 'unicorns'], 2, /there is no list "unicorns"/],
    [['export', 'quarantine', '--format', 'xml'], 2, /--format takes csv or ndjson/],
    [['export', 'quarantine', '--filter', '{"unicorns":1}'], 2, /--filter cannot be used: .*unicorns/],
    [['export', 'quarantine', '--filter', '{'], 2, /--filter takes a JSON object/],
    [['ingest', join(FIXTURES, 'messages')], 3, /cannot be reached/],
    [['export', 'quarantine'], 3, /cannot be reached/],
  ] as const)('lazaret %j ends with %i', async (args, exitCode, sentence) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.stubEnv('DATABASE_URL', nowhere);
    try {
      expect(await runCommandLine(args)).toBe(exitCode);
      const text = said.mock.calls.map(([words]) => String(words)).join('');
      expect(text).toMatch(sentence);
      expect(text).not.toMatch(/\n {4}at /);
    } finally {
      said.mockRestore();
      vi.unstubAllEnvs();
    }
    expect(existsSync('people.csv.rejected')).toBe(false);
  });
});
