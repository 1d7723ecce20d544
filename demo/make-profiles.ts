/**
 * Makes the profiles of the demo: invented people as CSV in the contract's column order, the same for the same seed.
 *
 * The people are as untidy as real lists: addresses shared by a household, several addresses in one row, none at all, capitals,
 * international domains, people who have opted out, and now and then a row that the import must reject.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The contract's columns; `email` and `mobile` hold several values separated by `|`, so does `optedOut` (or it says `all`). */
export type ProfileRow = {
  readonly externalId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly mobile: string;
  readonly optedOut: string;
};

export type ProfileOptions = {
  /** Number of rows. */
  readonly count: number;
  /** Any integer; the same seed gives the same rows. */
  readonly seed: number;
  /** Addresses that must be among the profiles, one profile each, spread over the first rows. */
  readonly include: readonly string[];
};

export const PROFILE_COLUMNS = ['external_id', 'first_name', 'last_name', 'email', 'mobile', 'opted_out'] as const;

const FIRST_NAMES = [
  'Agnes',
  'Bilal',
  'Carmen',
  'Dorian',
  'Esther',
  'Florian',
  'Giulia',
  'Hamza',
  'Isolde',
  'Jonas',
  'Katja',
  'Leif',
  'Malin',
  'Noah',
  'Olga',
  'Pedro',
  'Renée',
  'Søren',
  'Tamsin',
  'Ulrich',
  'Vera',
  'Wanda',
  'Ximena',
  'Yann',
  'Žofie',
  'Björn',
  'Chiara',
  'Eamon',
  'Ludmila',
  'Théo',
] as const;

const LAST_NAMES = [
  'Abendrot',
  'Birkenau',
  'Caldermoor',
  'Dovecroft',
  'Eisvogel',
  'Farnhollow',
  'Gullhaven',
  'Hazelmere',
  'Inkberrow',
  'Jarlsby',
  'Kupferberg',
  'Larkspur',
  'Mühlbach',
  'Nightingill',
  'Orrefall',
  'Pinecroft',
  'Querbach',
  'Rosenquill',
  'Saltmarsh',
  'Turmfalk',
  'Umberside',
  'Vestergren',
  'Wolkenstein',
  'Yarrowfield',
  'Zaunkoenig',
  "O'Harrow",
  'van der Linde',
  'Ångström-Hale',
] as const;

const DOMAINS = [
  'example.com',
  'example.net',
  'example.org',
  'mail.example.com',
  'post.example.net',
  'brook.example',
  'club.example',
] as const;

type Random = () => number;

/** Mulberry32: small, fast, and good enough to mix names. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: Random, items: readonly [T, ...(readonly T[])]): T => items[Math.floor(random() * items.length)] ?? items[0];

function asciiPart(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ø', 'o')
    .toLowerCase()
    .replace(/[^a-z]+/g, '-');
}

/** The addresses of an ordinary row; `number` keeps them apart where names repeat. */
function emailsOf(random: Random, first: string, last: string, number: number): string {
  const local = `${asciiPart(first)}.${asciiPart(last)}${number}`;
  const address = `${local}@${pick(random, DOMAINS)}`;
  const kind = random();
  if (kind < 0.03) return '';
  if (kind < 0.06) return `family-${asciiPart(last)}${number % 50}@example.com`;
  if (kind < 0.1) return `${address}|${local}.work@post.example.net`;
  if (kind < 0.13) return address.toUpperCase();
  if (kind < 0.15) return `${local}@bücher.example`;
  return address;
}

/** Numbers of the range that the United Kingdom keeps free for drama. */
function mobileOf(random: Random, number: number): string {
  return random() < 0.4 ? `+447700900${String(number % 1000).padStart(3, '0')}` : '';
}

function optedOutOf(random: Random): string {
  const kind = random();
  if (kind < 0.015) return 'all';
  if (kind < 0.03) return 'EMAIL';
  return kind < 0.035 ? 'EMAIL|SMS' : '';
}

/** A row that the import must reject: no id, an address that is none, or a channel that does not exist. */
function malformed(random: Random, row: ProfileRow): ProfileRow {
  return pick(random, [
    { ...row, externalId: '' },
    { ...row, email: `${asciiPart(row.lastName)}.example.com` },
    { ...row, email: 'two words@example.com' },
    { ...row, optedOut: 'PIGEON' },
  ]);
}

function ordinaryRow(random: Random, number: number): ProfileRow {
  const firstName = pick(random, FIRST_NAMES);
  const lastName = pick(random, LAST_NAMES);
  const row = {
    externalId: `P${String(number).padStart(7, '0')}`,
    firstName,
    lastName,
    email: emailsOf(random, firstName, lastName, number),
    mobile: mobileOf(random, number),
    optedOut: optedOutOf(random),
  };
  return number % 997 === 499 ? malformed(random, row) : row;
}

/** The profile of an address that must be there; it has opted out of nothing, so that its failures show. */
function includedRow(address: string, number: number): ProfileRow {
  const names = address.slice(0, address.lastIndexOf('@')).split('.');
  const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
  return {
    externalId: `P${String(number).padStart(7, '0')}`,
    firstName: capital(names[0] ?? ''),
    lastName: capital(names.slice(1).join(' ')),
    email: address,
    mobile: '',
    optedOut: '',
  };
}

/**
 * Yields the rows one by one, so that a million of them need no memory.
 *
 * @throws RangeError when `include` has more addresses than there are rows
 */
export function* profileRows({ count, seed, include }: ProfileOptions): Generator<ProfileRow> {
  if (include.length > count) throw new RangeError(`${include.length} addresses do not fit into ${count} rows`);
  const random = randomFrom(seed);
  const every = include.length === 0 ? 0 : Math.max(1, Math.min(7, Math.floor(count / include.length)));
  for (let number = 0; number < count; number += 1) {
    const ordinary = ordinaryRow(random, number);
    const included = every > 0 && number % every === 0 ? include[number / every] : undefined;
    yield included === undefined ? ordinary : includedRow(included, number);
  }
}

/** One CSV line without its line end (RFC 4180: quoted where it holds a comma, a quote or a line break). */
export function csvLine(row: ProfileRow): string {
  return [row.externalId, row.firstName, row.lastName, row.email, row.mobile, row.optedOut]
    .map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .join(',');
}

/** Every address the shipped failure messages speak of, once. */
export function fixtureAddresses(fixturesFolder: string = join(import.meta.dirname, '../fixtures')): readonly string[] {
  const lines = readFileSync(join(fixturesFolder, 'manifest.jsonl'), 'utf8').split('\n');
  const addresses = lines
    .filter((line) => line !== '')
    .flatMap((line): readonly { address: string }[] => JSON.parse(line).recipients)
    .map(({ address }) => address);
  return [...new Set(addresses)];
}
