import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { withScratchDatabase } from '../../bench/scratch-database.ts';
import { decideQuarantine } from '../../src/domain/quarantine/decide-quarantine.ts';
import type { QuarantineInput, QuarantinePolicy, QuarantineState } from '../../src/domain/quarantine/quarantine-state.ts';
import { quarantinePolicy } from '../../src/domain/settings/settings.ts';
import type { DeliveryOutcome, FailureReason, FailureType, Fault } from '../../src/domain/vocabulary.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { updateSetting } from '../../src/operations/update-setting.ts';
import { verifyQuarantine } from '../../src/operations/verify-quarantine.ts';
import { type Database, sql } from '../../src/store/database.ts';
import type { RaceReport } from './race-worker.ts';

/**
 * 16 workers in 4 processes record failures, successes and complaints of the same 100 addresses for ten minutes, every event told by two of them: each
 * entry is what a pure model makes of the accepted events in the order in which they came, the ledgers rise without a gap, nothing fails and nothing
 * deadlocks. SOAK_MINUTES (10) makes it shorter.
 */
export const name = 'race';

const PROCESSES = 4;
const WORKERS = 4;
const ACTOR = { name: 'soak', tokenId: null };

export async function run(minutes = Number(process.env.SOAK_MINUTES ?? '10')): Promise<void> {
  await withScratchDatabase(async ({ database, instance, url }) => {
    // Every soft error in its order counts, and hardly an address reaches the threshold: a lost or doubled one shows in its counter.
    await updateSetting(instance, { key: 'significantErrorGapEmail', value: '0' }, ACTOR);
    await updateSetting(instance, { key: 'maxErrorsBeforeQuarantineEmail', value: '1000' }, ACTOR);
    const endMs = Date.now() + minutes * 60_000;
    // Far enough back that no event lies ahead of the clock, however fast the machine.
    const beginMs = Date.now() - 60 * 86_400_000;
    const reports = await Promise.all(Array.from({ length: PROCESSES }, (_, index) => race(url, index, beginMs, endMs)));
    const total = reports.reduce(
      (sum, { accepted, duplicates }) => ({ accepted: sum.accepted + accepted, duplicates: sum.duplicates + duplicates }),
      {
        accepted: 0,
        duplicates: 0,
      },
    );
    const events = total.accepted - total.duplicates;
    await checkCounts(database, events);
    const counters = await checkModel(database, await policyOf(instance));
    const { different } = await verifyQuarantine(instance, ACTOR);
    if (different > 0) throw new Error(`${different} entries are not the fold of their ledger`);
    await checkDeadlocks(database);
    console.log(
      `      ${events} events of ${counters.addresses} addresses, ${total.duplicates} repeats, counters add up to ${counters.sum}, no deadlock`,
    );
  });
}

function race(url: string, index: number, beginMs: number, endMs: number): Promise<RaceReport> {
  const file = join(import.meta.dirname, 'race-worker.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', file, url, ...[index, WORKERS, beginMs, endMs].map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`a worker ended with ${code ?? signal}`)),
    );
  });
}

async function policyOf(instance: Instance): Promise<QuarantinePolicy> {
  return quarantinePolicy(await instance.settings(), 'EMAIL');
}

async function checkCounts(database: Database, events: number): Promise<void> {
  const [row] = await database.query<{ kept: number; lines: number; gaps: number }>(sql`
    SELECT (SELECT count(*)::int FROM inbound_event) AS kept, (SELECT count(*)::int FROM delivery_event) AS lines,
      (SELECT count(*)::int FROM (
        SELECT version - lag(version, 1, 0) OVER (PARTITION BY address_key ORDER BY txid, id) AS step FROM quarantine_event) AS line WHERE step <> 1) AS gaps`);
  if (events === 0) throw new Error('no event was recorded');
  if (row?.kept !== events || row.lines !== events || row.gaps !== 0)
    throw new Error(`${events} events were accepted: ${JSON.stringify(row)}`);
}

interface Recorded {
  readonly outcome: DeliveryOutcome;
  readonly type: FailureType | null;
  readonly reason: FailureReason | null;
  readonly fault: Fault | null;
  readonly text: string | null;
  readonly occurredAt: Date;
}

/** Locks of addresses are taken before a transaction has its id: (txid, id) is the order in which events came to an address. */
async function checkModel(database: Database, policy: QuarantinePolicy): Promise<{ addresses: number; sum: number }> {
  const entries = await database.query<{ address: string; shown: string }>(sql`
    SELECT address, concat_ws(' ', status, error_count, reason, extract(epoch FROM last_error_at)::text, extract(epoch FROM last_significant_error_at)::text,
      extract(epoch FROM last_success_at)::text) AS shown FROM quarantine_entry`);
  const shownOf = new Map(entries.map(({ address, shown }) => [address, shown]));
  const addresses = await database.query<{ address: string }>(sql`SELECT DISTINCT address FROM delivery_event`);
  let sum = 0;
  for (const { address } of addresses) {
    const events = await database.query<Recorded>(sql`
      SELECT outcome, failure_type AS type, failure_reason AS reason, fault, raw_text AS text, occurred_at AS "occurredAt"
      FROM delivery_event WHERE address = ${address} ORDER BY txid, id`);
    const state = fold(events, policy);
    const expected = shown(state);
    if (shownOf.get(address) !== expected) throw new Error(`${address} is "${shownOf.get(address)}", the model says "${expected}"`);
    sum += state?.errorCount ?? 0;
  }
  return { addresses: addresses.length, sum };
}

function fold(events: readonly Recorded[], policy: QuarantinePolicy): QuarantineState | null {
  let state: QuarantineState | null = null;
  let lastSuccessAt: Date | null = null;
  for (const event of events) {
    const decision = decideQuarantine(state, inputOf(event, lastSuccessAt), policy);
    if (decision.changed) state = decision.next;
    if (event.outcome === 'DELIVERED' && (lastSuccessAt === null || event.occurredAt > lastSuccessAt)) lastSuccessAt = event.occurredAt;
  }
  return state;
}

function inputOf({ outcome, type, reason, fault, text, occurredAt }: Recorded, lastSuccessAt: Date | null): QuarantineInput {
  const times = { occurredAt, receivedAt: occurredAt };
  if (outcome === 'DELIVERED') return { kind: 'SUCCESS', ...times };
  if (outcome === 'COMPLAINT') return { kind: 'COMPLAINT', ...times, text, source: 'FEEDBACK_LOOP', lastSuccessAt };
  if (type === null || reason === null || fault === null) throw new Error('a failure was recorded without its meaning');
  const meaning = { type, reason, fault, ignoredByQualification: false, delayed: false };
  return { kind: 'FAILURE', ...times, ...meaning, text, source: 'BOUNCE_SYNC', lastSuccessAt };
}

function shown(state: QuarantineState | null): string | undefined {
  if (state === null) return undefined;
  const { status, errorCount, reason, lastErrorAt, lastSignificantErrorAt, lastSuccessAt } = state;
  const epoch = (date: Date | null) => (date === null ? [] : [(date.getTime() / 1000).toFixed(6)]);
  return [
    status,
    errorCount,
    ...(reason ? [reason] : []),
    ...epoch(lastErrorAt),
    ...epoch(lastSignificantErrorAt),
    ...epoch(lastSuccessAt),
  ].join(' ');
}

/** A deadlock is tried again by itself: it fails nothing, and so must be asked for. */
async function checkDeadlocks(database: Database): Promise<void> {
  await database.query(sql`SELECT pg_stat_clear_snapshot()`);
  const [row] = await database.query<{ deadlocks: number }>(
    sql`SELECT deadlocks::int AS deadlocks FROM pg_stat_database WHERE datname = current_database()`,
  );
  if (row?.deadlocks !== 0) throw new Error(`${row?.deadlocks} deadlocks`);
}
