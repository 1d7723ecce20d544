import { type Queryable, sql } from './database.ts';

/** Where the horizon of the feed stands, and who holds it there. */
export interface Horizon {
  readonly xmin: bigint;
  readonly xmax: bigint;
  /** The oldest transaction that writes, of any database of the cluster; null where none can be seen. */
  readonly blocker: string | null;
}

/**
 * Reads the horizon. Every writing transaction of the whole cluster holds it, in other databases too, and prepared ones. What another
 * user does is named by its process only, unless this user may read all statistics.
 */
export async function readHorizon(database: Queryable): Promise<Horizon> {
  const [row] = await database.query<{ xmin: string; xmax: string; blocker: string | null }>(sql`
    SELECT pg_snapshot_xmin(s.snapshot)::text AS xmin, pg_snapshot_xmax(s.snapshot)::text AS xmax, b.blocker
    FROM (SELECT pg_current_snapshot() AS snapshot) s
    LEFT JOIN LATERAL (
      SELECT blocker FROM (
        SELECT format('process %s (%s, database %s, %s)', a.pid, COALESCE(NULLIF(a.application_name, ''), 'no name'), a.datname,
          COALESCE(a.state, 'state not shown')) AS blocker, age(a.backend_xid) AS age
        FROM pg_stat_activity a WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_backend_pid()
        UNION ALL
        SELECT format('prepared transaction %s (database %s)', p.gid, p.database), age(p.transaction) FROM pg_prepared_xacts p) holders
      ORDER BY age DESC LIMIT 1) b ON pg_snapshot_xmin(s.snapshot) < pg_snapshot_xmax(s.snapshot)`);
  return { xmin: BigInt(row?.xmin ?? 0), xmax: BigInt(row?.xmax ?? 0), blocker: row?.blocker ?? null };
}
