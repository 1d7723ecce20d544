import { InvalidInputError } from '../domain/errors.ts';
import type { Queryable } from '../store/database.ts';
import { anyExternalIdErased, awaitErasures, readErasedKeys } from '../store/erased-keys.ts';
import type { HeldAddress } from '../store/profile-writes.ts';
import type { AddressBook } from './instance.ts';

/** What of a profile is about to be written. */
interface Written {
  readonly externalId?: string | null | undefined;
  readonly addresses: readonly Pick<HeldAddress, 'addressKey'>[];
}

/** Says of a profile that is about to be written why it may not be; null = it may. */
export type ErasureGuard = (profile: Written) => InvalidInputError | null;

/**
 * Keeps erased people out of the profiles (amendment A8, RET-3). The first call of the transaction that writes them: an erasure that begins
 * meanwhile waits for its end.
 *
 * The refusal does not repeat what was erased.
 */
export async function guardErased(tx: Queryable, book: AddressBook, profiles: readonly Written[]): Promise<ErasureGuard> {
  await awaitErasures(tx);
  return readGuard(tx, book, profiles);
}

/** The same without the wait, for those who write nothing. */
export async function readGuard(database: Queryable, book: AddressBook, profiles: readonly Written[]): Promise<ErasureGuard> {
  const keys = new Set(profiles.flatMap(({ addresses }) => addresses.map(({ addressKey }) => addressKey)));
  const named = profiles.flatMap(({ externalId }) => externalId ?? []);
  const ids =
    named.length > 0 && (await anyExternalIdErased(database)) ? new Map(named.map((id) => [id, book.externalIdKey(id)])) : new Map();
  const erased = await readErasedKeys(database, [...keys, ...ids.values()]);
  return ({ externalId, addresses }) => {
    if (erased.size === 0) return null;
    const place = addresses.findIndex(({ addressKey }) => erased.has(addressKey));
    if (place >= 0) return refusal('address', `addresses.${place}.value`);
    return erased.has(ids.get(externalId ?? '') ?? '') ? refusal('external id', 'externalId') : null;
  };
}

function refusal(what: 'address' | 'external id', field: string): InvalidInputError {
  return new InvalidInputError(
    `The person with this ${what} was erased because they asked for it, and is not taken back by an import or an edit. If they have come back of their own will, an administrator lifts the block of the erasure first.`,
    field,
  );
}
