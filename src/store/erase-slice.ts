/** One slice of an erasure: what it is told, and how its rows are found. */
import type { PersonWords } from '../domain/privacy/redact-text.ts';
import { type Queryable, type Sql, sql } from './database.ts';

/** Where a table knows somebody by: an address, or the profile. */
export type ErasedOf = Readonly<{ key: string; profileId: null }> | Readonly<{ key: null; profileId: bigint }>;

export interface EraseSlice {
  readonly of: ErasedOf;
  /** Rows beyond this id, */
  readonly after: bigint;
  /** at most so many. */
  readonly size: number;
  readonly words: PersonWords;
  /** Of the request that erases: it is not touched itself. */
  readonly requestId: bigint;
  readonly at: Date;
}

export interface ErasedSlice {
  readonly erased: number;
  /** Where the next slice goes on; null where no row is left. */
  readonly next: bigint | null;
}

export type EraseStatement = (tx: Queryable, slice: EraseSlice) => Promise<ErasedSlice>;

interface SliceRow {
  readonly erased: number;
  readonly found: number;
  readonly last: bigint | null;
}

/** The rows of a slice, locked in the order of their ids; `of` finds them by (key or profile, id). */
export function pageSql(table: Sql, { of, after, size }: EraseSlice): Sql {
  const belongs = of.key === null ? sql`profile_id = ${of.profileId}` : sql`address_key = ${of.key}::uuid`;
  return sql`SELECT id FROM ${table} WHERE ${belongs} AND id > ${after} ORDER BY id LIMIT ${size} FOR UPDATE`;
}

/** Runs the parts of a statement that end with `SELECT ... AS erased`; `page` is what was looked at. */
export async function slicedBy(tx: Queryable, { size }: EraseSlice, parts: Sql): Promise<ErasedSlice> {
  const [row] = await tx.query<SliceRow>(sql`
    WITH ${parts}, (SELECT count(*)::int FROM page) AS found, (SELECT max(id) FROM page) AS last`);
  if (!row) throw new Error('a slice of the erasure gave no answer');
  return { erased: row.erased, next: row.found < size ? null : row.last };
}

/** What `redactText` of the domain makes of a text. */
export const redactedSql = (text: Sql, patterns: readonly string[]): Sql =>
  patterns.reduce((redacted, pattern) => sql`regexp_replace(${redacted}, ${pattern}, '***', 'gi')`, text);
