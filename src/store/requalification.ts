/** The row of a requalification, and the failures that it takes for something else: what it is to do, how far it is, what it has done. */
import type { Meaning } from '../domain/qualification/verdict.ts';
import { type VerdictChange, VerdictChanges } from '../domain/qualification/verdict-changes.ts';
import type { FailureReason, FailureType, Fault, JobState, RequalificationPhase } from '../domain/vocabulary.ts';
import { type Queryable, rows, type Sql, sql } from './database.ts';
import { isErased } from './erased-keys.ts';
import { isCurrentFailure, type PastFailure } from './failure-history.ts';
import { uuids } from './feedback-reads.ts';
import type { RequalificationFilter } from './filters/requalification-filter.ts';

/** A requalification shows so many of the failures that it takes for something else. */
const SAMPLE_SIZE = 20;

/** A failure of the sample: its line in the ledger, and what it is taken for now. */
export interface SampledChange {
  readonly eventId: bigint;
  readonly after: Meaning;
}

/** A failure that is taken for something else. */
export interface RequalifiedFailure extends Meaning {
  /** The line in the ledger that is corrected. */
  readonly eventId: bigint;
  readonly addressKey: string;
  readonly decidedBy: string | null;
  readonly ignored: boolean;
}

export interface NewRequalification {
  readonly dryRun: boolean;
  readonly filter: RequalificationFilter;
  readonly actor: string;
  readonly from: Date;
  readonly lastEventId: bigint;
  readonly matched: number;
  readonly at: Date;
}

export async function insertRequalification(tx: Queryable, requalification: NewRequalification): Promise<bigint> {
  const { dryRun, filter, actor, from, lastEventId, matched, at } = requalification;
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO requalification (dry_run, filter, actor, from_at, last_event_id, matched, created_at)
    VALUES (${dryRun}, ${rows([filter])}::jsonb -> 0, ${actor}, ${from}::timestamptz, ${lastEventId}, ${matched}, ${at}::timestamptz)
    RETURNING id`);
  if (!row) throw new Error('the requalification was written but has no id');
  return row.id;
}

/** The last line of the ledger of messages: what comes later is not part of a requalification that begins now. */
export async function lastDeliveryEvent(database: Queryable): Promise<bigint> {
  const [row] = await database.query<{ last: bigint | null }>(sql`SELECT max(id) AS last FROM delivery_event`);
  return row?.last ?? 0n;
}

export interface StoredRequalification {
  readonly id: bigint;
  readonly state: JobState;
  readonly phase: RequalificationPhase;
  readonly dryRun: boolean;
  readonly undone: boolean;
  readonly filter: RequalificationFilter;
  readonly from: Date;
  readonly lastEventId: bigint;
  readonly changes: readonly VerdictChange[];
  readonly sample: readonly SampledChange[];
  /** The last failure that was examined; null = none yet. */
  readonly examinedTo: Pick<PastFailure, 'occurredAt' | 'id'> | null;
  /** The last address that was recomputed, or put back; null = none yet. */
  readonly positionKey: string | null;
  readonly createdAt: Date;
}

interface Row extends Omit<StoredRequalification, 'examinedTo' | 'changes' | 'sample'> {
  readonly positionAt: Date | null;
  readonly positionId: bigint | null;
  readonly changes: unknown;
  readonly sample: unknown;
}

const COLUMNS = sql`id, state, phase, dry_run AS "dryRun", undone, filter, from_at AS "from", last_event_id AS "lastEventId", changes, sample,
  position_at AS "positionAt", position_id AS "positionId", position_key::text AS "positionKey", created_at AS "createdAt"`;

export async function readRequalification(database: Queryable, id: bigint): Promise<StoredRequalification | null> {
  const [row] = await database.query<Row>(sql`SELECT ${COLUMNS} FROM requalification WHERE id = ${id}`);
  return row ? stored(row) : null;
}

/** Locks the row until the end of the transaction. After the locks of the addresses. */
export async function lockRequalification(tx: Queryable, id: bigint): Promise<StoredRequalification | null> {
  const [row] = await tx.query<Row>(sql`SELECT ${COLUMNS} FROM requalification WHERE id = ${id} FOR UPDATE`);
  return row ? stored(row) : null;
}

function stored({ positionAt, positionId, changes, sample, filter, ...row }: Row): StoredRequalification {
  const examinedTo = positionAt === null || positionId === null ? null : { occurredAt: positionAt, id: positionId };
  return { ...row, filter: storedFilter(filter), changes: storedChanges(changes), sample: storedSample(sample), examinedTo };
}

/** Dates of a filter are text in JSON. */
function storedFilter(filter: RequalificationFilter): RequalificationFilter {
  const date = (value: unknown) => (typeof value === 'string' ? new Date(value) : null);
  const { from, to } = filter.occurredAt;
  return { ...filter, occurredAt: { from: date(from), to: date(to) } };
}

/** The changes of a requalification as they were read from its row. */
export function storedChanges(changes: unknown): VerdictChange[] {
  return Array.isArray(changes) ? changes : [];
}

export function storedSample(sample: unknown): SampledChange[] {
  return (Array.isArray(sample) ? sample : []).map(({ eventId, after }) => ({ eventId: BigInt(eventId), after }));
}

/** Has nobody else done this slice? */
export function isAtSamePlace(now: StoredRequalification | null, seen: StoredRequalification): boolean {
  return (
    now?.state === 'RUNNING' &&
    now.phase === seen.phase &&
    now.positionKey === seen.positionKey &&
    now.examinedTo?.id === seen.examinedTo?.id
  );
}

export interface ExaminedSlice {
  readonly examined: number;
  readonly changed: readonly (RequalifiedFailure & { readonly before: Meaning })[];
  /** Where the next slice goes on; null = all are examined. */
  readonly to: Pick<PastFailure, 'occurredAt' | 'id'> | null;
}

/** Keeps what a slice of the examination has found, and how far it is: in one transaction, so a killed one leaves neither. */
export async function recordExamined(tx: Queryable, requalification: StoredRequalification, slice: ExaminedSlice): Promise<void> {
  const { id, examinedTo, sample } = requalification;
  const { examined, changed, to } = slice;
  const at = to ?? examinedTo;
  const changes = new VerdictChanges(requalification.changes);
  for (const { before, type, reason, fault } of changed) changes.add(before, { type, reason, fault });
  const more = changed.map(({ eventId, type, reason, fault }) => ({ eventId, after: { type, reason, fault } }));
  await tx.execute(sql`
    INSERT INTO requalified_failure (requalification_id, address_key, event_id, type, reason, fault, decided_by, ignored)
    SELECT ${id}::bigint, r."addressKey", r."eventId", r.type, r.reason, r.fault, r."decidedBy", r.ignored
    FROM jsonb_to_recordset(${rows(changed)}::jsonb) AS r("addressKey" uuid, "eventId" bigint, type "FailureType", reason "FailureReason",
      fault "Fault", "decidedBy" text, ignored boolean)`);
  await tx.execute(sql`
    UPDATE requalification SET examined = examined + ${examined}::int, changed_failures = changed_failures + ${changed.length}::int,
      changes = ${rows(changes.list())}::jsonb, sample = ${rows([...sample, ...more].slice(0, SAMPLE_SIZE))}::jsonb,
      position_at = ${at?.occurredAt ?? null}::timestamptz, position_id = ${at?.id ?? null}::bigint,
      phase = ${to === null ? 'APPLY' : 'EXAMINE'}::"RequalificationPhase"
    WHERE id = ${id}`);
}

/** Without knowing how many these are, the planner would sort all that are left for every slice. */
export async function analyzeRequalified(database: Queryable): Promise<void> {
  await database.execute(sql`ANALYZE requalified_failure`);
}

export interface AddressSlice {
  readonly keys: readonly string[];
  readonly last: boolean;
}

/**
 * The next addresses with failures that are taken for something else: those of the next so many failures, each whole, so that addresses with many
 * make no slice long.
 */
export async function findRequalifiedAddresses(
  database: Queryable,
  { id, positionKey }: StoredRequalification,
  size: number,
): Promise<AddressSlice> {
  const found = await database.query<{ key: string; failures: number }>(sql`
    SELECT address_key::text AS key, count(*)::int AS failures FROM (
      SELECT address_key FROM requalified_failure
      WHERE requalification_id = ${id} AND address_key > ${positionKey ?? NO_KEY}::uuid
      ORDER BY address_key, event_id LIMIT ${size}) AS w
    GROUP BY address_key ORDER BY address_key`);
  const failures = found.reduce((sum, one) => sum + one.failures, 0);
  return { keys: found.map(({ key }) => key), last: failures < size };
}

const NO_KEY = '00000000-0000-0000-0000-000000000000';

/**
 * What is to be taken for something else at these addresses. A failure that was corrected meanwhile, or that retention took, and an address that
 * was erased is left out.
 */
export function readRequalifiedFailures(tx: Queryable, id: bigint, addressKeys: readonly string[]): Promise<RequalifiedFailure[]> {
  return tx.query<RequalifiedFailure>(sql`
    SELECT w.event_id AS "eventId", w.address_key::text AS "addressKey", w.type, w.reason, w.fault, w.decided_by AS "decidedBy", w.ignored
    FROM ${requalifiedOf(id, uuids(addressKeys))} JOIN delivery_event e ON e.id = w.event_id
    WHERE NOT w.applied AND ${isCurrentFailure('e')} AND NOT ${isErased(sql`w.address_key`)}
    ORDER BY w.event_id`);
}

/** What a requalification takes for something else at these addresses, as the source `w`: one probe an address, whatever the planner believes. */
export function requalifiedOf(id: bigint, addressKeys: string): Sql {
  return sql`unnest(${addressKeys}::uuid[]) AS k(key)
    CROSS JOIN LATERAL (SELECT * FROM requalified_failure r WHERE r.requalification_id = ${id} AND r.address_key = k.key OFFSET 0) w`;
}

/** Notes which correcting lines are written. */
export async function markApplied(tx: Queryable, id: bigint, failures: readonly RequalifiedFailure[]): Promise<void> {
  await tx.execute(sql`
    INSERT INTO requalified_failure (requalification_id, address_key, event_id, type, reason, fault, decided_by, ignored, applied)
    SELECT ${id}::bigint, r."addressKey", r."eventId", r.type, r.reason, r.fault, r."decidedBy", r.ignored, true
    FROM jsonb_to_recordset(${rows(failures)}::jsonb) AS r("addressKey" uuid, "eventId" bigint, type "FailureType", reason "FailureReason",
      fault "Fault", "decidedBy" text, ignored boolean)
    ON CONFLICT (requalification_id, address_key, event_id) DO UPDATE SET applied = true`);
}

/** A dry run leaves nothing to be done or undone. */
export async function forgetRequalified(tx: Queryable, id: bigint, addressKeys: readonly string[]): Promise<void> {
  await tx.execute(sql`
    DELETE FROM requalified_failure WHERE requalification_id = ${id} AND address_key = ANY(${uuids(addressKeys)}::uuid[])`);
}

/** Numbers of addresses by what became of them. */
export interface AppliedCounts {
  readonly addresses: number;
  readonly released: number;
  readonly newlyQuarantined: number;
  readonly otherwiseChanged: number;
  readonly skippedByHand: number;
  readonly skippedDenylisted: number;
  readonly skippedAllowlisted: number;
  readonly skippedMovedOn: number;
}

export interface Advance {
  readonly positionKey: string | null;
  readonly endedAt: Date | null;
}

export async function advanceApplied(tx: Queryable, id: bigint, counts: AppliedCounts, advance: Advance): Promise<void> {
  await tx.execute(sql`
    UPDATE requalification SET addresses = addresses + ${counts.addresses}::int, released = released + ${counts.released}::int,
      newly_quarantined = newly_quarantined + ${counts.newlyQuarantined}::int,
      otherwise_changed = otherwise_changed + ${counts.otherwiseChanged}::int, skipped_by_hand = skipped_by_hand + ${counts.skippedByHand}::int,
      skipped_denylisted = skipped_denylisted + ${counts.skippedDenylisted}::int,
      skipped_allowlisted = skipped_allowlisted + ${counts.skippedAllowlisted}::int,
      skipped_moved_on = skipped_moved_on + ${counts.skippedMovedOn}::int
    WHERE id = ${id}`);
  await moveOn(tx, id, advance);
}

export interface UndoneCounts {
  readonly addressesPutBack: number;
  readonly addressesLeftAlone: number;
  readonly failuresPutBack: number;
  readonly failuresLeftAlone: number;
}

export async function advanceUndone(tx: Queryable, id: bigint, counts: UndoneCounts, advance: Advance): Promise<void> {
  await tx.execute(sql`
    UPDATE requalification SET addresses_put_back = addresses_put_back + ${counts.addressesPutBack}::int,
      addresses_left_alone = addresses_left_alone + ${counts.addressesLeftAlone}::int,
      failures_put_back = failures_put_back + ${counts.failuresPutBack}::int,
      failures_left_alone = failures_left_alone + ${counts.failuresLeftAlone}::int
    WHERE id = ${id}`);
  await moveOn(tx, id, advance);
}

async function moveOn(tx: Queryable, id: bigint, { positionKey, endedAt }: Advance): Promise<void> {
  const state: JobState = endedAt === null ? 'RUNNING' : 'DONE';
  await tx.execute(sql`
    UPDATE requalification SET position_key = ${positionKey}::uuid, state = ${state}::"JobState", finished_at = ${endedAt}::timestamptz
    WHERE id = ${id}`);
}

/** From here on the requalification is taken back. An undo that met a fault keeps its place and its counts. */
export async function beginRequalificationUndo(tx: Queryable, id: bigint): Promise<void> {
  await tx.execute(sql`
    UPDATE requalification SET undone = true, phase = 'UNDO', state = 'RUNNING', position_key = CASE WHEN undone THEN position_key END,
      finished_at = NULL
    WHERE id = ${id}`);
}

export async function failRequalification(database: Queryable, id: bigint, at: Date): Promise<void> {
  await database.execute(sql`
    UPDATE requalification SET state = 'FAILED', finished_at = ${at}::timestamptz WHERE id = ${id} AND state = 'RUNNING'`);
}

/** Requalifications that nobody works at: their process has ended. Their leases are named after them. */
export async function findLeftRequalifications(database: Queryable): Promise<bigint[]> {
  const left = await database.query<{ id: bigint }>(sql`
    SELECT r.id FROM requalification r LEFT JOIN lease ON lease.name = 'requalification:' || r.id
    WHERE r.state = 'RUNNING' AND (lease.name IS NULL OR lease.expires_at <= clock_timestamp()) ORDER BY r.id`);
  return left.map(({ id }) => id);
}

/** A failure of a sample, as it can be shown: retention may have taken others. */
export interface SampledFailure {
  readonly before: Meaning;
  readonly after: Meaning;
  readonly rawText: string;
  readonly address: string;
  readonly occurredAt: Date;
}

interface SampledLine {
  readonly id: bigint;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly rawText: string;
  readonly address: string;
  readonly occurredAt: Date;
}

/** Failures of samples by their lines, ready to be shown with what they are taken for now. */
export async function readSampledFailures(
  database: Queryable,
  ids: readonly bigint[],
): Promise<(id: bigint) => Omit<SampledFailure, 'after'> | null> {
  const found = await database.query<SampledLine>(sql`
    SELECT id, failure_type AS type, failure_reason AS reason, fault, raw_text AS "rawText", address, occurred_at AS "occurredAt"
    FROM delivery_event WHERE id = ANY(${`{${[...new Set(ids)].join(',')}}`}::bigint[])`);
  const byId = new Map(found.map(({ id, type, reason, fault, ...said }) => [id, { before: { type, reason, fault }, ...said }]));
  return (id) => byId.get(id) ?? null;
}
