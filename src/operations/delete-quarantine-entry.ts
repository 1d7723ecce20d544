import { InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { deletionLine } from '../domain/quarantine/fold.ts';
import { readErasedKeys } from '../store/erased-keys.ts';
import { lockAddresses } from '../store/feedback-reads.ts';
import { deleteEntry, findEntryKey, insertEditLine, lockEntry } from '../store/quarantine-edits.ts';
import { ERASED_ENTRY } from './erased-entry.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

const NOT_FOUND = 'There is no quarantine entry with this id.';

/**
 * Deletes an entry by hand (QTN-11, R38): the address may be written to again. Its ledger stays, with a last line that says so (A8).
 *
 * @throws NotFoundError, InvalidInputError where the address was erased: its block is lifted by an administrator, not by the way
 */
export async function deleteQuarantineEntry(instance: Instance, id: bigint, actor: Actor): Promise<void> {
  const at = instance.now();
  const key = await findEntryKey(instance.database, id);
  if (key === null) throw new NotFoundError(NOT_FOUND);
  await instance.database.transaction(async (tx) => {
    await lockAddresses(tx, [key]);
    const entry = await lockEntry(tx, id);
    if (!entry) throw new NotFoundError(NOT_FOUND);
    if ((await readErasedKeys(tx, [key])).size > 0) throw new InvalidInputError(ERASED_ENTRY, 'id');
    await deleteEntry(tx, id);
    const line = { ...deletionLine(entry, at), source: 'MANUAL' as const };
    const previous = { previousStatus: entry.status, previousReason: entry.reason };
    await insertEditLine(tx, { entry, ...previous, line, deliveryId: null, version: entry.version + 1, actor: actor.name, at });
    await recordAudit(tx, actor, 'quarantine.delete', `QuarantineEntry ${id}`, { status: entry.status, reason: entry.reason }, at);
  });
  instance.database.hints.notify('QUARANTINE');
}
