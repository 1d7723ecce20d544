import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csvLine, PROFILE_COLUMNS, profileRows } from '../demo/make-profiles.ts';
import { type BenchResult, scaled, timed } from './bench-result.ts';
import { type Scratch, withScratchDatabase } from './scratch-database.ts';

/**
 * Import of 1,000,000 profiles from CSV by the command itself: the whole process, with addresses, keys, opt-outs and checks. Baseline: bare
 * COPY of the rows that it wrote, by psql, into the same tables, emptied.
 */
export const name = 'import';

const PROFILES = 1_000_000;
const TABLES = ['profile', 'address', 'consent_event'] as const;

export async function run(): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-bench-'));
  try {
    return await withScratchDatabase((scratch) => measure(scratch, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(scratch: Scratch, folder: string): Promise<BenchResult[]> {
  const count = scaled(PROFILES);
  const file = join(folder, 'profiles.csv');
  await writeCsv(file, count);
  await scratch.set('CHECKPOINT');
  const ms = await timed(() => importFile(scratch, file));
  for (const table of TABLES) await psql(scratch, `\\copy ${table} TO '${join(folder, table)}'`);
  await scratch.set(`TRUNCATE ${TABLES.join(', ')} CASCADE`);
  await scratch.set('CHECKPOINT');
  const baselineMs = await timed(async () => {
    for (const table of TABLES) await psql(scratch, `\\copy ${table} FROM '${join(folder, table)}'`);
  });
  const rate = (time: number) => Math.round(count / (time / 1_000));
  return [{ name, value: rate(ms), unit: 'profiles/s', baseline: rate(baselineMs), ratio: ms / baselineMs }];
}

async function writeCsv(path: string, count: number): Promise<void> {
  const file = createWriteStream(path);
  let lines = [PROFILE_COLUMNS.join(',')];
  for (const row of profileRows({ count, seed: 7, include: [] })) {
    lines.push(csvLine(row));
    if (lines.length < 5_000) continue;
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
    lines = [];
  }
  file.end(`${lines.join('\n')}\n`);
  await once(file, 'close');
}

async function importFile({ url }: Scratch, file: string): Promise<void> {
  const root = join(import.meta.dirname, '..');
  // Some rows of the file are there to be rejected: the command says so with 1.
  await runProcess(process.execPath, [join(root, 'dist/cli.js'), 'import', file, '--as', 'profiles'], [0, 1], { DATABASE_URL: url });
}

async function psql({ url }: Scratch, command: string): Promise<void> {
  await runProcess('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', url, '-c', command], [0], {});
}

async function runProcess(
  command: string,
  args: readonly string[],
  expected: readonly number[],
  env: Record<string, string>,
): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === null || !expected.includes(code)) throw new Error(`${command} ended with ${code}`);
}
