import { withoutPlus } from '../domain/address/short-code.ts';
import { ConflictError, InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { ledgerLine } from '../domain/quarantine/fold.ts';
import { createByHand } from '../domain/quarantine/manual-edit.ts';
import type { AddressStatus, Channel, FailureReason } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import { readErasedKeys } from '../store/erased-keys.ts';
import { findNamedDeliveries, lockAddresses, lockEntries } from '../store/feedback-reads.ts';
import { insertEntries } from '../store/feedback-writes.ts';
import { insertEditLine, lastVersion } from '../store/quarantine-edits.ts';
import { checkStorable } from './check-profile.ts';
import { checkShortCode } from './check-short-code.ts';
import { checkErasedEdit } from './erased-entry.ts';
import type { Actor, Instance } from './instance.ts';
import { maskPlace } from './mask-erased.ts';
import { recordAudit } from './record-audit.ts';

export interface CreateQuarantineEntryInput {
  readonly channel: Channel;
  readonly address: string;
  /** SMS only; absent = every short code. */
  readonly shortCode?: string | null | undefined;
  readonly status: AddressStatus;
  readonly reason?: FailureReason | null | undefined;
  readonly errorCount?: number | null | undefined;
  readonly errorText?: string | null | undefined;
  readonly lastErrorAt?: Date | null | undefined;
  readonly lastDeliveryId?: bigint | null | undefined;
}

export const ERROR_TEXT_MAX = 16_000;

/**
 * Puts an address on the quarantine list by hand (QTN-11, R38, R40 to R44). The platform sees the address, whoever holds it (R9).
 *
 * @returns the entry's id
 * @throws InvalidInputError with the field, ConflictError where the address and short code have an entry, NotFoundError for the delivery
 */
export async function createQuarantineEntry(instance: Instance, input: CreateQuarantineEntryInput, actor: Actor): Promise<bigint> {
  const at = instance.now();
  const book = await instance.addressBook();
  const address = book.canonical(input.channel, input.address);
  if (!address.ok) throw new InvalidInputError(address.message, 'address');
  const shortCode = checkShortCode(input.channel, input.shortCode);
  checkStorable('errorText', input.errorText, ERROR_TEXT_MAX);
  const decided = createByHand(input, at);
  if (!decided.ok) throw new InvalidInputError(decided.message, decided.field);
  const addressKey = book.key(input.channel, address.canonical);
  const lastDeliveryId = input.lastDeliveryId ?? null;
  const given = { channel: input.channel, address: address.canonical, addressKey, shortCode, domain: address.domain };
  const id = await instance.database.transaction(async (tx) => {
    await lockAddresses(tx, [addressKey]);
    const entries = await lockEntries(tx, [addressKey]);
    if (entries.some((entry) => withoutPlus(entry.shortCode) === shortCode))
      throw new ConflictError('This address has an entry already: edit that one.');
    await checkDelivery(tx, lastDeliveryId);
    const erased = await readErasedKeys(tx, [addressKey]);
    checkErasedEdit(erased, given, decided.next);
    const place = maskPlace(given, erased);
    const version = (await lastVersion(tx, addressKey, shortCode)) + 1;
    const inserted = await insertEntries(tx, [{ ...place, ...decided.next, lastDeliveryId, createdAt: at, version }]);
    const [made] = inserted.values();
    if (made === undefined) throw new Error('the entry was not written');
    const line = { line: ledgerLine(decided.next), previousStatus: null, previousReason: null, deliveryId: lastDeliveryId, version };
    await insertEditLine(tx, { entry: { id: made, ...place }, ...line, actor: actor.name, at });
    const { status, reason } = decided.next;
    await recordAudit(tx, actor, 'quarantine.create', `QuarantineEntry ${made}`, { status, reason }, at);
    return made;
  });
  instance.database.hints.notify('QUARANTINE');
  return id;
}

/** @throws NotFoundError where the id names no delivery */
export async function checkDelivery(tx: Queryable, id: bigint | null | undefined): Promise<void> {
  if (id === null || id === undefined) return;
  const found = await findNamedDeliveries(tx, [id]);
  if (!found.has(id)) throw new NotFoundError('There is no delivery with this id.');
}
