/** The row of a bulk release: what it is to do, how far it is, what it has done. */

import type { JobState, ReleaseMode } from '../domain/vocabulary.ts';
import type { QuarantineEntry } from '../generated/prisma/client.ts';
import { type Queryable, rows, type Sql, sql } from './database.ts';
import type { QuarantineFilter } from './filters/quarantine-filter.ts';

/** A release shows so many of the entries that it found, as they were. */
const SAMPLE_SIZE = 20;

export interface ReleaseScope {
  readonly matched: number;
  /** The last entry that is part of the release: entries that are made later are not. */
  readonly lastEntryId: bigint;
}

/** @param where a condition on `c`, a quarantine entry */
export async function countMatches(database: Queryable, where: Sql): Promise<ReleaseScope> {
  const [row] = await database.query<{ matched: number; last: bigint | null }>(sql`
    SELECT count(*)::int AS matched, max(c.id) AS last FROM quarantine_entry c WHERE ${where}`);
  return { matched: row?.matched ?? 0, lastEntryId: row?.last ?? 0n };
}

/** The first of the entries, as they are now. */
export async function sampleMatches(database: Queryable, where: Sql): Promise<QuarantineEntry[]> {
  return database.query<QuarantineEntry>(sql`
    SELECT c.id, c.channel, c.address, c.address_key::text AS "addressKey", c.short_code AS "shortCode", c.domain, c.status, c.reason,
      c.error_text AS "errorText", c.error_count AS "errorCount", c.last_error_at AS "lastErrorAt",
      c.last_significant_error_at AS "lastSignificantErrorAt", c.last_success_at AS "lastSuccessAt", c.soft_caused AS "softCaused",
      c.last_delivery_id AS "lastDeliveryId", c.source, c.created_at AS "createdAt", c.status_updated_at AS "statusUpdatedAt", c.version
    FROM quarantine_entry c WHERE ${where} ORDER BY c.id LIMIT ${SAMPLE_SIZE}`);
}

/** The sample of a release as it was read from its row: entries, ready to be shown. */
export function sampledEntries(sample: unknown): QuarantineEntry[] {
  return Array.isArray(sample) ? sample.map(sampledEntry) : [];
}

type Stored = {
  [K in keyof QuarantineEntry]: QuarantineEntry[K] extends Date ? string : QuarantineEntry[K] extends bigint ? string : unknown;
};

function sampledEntry(stored: Stored): QuarantineEntry {
  const date = (value: unknown) => (typeof value === 'string' ? new Date(value) : null);
  return {
    ...(stored as unknown as QuarantineEntry),
    id: BigInt(stored.id),
    lastDeliveryId: typeof stored.lastDeliveryId === 'string' ? BigInt(stored.lastDeliveryId) : null,
    lastErrorAt: date(stored.lastErrorAt),
    lastSignificantErrorAt: date(stored.lastSignificantErrorAt),
    lastSuccessAt: date(stored.lastSuccessAt),
    createdAt: new Date(stored.createdAt),
    statusUpdatedAt: new Date(stored.statusUpdatedAt),
  };
}

export interface NewRelease extends ReleaseScope {
  readonly state: JobState;
  readonly mode: ReleaseMode;
  readonly dryRun: boolean;
  readonly filter: QuarantineFilter;
  /** What it hit is released; null = what the filter finds. */
  readonly incidentId: bigint | null;
  readonly actor: string;
  readonly sample: readonly QuarantineEntry[];
  readonly at: Date;
}

export async function insertRelease(tx: Queryable, release: NewRelease): Promise<bigint> {
  const { state, mode, dryRun, filter, incidentId, actor, matched, lastEntryId, sample, at } = release;
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO quarantine_release (state, mode, dry_run, filter, actor, matched, last_entry_id, sample, created_at, finished_at, incident_id)
    VALUES (${state}::"JobState", ${mode}::"ReleaseMode", ${dryRun}, ${rows([filter])}::jsonb -> 0, ${actor}, ${matched}, ${lastEntryId},
      ${rows(sample)}::jsonb, ${at}::timestamptz, ${state === 'RUNNING' ? null : at}::timestamptz, ${incidentId}::bigint)
    RETURNING id`);
  if (!row) throw new Error('the release was written but has no id');
  return row.id;
}

export interface StoredRelease extends ReleaseScope {
  readonly id: bigint;
  readonly state: JobState;
  readonly mode: ReleaseMode;
  readonly dryRun: boolean;
  readonly filter: QuarantineFilter;
  readonly incidentId: bigint | null;
  /** Whose work is under way: of who released, or of who takes it back. */
  readonly actor: string;
  readonly undone: boolean;
  /** The last entry, and of an undo the last line of the ledger, that was looked at. */
  readonly position: bigint;
  readonly createdAt: Date;
}

const COLUMNS = sql`id, state, mode, dry_run AS "dryRun", filter, incident_id AS "incidentId", actor, matched, undone, position, last_entry_id AS "lastEntryId",
  created_at AS "createdAt"`;

export async function readRelease(database: Queryable, id: bigint): Promise<StoredRelease | null> {
  const [row] = await database.query<StoredRelease>(sql`SELECT ${COLUMNS} FROM quarantine_release WHERE id = ${id}`);
  return row ? { ...row, filter: storedFilter(row.filter) } : null;
}

/** Locks the row until the end of the transaction. After the locks of the addresses. */
export async function lockRelease(tx: Queryable, id: bigint): Promise<StoredRelease | null> {
  const [row] = await tx.query<StoredRelease>(sql`SELECT ${COLUMNS} FROM quarantine_release WHERE id = ${id} FOR UPDATE`);
  return row ? { ...row, filter: storedFilter(row.filter) } : null;
}

/** Dates of a filter are text in JSON. */
function storedFilter(filter: QuarantineFilter): QuarantineFilter {
  const date = (value: unknown) => (typeof value === 'string' ? new Date(value) : null);
  const range = (stored: QuarantineFilter['statusUpdatedAt']) => stored && { from: date(stored.from), to: date(stored.to) };
  return { ...filter, statusUpdatedAt: range(filter.statusUpdatedAt), lastErrorAt: range(filter.lastErrorAt) };
}

/** How far a release is after a slice: in the transaction that writes the slice, so a killed one leaves neither. */
export async function advanceRelease(
  tx: Queryable,
  id: bigint,
  by: { position: bigint; changed: number; skipped: number; endedAt: Date | null },
): Promise<void> {
  const state: JobState = by.endedAt === null ? 'RUNNING' : 'DONE';
  await tx.execute(sql`
    UPDATE quarantine_release SET position = ${by.position}, changed = changed + ${by.changed}::int, skipped = skipped + ${by.skipped}::int,
      state = ${state}::"JobState", finished_at = ${by.endedAt}::timestamptz
    WHERE id = ${id}`);
}

/** What matched when the release began and was not changed has moved on. */
export async function countSkipped(tx: Queryable, id: bigint): Promise<void> {
  await tx.execute(sql`UPDATE quarantine_release SET skipped = greatest(0, matched - changed) WHERE id = ${id}`);
}

/**
 * From here on the release is taken back. `skipped` begins anew: from now on it counts what the undo leaves alone. An undo that met a fault keeps
 * its place and its count.
 */
export async function beginUndo(tx: Queryable, id: bigint, actor: string): Promise<void> {
  await tx.execute(sql`
    UPDATE quarantine_release SET undone = true, state = 'RUNNING', position = CASE WHEN undone THEN position ELSE 0 END,
      skipped = CASE WHEN undone THEN skipped ELSE 0 END, actor = ${actor}, finished_at = NULL
    WHERE id = ${id}`);
}

export async function failRelease(database: Queryable, id: bigint, at: Date): Promise<void> {
  await database.execute(sql`
    UPDATE quarantine_release SET state = 'FAILED', finished_at = ${at}::timestamptz WHERE id = ${id} AND state = 'RUNNING'`);
}

/** Releases that nobody works at: their process has ended. Their leases are named after them. */
export async function findLeftReleases(database: Queryable): Promise<{ id: bigint; undone: boolean }[]> {
  return database.query<{ id: bigint; undone: boolean }>(sql`
    SELECT r.id, r.undone FROM quarantine_release r LEFT JOIN lease ON lease.name = 'release:' || r.id
    WHERE r.state = 'RUNNING' AND (lease.name IS NULL OR lease.expires_at <= clock_timestamp()) ORDER BY r.id`);
}
