import { type Queryable, sql } from './database.ts';

/** Folding and setting a counter exclude each other: lines that are being folded would be added to what was just set. */
const COUNTER_LOCK = sql`SELECT pg_advisory_xact_lock(2, 0)`;

/** Occurrences of a text are capped (QUA-3). */
const MOST_OCCURRENCES = 100_000;

/** Folds the oldest lines into the counters. @returns how many */
export async function foldCounterLines(tx: Queryable, limit: number): Promise<number> {
  await tx.query(COUNTER_LOCK);
  const [row] = await tx.query<{ lines: number }>(sql`
    WITH gone AS (
      DELETE FROM counter_delta WHERE id IN (SELECT id FROM counter_delta ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
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

/** Forgets the occurrences that are not folded yet, before a person sets the number. The first statement of the transaction. */
export async function clearPendingOccurrences(tx: Queryable, qualificationId: bigint): Promise<void> {
  await tx.query(COUNTER_LOCK);
  await tx.execute(sql`DELETE FROM counter_delta WHERE kind = 'QUALIFICATION' AND subject = ${qualificationId}::bigint AND run = 0`);
}
