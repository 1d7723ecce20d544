import { type Queryable, sql } from './database.ts';

/**
 * Takes or renews the lease of a job of which one node at a time may run. Its clock is the database's: the nodes' clocks need not agree.
 *
 * @param holder names the process, so that it can renew its own lease and nobody else's
 * @param durationMs after this another node may take it, should this one die
 * @returns false while another holder's lease runs
 */
export async function takeLease(database: Queryable, name: string, holder: string, durationMs: number): Promise<boolean> {
  const taken = await database.execute(sql`
    INSERT INTO lease (name, holder, expires_at) VALUES (${name}, ${holder}, clock_timestamp() + ${durationMs} * interval '1 millisecond')
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE lease.holder = excluded.holder OR lease.expires_at <= clock_timestamp()`);
  return taken > 0;
}

/** Gives a lease back before it ends. */
export async function releaseLease(database: Queryable, name: string, holder: string): Promise<void> {
  await database.execute(sql`DELETE FROM lease WHERE name = ${name} AND holder = ${holder}`);
}
