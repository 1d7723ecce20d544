import { mayContact } from '../src/operations/may-contact.ts';
import { type Sql, sql } from '../src/store/database.ts';
import { type BenchResult, median, scaled, timed } from './bench-result.ts';
import { type Scratch, withScratchDatabase } from './scratch-database.ts';

/**
 * 10,000 addresses asked about at once, against 3,000,000 entries. Baseline: the bare SQL join of their keys, which are ready, with the entries, of which it
 * reads the columns that a decision depends on. It asks neither for the person's wish nor for erasures.
 */
export const name = 'may-contact';

const ENTRIES = 3_000_000;
const ASKED = 10_000;
const ROUNDS = 31;
const CHUNK = 500_000;

export function run(): Promise<BenchResult[]> {
  return withScratchDatabase(async (scratch) => {
    const { instance, database } = scratch;
    const asked = Math.min(ASKED, scaled(ASKED) * 10);
    const addresses = Array.from({ length: asked }, (_, place) => `person${place}@bench${place % 200}.test`);
    const book = await instance.addressBook();
    const keys = addresses.map((address) => book.key('EMAIL', address));
    await fill(scratch, { entries: scaled(ENTRIES), addresses, keys });
    const join = bareJoin(keys);
    const spent = { ours: [] as number[], bare: [] as number[] };
    for (let round = 0; round < ROUNDS + 3; round += 1) {
      const bare = await timed(() => database.query(join));
      const ours = await timed(async () => {
        const decisions = await mayContact(
          instance,
          addresses.map((address) => ({ channel: 'EMAIL', address })),
        );
        const blocked = decisions.filter(({ allowed }) => !allowed).length;
        if (blocked === 0 || blocked === asked) throw new Error(`${blocked} of ${asked} addresses are blocked`);
      });
      if (round < 3) continue;
      spent.bare.push(bare);
      spent.ours.push(ours);
    }
    const rate = (ms: number) => Math.round(asked / (ms / 1000));
    const [ours, bare] = [median(spent.ours), median(spent.bare)];
    return [{ name, value: rate(ours), unit: 'addresses/s', baseline: rate(bare), ratio: ours / bare }];
  });
}

function bareJoin(keys: readonly string[]): Sql {
  return sql`
    SELECT asked.place::int, e.id, e.status, e.reason, e.last_error_at, e.soft_caused, e.status_updated_at
    FROM unnest(${keys}::uuid[]) WITH ORDINALITY AS asked (address_key, place)
    JOIN quarantine_entry AS e ON e.address_key = asked.address_key AND e.short_code = ''`;
}

/** Of the addresses that are asked about a third is quarantined, and half is held by somebody; every hundredth holder has opted out. */
async function fill(
  { set }: Scratch,
  { entries, addresses, keys }: { entries: number; addresses: readonly string[]; keys: readonly string[] },
): Promise<void> {
  for (let from = 0; from < entries; from += CHUNK) {
    await set(`
      INSERT INTO quarantine_entry (channel, address, address_key, domain, status, source)
      SELECT 'EMAIL', 'q' || i || '@d' || i % 500 || '.test', md5(i::text)::uuid, 'd' || i % 500 || '.test', 'QUARANTINE', 'BOUNCE_SYNC'
      FROM generate_series(${from + 1}, ${Math.min(from + CHUNK, entries)}) AS i`);
  }
  const tuples = addresses.map((address, place) => `(${place}, '${address}', '${keys[place]}'::uuid)`).join(',');
  await set(`
    CREATE TABLE asked (place, address, address_key) AS VALUES ${tuples};
    INSERT INTO quarantine_entry (channel, address, address_key, domain, status, source)
    SELECT 'EMAIL', address, address_key, 'bench.test', 'QUARANTINE', 'BOUNCE_SYNC' FROM asked WHERE place % 3 = 0;
    INSERT INTO profile (opted_out_email) SELECT i % 100 = 0 FROM generate_series(1, 300000) AS i;
    INSERT INTO address (profile_id, channel, value, original, address_key, opted_out)
    SELECT p.id, 'EMAIL', COALESCE(asked.address, 'x' || p.id), COALESCE(asked.address, 'x' || p.id), COALESCE(asked.address_key, md5('x' || p.id)::uuid),
           p.opted_out_email
    FROM profile AS p LEFT JOIN asked ON asked.place = p.id AND asked.place % 2 = 1`);
  await set('VACUUM ANALYZE');
}
