import { afterEach, expect, test } from 'vitest';
import { type Database, sql } from '../../src/store/database.ts';
import { isMigrated, MigrationError, migrate } from '../../src/store/migrate.ts';
import { freshDatabase } from '../support/test-database.ts';

const open: Database[] = [];
const fresh = async () => {
  const database = await freshDatabase();
  open.push(database);
  return database;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((database) => database.close()));
});

test('migrating a migrated database changes nothing, also when two start at once', async () => {
  const database = await fresh();
  expect(await Promise.all([migrate(database), migrate(database)])).toEqual([[], []]);
  expect(await isMigrated(database)).toBe(true);
});

test('a database that is newer than the code is refused', async () => {
  const database = await fresh();
  await database.execute(
    sql`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'y', '99991231_future', now())`,
  );
  await expect(migrate(database)).rejects.toThrow(
    new MigrationError('the database is newer than this version of Lazaret: it holds migration 99991231_future; start the newer version'),
  );
});

test('a migration that was edited after it was applied is refused', async () => {
  const database = await fresh();
  await database.execute(sql`UPDATE _prisma_migrations SET checksum = 'other'`);
  await expect(migrate(database)).rejects.toThrow(/was changed after it was applied/);
});

test('every connection speaks UTC and reads instants as they were written', async () => {
  const database = await fresh();
  const at = new Date('2025-07-01T12:00:00.123Z');
  const [row] = await database.query<{ at: Date; big: bigint }>(
    sql`SELECT ${at.toISOString()}::timestamptz AS at, 9007199254740993::bigint AS big`,
  );
  expect(row?.at.toISOString()).toBe('2025-07-01T12:00:00.123Z');
  expect(row?.big).toBe(9007199254740993n);
});
