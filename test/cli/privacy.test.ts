import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/command-error.ts';
import { runPrivacyAccess, runPrivacyConfirm, runPrivacyErase } from '../../src/cli/privacy.ts';
import { announceApp, scratchFolder } from '../integration/import/import-files.ts';
import { runCommand } from '../support/command.ts';
import { freshWord } from '../support/fresh.ts';
import { testApp } from '../support/test-app.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await scratchFolder());
});
afterAll(() => remove());

async function peopleFile(email: string, shared: string): Promise<string> {
  const file = join(folder, `${freshWord()}.csv`);
  await writeFile(file, `external_id,first_name,email\nz-${email},Zelda,${email}|${shared}\nb-${email},Bob,${shared}\n`);
  return file;
}

interface Family {
  readonly email: string;
  readonly shared: string;
  /** The import that made them. */
  readonly people: string;
}

async function family(env: Record<string, string>): Promise<Family> {
  const mark = freshWord();
  const [email, shared] = [`zelda.${mark}@privacy.test`, `family.${mark}@privacy.test`];
  const people = await peopleFile(email, shared);
  expect((await runCommand(['import', people, '--as', 'profiles'], env)).exitCode).toBe(0);
  return { email, shared, people };
}

test('on the embedded database where no server runs: the file, both steps of an erasure, and the import that stays out', async () => {
  const env = { LAZARET_DATA_DIR: join(folder, 'own') };
  const { email, people } = await family(env);
  const out = join(folder, 'zelda.json');
  expect(await runCommand(['privacy', 'access', '--email', email, '--out', out], env)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ profiles: [{ first_name: 'Zelda' }] });
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  const asked = await runCommand(['privacy', 'erase', '--email', email], env);
  const [, id = ''] = /^request (\d+) waits for its confirmation; nothing is erased yet/.exec(asked.stdout) ?? [];
  const confirmed = await runCommand(['privacy', 'confirm', id], env);
  expect([confirmed.exitCode, confirmed.stdout]).toEqual([0, expect.stringMatching(new RegExp(`^request ${id}: erased\n`))]);
  expect(confirmed.stdout).toMatch(/^profile\t1$/m);
  const back = await runCommand(['import', people, '--as', 'profiles', '--dry-run'], env);
  expect([back.exitCode, back.stdout]).toEqual([1, expect.stringContaining('1 rejected')]);
  expect(await readFile(`${people}.rejected`, 'utf8')).toContain('was erased because they asked for it');
  const unknown = await runCommand(['privacy', 'confirm', '999999'], env);
  expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('There is no privacy request')]);
});

test('through a running server: the file, a dry run and an erasure in one step', async () => {
  const env = { LAZARET_DATA_DIR: await announceApp(await testApp(), folder, process.pid) };
  const { email, shared } = await family(env);
  const [printed, tried] = await Promise.all([
    runCommand(['privacy', 'access', '--external-id', `z-${email}`, '--regulation', 'ccpa'], env),
    runCommand(['privacy', 'erase', '--email', email, '--dry-run'], env),
  ]);
  expect(JSON.parse(printed.stdout)).toMatchObject({ request: { regulation: 'CCPA' }, profiles: [{ first_name: 'Zelda' }] });
  expect(tried.stdout).toMatch(/^would erase 1 addresses everywhere and shut them; nothing was changed\n/);
  expect(tried.stdout).toContain(`EMAIL ${shared} is held by 1 other profiles too: it stays with them`);
  const now = await runCommand(['privacy', 'erase', '--email', email, '--now', '--shared'], env);
  expect([now.exitCode, now.stdout]).toEqual([0, expect.stringContaining(': erased\n')]);
  const checked = await runCommand(['check'], env, `${email}\n${shared}\n`);
  expect(checked.stdout.split('\n').map((line) => line.split('\t')[1])).toEqual(['blocked', 'blocked', undefined]);
});

test('what names nobody, or several, is wrong usage', async () => {
  const subject = { regulation: 'GDPR' };
  const wrong: Promise<unknown>[] = [
    runPrivacyAccess(subject),
    runPrivacyErase({ ...subject, email: 'a@b.example', phone: '+33612345678' }),
    runPrivacyErase({ email: 'a@b.example', regulation: 'none' }),
    runPrivacyErase({ ...subject, profile: 'x' }),
    runPrivacyConfirm('x'),
  ];
  for (const run of wrong) await expect(run).rejects.toMatchObject({ exitCode: EXIT.usage });
});
