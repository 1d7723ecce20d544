import { PrismaPg } from '@prisma/adapter-pg';
import type { Sql } from '@prisma/client/runtime/client';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { type Database, hasSqlState, type Queryable } from './database.ts';
import { openServerHints } from './feed-hints.ts';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const MOST_ATTEMPTS = 4;
/** Behind the limits of the API: what no query of ours should reach. Migrations lift it. */
const STATEMENT_TIMEOUT_MS = 30_000;
const OLDEST_SERVER = 150_000;

const INT8 = 20;
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return BigInt;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

function queryable(client: Pick<pg.Pool, 'query'>): Queryable {
  const run = (statement: Sql) => client.query({ text: statement.text, values: [...statement.values], types } as pg.QueryConfig);
  return {
    query: async <Row extends object>(statement: Sql) => (await run(statement)).rows as Row[],
    execute: async (statement) => (await run(statement)).rowCount ?? 0,
  };
}

/** PostgreSQL 15 or newer. Every connection speaks UTC: adapter-pg reads wrong instants where it does not. */
export async function openServerDatabase(url: string, poolSize: number): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 10_000,
    options: `-c TimeZone=UTC -c statement_timeout=${STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000 -c jit=off`,
  });
  // An idle connection that breaks is replaced by the pool; without a listener node would end.
  pool.on('error', () => undefined);
  try {
    await assertUsable(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  const hints = openServerHints(url);
  const top = queryable(pool);
  return {
    engine: 'server',
    prisma,
    hints,
    ...top,
    transaction: (work) => inTransaction(pool, work),
    script: async (tx, text) => {
      await tx.execute({ text, values: [] } as unknown as Sql);
    },
    close: async () => {
      await hints.close();
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

async function assertUsable(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query(`SELECT current_setting('server_version_num')::int AS version, current_setting('TimeZone') AS zone`);
  const { version, zone } = rows[0] as { version: number; zone: string };
  if (version < OLDEST_SERVER) throw new Error(`DATABASE_URL names PostgreSQL ${Math.floor(version / 10_000)}; 15 or newer is needed`);
  if (zone !== 'UTC') {
    throw new Error(`the connection's time zone is ${zone} although UTC was asked for; a connection pooler may drop startup options`);
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptTransaction(pool, work);
    } catch (error) {
      if (attempt >= MOST_ATTEMPTS || !hasSqlState(error, SERIALIZATION_FAILURE, DEADLOCK)) throw error;
    }
  }
}

async function attemptTransaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(queryable(client));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
