import pg from 'pg';

/** Runs one statement on the test server, on a connection of its own. */
export async function runOn<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
  } catch (error) {
    throw new Error('TEST_DATABASE_URL names no PostgreSQL that answers; on Debian `pg_ctlcluster 15 main start` starts one', {
      cause: error,
    });
  }
  try {
    return (await client.query(text)).rows as Row[];
  } finally {
    await client.end();
  }
}
