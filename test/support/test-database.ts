import { openAsBlob } from 'node:fs';
import { inject } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { openEmbeddedDatabase } from '../../src/store/embedded-database.ts';
import { openServerDatabase } from '../../src/store/server-database.ts';
import { guarded } from './guarded-database.ts';
import { runOn } from './server.ts';

export const onServer = (): boolean => inject('template') !== '';

/** More than writers of any test: who waits ten seconds for a connection, on a busy machine, is refused. */
const POOL = 20;

let shared: Promise<Database> | undefined;
let clones = 0;

/** The database of this worker: migrated, shared by its files. */
export function testDatabase(): Promise<Database> {
  shared ??= freshDatabase();
  return shared;
}

/** A migrated database of a test's own; close it. */
export async function freshDatabase(): Promise<Database> {
  const database = onServer()
    ? openServerDatabase(await freshServerUrl(), POOL)
    : openEmbeddedDatabase({ dump: await openAsBlob(inject('dump')) });
  return guarded(await database);
}

/** The URL of a migrated database of a test's own on the PostgreSQL server: only where `onServer()`. */
export async function freshServerUrl(): Promise<string> {
  const template = inject('template');
  clones += 1;
  const url = new URL(template);
  url.pathname = `/lazaret_test_${process.pid}_${clones}`;
  await runOn(
    process.env.TEST_DATABASE_URL ?? '',
    `CREATE DATABASE ${url.pathname.slice(1)} TEMPLATE ${new URL(template).pathname.slice(1)}`,
  );
  await runOn(process.env.TEST_DATABASE_URL ?? '', `ALTER DATABASE ${url.pathname.slice(1)} SET timezone TO 'America/New_York'`);
  return url.href;
}
