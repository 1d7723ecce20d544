import { backgroundWorkEnded } from '../src/operations/background-work.ts';
import { createDelivery } from '../src/operations/create-delivery.ts';
import { deliveryCounters } from '../src/operations/delivery-counters.ts';
import { prepareDelivery } from '../src/operations/prepare-delivery.ts';
import { preparationName } from '../src/operations/run-preparation.ts';
import { raw, sql } from '../src/store/database.ts';
import { type BenchResult, scaled, timed } from './bench-result.ts';
import { type Scratch, withScratchDatabase } from './scratch-database.ts';

/**
 * Preparation of 1,000,000 recipients against 300,000 quarantined addresses. Baseline: bare INSERT..SELECT of the same rows, in as many slices, into
 * copies of the same tables with the same indexes.
 */
export const name = 'prepare';

const RECIPIENTS = 1_000_000;
const QUARANTINED = 300_000;
const PROFILES_IN_SLICE = 20_000;
const actor = { name: 'bench', tokenId: null };

export function run(): Promise<BenchResult[]> {
  return withScratchDatabase(async (scratch) => {
    const recipients = scaled(RECIPIENTS);
    await fill(scratch, recipients, scaled(QUARANTINED));
    const memory = watchMemory();
    const deliveryId = await createDelivery(scratch.instance, { label: 'Bench', channel: 'EMAIL' }, actor);
    await scratch.set('CHECKPOINT');
    const ms = await timed(async () => {
      await prepareDelivery(scratch.instance, deliveryId, actor);
      await backgroundWorkEnded(scratch.instance, preparationName(deliveryId));
    });
    const grown = memory.stop();
    await assertPrepared(scratch, deliveryId, recipients);
    await scratch.set('CHECKPOINT');
    const baselineMs = await timed(() => insertBare(scratch, Math.ceil(recipients / PROFILES_IN_SLICE)));
    const rate = (time: number) => Math.round(recipients / (time / 1000));
    return [
      { name, value: rate(ms), unit: 'recipients/s', baseline: rate(baselineMs), ratio: ms / baselineMs },
      {
        name: 'prepare-memory',
        value: grown.after,
        unit: 'MB resident at most',
        baseline: grown.before,
        ratio: grown.after / grown.before,
      },
    ];
  });
}

async function fill({ set }: Scratch, recipients: number, quarantined: number): Promise<void> {
  await set(`INSERT INTO profile (first_name) SELECT 'p' || i FROM generate_series(1, ${recipients}) AS i`);
  await set(`
    INSERT INTO address (profile_id, channel, value, original, address_key, domain)
    SELECT id, 'EMAIL', 'p' || id || '@d' || id % 500 || '.test', 'p' || id || '@d' || id % 500 || '.test', md5('EMAIL' || id)::uuid, 'd' || id % 500 || '.test'
    FROM profile`);
  await set(`
    INSERT INTO quarantine_entry (channel, address, address_key, domain, status, source)
    SELECT 'EMAIL', value, address_key, domain, 'QUARANTINE', 'BOUNCE_SYNC' FROM address ORDER BY md5(value) LIMIT ${quarantined}`);
  await set('VACUUM ANALYZE');
}

async function assertPrepared({ instance }: Scratch, deliveryId: bigint, recipients: number): Promise<void> {
  const counters = (await deliveryCounters(instance, [deliveryId])).get(deliveryId);
  if (counters?.targeted !== recipients) throw new Error(`${counters?.targeted} of ${recipients} recipients were decided`);
}

async function insertBare({ database, set }: Scratch, slices: number): Promise<void> {
  for (const table of ['delivery_log', 'exclusion_log']) await set(`CREATE TABLE ${table}_copy (LIKE ${table} INCLUDING ALL)`);
  const ends = await Promise.all(
    ['delivery_log', 'exclusion_log'].map(async (table) => {
      const [row] = await database.query<{ last: bigint }>(sql`SELECT max(id) AS last FROM ${raw(table)}`);
      return { table, step: Math.ceil(Number(row?.last ?? 0n) / slices) };
    }),
  );
  for (let slice = 0; slice < slices; slice += 1) {
    await database.transaction(async (tx) => {
      for (const { table, step } of ends) {
        await tx.execute(sql`
          INSERT INTO ${raw(`${table}_copy`)} SELECT * FROM ${raw(table)} WHERE id > ${slice * step} AND id <= ${(slice + 1) * step}`);
      }
    });
  }
}

/** Resident memory of this process, looked at ten times a second. */
function watchMemory() {
  const megabytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);
  const before = megabytes();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, megabytes());
  }, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return { before, after: most };
    },
  };
}
