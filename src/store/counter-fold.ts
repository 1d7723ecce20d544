import type { Channel } from '../domain/vocabulary.ts';
import { COUNTER_LOCK } from './counter-lock.ts';
import { type Queryable, sql } from './database.ts';
import { FOLDED_DELAYS } from './domain-delays.ts';

/** Occurrences of a text are capped (QUA-3). */
const MOST_OCCURRENCES = 100_000;
/** Staff is alerted when an unknown text comes again (QUA-9). */
const ALERTED_OCCURRENCE = 2;
const TEXT_SHOWN = 300;

/** A text that nobody has qualified and nothing decides, and that has come again. */
export interface RecurringText {
  readonly id: bigint;
  readonly channel: Channel;
  /** Normalised; its beginning. */
  readonly text: string;
}

export interface FoldedLines {
  readonly lines: number;
  /** Of the texts that these lines count: those that staff has not been alerted to yet. */
  readonly recurring: readonly RecurringText[];
}

/** Folds the oldest lines into the counters. */
export async function foldCounterLines(tx: Queryable, limit: number): Promise<FoldedLines> {
  await tx.query(COUNTER_LOCK);
  const [row] = await tx.query<{ lines: number; recurring: readonly (Omit<RecurringText, 'id'> & { id: string })[] }>(sql`
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
      RETURNING q.id, q.channel, q.text, q.type, q.status, q.edited_by_user, q.occurrences
    ), rules AS (
      UPDATE qualification_rule r SET hits = greatest(0, least(2147483647, r.hits::bigint + s.amount))::int
      FROM sums s WHERE s.kind = 'RULE' AND r.id = s.subject
    ), recurring AS (
      SELECT q.id, q.channel, left(q.text, ${TEXT_SHOWN}::int) AS text FROM qualifications q
      WHERE q.type = 'UNDEFINED' AND q.status = 'TO_QUALIFY' AND NOT q.edited_by_user AND q.occurrences >= ${ALERTED_OCCURRENCE}::int
        AND NOT EXISTS (SELECT FROM alert a WHERE a.kind = 'UNKNOWN_TEXT' AND a.subject = q.id::text)
    ), domains AS (
      INSERT INTO domain_result AS d (channel, result, domain, slot, amount)
      SELECT split_part(s.metric, ' ', 1)::"Channel", split_part(s.metric, ' ', 2), split_part(s.metric, ' ', 3), s.subject::int, s.amount
      FROM sums s WHERE s.kind = 'DOMAIN'
      ON CONFLICT (channel, domain, slot, result) DO UPDATE SET amount = d.amount + excluded.amount
    ), ${FOLDED_DELAYS}, incidents AS (
      UPDATE incident i SET held = i.held + s.amount FROM sums s WHERE s.kind = 'INCIDENT' AND i.id = s.subject
    )
    SELECT (SELECT count(*)::int FROM gone) AS lines,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id::text, 'channel', r.channel, 'text', r.text) ORDER BY r.id), '[]'::jsonb)
        FROM recurring r) AS recurring`);
  const recurring = (row?.recurring ?? []).map(({ id, ...text }) => ({ id: BigInt(id), ...text }));
  return { lines: row?.lines ?? 0, recurring };
}

/** Forgets the occurrences that are not folded yet, before a person sets the number. The first statement of the transaction. */
export async function clearPendingOccurrences(tx: Queryable, qualificationId: bigint): Promise<void> {
  await tx.query(COUNTER_LOCK);
  await tx.execute(sql`DELETE FROM counter_delta WHERE kind = 'QUALIFICATION' AND subject = ${qualificationId}::bigint AND run = 0`);
}
