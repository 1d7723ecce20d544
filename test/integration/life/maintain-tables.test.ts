import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { sql } from '../../../src/store/database.ts';
import { maintainsItself } from '../../../src/store/maintain-tables.ts';
import { type Life, openLife } from './life.ts';

let life: Life;

beforeAll(async () => {
  life = await openLife();
});
afterAll(() => life.close());

async function knownRows(): Promise<number> {
  const [row] = await life.instance.database.query<{ rows: number }>(sql`
    SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'audit_entry'::regclass`);
  return row?.rows ?? 0;
}

test('the cleanup tells the planner of a table that has grown, where the database does not do so itself', async (context) => {
  const { database } = life.instance;
  context.skip(await maintainsItself(database), 'this server has autovacuum');
  await database.execute(sql`
    INSERT INTO audit_entry (actor, action, subject, detail, occurred_at)
    SELECT 'a', 'b', 'c' || i, '{}', ${life.instance.now()}::timestamptz FROM generate_series(1, 20000) AS i`);
  const before = await knownRows();

  const { tasks } = await runCleanup(life.instance, SCHEDULED_CLEANUP);

  expect(tasks.at(-1)).toMatchObject({ name: 'tables', error: null });
  expect(before).toBeLessThan(20_000);
  expect(await knownRows()).toBeGreaterThanOrEqual(20_000);
});
