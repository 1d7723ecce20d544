/** What the inbox of texts that nobody has qualified reads: how often they occur, samples, and the texts whose meaning is known. */
import type { Channel, FailureReason, FailureType, Fault } from '../domain/vocabulary.ts';
import { type Queryable, type Sql, sql } from './database.ts';
import { isCurrentFailure } from './failure-history.ts';

/**
 * Texts to qualify with their occurrences since an instant (`recent`), as the source of a list.
 *
 * The OFFSET keeps the planner from counting once for the order and once more for the cursor.
 */
export function unqualifiedTexts(since: Date): Sql {
  return sql`(SELECT q.*, ${recentOccurrences(sql`q.id`, since)} AS recent FROM qualification q WHERE q.status = 'TO_QUALIFY' OFFSET 0)`;
}

function recentOccurrences(id: Sql, since: Date): Sql {
  return sql`(SELECT count(*)::int FROM delivery_event e
    WHERE e.qualification_id = ${id} AND e.occurred_at > ${since}::timestamptz AND ${isCurrentFailure('e')})`;
}

export async function countRecentOccurrences(database: Queryable, ids: readonly bigint[], since: Date): Promise<(id: bigint) => number> {
  const counts = await database.query<{ id: bigint; recent: number }>(sql`
    SELECT w.id, ${recentOccurrences(sql`w.id`, since)} AS recent FROM unnest(${`{${ids.join(',')}}`}::bigint[]) AS w(id)`);
  const byId = new Map(counts.map(({ id, recent }) => [id, recent]));
  return (id) => byId.get(id) ?? 0;
}

/** One failure with a text. */
export interface FailureSample {
  readonly rawText: string;
  readonly address: string;
  readonly occurredAt: Date;
}

/** The latest failures with each of these texts. */
export async function readFailureSamples(
  database: Queryable,
  ids: readonly bigint[],
  most: number,
): Promise<(id: bigint) => readonly FailureSample[]> {
  const found = await database.query<FailureSample & { id: bigint }>(sql`
    SELECT w.id, s.raw_text AS "rawText", s.address, s.occurred_at AS "occurredAt"
    FROM unnest(${`{${[...new Set(ids)].join(',')}}`}::bigint[]) AS w(id)
    CROSS JOIN LATERAL (
      SELECT e.raw_text, e.address, e.occurred_at FROM delivery_event e
      WHERE e.qualification_id = w.id AND e.raw_text IS NOT NULL AND ${isCurrentFailure('e')} ORDER BY e.occurred_at DESC LIMIT ${most}) AS s
    ORDER BY w.id, s.occurred_at DESC`);
  const byId = new Map<bigint, FailureSample[]>();
  for (const { id, ...sample } of found) byId.set(id, [...(byId.get(id) ?? []), sample]);
  return (id) => byId.get(id) ?? [];
}

/** A normalised text with what it means. */
export interface KeptText {
  readonly channel: Channel;
  readonly text: string;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
}

/** The texts that were marked KEEP, newest first; at most so many. */
export function readKeptTexts(database: Queryable, most: number): Promise<KeptText[]> {
  return database.query<KeptText>(sql`
    SELECT channel, text, type, reason, fault FROM qualification WHERE status = 'KEEP' ORDER BY id DESC LIMIT ${most}`);
}

/** A text to qualify that no person has touched. */
export interface OpenText {
  readonly id: bigint;
  readonly text: string;
}

/** Texts to qualify of one channel that are taken for the same now, newest first; at most so many. */
export function readOpenTexts(tx: Queryable, like: Omit<KeptText, 'text'>, most: number): Promise<OpenText[]> {
  return tx.query<OpenText>(sql`
    SELECT id, text FROM qualification
    WHERE status = 'TO_QUALIFY' AND NOT edited_by_user AND channel = ${like.channel}::"Channel" AND type = ${like.type}::"FailureType"
      AND reason = ${like.reason}::"FailureReason" AND fault = ${like.fault}::"Fault"
    ORDER BY id DESC LIMIT ${most}`);
}
