import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Database, type Queryable, sql } from './database.ts';

/** The database cannot be brought to this version; the message is for the person at the terminal. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

interface Migration {
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
}

/** "LZRT": nodes that start at once wait for each other. */
const MIGRATION_LOCK = 0x4c5a5254;

/**
 * Applies prisma/migrations in order, all in one transaction, and keeps Prisma Migrate's own table of what was applied. Nodes that start
 * at once wait for each other.
 *
 * @throws MigrationError where the database holds a migration that this version does not know, or one that reads differently here
 * @returns the names of what was applied now
 */
export async function migrate(database: Database): Promise<string[]> {
  const known = await readMigrations();
  return database.transaction(async (tx) => {
    await tx.execute(sql`SELECT set_config('statement_timeout', '0', true), pg_advisory_xact_lock(${MIGRATION_LOCK}::bigint)`);
    const applied = await appliedMigrations(database, tx);
    assertUpgradable(known, applied);
    const done = new Set(applied.map((row) => row.migration_name));
    const missing = known.filter((migration) => !done.has(migration.name));
    for (const migration of missing) await apply(database, tx, migration);
    return missing.map((migration) => migration.name);
  });
}

/** Is every migration of this version applied? */
export async function isMigrated(database: Database): Promise<boolean> {
  const known = await readMigrations();
  const applied = await database.query<Applied>(sql`SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL`);
  const done = new Set(applied.map((row) => row.migration_name));
  return known.every((migration) => done.has(migration.name));
}

let migrations: Promise<Migration[]> | undefined;

function readMigrations(): Promise<Migration[]> {
  migrations ??= readFolder(migrationsFolder());
  return migrations;
}

async function readFolder(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const text = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/** prisma/migrations of the package, whether this runs from src/ or from dist/. */
function migrationsFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'prisma', 'migrations');
    if (existsSync(candidate)) return candidate;
  }
  throw new MigrationError('the folder prisma/migrations is missing from the installation');
}

async function appliedMigrations(database: Database, tx: Queryable): Promise<Applied[]> {
  await database.script(
    tx,
    `CREATE TABLE IF NOT EXISTS _prisma_migrations (
       id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL,
       logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`,
  );
  return tx.query<Applied>(
    sql`SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
}

function assertUpgradable(known: readonly Migration[], applied: readonly Applied[]): void {
  const checksums = new Map(known.map((migration) => [migration.name, migration.checksum]));
  for (const { migration_name: name, checksum } of applied) {
    const expected = checksums.get(name);
    if (expected === undefined) {
      throw new MigrationError(`the database is newer than this version of Lazaret: it holds migration ${name}; start the newer version`);
    }
    if (expected !== checksum) throw new MigrationError(`migration ${name} was changed after it was applied; install the original version`);
  }
}

async function apply(database: Database, tx: Queryable, migration: Migration): Promise<void> {
  await database.script(tx, migration.text);
  await tx.execute(sql`
    INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
    VALUES (gen_random_uuid()::text, ${migration.checksum}, ${migration.name}, now(), clock_timestamp(), 1)`);
}
