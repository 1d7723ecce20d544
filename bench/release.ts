import { backgroundWorkEnded } from '../src/operations/background-work.ts';
import { releaseQuarantine } from '../src/operations/release-quarantine.ts';
import { releaseName } from '../src/operations/run-release.ts';
import { undoRelease } from '../src/operations/undo-release.ts';
import { sql } from '../src/store/database.ts';
import { type BenchResult, scaled, timed } from './bench-result.ts';
import { type Scratch, withScratchDatabase } from './scratch-database.ts';

/**
 * Release of 1,000,000 quarantined addresses, with their ledger, and its undo. Baseline: a bare UPDATE of the same rows, in as many slices, in a copy of
 * the table with the same indexes.
 */
export const name = 'release';

const ENTRIES = 1_000_000;
const SLICE_SIZE = 5_000;
const actor = { name: 'bench', tokenId: null };

export function run(): Promise<BenchResult[]> {
  return withScratchDatabase(async (scratch) => {
    const entries = scaled(ENTRIES);
    await fill(scratch, entries);
    const memory = watchMemory();
    let id = 0n;
    const releaseMs = await timed(async () => {
      const filter = { errorTextContains: ['550-5.1.1', 'support.google.com'] };
      id = await releaseQuarantine(scratch.instance, { filter, mode: 'SET_VALID', dryRun: false, expectedCount: entries }, actor);
      await backgroundWorkEnded(scratch.instance, releaseName(id));
    });
    await assertDone(scratch, id, entries);
    const undoMs = await timed(async () => {
      await undoRelease(scratch.instance, id, actor);
      await backgroundWorkEnded(scratch.instance, releaseName(id));
    });
    const grown = memory.stop();
    await assertUndone(scratch, id, entries);
    await scratch.set('CHECKPOINT');
    const baselineMs = await timed(() => updateBare(scratch));
    const rate = (ms: number) => Math.round(entries / (ms / 1000));
    return [
      { name, value: rate(releaseMs), unit: 'entries/s', baseline: rate(baselineMs), ratio: releaseMs / baselineMs },
      { name: 'release-undo', value: rate(undoMs), unit: 'entries/s', baseline: rate(baselineMs), ratio: undoMs / baselineMs },
      {
        name: 'release-memory',
        value: grown.after,
        unit: 'MB resident at most',
        baseline: grown.before,
        ratio: grown.after / grown.before,
      },
    ];
  });
}

async function fill({ set }: Scratch, entries: number): Promise<void> {
  const text = `'550-5.1.1 The email account that you tried to reach does not exist. support.google.com'`;
  await set(`
    INSERT INTO quarantine_entry (channel, address, address_key, domain, status, reason, error_text, error_count, last_error_at, source)
    SELECT 'EMAIL', 'p' || i || '@d' || i % 500 || '.test', md5('EMAIL' || i)::uuid, 'd' || i % 500 || '.test', 'QUARANTINE', 'USER_UNKNOWN', ${text}, 1,
      now() - interval '1 day', 'BOUNCE_SYNC' FROM generate_series(1, ${entries}) AS i`);
  await set(`UPDATE quarantine_entry SET status_updated_at = now() - interval '1 day'`);
  await set(`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, domain, status, reason, error_count, text, last_error_at, status_updated_at,
      source, version, occurred_at)
    SELECT id, channel, address, address_key, domain, status, reason, error_count, error_text, last_error_at, status_updated_at, source, 1, last_error_at
    FROM quarantine_entry ORDER BY id`);
  await set(`CREATE TABLE entry_copy (LIKE quarantine_entry INCLUDING ALL)`);
  await set(`INSERT INTO entry_copy SELECT * FROM quarantine_entry ORDER BY id`);
  await set('VACUUM ANALYZE');
  await set('CHECKPOINT');
}

async function assertDone({ database }: Scratch, id: bigint, entries: number): Promise<void> {
  const [row] = await database.query<{ state: string; changed: number }>(
    sql`SELECT state, changed FROM quarantine_release WHERE id = ${id}`,
  );
  if (row?.state !== 'DONE' || row.changed !== entries)
    throw new Error(`${row?.changed} of ${entries} entries were released: ${row?.state}`);
}

async function assertUndone({ database }: Scratch, id: bigint, entries: number): Promise<void> {
  const [row] = await database.query<{ state: string; back: number }>(sql`
    SELECT state, (SELECT count(*)::int FROM quarantine_entry WHERE status = 'QUARANTINE') AS back FROM quarantine_release WHERE id = ${id}`);
  if (row?.state !== 'DONE' || row.back !== entries) throw new Error(`${row?.back} of ${entries} entries were put back: ${row?.state}`);
}

async function updateBare({ database }: Scratch): Promise<void> {
  const [row] = await database.query<{ first: bigint; last: bigint }>(sql`SELECT min(id) AS first, max(id) AS last FROM entry_copy`);
  const last = Number(row?.last ?? 0n);
  for (let from = Number(row?.first ?? 1n); from <= last; from += SLICE_SIZE) {
    await database.transaction((tx) =>
      tx.execute(sql`
        UPDATE entry_copy SET status = 'VALID', error_count = 0, soft_caused = false, status_updated_at = now(), version = version + 1
        WHERE id >= ${from} AND id < ${from + SLICE_SIZE}`),
    );
  }
}

/** Resident memory of this process, looked at ten times a second. */
function watchMemory() {
  const megabytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);
  const before = megabytes();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, megabytes());
  }, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return { before, after: most };
    },
  };
}
