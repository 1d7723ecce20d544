import { putEntriesBack, readAppliedCorrections, readRequalifiedEntries } from '../store/correct-failures.ts';
import { lockAddresses, uuids } from '../store/feedback-reads.ts';
import { followLedger } from '../store/follow-ledger.ts';
import {
  advanceUndone,
  findRequalifiedAddresses,
  isAtSamePlace,
  lockRequalification,
  type StoredRequalification,
} from '../store/requalification.ts';
import { REQUALIFIED_LEDGERS, requalificationActor } from './apply-requalification.ts';
import { CLEANUP_ACTOR } from './cleanup-entries.ts';
import { correctFailures } from './correct-failures.ts';
import type { Instance } from './instance.ts';

/** Puts the next addresses and their failures back. @returns whether the undo has ended */
export async function undoRequalificationSlice(instance: Instance, seen: StoredRequalification, size: number): Promise<boolean> {
  const { database } = instance;
  const { id } = seen;
  const now = instance.now();
  const { keys, last } = await findRequalifiedAddresses(database, seen, size);
  const ended = await database.transaction(async (tx) => {
    await lockAddresses(tx, keys);
    if (!isAtSamePlace(await lockRequalification(tx, id), seen)) return false;
    const entries = await readRequalifiedEntries(tx, id, uuids(keys), CLEANUP_ACTOR);
    const back = entries.filter(({ untouched }) => untouched);
    const left = new Set(entries.filter(({ untouched }) => !untouched).map(({ addressKey }) => addressKey));
    const corrections = await readAppliedCorrections(tx, id, uuids(keys));
    const open = corrections.filter(({ lineId }) => lineId !== null);
    // An entry that stays as it is stays what its failures made it.
    await correctFailures(
      tx,
      open.map(({ lineId, lineQuarantined, ...was }) => ({
        ...was,
        eventId: lineId ?? 0n,
        quarantined: left.has(was.addressKey) ? lineQuarantined : was.quarantined,
      })),
      { requalificationId: null, now },
    );
    await putEntriesBack(tx, back, { actor: `undo of ${requalificationActor(id)}`, requalificationId: id, at: now });
    await followLedger(
      tx,
      back.map(({ addressKey }) => ({ addressKey, shortCode: '' })),
    );
    const counts = {
      addressesPutBack: back.length,
      addressesLeftAlone: left.size,
      failuresPutBack: open.length,
      failuresLeftAlone: corrections.length - open.length,
    };
    await advanceUndone(tx, id, counts, { positionKey: keys.at(-1) ?? seen.positionKey, endedAt: last ? now : null });
    return last;
  });
  if (keys.length > 0) for (const ledger of REQUALIFIED_LEDGERS) database.hints.notify(ledger);
  return ended;
}
