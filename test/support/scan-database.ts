import { type Queryable, raw, sql } from '../../src/store/database.ts';

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/**
 * Where these texts stand in the database: `table.column`, for every column of every table that can hold a text. Asks the database which there
 * are, so that tables and columns of tomorrow are searched too. Case does not matter.
 */
export async function findTexts(database: Queryable, texts: readonly string[]): Promise<string[]> {
  const columns = await database.query<Column>(sql`
    SELECT table_name AS "table", column_name AS "column", data_type AS type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_prisma%'
      AND data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea', 'ARRAY', 'USER-DEFINED')
    ORDER BY 1, 2`);
  if (columns.length < 50) throw new Error(`only ${columns.length} columns were found: the search would prove nothing`);
  const found: string[] = [];
  for (const { table, column, type } of columns) {
    const name = raw(`"${column}"`);
    const text = type === 'bytea' ? sql`encode(${name}, 'escape')` : sql`${name}::text`;
    const hits = await database.query<{ wanted: string }>(sql`
      SELECT DISTINCT wanted FROM ${raw(`"${table}"`)} CROSS JOIN unnest(${texts}::text[]) AS wanted WHERE strpos(lower(${text}), lower(wanted)) > 0`);
    for (const { wanted } of hits) found.push(`${table}.${column}: ${wanted}`);
  }
  return found;
}
