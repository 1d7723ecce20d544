import { ConflictError, InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { ledgerLine } from '../domain/quarantine/fold.ts';
import { editByHand, type ManualChange } from '../domain/quarantine/manual-edit.ts';
import type { Queryable } from '../store/database.ts';
import { readErasedKeys } from '../store/erased-keys.ts';
import { lockAddresses } from '../store/feedback-reads.ts';
import { updateEntries } from '../store/feedback-writes.ts';
import { type EditedEntry, findEntryKey, insertEditLine, lockEntry } from '../store/quarantine-edits.ts';
import { checkStorable } from './check-profile.ts';
import { checkDelivery, ERROR_TEXT_MAX } from './create-quarantine-entry.ts';
import { checkErasedEdit } from './erased-entry.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export type UpdateQuarantineEntryInput = ManualChange & {
  readonly id: bigint;
  /** The version that the caller has seen. */
  readonly expectedVersion?: number | null | undefined;
  readonly lastDeliveryId?: bigint | null | undefined;
};

const NOT_FOUND = 'There is no quarantine entry with this id.';

/**
 * Edits an entry by hand (QTN-11, R39): absent fields keep, null clears; VALID puts the counter to 0. An edit that changes nothing writes
 * nothing.
 *
 * @throws NotFoundError, InvalidInputError with the field, also where an erased address would be opened or described; ConflictError where the entry has moved on since `expectedVersion`
 */
export async function updateQuarantineEntry(instance: Instance, input: UpdateQuarantineEntryInput, actor: Actor): Promise<void> {
  const at = instance.now();
  checkStorable('errorText', input.errorText, ERROR_TEXT_MAX);
  const key = await findEntryKey(instance.database, input.id);
  if (key === null) throw new NotFoundError(NOT_FOUND);
  const changed = await instance.database.transaction(async (tx) => {
    await lockAddresses(tx, [key]);
    const entry = await lockEntry(tx, input.id);
    if (!entry) throw new NotFoundError(NOT_FOUND);
    checkVersion(entry, input.expectedVersion);
    await checkDelivery(tx, input.lastDeliveryId);
    return edit(tx, entry, input, actor, at);
  });
  if (changed) instance.database.hints.notify('QUARANTINE');
}

function checkVersion({ version }: EditedEntry, expected: number | null | undefined): void {
  if (expected === null || expected === undefined || expected === version) return;
  throw new ConflictError(`The entry has moved on: it is at version ${version}, not ${expected}. Read it again.`);
}

async function edit(tx: Queryable, entry: EditedEntry, input: UpdateQuarantineEntryInput, actor: Actor, at: Date): Promise<boolean> {
  const decided = editByHand(entry, input, at);
  if (!decided.ok) throw new InvalidInputError(decided.message, decided.field);
  checkErasedEdit(await readErasedKeys(tx, [entry.addressKey]), entry, decided.next);
  const lastDeliveryId = input.lastDeliveryId === undefined ? entry.lastDeliveryId : input.lastDeliveryId;
  if (!decided.changed && lastDeliveryId === entry.lastDeliveryId) return false;
  const next = { ...decided.next, source: 'MANUAL' as const };
  const version = entry.version + 1;
  await updateEntries(tx, [{ ...stateOf(next), id: entry.id, lastDeliveryId, version, baseVersion: entry.version }]);
  const previous = { previousStatus: entry.status, previousReason: entry.reason };
  await insertEditLine(tx, {
    entry,
    ...previous,
    line: ledgerLine(stateOf(next)),
    deliveryId: lastDeliveryId,
    version,
    actor: actor.name,
    at,
  });
  const { status, reason, errorCount } = next;
  await recordAudit(
    tx,
    actor,
    'quarantine.update',
    `QuarantineEntry ${entry.id}`,
    { previousStatus: entry.status, status, reason, errorCount },
    at,
  );
  return true;
}

/** The state alone: what is locked carries its place in the list too. */
function stateOf(state: Parameters<typeof ledgerLine>[0]): Parameters<typeof ledgerLine>[0] {
  return {
    status: state.status,
    reason: state.reason,
    errorText: state.errorText,
    errorCount: state.errorCount,
    lastErrorAt: state.lastErrorAt,
    lastSignificantErrorAt: state.lastSignificantErrorAt,
    lastSuccessAt: state.lastSuccessAt,
    softCaused: state.softCaused,
    source: state.source,
    statusUpdatedAt: state.statusUpdatedAt,
  };
}
