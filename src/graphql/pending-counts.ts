import { type Queryable, sql } from '../store/database.ts';

/** What has been counted but not yet folded into the rows, so that what was answered is what is read. */
export async function pendingCounts(
  database: Queryable,
  kind: 'QUALIFICATION' | 'RULE',
  subjects: readonly bigint[],
): Promise<(subject: bigint) => number> {
  const sums = await database.query<{ subject: bigint; amount: number }>(sql`
    SELECT subject, sum(amount)::int AS amount FROM counter_delta WHERE kind = ${kind} AND subject = ANY(${subjects}::bigint[]) GROUP BY subject`);
  const amounts = new Map(sums.map(({ subject, amount }) => [subject, amount]));
  return (subject) => amounts.get(subject) ?? 0;
}
