import { type Queryable, type Sql, sql } from '../database.ts';
import { NEWEST_FIRST, type PageOrder } from '../page.ts';
import type { InstantRange } from './conditions.ts';

/** A time of the rows `c` of a table, with an index over it and the id. */
export interface TimedTable {
  readonly table: Sql;
  readonly time: Sql;
}

interface Ends {
  readonly oldest: bigint | null;
  readonly newest: bigint | null;
  readonly lower: bigint | null;
  readonly upper: bigint | null;
  readonly beyond: number;
}

/** A walk that passes so few rows in vain is the shortest way. */
const FEW = 1_000;
/** Rows at an end of the range, of whose ids the median stands for the end: an old row that was changed just now says nothing. */
const AT_END = 101;

/**
 * The order of a list by id whose filter ends in the past. The planner takes what fulfils it to be spread over all ids, and walks from the newest row; but
 * the newest rows are the last to be that old, so that it may walk through nearly all of them before the first is found. So where more rows lie beyond the
 * range than in it, as far as the ids at its ends tell, what lies in it is found by its time and sorted. Where the range has no lower bound, what follows a
 * cursor inside it is old enough throughout, and is walked.
 *
 * One statement that reads a thousand rows of indexes at most; without an upper bound none.
 */
export async function timeWalk(database: Queryable, timed: TimedTable, range: InstantRange | null | undefined): Promise<PageOrder> {
  const { from, to } = range ?? {};
  if (!to) return NEWEST_FIRST;
  const { table, time } = timed;
  const [ends] = await database.query<Ends>(sql`
    SELECT (SELECT min(c.id) FROM ${table} c) AS oldest, (SELECT max(c.id) FROM ${table} c) AS newest,
      (SELECT count(*)::int FROM (SELECT FROM ${table} c WHERE ${time} > ${to}::timestamptz ORDER BY ${time} LIMIT ${FEW + 1}) AS newer) AS beyond,
      ${from ? idAt(timed, sql`${time} >= ${from}::timestamptz`, sql`${time}, c.id`) : sql`NULL::bigint`} AS lower,
      ${idAt(timed, sql`${time} <= ${to}::timestamptz`, sql`${time} DESC, c.id DESC`)} AS upper`);
  if (!ends || ends.newest === null || ends.oldest === null || ends.beyond <= FEW) return NEWEST_FIRST;
  const upper = ends.upper ?? ends.oldest;
  const inside = upper - (ends.lower ?? ends.oldest);
  return ends.newest - upper > inside ? { ...NEWEST_FIRST, sorted: { walkedAfter: from ? null : upper } } : NEWEST_FIRST;
}

function idAt({ table }: TimedTable, condition: Sql, order: Sql): Sql {
  return sql`(SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY edge.id)
    FROM (SELECT c.id FROM ${table} c WHERE ${condition} ORDER BY ${order} LIMIT ${AT_END}) AS edge)`;
}
