import { type Database, raw, sql } from './database.ts';

/** Does the database see to its tables by itself? The embedded one has no such process, and a server's can be switched off. */
export async function maintainsItself(database: Database): Promise<boolean> {
  if (database.engine === 'embedded') return false;
  const [row] = await database.query<{ on: boolean }>(sql`SELECT current_setting('autovacuum')::boolean AS on`);
  return row?.on ?? false;
}

/**
 * The tables of which a tenth has changed since they were last seen to, as autovacuum would choose them, small ones first. The counts of changes are
 * lost where the database was killed: then every table of some size is due once.
 */
export async function listDueTables(database: Database): Promise<string[]> {
  const tables = await database.query<{ name: string }>(sql`
    SELECT quote_ident(c.relname) AS name FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND (greatest(s.n_mod_since_analyze, s.n_dead_tup) > 50 + 0.1 * greatest(c.reltuples, 0)
        OR (s.last_analyze IS NULL AND s.last_autoanalyze IS NULL AND pg_relation_size(c.oid) > 1024 * 1024))
    ORDER BY c.relpages, c.relname`);
  return tables.map(({ name }) => name);
}

/**
 * Gives back the room of deleted rows and counts anew what the planner goes by. On a server only the latter: it reads a sample, while the former
 * reads everything, which its administrator has switched off.
 *
 * @param table as `listDueTables` gives it
 */
export async function maintainTable(database: Database, table: string): Promise<void> {
  await database.execute(sql`${raw(database.engine === 'embedded' ? 'VACUUM (ANALYZE)' : 'ANALYZE')} ${raw(table)}`);
}
