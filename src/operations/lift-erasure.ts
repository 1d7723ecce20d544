import { erasedAddress } from '../domain/address/erased-address.ts';
import { InvalidInputError, InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { deletionLine } from '../domain/quarantine/fold.ts';
import type { Channel } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import { deleteErasedKeys, findOnlyErased, holdErasures, isBeingErased, type LiftedKey } from '../store/erased-keys.ts';
import { lockAddresses, lockEntries } from '../store/feedback-reads.ts';
import { deleteEntry, insertEditLine, lockEntry } from '../store/quarantine-edits.ts';
import { isShut } from './erased-entry.ts';
import type { Actor, AddressBook, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/** The block of an address, or of an external id. */
export interface LiftErasureInput {
  readonly channel?: Channel | null | undefined;
  readonly address?: string | null | undefined;
  readonly externalId?: string | null | undefined;
}

/** What a person gets back who has come back. */
export interface LiftedErasure {
  /** Display forms of the addresses that may be taken in again. */
  readonly addresses: readonly string[];
  readonly externalIds: number;
  /** A gate that was shut before the erasure, or by somebody or something since, stays shut: it is lifted by hand like any other. */
  readonly stillShut: boolean;
}

/**
 * Lifts the block that an erasure has left, because the person came back of their own will: from now on the address may be taken in and written to
 * again. With an address go the external ids that the same erasure shut. What was erased stays erased, and an entry that had shut the
 * address before the erasure still shuts it, as does a complaint, a STOP or an edit that came after it.
 *
 * @throws InvalidInputError with the field, NotFoundError where nothing of that kind was erased, InvalidStateError while the erasure is at work:
 * what is taken in again would be erased too
 */
export async function liftErasure(instance: Instance, input: LiftErasureInput, actor: Actor): Promise<LiftedErasure> {
  const at = instance.now();
  const key = liftedKey(input, await instance.addressBook());
  const lifted = await instance.database.transaction(async (tx) => {
    await holdErasures(tx);
    await lockAddresses(tx, [key]);
    if (await isBeingErased(tx, key)) throw new InvalidStateError('This erasure is still at work: lift its block when it is COMPLETE.');
    const keys = await deleteErasedKeys(tx, [key]);
    if (keys.length === 0) throw new NotFoundError('Nothing of that kind was erased here, or its block was lifted already.');
    const addresses = keys.filter(({ channel }) => channel !== null);
    const stillShut = await openEntries(tx, addresses, actor, at);
    const shown = addresses.map((address) => erasedAddress(address.key));
    await recordAudit(tx, actor, 'privacy.lift', 'ErasedKey', { addresses: shown, externalIds: keys.length - addresses.length }, at);
    return { addresses: shown, externalIds: keys.length - addresses.length, stillShut };
  });
  instance.database.hints.notify('QUARANTINE');
  return lifted;
}

function liftedKey({ channel, address, externalId }: LiftErasureInput, book: AddressBook): string {
  if (externalId != null && channel == null && address == null) return book.externalIdKey(externalId);
  if (channel == null || address == null || externalId != null) {
    throw new InvalidInputError('Name an address with its channel, or an external id: one of the two.', 'address');
  }
  const canonical = book.canonical(channel, address);
  if (!canonical.ok) throw new InvalidInputError(canonical.message, 'address');
  return book.key(channel, canonical.canonical);
}

/** Takes off the list what only the erasure has put there. @returns whether another gate stays shut */
async function openEntries(tx: Queryable, addresses: readonly LiftedKey[], actor: Actor, at: Date): Promise<boolean> {
  const ours = await findOnlyErased(tx, addresses);
  const entries = await lockEntries(
    tx,
    addresses.map(({ key }) => key),
  );
  let stillShut = false;
  for (const { id, state } of entries) {
    const entry = id === null || !ours.has(id) ? null : await lockEntry(tx, id);
    if (entry === null) {
      stillShut ||= isShut(state.status);
      continue;
    }
    await deleteEntry(tx, entry.id);
    const line = { ...deletionLine(entry, at), source: 'MANUAL' as const };
    const previous = { previousStatus: entry.status, previousReason: entry.reason };
    await insertEditLine(tx, { entry, ...previous, line, deliveryId: null, version: entry.version + 1, actor: actor.name, at });
  }
  return stillShut;
}
