import { InvalidInputError } from '../domain/errors.ts';
import type { Channel } from '../domain/vocabulary.ts';
import type { HeldAddress } from '../store/profile-writes.ts';
import type { AddressBook } from './instance.ts';

export interface AddressInput {
  readonly channel: Channel;
  readonly value: string;
}

const NAME_MAX = 200;
const EXTERNAL_ID_MAX = 200;
const ADDRESSES_MAX = 100;

/** @throws InvalidInputError where the text cannot be stored, is empty or too long; null and absent pass */
export function checkExternalId(externalId: string | null | undefined): void {
  if (externalId?.trim() === '') throw new InvalidInputError('An external id is not empty.', 'externalId');
  checkStorable('externalId', externalId, EXTERNAL_ID_MAX);
}

/** @throws InvalidInputError as `checkExternalId` */
export function checkNames(input: { firstName?: string | null | undefined; lastName?: string | null | undefined }): void {
  checkStorable('firstName', input.firstName, NAME_MAX);
  checkStorable('lastName', input.lastName, NAME_MAX);
}

/** @throws InvalidInputError where PostgreSQL cannot hold the text, or it is longer than `most` */
export function checkStorable(field: string, text: string | null | undefined, most: number): void {
  if (text === null || text === undefined) return;
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new InvalidInputError(`The field ${field} contains a NUL character or half of a surrogate pair.`, field);
  }
  if (text.length > most) throw new InvalidInputError(`The field ${field} has at most ${most} characters.`, field);
}

/**
 * Brings addresses to their canonical form (amendment A1). Two spellings of one address collapse into the first of them.
 *
 * @throws InvalidInputError with the path of the address, such as `addresses.1.value`, and what is wrong with it
 */
export function checkAddresses(book: AddressBook, addresses: readonly AddressInput[]): HeldAddress[] {
  if (addresses.length > ADDRESSES_MAX) throw new InvalidInputError(`A profile has at most ${ADDRESSES_MAX} addresses.`, 'addresses');
  const held = new Map<string, HeldAddress>();
  for (const [index, { channel, value }] of addresses.entries()) {
    const result = book.canonical(channel, value);
    const field = `addresses.${index}.value`;
    if (!result.ok) throw new InvalidInputError(result.message, field);
    checkStorable(field, value, 5_000);
    const addressKey = book.key(channel, result.canonical);
    const { canonical, original, domain } = result;
    if (!held.has(addressKey)) held.set(addressKey, { channel, value: canonical, original, addressKey, domain });
  }
  return [...held.values()];
}

/** The channels whose addresses an update replaces: those that occur in it and those that it names. */
export function replacedChannels(addresses: readonly HeldAddress[], named: readonly Channel[] | null | undefined): Channel[] {
  return [...new Set([...addresses.map(({ channel }) => channel), ...(named ?? [])])];
}
