import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { PreparedReport } from './prepare-crash-worker.ts';

/**
 * A preparation of 100,000 recipients is killed with SIGKILL at random points and started again, on PostgreSQL and on the embedded database: in the end
 * every recipient stands exactly once in the delivery log or the exclusion log. SOAK_ROUNDS (20), SOAK_RECIPIENTS (100,000) and SOAK_ENGINE (server or
 * embedded; absent: both) make it shorter.
 */
export const name = 'prepare-crash';

const rounds = Number(process.env.SOAK_ROUNDS ?? '20');
const recipients = Number(process.env.SOAK_RECIPIENTS ?? '100000');
const KILLS_A_ROUND = 3;

export async function run(): Promise<void> {
  if (process.env.SOAK_ENGINE !== 'embedded') await onServer((target) => crashLoop('PostgreSQL', target));
  if (process.env.SOAK_ENGINE !== 'server') await onEmbedded((target) => crashLoop('embedded', target));
}

/** `url` or `folder` of the database, for the worker. */
type Target = readonly ['url' | 'folder', string];

async function crashLoop(label: string, target: Target): Promise<void> {
  await worker(target, ['fill', String(recipients)]);
  const start = performance.now();
  const expected = await worker(target, ['prepare', 'whole']);
  const wholeMs = performance.now() - start;
  if (expected === null) throw new Error('the undisturbed preparation did not end');
  check(expected, expected);
  let kills = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const limited = round % 2 === 0 ? ['limited'] : [];
    let report: PreparedReport | null = null;
    for (let attempt = 1; report === null; attempt += 1) {
      const killAfterMs = attempt <= KILLS_A_ROUND ? Math.random() * wholeMs : undefined;
      report = await worker(target, ['prepare', `round ${round}`, ...limited], killAfterMs);
      if (report === null) kills += 1;
    }
    check(report, expected);
    console.log(`${label}: round ${round} of ${rounds}, killed ${kills} times so far, ${report.rows} recipients once each`);
  }
}

function check(report: PreparedReport, expected: PreparedReport): void {
  const { rows, distinct, counted, limited } = report;
  const wrong = (what: string) => new Error(`${what}: ${JSON.stringify(report)} instead of ${JSON.stringify(expected)}`);
  if (rows !== expected.rows || distinct !== rows || counted.targeted !== rows) throw wrong('recipients are missing or doubled');
  if (counted.toDeliver !== report.toDeliver || counted.excluded !== rows - report.toDeliver)
    throw wrong('the counters do not agree with the rows');
  if (report.volumes !== counted.excluded) throw wrong('the causes do not add up');
  if (!limited && JSON.stringify(report.reasons) !== JSON.stringify(expected.reasons)) throw wrong('recipients were decided otherwise');
  if (limited && report.toDeliver + (report.reasons.CONTROL_GROUP ?? 0) !== Math.floor(expected.toDeliver / 2))
    throw wrong('the limit was missed');
}

/** @returns what the worker reports; null where it was killed */
function worker(target: Target, args: readonly string[], killAfterMs?: number): Promise<PreparedReport | null> {
  const file = join(import.meta.dirname, 'prepare-crash-worker.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...target, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
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
      else resolve(output === '' ? null : (JSON.parse(output) as PreparedReport));
    });
  });
}

async function onServer(work: (target: Target) => Promise<void>): Promise<void> {
  const server = process.env.TEST_DATABASE_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres';
  const url = new URL(server);
  url.pathname = `/lazaret_soak_${process.pid}`;
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
