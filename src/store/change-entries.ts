/** One change of many quarantine entries: what a bulk release and the cleanup job do. State and ledger in one statement a slice. */
import { type Queryable, type Sql, sql } from './database.ts';

/** What time or a bulk release does to an entry: VALID with the counter at 0 (`decideCleanup`, `decideRelease`), or gone. */
export type EntryChange = 'SET_VALID' | 'DELETE';

export interface FoundEntry {
  readonly id: bigint;
  readonly addressKey: string;
}

export interface EntrySearch {
  /** A condition on `c`, a quarantine entry. */
  readonly where: Sql;
  /** Entries beyond this id, */
  readonly after: bigint;
  /** up to this one; null = all. */
  readonly last: bigint | null;
  /** At most so many. */
  readonly size: number;
}

/**
 * The next entries that fulfil the condition, in the order of their ids. Takes no lock: the search may read much more than it finds, and nobody
 * is to wait for it. What it found is looked at again under the locks.
 */
export async function findEntries(database: Queryable, { where, after, last, size }: EntrySearch): Promise<FoundEntry[]> {
  return database.query<FoundEntry>(sql`
    SELECT c.id, c.address_key::text AS "addressKey" FROM quarantine_entry c
    WHERE c.id > ${after} AND c.id <= ${last ?? MAX_ID} AND ${where} ORDER BY c.id LIMIT ${size}`);
}

const MAX_ID = 9_223_372_036_854_775_807n;

export interface EntryChanges {
  readonly found: readonly FoundEntry[];
  /** Looked at again: an entry that has moved on since it was found stays as it is. */
  readonly where: Sql;
  readonly change: EntryChange;
  readonly at: Date;
  /** Token or job, for the ledger. */
  readonly actor: string;
  /** The bulk release that does it. */
  readonly releaseId: bigint | null;
}

/** Changes the entries and appends to their ledger. The caller holds the locks of the addresses. @returns how many were changed */
export async function changeEntries(tx: Queryable, changes: EntryChanges): Promise<number> {
  if (changes.found.length === 0) return 0;
  const { at, actor, releaseId } = changes;
  const [row] = await tx.query<{ changed: number }>(sql`
    WITH found AS MATERIALIZED (
      SELECT c.id, c.status, c.reason FROM quarantine_entry c
      WHERE c.id = ANY(${`{${changes.found.map(({ id }) => id).join(',')}}`}::bigint[]) AND ${changes.where}
      ORDER BY c.id FOR UPDATE
    ),
    changed AS (${changes.change === 'DELETE' ? DELETED : madeValid(at)}),
    told AS (
      INSERT INTO quarantine_event (entry_id, channel, address, address_key, short_code, domain, previous_status, previous_reason, status, reason,
        error_count, text, last_error_at, last_significant_error_at, last_success_at, soft_caused, status_updated_at, delivery_id, source,
        actor, release_id, version, occurred_at)
      SELECT id, channel, address, address_key, short_code, domain, previous_status, previous_reason, next_status, reason,
        error_count, error_text, last_error_at, last_significant_error_at, last_success_at, soft_caused, ${at}::timestamptz, last_delivery_id, source,
        ${actor}::text, ${releaseId}::bigint, next_version, ${at}::timestamptz
      FROM changed ORDER BY id
      RETURNING id
    )
    SELECT count(*)::int AS changed FROM told`);
  return row?.changed ?? 0;
}

function madeValid(at: Date): Sql {
  return sql`
    UPDATE quarantine_entry AS e
    SET status = 'VALID', error_count = 0, soft_caused = false, status_updated_at = ${at}::timestamptz, version = e.version + 1
    FROM found WHERE e.id = found.id
    RETURNING e.*, found.status AS previous_status, found.reason AS previous_reason, e.status AS next_status, e.version AS next_version`;
}

/** The ledger keeps what the entry said (`deletionLine`). */
const DELETED = sql`
    DELETE FROM quarantine_entry AS e USING found WHERE e.id = found.id
    RETURNING e.*, found.status AS previous_status, found.reason AS previous_reason, NULL::"AddressStatus" AS next_status, e.version + 1 AS next_version`;
