import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressKey } from '../../src/domain/address/address-key.ts';
import { makeFirstToken } from '../../src/operations/first-token.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { type InstanceOptions, openInstance } from '../../src/operations/open-instance.ts';
import { type Database, sql } from '../../src/store/database.ts';
import { bumpRevision } from '../../src/store/revision.ts';
import { aSecondPasses } from '../support/a-second-passes.ts';
import { freshDatabase } from '../support/test-database.ts';

const log = pino({ level: 'silent' });
const KEY = 'k'.repeat(40);

/** Runs a test on a database on which nothing was ever opened. */
async function onFresh(work: (database: Database, open: (options?: Partial<InstanceOptions>) => Promise<Instance>) => Promise<void>) {
  const database = await freshDatabase();
  try {
    await work(database, (options) => openInstance({ database, addressCase: 'canonical', log, ...options }));
  } finally {
    await database.close();
  }
}

const keyOf = async (instance: Instance) => (await instance.addressBook()).key('EMAIL', 'jo@example.com');

describe('the address key', () => {
  test('that is made at the first start is found again at the next, and can be moved into the variable', () =>
    onFresh(async (database, open) => {
      const key = await keyOf(await open());
      expect(await keyOf(await open())).toBe(key);
      const [row] = await database.query<{ value: { secret: string } }>(sql`SELECT value FROM setting WHERE key = 'instance.address_key'`);
      expect(await keyOf(await open({ addressKey: row?.value.secret ?? '' }))).toBe(key);
    }));

  test('of the variable is not kept, only its fingerprint', () =>
    onFresh(async (database, open) => {
      expect(await keyOf(await open({ addressKey: KEY }))).toBe(addressKey(Buffer.from(KEY), 'EMAIL', 'jo@example.com'));
      const rows = await database.query<{ value: unknown }>(sql`SELECT value FROM setting`);
      expect(JSON.stringify(rows)).not.toContain(KEY);
    }));

  test('that is another one stops the start', () =>
    onFresh(async (_database, open) => {
      await open({ addressKey: KEY });
      await expect(open({ addressKey: 'x'.repeat(40) })).rejects.toThrow(
        'LAZARET_ADDRESS_KEY is not the secret that this database was made with',
      );
      await expect(open()).rejects.toThrow('was made with LAZARET_ADDRESS_KEY: set it');
    }));

  test('set for a database that made its own stops the start', () =>
    onFresh(async (_database, open) => {
      await open();
      await expect(open({ addressKey: KEY })).rejects.toThrow('LAZARET_ADDRESS_KEY is not the secret');
    }));

  test('is the same in SQL by the pads', () =>
    onFresh(async (database, open) => {
      for (const addressKey of [KEY, 'long '.repeat(30)]) {
        const { sqlPads, key } = await (await open({ addressKey })).addressBook();
        const text = Buffer.from('EMAIL\0jo@example.com');
        const [row] = await database.query<{ mac: string }>(sql`
          SELECT encode(sha256(${sqlPads.outer}::bytea || sha256(${sqlPads.inner}::bytea || ${text}::bytea)), 'hex') AS mac`);
        expect(row?.mac.slice(0, 32)).toBe(key('EMAIL', 'jo@example.com').replaceAll('-', ''));
        await database.execute(sql`DELETE FROM setting WHERE key = 'instance.address_key'`);
      }
    }));
});

test('ADDRESS_CASE is fixed at the first start', () =>
  onFresh(async (_database, open) => {
    await open({ addressCase: 'exact' });
    await expect(open()).rejects.toThrow(
      'ADDRESS_CASE is canonical, but this database was made with exact and cannot change: set ADDRESS_CASE=exact',
    );
    const book = await (await open({ addressCase: 'exact' })).addressBook();
    expect(book.canonical('EMAIL', 'Ivan@X.com')).toMatchObject({ canonical: 'Ivan@x.com' });
  }));

test('nodes that start at once agree on one key and make one first token', () =>
  onFresh(async (database, open) => {
    const nodes = await Promise.all(Array.from({ length: 6 }, () => open()));
    expect(new Set(await Promise.all(nodes.map(keyOf))).size).toBe(1);
    const tokens = await Promise.all(nodes.map((node) => makeFirstToken(node, undefined)));
    expect(tokens.filter((token) => token !== null)).toHaveLength(1);
    const rows = await database.query<{ scopes: string[] }>(sql`SELECT scopes FROM token`);
    expect(rows).toEqual([{ scopes: ['admin'] }]);
  }));

test('the first token is not made again after its revocation', () =>
  onFresh(async (database, open) => {
    const instance = await open();
    expect(await makeFirstToken(instance, `lzt_${'a'.repeat(30)}`)).toBe(`lzt_${'a'.repeat(30)}`);
    await database.execute(sql`DELETE FROM token`);
    expect(await makeFirstToken(instance, `lzt_${'a'.repeat(30)}`)).toBeNull();
  }));

describe('settings', () => {
  let database: Database;
  let instance: Instance;
  beforeAll(async () => {
    database = await freshDatabase();
    instance = await openInstance({ database, addressCase: 'canonical', log });
  });
  afterAll(() => database.close());

  test('take effect within a second of their change', async () => {
    expect((await instance.settings()).defaultPhoneRegion).toBeNull();
    expect((await instance.addressBook()).canonical('SMS', '06 12 34 56 78').ok).toBe(false);
    await database.transaction(async (tx) => {
      await tx.execute(sql`INSERT INTO setting (key, value) VALUES ('defaultPhoneRegion', '"FR"'::jsonb)`);
      await bumpRevision(tx, 'settings');
    });
    aSecondPasses();
    expect((await instance.addressBook()).canonical('SMS', '06 12 34 56 78')).toMatchObject({ ok: true, canonical: '+33612345678' });
  });
});
