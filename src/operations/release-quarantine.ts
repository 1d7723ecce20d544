/**
 * The bulk release after a provider's outage (REL-7, W8): count and sample, then VALID or gone, in slices that may be killed anywhere.
 * ERRONEOUS and QUARANTINE only: a wish of the recipient is not the provider's mistake.
 */
import { ConflictError, InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { type AddressStatus, CHANNELS, type ReleaseMode } from '../domain/vocabulary.ts';
import { changeEntries, findEntries } from '../store/change-entries.ts';
import { type Queryable, type Sql, sql } from '../store/database.ts';
import { isErased } from '../store/erased-keys.ts';
import { lockAddresses } from '../store/feedback-reads.ts';
import { type QuarantineFilter, quarantineCondition } from '../store/filters/quarantine-filter.ts';
import { hitBy } from '../store/incident-hits.ts';
import { readIncident } from '../store/incidents.ts';
import {
  advanceRelease,
  countMatches,
  countSkipped,
  insertRelease,
  lockRelease,
  readRelease,
  type StoredRelease,
  sampleMatches,
} from '../store/quarantine-release.ts';
import type { Actor, Instance } from './instance.ts';
import { maskFilter } from './mask-filter.ts';
import { recordAudit } from './record-audit.ts';
import { claimRelease, type ReleaseOptions, startRelease } from './run-release.ts';

/** Only these two states can be meant, whatever the filter says. */
const RELEASABLE = ['ERRONEOUS', 'QUARANTINE'] as const satisfies readonly AddressStatus[];

export interface ReleaseQuarantineInput {
  readonly filter: QuarantineFilter;
  readonly mode: ReleaseMode;
  /** Count and sample, change nothing. */
  readonly dryRun: boolean;
  /** Refused unless exactly so many match. */
  readonly expectedCount?: number | null | undefined;
}

/**
 * Releases every ERRONEOUS and QUARANTINE entry that the filter finds: they can be written to from the next preparation on. SET_VALID leaves
 * the row to the next cleanup, DELETE takes it at once; the ledger keeps both, so that it can be undone.
 *
 * A small release is done when this returns; a larger one goes on behind it and survives a restart. Entries that no longer match when their
 * slice comes, or were put on the list after the release began, are left alone and counted as skipped.
 *
 * A dry run is kept as a release that has changed nothing.
 *
 * @returns the release's id
 * @throws ConflictError where another number of entries matches than was expected
 * @throws InvalidInputError for a filter that cannot be used, and for one that leaves every entry in without an expected count
 */
export async function releaseQuarantine(
  instance: Instance,
  input: ReleaseQuarantineInput,
  actor: Actor,
  options: ReleaseOptions = {},
): Promise<bigint> {
  const { filter, mode, dryRun } = input;
  return beginRelease(instance, { filter, incidentId: null, mode, dryRun, expected: checkedCount(input) }, actor, options);
}

export interface ReleaseOrder {
  readonly filter: QuarantineFilter;
  /** What it hit is released; null = what the filter finds. */
  readonly incidentId: bigint | null;
  readonly mode: ReleaseMode;
  readonly dryRun: boolean;
  readonly expected: number | null;
  /** In the transaction that begins a real release. */
  onBegin?(tx: Queryable, at: Date): Promise<void>;
}

/** Counts, samples and begins. @returns the release's id @throws ConflictError, InvalidInputError as `releaseQuarantine` */
export async function beginRelease(instance: Instance, order: ReleaseOrder, actor: Actor, options: ReleaseOptions = {}): Promise<bigint> {
  const { incidentId, mode, dryRun, expected } = order;
  const filter = await maskFilter(instance, order.filter);
  const where = await releasable(instance, { filter, incidentId });
  const at = instance.now();
  const { matched, lastEntryId } = await countMatches(instance.database, where);
  if (expected !== null && expected !== matched) {
    throw new ConflictError(`${matched} entries match, not ${expected} as expected. Nothing was changed: look at them with a dry run.`);
  }
  const sample = await sampleMatches(instance.database, where);
  const state = dryRun || matched === 0 ? 'DONE' : 'RUNNING';
  const meant = incidentId === null ? { filter } : { incident: incidentId.toString() };
  const id = await instance.database.transaction(async (tx) => {
    const release = await insertRelease(tx, {
      state,
      mode,
      dryRun,
      filter,
      incidentId,
      actor: actor.name,
      matched,
      lastEntryId,
      sample,
      at,
    });
    if (state === 'RUNNING') await claimRelease(tx, instance, release);
    if (!dryRun) await recordAudit(tx, actor, 'quarantine.release', `QuarantineRelease ${release}`, { mode, matched, ...meant }, at);
    if (!dryRun) await order.onBegin?.(tx, at);
    return release;
  });
  if (state === 'RUNNING') await startRelease(instance, id, releaseSlice, options);
  return id;
}

/** The condition of a release on `c`, an entry. Only these two states can be meant, whatever the filter says, and never an erased address. */
async function releasable(instance: Instance, { filter, incidentId }: Pick<ReleaseOrder, 'filter' | 'incidentId'>): Promise<Sql> {
  const found = incidentId === null ? quarantineCondition(filter, await instance.addressBook()) : await hitCondition(instance, incidentId);
  return sql`c.status IN ('ERRONEOUS', 'QUARANTINE') AND ${found} AND NOT ${isErased(sql`c.address_key`)}`;
}

async function hitCondition({ database }: Instance, incidentId: bigint): Promise<Sql> {
  const incident = await readIncident(database, incidentId);
  if (incident === null) throw new NotFoundError('There is no incident with this id.');
  return hitBy(incidentId, incident);
}

function checkedCount({ filter, expectedCount = null }: ReleaseQuarantineInput): number | null {
  if (expectedCount !== null && expectedCount < 0) {
    throw new InvalidInputError('The expected count is the number of entries that match: it cannot be negative.', 'input.expectedCount');
  }
  if (expectedCount === null && isEmpty(filter)) {
    throw new InvalidInputError(
      'This filter leaves the whole list in: say in expectedCount how many entries you expect to release.',
      'input.expectedCount',
    );
  }
  return expectedCount;
}

/** Does the filter leave every entry in? `{ statusUpdatedAt: {} }`, an empty text and a list of all channels do. */
function isEmpty({ status, channel, ...others }: QuarantineFilter): boolean {
  return namesAll(status, RELEASABLE) && namesAll(channel, CHANNELS) && saysNothing(others);
}

function namesAll<T>(list: readonly T[] | null | undefined, all: readonly T[]): boolean {
  return list == null || all.every((one) => list.includes(one));
}

function saysNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && !(value instanceof Date) && Object.values(value).every(saysNothing);
}

/**
 * Releases the next entries: what is changed, its lines in the ledger and how far the release is come in one short transaction.
 *
 * @returns whether the release has ended
 */
export async function releaseSlice(instance: Instance, id: bigint, size: number): Promise<boolean> {
  const { database } = instance;
  const release = await readRelease(database, id);
  if (release === null || release.state !== 'RUNNING' || release.undone) return true;
  const at = instance.now();
  const where = sql`${await releasable(instance, release)} AND c.status_updated_at <= ${release.createdAt}::timestamptz`;
  const found = await findEntries(database, { where, after: release.position, last: release.lastEntryId, size });
  const next = found.length < size ? undefined : found.at(-1);
  const ended = await database.transaction(async (tx) => {
    await lockAddresses(
      tx,
      found.map(({ addressKey }) => addressKey),
    );
    if (!isAt(await lockRelease(tx, id), release)) return false;
    const changed = await changeEntries(tx, { found, where, change: release.mode, at, actor: release.actor, releaseId: id });
    const position = next?.id ?? release.lastEntryId;
    await advanceRelease(tx, id, { position, changed, skipped: 0, endedAt: next ? null : at });
    if (!next) await countSkipped(tx, id);
    return next === undefined;
  });
  if (found.length > 0) database.hints.notify('QUARANTINE');
  return ended;
}

/** Has nobody else done this slice? */
export function isAt(now: StoredRelease | null, seen: StoredRelease): boolean {
  return now?.state === 'RUNNING' && now.undone === seen.undone && now.position === seen.position;
}
