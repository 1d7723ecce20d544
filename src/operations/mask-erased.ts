/** What comes in about an address that was erased: it counts and shuts as any other, and nothing of it is written in clear (amendment A8). */
import { erasedAddress } from '../domain/address/erased-address.ts';
import { redactText } from '../domain/privacy/redact-text.ts';
import type { Verdict } from '../domain/qualification/verdict.ts';
import type { FeedbackItem } from './feedback-item.ts';
import type { AddressBook } from './instance.ts';
import { addressesIn, keysOf } from './named-addresses.ts';

/** Keys of addresses that were erased. Read under the locks of the addresses. */
export type ErasedKeys = Pick<ReadonlyMap<string, unknown>, 'has' | 'size'>;

/** What is kept of a result: enough to answer its repeat. The statement of `eraseInbound` leaves the same of what came in before. */
export function maskKept(
  kept: { readonly payload: object; readonly answer: Verdict | null },
  { addressKey, channel, outcome, shortCode, text }: Pick<FeedbackItem, 'addressKey' | 'channel' | 'outcome' | 'shortCode' | 'text'>,
  erased: ErasedKeys,
  book: AddressBook,
): { readonly payload: object; readonly answer: Verdict | null } {
  if (erased.size === 0) return kept;
  if (!erased.has(addressKey)) return { ...kept, payload: { ...kept.payload, text: maskText(text, erased, book) } };
  const payload = { erased: true, channel, outcome, address: erasedAddress(addressKey), ...(shortCode === '' ? {} : { shortCode }) };
  return { payload, answer: kept.answer && { ...kept.answer, normalizedText: '' } };
}

/** In place of a raw message. */
export const ERASED_RAW = new Uint8Array(0);

/**
 * The item without address and text, and without a Message-ID that spells the address. Its verdict stays: it is what counts. Of an item about
 * somebody else only a quoted address goes.
 */
export function maskItem<Item extends Pick<FeedbackItem, 'addressKey' | 'address' | 'domain' | 'text' | 'messageId'>>(
  item: Item,
  erased: ErasedKeys,
  book: AddressBook,
): Item {
  if (erased.size === 0) return item;
  if (!erased.has(item.addressKey)) return { ...item, text: maskText(item.text, erased, book) };
  const spells = item.messageId !== null && redactAddresses(item.messageId, [item.address]) !== item.messageId;
  return { ...item, ...maskPlace(item, erased), text: null, messageId: spells ? null : item.messageId };
}

/** A text about somebody else that quotes the address of somebody who was erased. */
function maskText(text: string | null, erased: ErasedKeys, book: AddressBook): string | null {
  if (text === null) return null;
  const quoted = [...addressesIn(text)].filter((found) => keysOf(found, book).some((key) => erased.has(key)));
  return redactAddresses(text, quoted);
}

function redactAddresses(text: string, addresses: readonly string[]): string {
  return redactText(text, { addresses, firstName: null, lastName: null, externalId: null });
}

/** The place of an entry, under the display form where its address was erased. */
export function maskPlace<Place extends { readonly addressKey: string; readonly address: string; readonly domain: string | null }>(
  place: Place,
  erased: ErasedKeys,
): Place {
  return erased.has(place.addressKey) ? { ...place, address: erasedAddress(place.addressKey), domain: null } : place;
}
