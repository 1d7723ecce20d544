import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { startDelivery } from '../../../src/operations/start-delivery.ts';
import { sql } from '../../../src/store/database.ts';
import { readFeedState } from '../../../src/store/feed-state.ts';
import { aDelivery, aResult, countersOf, logOf, record } from '../../support/feedback-instance.ts';
import { type Life, OPERATOR, openLife } from './life.ts';

let life: Life;
const instance = () => life.instance;

beforeAll(async () => {
  life = await openLife('2025-01-01T00:00:00Z');
});
afterAll(() => life.close());

const cleanup = async (at: string) => {
  life.setNow(at);
  const { tasks } = await runCleanup(instance(), SCHEDULED_CLEANUP, { sliceSize: 2 });
  expect(tasks.filter(({ error }) => error !== null)).toEqual([]);
  return Object.fromEntries(tasks.map(({ name, rows }) => [name, rows]));
};

const count = async (table: 'delivery_log' | 'delivery_event' | 'exclusion_log' | 'inbound_event' | 'audit_entry' | 'quarantine_event') => {
  const statement = {
    delivery_log: sql`SELECT count(*)::int AS n FROM delivery_log`,
    delivery_event: sql`SELECT count(*)::int AS n FROM delivery_event`,
    exclusion_log: sql`SELECT count(*)::int AS n FROM exclusion_log`,
    inbound_event: sql`SELECT count(*)::int AS n FROM inbound_event`,
    audit_entry: sql`SELECT count(*)::int AS n FROM audit_entry`,
    quarantine_event: sql`SELECT count(*)::int AS n FROM quarantine_event`,
  };
  const [row] = await instance().database.query<{ n: number }>(statement[table]);
  return row?.n;
};

test('a delivery whose validity is over is finished, and what is still pending is cancelled and says why (SND-7)', async () => {
  const people = Array.from({ length: 5 }, (_, at) => ({ address: `p${at}@validity.example` }));
  const delivery = await aDelivery(instance(), people);
  life.setNow('2025-01-01T08:00:00Z');
  await startDelivery(instance(), delivery.id, OPERATOR);
  expect(await cleanup('2025-01-06T07:59:59Z')).toMatchObject({ expiredDeliveries: 0 });
  expect(await cleanup('2025-01-06T08:00:00Z')).toMatchObject({ expiredDeliveries: 5 });
  for (const id of delivery.logIds) {
    expect(await logOf(instance(), id)).toMatchObject({
      status: 'CANCELLED',
      failureType: 'IGNORED',
      failureReason: 'EXPIRED',
      rawText: 'Message could not be processed before the delivery limit date.',
      version: 2,
    });
  }
  const [row] = await instance().database.query(sql`SELECT state FROM delivery WHERE id = ${delivery.id}`);
  expect(row).toEqual({ state: 'FINISHED' });
  expect(await countersOf(instance(), delivery.id)).toEqual({ pending: -5, cancelled: 5 });
  const told = await instance().database.query(sql`
    SELECT DISTINCT previous_status, previous_failure_type, status, failure_type FROM delivery_event WHERE delivery_id = ${delivery.id}`);
  expect(told).toEqual([{ previous_status: 'PENDING', previous_failure_type: null, status: 'CANCELLED', failure_type: 'IGNORED' }]);
  expect(await cleanup('2025-01-06T08:00:00Z')).toMatchObject({ expiredDeliveries: 0 });
});

test('the validity of the instance is a setting', async () => {
  const delivery = await aDelivery(instance(), [{ address: 'p@one-day.example' }]);
  life.setNow('2025-01-07T08:00:00Z');
  const oneDay = { ...instance(), settings: async () => ({ ...(await instance().settings()), deliveryValidity: 1 }) };
  await startDelivery(oneDay, delivery.id, OPERATOR);
  expect(await cleanup('2025-01-08T08:00:00Z')).toMatchObject({ expiredDeliveries: 1 });
});

test('logs, reports and the audit trail go after 180 days, the ledger of the addresses stays', async () => {
  const { database } = instance();
  await database.execute(sql`
    INSERT INTO delivery_log (delivery_id, run, address, address_key, channel, updated_at)
    SELECT id, 1, 'old@keep.example', md5('old')::uuid, 'EMAIL', age.at FROM (SELECT min(id) AS id FROM delivery) d,
      (VALUES ('2025-03-01T00:00:00Z'::timestamptz), ('2025-03-01T00:00:01Z')) AS age(at)`);
  await database.execute(sql`
    INSERT INTO exclusion_log (delivery_id, run, address_key, channel, reason, cause, text, created_at)
    SELECT 1, 1, md5('x' || i)::uuid, 'EMAIL', 'QUARANTINED', 'quarantine', 'text', '2025-03-01T00:00:00Z'::timestamptz + i * interval '1 second'
    FROM generate_series(0, 4) AS i`);
  await database.execute(sql`
    INSERT INTO inbound_event (door, dedupe_key, kind, raw, state, received_at)
    SELECT 'test', md5('in' || i)::uuid, 'MESSAGE', 'x', 'PROCESSED', '2025-03-01T00:00:00Z'::timestamptz + i * interval '1 second'
    FROM generate_series(0, 4) AS i`);
  await database.execute(sql`
    INSERT INTO audit_entry (actor, action, subject, detail, occurred_at)
    SELECT 'a', 'b', 'c', '{}', '2025-03-01T00:00:00Z'::timestamptz + i * interval '1 second' FROM generate_series(0, 4) AS i`);
  await database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, status, error_count, status_updated_at, source, version, occurred_at)
    VALUES (1, 'EMAIL', 'old@keep.example', md5('old')::uuid, NULL, 0, '2020-01-01', 'MANUAL', 1, '2020-01-01')`);
  // The clock of the database does not follow the test's.
  await database.execute(sql`UPDATE delivery_event SET recorded_at = '2025-01-06'`);
  const before = { logs: await count('delivery_log'), audit: await count('audit_entry') };
  const [last] = await database.query<{ txid: string; id: bigint }>(
    sql`SELECT txid::text AS txid, max(id) AS id FROM exclusion_log GROUP BY txid`,
  );
  // 180 days after 1 March, two seconds past midnight: three of each five are old.
  const report = await cleanup('2025-08-28T00:00:02Z');
  expect(report).toMatchObject({ exclusionLogs: 3, inboundEvents: 3 });
  expect(await count('delivery_log')).toBe(0);
  expect(report.deliveryLogs).toBe(before.logs);
  expect(await count('delivery_event')).toBe(0);
  expect([await count('exclusion_log'), await count('inbound_event'), await count('quarantine_event')]).toEqual([2, 2, 1]);
  expect(await count('audit_entry')).toBe((before.audit ?? 0) - (report.auditTrail ?? 0));
  expect(report.auditTrail).toBe((before.audit ?? 0) - 2);
  const { floor } = await readFeedState(database, 'EXCLUSION_LOG');
  expect(floor).toEqual({ txid: BigInt(last?.txid ?? 0), id: (last?.id ?? 0n) - 2n });
  expect((await readFeedState(database, 'DELIVERY_LOG')).floor.id).toBeGreaterThan(0n);
});

test('a result from long ago that is told today stays, and so do the cursors of the feed', async () => {
  const before = await readFeedState(instance().database, 'DELIVERY_LOG');
  await record(instance(), aResult({ outcome: 'DELIVERED', text: null, occurredAt: new Date('2020-01-01T00:00:00Z') }));
  expect(await cleanup('2025-08-29T00:00:00Z')).toMatchObject({ deliveryEvents: 0 });
  expect((await readFeedState(instance().database, 'DELIVERY_LOG')).floor).toEqual(before.floor);
});
