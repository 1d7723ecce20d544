import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/cli.ts';
import { readConfig } from '../../src/config.ts';
import { sql } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { putEntries } from '../integration/life/life.ts';
import { testInstance } from '../support/test-instance.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

async function run(...args: string[]): Promise<{ exitCode: number; stdout: string }> {
  process.exitCode = undefined;
  let stdout = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const exitCode = await runCommandLine(args);
  write.mockRestore();
  return { exitCode, stdout };
}

test('verify finds what was changed behind the back of the ledger, mends it on request, and says so by its status', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-verify-'));
  vi.stubEnv('LAZARET_DATA_DIR', folder);
  vi.stubEnv('DATABASE_URL', undefined);
  const open = await openDatabase(readConfig(process.env));
  await migrate(open.database);
  const [id] = await putEntries(await testInstance(open.database), [{ address: 'ann@verify.example' }, { address: 'bob@verify.example' }]);
  await open.database.execute(sql`UPDATE quarantine_entry SET status = 'VALID' WHERE address = 'ann@verify.example'`);
  await open.close();

  const line = `entry ${id}, ann@verify.example, is not what its ledger says: status\n`;
  expect(await run('verify')).toEqual({ exitCode: 1, stdout: `${line}2 entries compared, 1 different\n` });
  const asJson = await run('verify', '--json');
  expect(JSON.parse(asJson.stdout)).toMatchObject({ entryId: String(id), kind: 'DIFFERS', fields: ['status'] });
  expect(await run('verify', '--repair')).toEqual({ exitCode: 0, stdout: `${line}2 entries compared, 1 different, 1 repaired\n` });
  expect(await run('verify')).toEqual({ exitCode: 0, stdout: '2 entries compared, 0 different\n' });
  await rm(folder, { recursive: true, force: true });
});
