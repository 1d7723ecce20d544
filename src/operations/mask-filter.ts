import { erasedAddress } from '../domain/address/erased-address.ts';
import { CHANNELS } from '../domain/vocabulary.ts';
import { readErasedKeys } from '../store/erased-keys.ts';
import type { AddressBook, Instance } from './instance.ts';
import { addressesIn, keysOf } from './named-addresses.ts';

/**
 * A filter that is kept, without the addresses of those who were erased: each stands under its display form, which finds no more than the address
 * did. Nobody's release or requalification is widened by it, and neither opens an erased address anyway.
 */
export async function maskFilter<Filter extends object>({ database, addressBook }: Instance, filter: Filter): Promise<Filter> {
  const book = await addressBook();
  const named = new Map<string, readonly string[]>();
  for (const text of textsOf(filter)) named.set(text, keysNamed(text, book));
  const erased = await readErasedKeys(database, [...named.values()].flat());
  if (erased.size === 0) return filter;
  const mask = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const key = named.get(value)?.find((one) => erased.has(one));
      return key === undefined ? value : erasedAddress(key);
    }
    if (Array.isArray(value)) return value.map(mask);
    if (value === null || typeof value !== 'object' || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mask(inner)]));
  };
  return mask(filter) as Filter;
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsOf) : [];
}

/** Of the text itself, on every channel on which it can be an address, and of the e-mail addresses that stand in it. */
function keysNamed(text: string, book: AddressBook): string[] {
  const whole = CHANNELS.flatMap((channel) => {
    const result = book.canonical(channel, text);
    return result.ok ? [book.key(channel, result.canonical)] : [];
  });
  return [...new Set([...whole, ...[...addressesIn(text)].flatMap((found) => keysOf(found, book))])];
}
