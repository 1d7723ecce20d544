import { type Queryable, sql } from '../store/database.ts';
import { takeLease } from '../store/lease.ts';
import type { Instance } from './instance.ts';

const LEASE = 'fold-counters';
const LEASE_MS = 10_000;
/** Lines folded by one statement: well under a second of work. */
const SLICE = 20_000;
const MOST_SLICES = 50;

/** Occurrences of a text and hits of a rule are capped (QUA-3). */
const MOST_OCCURRENCES = 100_000;

/**
 * Folds the counter lines that batches have appended into the counters themselves. To be called every second on every node: one at a
 * time does the work, held by a lease.
 *
 * A slice is one statement that deletes its lines and adds their sums, so that nothing is lost or counted twice wherever it is killed,
 * and readers, who add folded and pending lines, see the same sum at every moment. Counting changes neither `version` nor `updated_at`.
 *
 * @returns the number of lines folded; 0 where another node is at it
 */
export async function foldCounters(instance: Instance): Promise<number> {
  const { database, node } = instance;
  if (!(await takeLease(database, LEASE, node, LEASE_MS))) return 0;
  let folded = 0;
  for (let slice = 0; slice < MOST_SLICES; slice += 1) {
    const lines = await foldSlice(database);
    folded += lines;
    if (lines < SLICE || !(await takeLease(database, LEASE, node, LEASE_MS))) break;
  }
  return folded;
}

async function foldSlice(database: Queryable): Promise<number> {
  const [row] = await database.query<{ lines: number }>(sql`
    WITH gone AS (
      DELETE FROM counter_delta WHERE id IN (SELECT id FROM counter_delta ORDER BY id LIMIT ${SLICE} FOR UPDATE SKIP LOCKED)
      RETURNING kind, subject, run, metric, amount
    ), sums AS (
      SELECT kind, subject, run, metric, sum(amount)::int AS amount FROM gone GROUP BY kind, subject, run, metric
    ), deliveries AS (
      INSERT INTO delivery_counter AS c (delivery_id, run, metric, amount)
      SELECT s.subject, s.run, s.metric, s.amount FROM sums s JOIN delivery d ON d.id = s.subject WHERE s.kind = 'DELIVERY'
      ON CONFLICT (delivery_id, run, metric) DO UPDATE SET amount = c.amount + excluded.amount
    ), qualifications AS (
      UPDATE qualification q SET occurrences = least(${MOST_OCCURRENCES}, greatest(0, q.occurrences + s.amount))
      FROM sums s WHERE s.kind = 'QUALIFICATION' AND q.id = s.subject
    ), rules AS (
      UPDATE qualification_rule r SET hits = greatest(0, least(2147483647, r.hits::bigint + s.amount))::int
      FROM sums s WHERE s.kind = 'RULE' AND r.id = s.subject
    )
    SELECT count(*)::int AS lines FROM gone`);
  return row?.lines ?? 0;
}
