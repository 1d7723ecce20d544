import type { AddressResult } from '../../domain/address/canonical-address.ts';
import { erasedKeyRange, isErasedAddress } from '../../domain/address/erased-address.ts';
import { CHANNELS, type Channel } from '../../domain/vocabulary.ts';
import { raw, type Sql, sql } from '../database.ts';
import { checkedText, isSet, literal, type TextFilter } from './conditions.ts';

/** What is used of the instance's address book. */
export interface AddressForms {
  canonical(channel: Channel, value: string): AddressResult;
  key(channel: Channel, canonical: string): string;
}

/** A part of an address, in the form in which it stands in e-mail addresses and in the others. */
interface Part {
  readonly kind: 'contains' | 'startsWith';
  readonly email: string;
  readonly other: string;
}

/** A filter on an address, worked out once: for SQL and for rows in memory. */
export interface AddressTest {
  /** null = any */
  readonly keys: ReadonlySet<string> | null;
  /** The display form of an erased address, which has no key of its own. */
  readonly erased: string | null;
  readonly parts: readonly Part[];
}

/**
 * Brings the address of a filter to its canonical form. Without channels, `eq` stands for the address of any channel that can have it.
 *
 * @param channels those that the filter is narrowed to
 * @returns null where there is nothing to test
 */
export function addressTest(
  filter: TextFilter | null | undefined,
  channels: readonly Channel[] | null | undefined,
  forms: AddressForms,
  field: string,
): AddressTest | null {
  const { eq, contains, startsWith } = filter ?? {};
  if (!isSet(eq) && !isSet(contains) && !isSet(startsWith)) return null;
  const lowerCase = !isCaseSensitive(forms);
  const parts: Part[] = [];
  for (const [kind, given] of [['contains', contains] as const, ['startsWith', startsWith] as const]) {
    if (!isSet(given)) continue;
    const other = checkedText(given, `${field}.${kind}`).normalize('NFC');
    parts.push({ kind, email: lowerCase ? other.toLowerCase() : other, other });
  }
  if (!isSet(eq)) return { keys: null, erased: null, parts };
  const text = checkedText(eq, `${field}.eq`);
  return { keys: keysOf(text, channels ?? CHANNELS, forms), erased: isErasedAddress(text) ? text : null, parts };
}

/** @param column the address, `key` its key, `channel` its channel */
export function addressConditions(test: AddressTest | null, columns: { address: Sql; key: Sql; channel: Sql }): Sql[] {
  if (!test) return [];
  const conditions: Sql[] = [];
  if (test.erased !== null) conditions.push(erasedCondition(test.erased, columns));
  else if (test.keys) conditions.push(keyCondition([...test.keys], columns.key));
  for (const part of test.parts) conditions.push(partCondition(part, columns));
  return conditions;
}

/** By the keys that can have this display form, which are indexed. */
export function erasedCondition(display: string, columns: { address: Sql; key: Sql }): Sql {
  const { first, last } = erasedKeyRange(display);
  return sql`${columns.address} = ${display} AND ${columns.key} BETWEEN ${first}::uuid AND ${last}::uuid`;
}

/** The same test on a row in memory. */
export function matchesAddress(test: AddressTest | null, row: { address: string | null; addressKey: string; channel: Channel }): boolean {
  if (!test) return true;
  if (test.erased !== null ? row.address !== test.erased : test.keys && !test.keys.has(row.addressKey)) return false;
  return test.parts.every((part) => {
    const wanted = row.channel === 'EMAIL' ? part.email : part.other;
    const address = row.address ?? '';
    return row.address !== null && (part.kind === 'contains' ? address.includes(wanted) : address.startsWith(wanted));
  });
}

/** One key as an equation: then the index over key and id gives the order of the list too. */
function keyCondition(keys: readonly string[], key: Sql): Sql {
  return keys.length === 1 ? sql`${key} = ${keys[0]}::uuid` : sql`${key} = ANY(${keys}::uuid[])`;
}

function keysOf(text: string, channels: readonly Channel[], forms: AddressForms): Set<string> {
  const keys = new Set<string>();
  for (const channel of channels) {
    const result = forms.canonical(channel, text);
    if (result.ok) keys.add(forms.key(channel, result.canonical));
  }
  return keys;
}

/** As long as the beginning of an address that is indexed. */
const INDEXED_CHARACTERS = 128;

function partCondition({ kind, email, other }: Part, { address, channel }: { address: Sql; channel: Sql }): Sql {
  const reads = (text: string) => (kind === 'contains' ? sql`${address} LIKE ${`%${literal(text)}%`}` : beginsWith(address, text));
  if (email === other) return reads(other);
  return sql`((${reads(email)} AND ${channel} = 'EMAIL') OR (${reads(other)} AND ${channel} <> 'EMAIL'))`;
}

function beginsWith(address: Sql, text: string): Sql {
  const characters = [...text];
  const indexed = sql`left(${address}, ${raw(String(INDEXED_CHARACTERS))}) LIKE ${`${literal(characters.slice(0, INDEXED_CHARACTERS).join(''))}%`}`;
  return characters.length <= INDEXED_CHARACTERS ? indexed : sql`(${indexed} AND ${address} LIKE ${`${literal(text)}%`})`;
}

function isCaseSensitive(forms: AddressForms): boolean {
  const sample = forms.canonical('EMAIL', 'A@example.com');
  return sample.ok && sample.canonical.startsWith('A');
}
