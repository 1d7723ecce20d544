import pg from 'pg';
import { pino } from 'pino';
import type { Instance } from '../src/operations/instance.ts';
import { openInstance } from '../src/operations/open-instance.ts';
import type { Database } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { openServerDatabase } from '../src/store/server-database.ts';

export interface Scratch {
  readonly database: Database;
  readonly instance: Instance;
  readonly url: string;
  /** For long statements of the set-up, which the service itself would not be allowed. */
  set(text: string): Promise<void>;
}

/** A migrated database on the server that BENCH_DATABASE_URL names; it is dropped afterwards. */
export async function withScratchDatabase<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const server = process.env.BENCH_DATABASE_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres';
  const name = `lazaret_bench_${process.pid}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await runOn(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await runOn(server, `CREATE DATABASE ${name}`);
  try {
    const database = await openServerDatabase(url.href, 10);
    try {
      await migrate(database);
      const instance = await openInstance({ database, addressCase: 'canonical', log: pino({ level: 'silent' }) });
      return await work({ database, instance, url: url.href, set: (text) => runOn(url.href, text) });
    } finally {
      await database.close();
    }
  } finally {
    await runOn(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
}

async function runOn(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
