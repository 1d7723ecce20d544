import type { Sql } from '@prisma/client/runtime/client';
import type { PrismaClient } from '../generated/prisma/client.ts';

export { empty, join, raw, type Sql, sqltag as sql } from '@prisma/client/runtime/client';

/** Runs SQL. bigint columns come back as BigInt, timestamptz as Date, jsonb parsed, arrays as arrays. */
export interface Queryable {
  query<Row extends object>(statement: Sql): Promise<Row[]>;
  /** The number of rows that the statement touched. */
  execute(statement: Sql): Promise<number>;
}

/**
 * One PostgreSQL, embedded or a server. Reads that follow a caller's selection go through `prisma`; everything that writes, or
 * works on sets, is SQL through `query` and `transaction`.
 */
export interface Database extends Queryable {
  readonly engine: 'embedded' | 'server';
  /** For reading. Never inside `transaction`: on the embedded database that waits for itself. */
  readonly prisma: PrismaClient;
  /**
   * Runs `work` in one transaction. A serialization failure or deadlock runs it again (up to 3 times), so it must not keep state
   * outside of the database. Inside, use only the `tx` that is handed in.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /** Runs one text of several statements, without parameters: for migrations. */
  script(tx: Queryable, text: string): Promise<void>;
  /** Tells the readers of a feed on every node, after commit, that there is something to read. */
  readonly hints: FeedHints;
  close(): Promise<void>;
}

export const LEDGERS = ['QUARANTINE', 'DELIVERY_LOG', 'EXCLUSION_LOG', 'ALERT', 'INCIDENT'] as const;
export type Ledger = (typeof LEDGERS)[number];

/** The hint of a feed: a nudge to poll at once. It may be lost; the poll is the guarantee. */
export interface FeedHints {
  /** Call after the commit, never inside the transaction. */
  notify(ledger: Ledger): void;
  /** @returns a function that ends the listening */
  listen(listener: (ledger: Ledger) => void): () => void;
}

/**
 * Rows of a batch as one parameter: `FROM jsonb_to_recordset(${rows(items)}::jsonb) AS r(...)`. Ids may be bigint; big batches that
 * bring theirs as text are written twice as fast.
 */
export function rows(items: readonly object[]): string {
  try {
    return JSON.stringify(items);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(items, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  }
}

/** Is this PostgreSQL's error with that SQLSTATE? Works for both engines and through Prisma's adapters. */
export function hasSqlState(error: unknown, ...states: readonly string[]): boolean {
  for (let at: unknown = error; at instanceof Object; at = (at as { cause?: unknown }).cause) {
    const { code, originalCode } = at as { code?: unknown; originalCode?: unknown };
    if (states.includes(String(code)) || states.includes(String(originalCode))) return true;
  }
  return false;
}
