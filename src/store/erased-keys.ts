/** The keys of what was erased: what keeps it out of every door (amendment A8). A small table beside large ones. */
import type { Channel } from '../domain/vocabulary.ts';
import { type Queryable, type Sql, sql } from './database.ts';
import { uuids } from './feedback-reads.ts';

/**
 * One lock for all erasures. Whoever copies addresses of profiles from one place to another shares it, from the first statement of the
 * transaction to the commit, so that nothing in clear is written behind the back of an erasure that begins meanwhile. Taken before the locks
 * of the addresses.
 */
export async function awaitErasures(tx: Queryable): Promise<void> {
  await tx.query(sql`SELECT pg_advisory_xact_lock_shared(3, 0)`);
}

/** Held by an erasure while it makes its keys known: waits for those who share it, who see the keys from then on. */
export async function holdErasures(tx: Queryable): Promise<void> {
  await tx.query(sql`SELECT pg_advisory_xact_lock(3, 0)`);
}

/** Those of these keys that were erased, with the instant. In a transaction: after the lock. */
export async function readErasedKeys(database: Queryable, keys: Iterable<string>): Promise<ReadonlyMap<string, Date>> {
  const wanted = uuids(keys);
  if (wanted === '{}') return new Map();
  const found = await database.query<{ key: string; at: Date }>(sql`
    SELECT key::text AS key, erased_at AS at FROM erased_key WHERE key = ANY(${wanted}::uuid[])`);
  return new Map(found.map(({ key, at }) => [key, at]));
}

/** Was any external id erased? Where none was, nobody needs to make keys of them. */
export async function anyExternalIdErased(tx: Queryable): Promise<boolean> {
  const [row] = await tx.query<{ any: boolean }>(sql`SELECT EXISTS (SELECT FROM erased_key WHERE channel IS NULL) AS any`);
  return row?.any ?? false;
}

/** Was the address with this key erased? As a condition. */
export const isErased = (addressKey: Sql): Sql => sql`EXISTS (SELECT FROM erased_key WHERE erased_key.key = ${addressKey})`;

/** What `erasedAddress` of the domain makes of the key. */
export const displaySql = (addressKey: Sql): Sql => sql`'erased:' || left(replace((${addressKey})::text, '-', ''), 12)`;

export interface NewErasedKey {
  readonly key: string;
  /** null = an external id */
  readonly channel: Channel | null;
  readonly denylisted: boolean;
}

export async function insertErasedKeys(tx: Queryable, keys: readonly NewErasedKey[], requestId: bigint, at: Date): Promise<void> {
  if (keys.length === 0) return;
  await tx.execute(sql`
    INSERT INTO erased_key (key, channel, request_id, denylisted, erased_at)
    SELECT r.key, r.channel, ${requestId}, r.denylisted, ${at}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS r(key uuid, channel "Channel", denylisted boolean)
    ON CONFLICT (key) DO NOTHING`);
}

export interface LiftedKey {
  readonly key: string;
  readonly channel: Channel | null;
  readonly denylisted: boolean;
  readonly erasedAt: Date;
}

/** Does an erasure that has not ended still overwrite what is known under this key? */
export async function isBeingErased(tx: Queryable, key: string): Promise<boolean> {
  const [row] = await tx.query<{ any: boolean }>(sql`
    SELECT EXISTS (
      SELECT FROM privacy_request r WHERE r.type = 'DELETE' AND r.work IS NOT NULL
        AND (r.address_keys @> ARRAY[${key}::uuid] OR r.id = (SELECT request_id FROM erased_key WHERE key = ${key}::uuid))) AS any`);
  return row?.any ?? false;
}

/**
 * The entries of these addresses that their erasure alone keeps shut: they were open before it, nobody has edited them since, and no
 * complaint or STOP came after it, which changes nothing of an entry that is shut already.
 */
export async function findOnlyErased(tx: Queryable, lifted: readonly LiftedKey[]): Promise<ReadonlySet<bigint>> {
  const found = await tx.query<{ id: bigint }>(sql`
    SELECT e.id FROM jsonb_to_recordset(${JSON.stringify(lifted)}::jsonb) AS k(key uuid, "erasedAt" timestamptz)
    JOIN quarantine_entry e ON e.address_key = k.key
    JOIN quarantine_event l ON l.address_key = e.address_key AND l.short_code = e.short_code AND l.version = e.version
    WHERE e.status = 'DENYLISTED' AND l.occurred_at = k."erasedAt" AND l.source = 'MANUAL' AND l.previous_status IS DISTINCT FROM 'DENYLISTED'
      AND l.status_updated_at = k."erasedAt"
      AND NOT EXISTS (
        SELECT FROM delivery_event d WHERE d.address_key = k.key AND d.outcome IN ('COMPLAINT', 'STOP') AND d.txid > l.txid)`);
  return new Set(found.map(({ id }) => id));
}

/** Deletes the keys, and with them the external ids that were erased by the same requests. */
export async function deleteErasedKeys(tx: Queryable, keys: Iterable<string>): Promise<LiftedKey[]> {
  const wanted = uuids(keys);
  return tx.query<LiftedKey>(sql`
    DELETE FROM erased_key k
    WHERE k.key = ANY(${wanted}::uuid[])
      OR (k.channel IS NULL AND k.request_id IN (SELECT request_id FROM erased_key WHERE key = ANY(${wanted}::uuid[])))
    RETURNING k.key::text AS key, k.channel, k.denylisted, k.erased_at AS "erasedAt"`);
}
