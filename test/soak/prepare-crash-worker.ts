import { pino } from 'pino';
import { backgroundWorkEnded } from '../../src/operations/background-work.ts';
import { createDelivery } from '../../src/operations/create-delivery.ts';
import { type DeliveryCounters, deliveryCounters } from '../../src/operations/delivery-counters.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { openInstance } from '../../src/operations/open-instance.ts';
import { prepareDelivery } from '../../src/operations/prepare-delivery.ts';
import { resumePreparations } from '../../src/operations/resume-preparations.ts';
import { preparationName } from '../../src/operations/run-preparation.ts';
import { sql } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open-database.ts';

/** What the rows of a prepared delivery say. */
export interface PreparedReport {
  readonly limited: boolean;
  readonly rows: number;
  /** Different recipients among them. */
  readonly distinct: number;
  readonly toDeliver: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly volumes: number;
  readonly counted: DeliveryCounters;
}

// The process that prepare-crash.ts kills: <url|folder> <where> fill <recipients> | prepare <internal name> [limited]
const [kind, where = '', task, argument = '', limited] = process.argv.slice(2);
const actor = { name: 'soak', tokenId: null };
/** Small, so that there are many points to be killed at. */
const SLICE_SIZE = 2_000;

const open = await openDatabase({ databaseUrl: kind === 'url' ? where : undefined, dataDir: where, poolSize: 4 });
await migrate(open.database);
const instance = await openInstance({
  database: open.database,
  addressCase: 'canonical',
  log: pino({ level: 'error' }, pino.destination(2)),
});
if (task === 'fill') await fill(Number(argument));
else console.log(JSON.stringify(await prepareToTheEnd(argument, limited === 'limited')));
await open.close();

/** Of 100 profiles 20 are quarantined, 5 denylisted, 5 opted out, 5 without an address, and 5 hold the address of the one before. */
async function fill(recipients: number): Promise<void> {
  const { database } = open;
  await database.transaction(async (tx) => {
    await tx.execute(sql`INSERT INTO profile (opted_out_email) SELECT i % 20 = 4 FROM generate_series(1, ${recipients}::int) AS i`);
    await tx.execute(sql`
      INSERT INTO address (profile_id, channel, value, original, address_key, domain)
      SELECT id, 'EMAIL', value, value, md5(value)::uuid, 'soak.test'
      FROM (SELECT id, 'p' || CASE WHEN id % 20 = 7 THEN id - 1 ELSE id END || '@soak.test' AS value FROM profile WHERE id % 20 <> 9) AS person`);
    await tx.execute(sql`
      INSERT INTO quarantine_entry (channel, address, address_key, domain, status, source)
      SELECT 'EMAIL', value, address_key, domain, (CASE WHEN id % 20 = 1 THEN 'DENYLISTED' ELSE 'QUARANTINE' END)::"AddressStatus", 'MANUAL'
      FROM address WHERE id % 20 = 1 OR id % 5 = 3 ON CONFLICT DO NOTHING`);
  });
}

async function prepareToTheEnd(internalName: string, isLimited: boolean): Promise<PreparedReport> {
  const { database } = open;
  // Whoever holds a lease was killed: not to be waited for here.
  await database.execute(sql`UPDATE lease SET expires_at = clock_timestamp()`);
  await resumePreparations(instance);
  const [known] = await database.query<{ id: bigint; state: string }>(sql`
    SELECT id, state::text AS state FROM delivery WHERE internal_name = ${internalName}`);
  const limit = isLimited ? { limitTo: await halfOfTheFirst(instance), controlGroupPercent: 10 } : {};
  const id = known?.id ?? (await createDelivery(instance, { label: internalName, internalName, channel: 'EMAIL', ...limit }, actor));
  if ((known?.state ?? 'EDITION') === 'EDITION') await prepareDelivery(instance, id, actor, { sliceSize: SLICE_SIZE });
  while (!(await isReady(id))) {
    await resumePreparations(instance);
    await backgroundWorkEnded(instance, preparationName(id));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return report(id, isLimited);
}

async function halfOfTheFirst({ database }: Instance): Promise<number> {
  const [row] = await database.query<{ half: number }>(
    sql`SELECT to_deliver / 2 AS half FROM delivery_run ORDER BY delivery_id, run LIMIT 1`,
  );
  return row?.half ?? 0;
}

async function isReady(id: bigint): Promise<boolean> {
  const [row] = await open.database.query<{ state: string }>(sql`SELECT state::text AS state FROM delivery WHERE id = ${id}`);
  if (row?.state === 'PREPARATION_ERROR') throw new Error(`the preparation of delivery ${id} failed`);
  return row?.state === 'READY';
}

async function report(id: bigint, isLimited: boolean): Promise<PreparedReport> {
  const [row] = await open.database.query<Omit<PreparedReport, 'counted' | 'limited'>>(sql`
    WITH recipient AS (
      SELECT profile_id, address_key, NULL AS reason FROM delivery_log WHERE delivery_id = ${id}
      UNION ALL SELECT profile_id, address_key, reason::text FROM exclusion_log WHERE delivery_id = ${id}
    )
    SELECT count(*)::int AS rows, count(DISTINCT (profile_id, address_key))::int AS distinct, count(*) FILTER (WHERE reason IS NULL)::int AS "toDeliver",
      (SELECT jsonb_object_agg(reason, volume ORDER BY reason) FROM (SELECT reason, count(*) AS volume FROM recipient WHERE reason IS NOT NULL GROUP BY reason) r) AS reasons,
      (SELECT sum(volume)::int FROM exclusion_cause WHERE delivery_id = ${id}) AS volumes
    FROM recipient`);
  const counted = (await deliveryCounters(instance, [id])).get(id);
  if (row === undefined || counted === undefined) throw new Error(`delivery ${id} cannot be read`);
  return { limited: isLimited, ...row, counted };
}
