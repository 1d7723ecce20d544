/** The share of shut addresses at the ends of months: walked over in the order of the address keys, kept one row a month. */
import type { CountedOfDomain } from '../domain/growth/share-tally.ts';
import { type Queryable, rows, sql } from './database.ts';

interface CountedAddresses {
  readonly known: number;
  /** In QUARANTINE or DENYLISTED. */
  readonly shut: number;
}

export interface StoredShare extends CountedAddresses {
  /** `2026-10` */
  readonly month: string;
  readonly endedAt: Date;
  readonly domains: readonly (CountedAddresses & { readonly domain: string })[];
}

/** Address keys beyond the first one, up to and with the second. */
export interface KeyRange {
  readonly after: string;
  readonly upTo: string;
}

export const FIRST_KEY = '00000000-0000-0000-0000-000000000000';
export const LAST_KEY = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** When the first address came to be known; null where none ever did. */
export async function firstKnownAt(database: Queryable): Promise<Date | null> {
  const [row] = await database.query<{ at: Date | null }>(sql`
    SELECT least((SELECT created_at FROM address ORDER BY id LIMIT 1), (SELECT status_updated_at FROM quarantine_event ORDER BY id LIMIT 1)) AS at`);
  return row?.at ?? null;
}

/** The end of the next slice: about so many rows of either table, all lines of an address together. */
export async function shareSliceEnd(database: Queryable, after: string, size: number): Promise<string> {
  const [row] = await database.query<{ key: string }>(sql`
    SELECT key::text AS key FROM (
      (SELECT address_key AS key FROM address WHERE address_key > ${after}::uuid ORDER BY address_key OFFSET ${size} LIMIT 1)
      UNION ALL
      (SELECT address_key FROM quarantine_event WHERE address_key > ${after}::uuid ORDER BY address_key OFFSET ${size} LIMIT 1)
    ) AS ends ORDER BY ends.key LIMIT 1`);
  return row?.key ?? LAST_KEY;
}

/**
 * The addresses of the range as they were before that instant, by domain. Known is what a profile holds or the list names; an address counts once,
 * however many profiles hold it, and is shut where any of its entries was. The ledger tells the past: a line's status holds from its
 * `status_updated_at` on.
 */
export async function countShares(database: Queryable, { after, upTo }: KeyRange, before: Date): Promise<CountedOfDomain[]> {
  return database.query<CountedOfDomain>(sql`
    WITH line AS (
      SELECT DISTINCT ON (address_key, short_code) address_key, domain, status FROM quarantine_event
      WHERE address_key > ${after}::uuid AND address_key <= ${upTo}::uuid AND status_updated_at < ${before}::timestamptz
      ORDER BY address_key, short_code, version DESC
    ),
    named AS (
      SELECT address_key, domain, false AS is_shut FROM address
      WHERE address_key > ${after}::uuid AND address_key <= ${upTo}::uuid AND created_at < ${before}::timestamptz
      UNION ALL
      SELECT address_key, domain, status IN ('QUARANTINE', 'DENYLISTED') FROM line WHERE status IS NOT NULL
    ),
    one AS (SELECT address_key, max(domain) AS domain, bool_or(is_shut) AS is_shut FROM named GROUP BY address_key)
    SELECT domain, count(*)::int AS known, count(*) FILTER (WHERE is_shut)::int AS shut FROM one GROUP BY domain`);
}

export async function storedShareMonths(database: Queryable): Promise<ReadonlySet<string>> {
  const found = await database.query<{ month: string }>(sql`SELECT month FROM quarantine_share`);
  return new Set(found.map(({ month }) => month));
}

/** A month is written once: what was said of it stays. */
export async function insertShare(database: Queryable, { month, endedAt, known, shut, domains }: StoredShare): Promise<void> {
  await database.execute(sql`
    INSERT INTO quarantine_share (month, ended_at, known, shut, domains)
    VALUES (${month}, ${endedAt}::timestamptz, ${known}::int, ${shut}::int, ${rows(domains)}::jsonb) ON CONFLICT (month) DO NOTHING`);
}

/** The last months that are written, the oldest first. */
export async function readShares(database: Queryable, months: number): Promise<StoredShare[]> {
  const found = await database.query<StoredShare>(sql`
    SELECT month, ended_at AS "endedAt", known, shut, domains FROM quarantine_share ORDER BY month DESC LIMIT ${months}::int`);
  return found.reverse();
}
