import type { RejudgedEffect } from '../domain/quarantine/rejudge.ts';
import { reserveEntryIds } from '../store/correct-failures.ts';
import type { Ledger, Queryable } from '../store/database.ts';
import { type AddressHistory, readAddressHistories } from '../store/failure-history.ts';
import { lockAddresses, lockEntries, readEntries, type StoredEntry } from '../store/feedback-reads.ts';
import { idText, insertQuarantineLines, type QuarantineLine } from '../store/feedback-writes.ts';
import { followLedger } from '../store/follow-ledger.ts';
import {
  type AppliedCounts,
  advanceApplied,
  findRequalifiedAddresses,
  forgetRequalified,
  isAtSamePlace,
  lockRequalification,
  markApplied,
  type RequalifiedFailure,
  readRequalifiedFailures,
  type StoredRequalification,
} from '../store/requalification.ts';
import { CLEANUP_ACTOR } from './cleanup-entries.ts';
import { type Correction, correctFailures } from './correct-failures.ts';
import type { Instance } from './instance.ts';
import { ownEntries, type RejudgedHistory, rejudgeHistory } from './rejudge-history.ts';

/** That both the requalification and its undo write to. */
export const REQUALIFIED_LEDGERS: readonly Ledger[] = ['QUARANTINE', 'DELIVERY_LOG'];

/** Who has changed an entry, in its ledger. */
export const requalificationActor = (id: bigint): string => `requalification ${id}`;

/** One address of a slice: what becomes of its entry, and what is to be corrected of its failures. */
interface Judged {
  readonly history: AddressHistory;
  readonly entry: StoredEntry | null;
  readonly result: RejudgedHistory;
  readonly corrections: readonly (Correction & RequalifiedFailure)[];
}

/**
 * Recomputes the next addresses: their failures, entries and counters, and how far the requalification is come, in one short transaction. A dry
 * run only counts.
 *
 * @returns whether the requalification has ended
 */
export async function applySlice(instance: Instance, seen: StoredRequalification, size: number): Promise<boolean> {
  const { database } = instance;
  const { id, dryRun } = seen;
  const now = instance.now();
  const settings = await instance.settings();
  const { keys, last } = await findRequalifiedAddresses(database, seen, size);
  const ended = await database.transaction(async (tx) => {
    if (!dryRun) await lockAddresses(tx, keys);
    if (!isAtSamePlace(await lockRequalification(tx, id), seen)) return false;
    const failures = await readRequalifiedFailures(tx, id, keys);
    const entries = ownEntries(await (dryRun ? readEntries : lockEntries)(tx, keys));
    const histories = await readAddressHistories(tx, failures, CLEANUP_ACTOR);
    const byAddress = groupByAddress(failures);
    const judged = histories.map((history) => {
      const entry = entries.get(history.addressKey) ?? null;
      const own = byAddress.get(history.addressKey) ?? [];
      const result = rejudgeHistory(history, entry?.state ?? null, new Map(own.map((one) => [one.eventId, one])), settings, now);
      return { history, entry, result, corrections: correctionsOf(own, result) };
    });
    if (dryRun) await forgetRequalified(tx, id, keys);
    else await write(tx, id, judged, now);
    await advanceApplied(tx, id, countEffects(judged), { positionKey: keys.at(-1) ?? seen.positionKey, endedAt: last ? now : null });
    return last;
  });
  if (!dryRun && keys.length > 0) for (const ledger of REQUALIFIED_LEDGERS) database.hints.notify(ledger);
  return ended;
}

/** What is taken for something else, and what only put the address into quarantine, or did so no longer. */
function correctionsOf(own: readonly RequalifiedFailure[], { events, quarantining }: RejudgedHistory): (Correction & RequalifiedFailure)[] {
  const flags = new Map<bigint, boolean>();
  for (const [index, is] of quarantining) {
    const event = events[index];
    if (event !== undefined && event.quarantined !== is) flags.set(event.id, is);
  }
  const recorded = new Map(events.map(({ id, quarantined }) => [id, quarantined]));
  const corrections = own.map((one) => ({ ...one, quarantined: flags.get(one.eventId) ?? recorded.get(one.eventId) ?? null }));
  const others = events.flatMap(({ id: eventId, addressKey, type, reason, fault, decidedBy, ignored }) => {
    const quarantined = flags.get(eventId);
    if (quarantined === undefined || type === null || reason === null || fault === null) return [];
    if (own.some((one) => one.eventId === eventId)) return [];
    return [{ eventId, addressKey, type, reason, fault, decidedBy, ignored, quarantined }];
  });
  return [...corrections, ...others];
}

async function write(tx: Queryable, id: bigint, judged: readonly Judged[], now: Date): Promise<void> {
  const changed = judged.filter(({ entry, result }) => result.next !== (entry?.state ?? null));
  const created = changed.filter(({ entry }) => entry === null);
  const newIds = created.length === 0 ? [] : await reserveEntryIds(tx, created.length);
  const idOf = new Map(created.map(({ history }, index) => [history.addressKey, newIds[index]]));
  const corrections = judged.flatMap((one) => one.corrections);
  await correctFailures(tx, corrections, { requalificationId: id, now });
  await insertQuarantineLines(
    tx,
    changed.map((one) => entryLine(one, one.entry?.id ?? idOf.get(one.history.addressKey) ?? null, now)),
    requalificationActor(id),
    id,
  );
  await followLedger(
    tx,
    changed.map(({ history: { addressKey } }) => ({ addressKey, shortCode: '' })),
  );
  await markApplied(tx, id, corrections);
}

function entryLine({ history, entry, result, corrections }: Judged, entryId: bigint | null, now: Date): QuarantineLine {
  const { addressKey, address, channel, domain, lastVersion } = history;
  const state = result.next ?? (entry && { ...entry.state, status: null, statusUpdatedAt: now });
  if (state === null || entryId === null) throw new Error('an entry was to be changed that neither was nor is');
  const event = result.next === null || result.decisive === null ? undefined : result.events[result.decisive];
  const cause = corrections.find(({ eventId }) => eventId === event?.id) ?? event;
  return {
    ...state,
    entryId: entryId.toString(),
    channel,
    address,
    addressKey,
    shortCode: '',
    domain,
    previousStatus: entry?.state.status ?? null,
    previousReason: entry?.state.reason ?? null,
    fault: cause?.fault ?? null,
    decidedBy: cause?.decidedBy ?? null,
    deliveryId: idText(entry === null ? event?.deliveryId : entry.lastDeliveryId),
    version: lastVersion + 1,
    occurredAt: now,
  };
}

function countEffects(judged: readonly Judged[]): AppliedCounts {
  const count = (effect: RejudgedEffect) => judged.filter(({ result }) => result.effect === effect).length;
  return {
    addresses: judged.length,
    released: count('RELEASED'),
    newlyQuarantined: count('QUARANTINED'),
    otherwiseChanged: count('CHANGED'),
    skippedByHand: count('BY_HAND'),
    skippedDenylisted: count('DENYLISTED'),
    skippedAllowlisted: count('ALLOWLISTED'),
    skippedMovedOn: count('MOVED_ON'),
  };
}

function groupByAddress(failures: readonly RequalifiedFailure[]): ReadonlyMap<string, readonly RequalifiedFailure[]> {
  const groups = new Map<string, RequalifiedFailure[]>();
  for (const failure of failures) {
    const group = groups.get(failure.addressKey);
    if (group) group.push(failure);
    else groups.set(failure.addressKey, [failure]);
  }
  return groups;
}
