import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { addressKey, externalIdKey, hmacPads, keyFingerprint } from '../domain/address/address-key.ts';
import { type AddressCase, canonicalAddress } from '../domain/address/canonical-address.ts';
import { DAY_MS, type Settings, settingsFrom } from '../domain/settings/settings.ts';
import { type Database, type Queryable, sql } from '../store/database.ts';
import { prepareFeeds } from '../store/feed-state.ts';
import { readOpenIncidents } from '../store/incidents.ts';
import { revisioned } from '../store/revision.ts';
import type { AddressBook, Instance } from './instance.ts';
import { openRuleBooks, seedBuiltInRules } from './rule-books.ts';

/** The configuration does not fit this database; the message is one sentence for the person at the terminal. */
export class InstanceError extends Error {
  override readonly name = 'InstanceError';
}

export interface InstanceOptions {
  readonly database: Database;
  readonly addressCase: AddressCase;
  /** LAZARET_ADDRESS_KEY; undefined = the key that was made at the first start. */
  readonly addressKey?: string | undefined;
  readonly log: Logger;
  readonly now?: () => Date;
  /** Names this process in leases; made up where it is absent. */
  readonly node?: string;
}

/** What of the address key the database keeps; `secret` only where no variable brings it. */
interface StoredKey {
  readonly fingerprint: string;
  readonly secret: string | null;
}

/**
 * Opens a migrated database for work: fixes at the first start what may never change (address key, address case), refuses to go on
 * where it did change, and brings the built-in rules up to date. Nodes that start at once agree on what the first one wrote.
 *
 * With another address key no entry would match any more and every gate would stand open; so the start ends instead.
 *
 * @throws InstanceError where the database holds another address key or another ADDRESS_CASE
 */
export async function openInstance(options: InstanceOptions): Promise<Instance> {
  const { database, log, now = () => new Date() } = options;
  const secret = await database.transaction(async (tx) => {
    await fixAddressCase(tx, options.addressCase);
    const key = await fixAddressKey(tx, options.addressKey);
    await seedBuiltInRules(tx, now());
    return key;
  });
  for (const ledger of await prepareFeeds(database)) {
    log.warn({ ledger }, 'the database was restored from another cluster: the feed was set back and older cursors have expired');
  }
  const settings = revisioned(database, 'settings', () => readSettings(database));
  return {
    database,
    log,
    now,
    node: options.node ?? `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
    settings,
    addressBook: addressBooks(secret, options.addressCase, settings),
    ruleBooks: openRuleBooks(database),
    openIncidents: revisioned(database, 'incidents', async () => {
      const { asyncWindow } = await settings();
      return readOpenIncidents(database, new Date(now().getTime() - asyncWindow * DAY_MS));
    }),
  };
}

/** Writes a fact about the instance if nobody has yet, and tells what stands. */
async function fixFact<T>(tx: Queryable, name: string, value: T): Promise<T> {
  const key = `instance.${name}`;
  await tx.execute(sql`INSERT INTO setting (key, value) VALUES (${key}, ${JSON.stringify(value)}::jsonb) ON CONFLICT (key) DO NOTHING`);
  const [row] = await tx.query<{ value: T }>(sql`SELECT value FROM setting WHERE key = ${key}`);
  if (!row) throw new Error(`the fact ${key} was written but cannot be read`);
  return row.value;
}

async function fixAddressCase(tx: Queryable, wanted: AddressCase): Promise<void> {
  const fixed = await fixFact(tx, 'address_case', wanted);
  if (fixed !== wanted) {
    throw new InstanceError(
      `ADDRESS_CASE is ${wanted}, but this database was made with ${fixed} and cannot change: set ADDRESS_CASE=${fixed}`,
    );
  }
}

/** The secret as text, so that a key that was made here can later be moved into the variable as it stands. */
async function fixAddressKey(tx: Queryable, given: string | undefined): Promise<Buffer> {
  const secret = given ?? randomBytes(32).toString('base64url');
  const mine: StoredKey = { fingerprint: keyFingerprint(Buffer.from(secret)), secret: given === undefined ? secret : null };
  const fixed = await fixFact(tx, 'address_key', mine);
  const effective = given ?? fixed.secret;
  if (effective === null) {
    throw new InstanceError(
      'this database was made with LAZARET_ADDRESS_KEY: set it to the same secret, without it no address would be recognised',
    );
  }
  if (keyFingerprint(Buffer.from(effective)) !== fixed.fingerprint) {
    throw new InstanceError(
      'LAZARET_ADDRESS_KEY is not the secret that this database was made with: with another one no address would be recognised',
    );
  }
  return Buffer.from(effective);
}

async function readSettings(database: Database): Promise<Settings> {
  return settingsFrom(
    await database.query<{ key: string; value: unknown }>(sql`SELECT key, value FROM setting WHERE key NOT LIKE 'instance.%'`),
  );
}

function addressBooks(secret: Buffer, addressCase: AddressCase, settings: () => Promise<Settings>): () => Promise<AddressBook> {
  const sqlPads = hmacPads(secret);
  let held: { region: string | null; book: AddressBook } | undefined;
  return async () => {
    const { defaultPhoneRegion: region } = await settings();
    if (held?.region !== region) held = { region, book: makeAddressBook(secret, sqlPads, addressCase, region) };
    return held.book;
  };
}

function makeAddressBook(secret: Buffer, sqlPads: AddressBook['sqlPads'], addressCase: AddressCase, region: string | null): AddressBook {
  return {
    sqlPads,
    key: (channel, canonical) => addressKey(secret, channel, canonical),
    externalIdKey: (externalId) => externalIdKey(secret, externalId),
    canonical: (channel, value, options) =>
      canonicalAddress({
        channel,
        value,
        addressCase,
        defaultRegion: region ?? undefined,
        ...(options?.international === undefined ? {} : { international: options.international }),
      }),
  };
}
