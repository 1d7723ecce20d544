import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { IntakeReport } from './intake-crash-worker.ts';

/**
 * An intake of 20,000 results is killed with SIGKILL at random points, started again and sent everything again, on PostgreSQL and on the
 * embedded database: in the end every event counts exactly once. SOAK_ROUNDS (20) and SOAK_EVENTS (20,000) make it shorter.
 */
export const name = 'intake-crash';

const KILLS_A_ROUND = 3;

/** Where the worker's database is. */
type Target = readonly ['url' | 'folder', string];

export interface IntakeCrashOptions {
  readonly rounds?: number;
  readonly events?: number;
}

export async function run(options: IntakeCrashOptions = {}): Promise<void> {
  const rounds = options.rounds ?? Number(process.env.SOAK_ROUNDS ?? '20');
  const events = options.events ?? Number(process.env.SOAK_EVENTS ?? '20000');
  const { SOAK_ENGINE } = process.env;
  if (SOAK_ENGINE !== 'embedded') await onServer((target) => crashLoop('PostgreSQL', target, rounds, events));
  if (SOAK_ENGINE !== 'server') await onEmbedded((target) => crashLoop('embedded', target, rounds, events));
}

async function crashLoop(where: string, target: Target, rounds: number, events: number): Promise<void> {
  // The first start makes and migrates the database: not to be measured, or the kills would come after the end.
  await worker(target, 'empty', 0);
  const start = performance.now();
  const expected = await worker(target, 'whole', events);
  const wholeMs = performance.now() - start;
  if (expected === null) throw new Error('the undisturbed intake did not end');
  if (expected.kept !== events || expected.lines !== events || expected.distinct !== events || expected.brokenLedgers !== 0) {
    throw new Error(`the undisturbed intake is wrong: ${JSON.stringify(expected)}`);
  }
  let kills = 0;
  for (let round = 1; round <= rounds; round += 1) {
    let report: IntakeReport | null = null;
    for (let attempt = 1; report === null; attempt += 1) {
      const killAfterMs = attempt <= KILLS_A_ROUND ? Math.random() * wholeMs : undefined;
      report = await worker(target, labelOf(round), events, killAfterMs);
      if (report === null) kills += 1;
    }
    if (JSON.stringify(report) !== JSON.stringify(expected)) {
      throw new Error(`${where}: ${JSON.stringify(report)} instead of ${JSON.stringify(expected)}`);
    }
    console.log(`${where}: round ${round} of ${rounds}, killed ${kills} times so far, ${report.kept} events once each`);
  }
}

/** Letters only: the normaliser takes numbers out of texts, and each round has texts of its own. */
function labelOf(round: number): string {
  return `round${[...String(round)].map((digit) => 'abcdefghij'.charAt(Number(digit))).join('')}`;
}

/** @returns what the worker reports; null where it was killed */
function worker(target: Target, label: string, events: number, killAfterMs?: number): Promise<IntakeReport | null> {
  const file = join(import.meta.dirname, 'intake-crash-worker.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...target, label, String(events)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(null);
      else if (code !== 0) reject(new Error(`the worker ended with ${code ?? signal}`));
      else resolve(JSON.parse(output) as IntakeReport);
    });
  });
}

async function onServer(work: (target: Target) => Promise<void>): Promise<void> {
  const server = process.env.TEST_DATABASE_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres';
  const url = new URL(server);
  url.pathname = `/lazaret_soak_intake_${process.pid}`;
  const scratch = url.pathname.slice(1);
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${scratch}`);
    await work(['url', url.href]);
  } finally {
    await client.query(`DROP DATABASE IF EXISTS ${scratch} WITH (FORCE)`);
    await client.end();
  }
}

async function onEmbedded(work: (target: Target) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-soak-'));
  try {
    await work(['folder', folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
