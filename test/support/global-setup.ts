import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { TestProject } from 'vitest/node';
import { openEmbeddedDatabase } from '../../src/store/embedded-database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openServerDatabase } from '../../src/store/server-database.ts';
import { bundleCommand } from './bundle-command.ts';
import { runOn } from './server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of the migrated embedded database, dumped once. */
    dump: string;
    /** File of the command line, bundled from the source as it is now. */
    command: string;
    /** URL of the migrated template on the PostgreSQL server; '' without TEST_DATABASE_URL. */
    template: string;
  }
}

/** Makes one migrated database; every worker starts from a copy of it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-test-'));
  const server = process.env.TEST_DATABASE_URL ?? '';
  const command = await bundleCommand();
  project.provide('command', command.file);
  project.provide('dump', server ? '' : await makeDump(folder));
  project.provide('template', server ? await makeTemplate(server) : '');
  return async () => {
    await rm(folder, { recursive: true, force: true });
    await command.remove();
    if (server) await dropTestDatabases(server);
  };
}

async function makeDump(folder: string): Promise<string> {
  const client = await PGlite.create(join(folder, 'postgres'));
  await client.close();
  const database = await openEmbeddedDatabase({ folder: join(folder, 'postgres') });
  await migrate(database);
  await database.close();
  const migrated = await PGlite.create(join(folder, 'postgres'));
  const dump = await migrated.dumpDataDir('none');
  await migrated.close();
  const path = join(folder, 'dump.tar');
  await writeFile(path, Buffer.from(await dump.arrayBuffer()));
  return path;
}

async function makeTemplate(server: string): Promise<string> {
  await dropTestDatabases(server);
  const url = new URL(server);
  url.pathname = `/lazaret_test_template_${process.pid}`;
  const name = url.pathname.slice(1);
  await runOn(server, `CREATE DATABASE ${name}`);
  // Every connection of ours asks for UTC; a database that says otherwise proves it.
  await runOn(server, `ALTER DATABASE ${name} SET timezone TO 'America/New_York'`);
  const database = await openServerDatabase(url.href, 2);
  await migrate(database);
  await database.close();
  return url.href;
}

/** Those of this run, and those that a killed run left behind. */
async function dropTestDatabases(server: string): Promise<void> {
  const names = await runOn<{ datname: string }>(server, `SELECT datname FROM pg_database WHERE datname ~ '^lazaret_test_.*_?[0-9]+'`);
  for (const { datname } of names) {
    const pid = Number(/_(\d+)(?:_\d+)?$/.exec(datname)?.[1]);
    if (pid === process.pid || !isAlive(pid)) await runOn(server, `DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
