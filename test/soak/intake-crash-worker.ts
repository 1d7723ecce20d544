import { pino } from 'pino';
import type { DeliveryResultItem } from '../../src/operations/check-delivery-result.ts';
import type { Door } from '../../src/operations/feedback-item.ts';
import { foldCounters } from '../../src/operations/fold-counters.ts';
import { openInstance } from '../../src/operations/open-instance.ts';
import { recordDeliveryResults } from '../../src/operations/record-delivery-results.ts';
import { type Queryable, rows, sql } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open-database.ts';

/** What the rows of one intake say. */
export interface IntakeReport {
  /** Events that were kept, in the ledger of the deliveries, and different ones among these. */
  readonly kept: number;
  readonly lines: number;
  readonly distinct: number;
  /** Entries by `STATUS errorCount`. */
  readonly entries: Readonly<Record<string, number>>;
  /** Logs by `STATUS version`. */
  readonly logs: Readonly<Record<string, number>>;
  readonly quarantineLines: number;
  /** Ledgers with a gap or a doubled version, or whose last line is not their entry. */
  readonly brokenLedgers: number;
  /** Folded and pending lines together. */
  readonly counters: Readonly<Record<string, number>>;
  readonly occurrences: number;
}

// The process that intake-crash.ts kills: <url|folder> <where> <label> <events>
const [kind, where = '', label = '', events = '0'] = process.argv.slice(2);
const BATCH = 500;
const EVENTS_AN_ADDRESS = 5;
const DOOR: Door = { name: 'soak', authenticated: true, actor: { name: 'soak', tokenId: null } };
const DAY_MS = 86_400_000;
const TEXTS = ['452 4.2.2 The mailbox is over quota', '550 5.1.1 User unknown', '451 4.3.0 Temporary lookup failure'];
const START_MS = Date.UTC(2026, 0, 1);

const open = await openDatabase({ databaseUrl: kind === 'url' ? where : undefined, dataDir: where, poolSize: 6 });
await migrate(open.database);
const log = pino({ level: 'error' }, pino.destination(2));
const now = () => new Date(START_MS + 100 * DAY_MS);
const instance = await openInstance({ database: open.database, addressCase: 'canonical', log, now });
console.log(JSON.stringify(await takeIn(Number(events))));
await open.close();

async function takeIn(count: number): Promise<IntakeReport> {
  const { database } = instance;
  // Whoever holds a lease was killed: not to be waited for here.
  await database.execute(sql`UPDATE lease SET expires_at = clock_timestamp()`);
  const deliveryId = await aDelivery(Math.ceil(count / EVENTS_AN_ADDRESS));
  const starts = Array.from({ length: Math.ceil(count / BATCH) }, (_, batch) => batch * BATCH);
  const senders = [0, 1, 2, 3].map(async (sender) => {
    for (const [at, start] of starts.entries()) {
      if (at % 4 !== sender) continue;
      const items = Array.from({ length: Math.min(BATCH, count - start) }, (_, n) => anEvent(start + n, deliveryId));
      const outcomes = await recordDeliveryResults(instance, items, DOOR);
      if (!outcomes.every(({ accepted }) => accepted)) throw new Error('an event was refused');
      if (at % 3 === 0) await foldCounters(instance);
    }
  });
  await Promise.all(senders);
  return report(database, deliveryId);
}

function addressOf(n: number): string {
  return `${label}-${n}@soak.test`;
}

/** Five events an address, all in one batch: a soft error a day, or a hard one, or a success among them. */
function anEvent(n: number, deliveryId: bigint): DeliveryResultItem {
  const address = Math.floor(n / EVENTS_AN_ADDRESS);
  const day = n % EVENTS_AN_ADDRESS;
  const delivered = address % 3 === 1 && day === 3;
  return {
    eventId: `${label} ${n}`,
    deliveryId,
    channel: 'EMAIL',
    address: addressOf(address),
    outcome: delivered ? 'DELIVERED' : 'FAILED',
    text: delivered ? '250 Ok' : `${TEXTS[address % 7 === 0 ? 1 : day % 2 === 0 ? 0 : 2]} ${label}`,
    occurredAt: new Date(START_MS + day * DAY_MS + address),
  };
}

/** Made once with all its logs, or not at all. */
async function aDelivery(recipients: number): Promise<bigint> {
  const book = await instance.addressBook();
  const logs = Array.from({ length: recipients }, (_, n) => ({ address: addressOf(n), key: book.key('EMAIL', addressOf(n)) }));
  return instance.database.transaction(async (tx) => {
    const [known] = await tx.query<{ id: bigint }>(sql`SELECT id FROM delivery WHERE internal_name = ${label}`);
    if (known) return known.id;
    const [made] = await tx.query<{ id: bigint }>(sql`
      INSERT INTO delivery (label, internal_name, channel, state, target_all, run) VALUES (${label}, ${label}, 'EMAIL', 'STARTED', true, 1) RETURNING id`);
    if (!made) throw new Error('the delivery has no id');
    await tx.execute(sql`
      INSERT INTO delivery_log (delivery_id, run, address, address_key, channel)
      SELECT ${made.id}::bigint, 1, r.address, r.key, 'EMAIL' FROM jsonb_to_recordset(${rows(logs)}::jsonb) AS r(address text, key uuid)`);
    return made.id;
  });
}

async function report(database: Queryable, deliveryId: bigint): Promise<IntakeReport> {
  const [row] = await database.query<IntakeReport>(sql`
    WITH own AS (SELECT address_key, status, version FROM delivery_log WHERE delivery_id = ${deliveryId}),
    entry AS (SELECT e.* FROM quarantine_entry e JOIN own USING (address_key)),
    line AS (SELECT q.* FROM quarantine_event q JOIN own USING (address_key)),
    ledger AS (
      SELECT address_key, count(*) AS lines, max(version) AS last, min(version) AS first FROM line GROUP BY address_key
    )
    SELECT
      (SELECT count(*)::int FROM inbound_event WHERE payload ->> 'deliveryId' = ${deliveryId}::text) AS kept,
      (SELECT count(*)::int FROM delivery_event WHERE delivery_id = ${deliveryId}) AS lines,
      (SELECT count(DISTINCT inbound_event_id)::int FROM delivery_event WHERE delivery_id = ${deliveryId}) AS distinct,
      (SELECT jsonb_object_agg(state, n ORDER BY state) FROM (
        SELECT status || ' ' || error_count AS state, count(*) AS n FROM entry GROUP BY 1) s) AS entries,
      (SELECT jsonb_object_agg(state, n ORDER BY state) FROM (SELECT status || ' ' || version AS state, count(*) AS n FROM own GROUP BY 1) s) AS logs,
      (SELECT count(*)::int FROM line) AS "quarantineLines",
      (SELECT count(*)::int FROM ledger l FULL JOIN entry e USING (address_key) LEFT JOIN line last ON last.address_key = l.address_key AND last.version = l.last
        WHERE l.lines <> l.last OR l.first <> 1 OR (e.version, e.status, e.error_count, e.error_text) IS DISTINCT FROM
          (last.version, last.status, last.error_count, last.text)) AS "brokenLedgers",
      (SELECT jsonb_object_agg(metric, n ORDER BY metric) FROM (
        SELECT metric, sum(amount)::int AS n FROM (
          SELECT metric, amount FROM counter_delta WHERE kind = 'DELIVERY' AND subject = ${deliveryId}
          UNION ALL SELECT metric, amount FROM delivery_counter WHERE delivery_id = ${deliveryId}) parts
        GROUP BY metric HAVING sum(amount) <> 0) c) AS counters,
      (SELECT coalesce(sum(q.occurrences + (SELECT coalesce(sum(amount), 0) FROM counter_delta d WHERE d.kind = 'QUALIFICATION' AND d.subject = q.id)), 0)::int
        FROM qualification q WHERE q.first_text LIKE ${`% ${label}`}) AS occurrences`);
  if (row === undefined) throw new Error('nothing was reported');
  return row;
}
