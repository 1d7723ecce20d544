import { afterAll, beforeAll, expect, test } from 'vitest';
import { releaseQuarantine, releaseSlice } from '../../../src/operations/release-quarantine.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { runRelease } from '../../../src/operations/run-release.ts';
import { undoRelease, undoReleaseSlice } from '../../../src/operations/undo-release.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { sql } from '../../../src/store/database.ts';
import { explainedInstance } from '../../support/explaining.ts';
import { type Life, OPERATOR, openLife } from './life.ts';

const ENTRIES = 12_000;
const LOGS = 30_000;
const SLICE = 100;

let life: Life;

beforeAll(async () => {
  life = await openLife('2025-03-20T12:00:00Z');
  const { database } = life.instance;
  // One in fifty is due for release, one in fifty valid; the rest stays.
  await database.execute(sql`
    INSERT INTO quarantine_entry (channel, address, address_key, domain, status, reason, error_text, error_count, last_error_at, source, created_at,
      status_updated_at)
    SELECT 'EMAIL', 'p' || i || '@plan.example', md5('plan' || i)::uuid, 'd' || i % 50 || '.example',
      (CASE i % 50 WHEN 0 THEN 'ERRONEOUS' WHEN 1 THEN 'VALID' ELSE 'QUARANTINE' END)::"AddressStatus", 'USER_UNKNOWN', '550-5.1.1 no such user', 1,
      '2025-03-01T08:00:00Z', 'BOUNCE_SYNC', '2025-03-01T08:00:00Z', '2025-03-01T08:00:00Z'
    FROM generate_series(1, ${ENTRIES}::int) AS i`);
  await database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, domain, status, reason, error_count, text, last_error_at, status_updated_at,
      source, version, occurred_at)
    SELECT id, channel, address, address_key, domain, status, reason, error_count, error_text, last_error_at, status_updated_at, source, 1,
      status_updated_at FROM quarantine_entry`);
  await database.execute(sql`
    INSERT INTO delivery (label, internal_name, channel, state, target_all, run, valid_until)
    VALUES ('Plan', 'plan', 'EMAIL', 'STARTED', true, 1, '2025-03-19')`);
  await database.execute(sql`
    INSERT INTO delivery_log (delivery_id, run, address, address_key, channel, status, updated_at)
    SELECT d.id, 1, 'p' || i || '@plan.example', md5('log' || i)::uuid, 'EMAIL', (CASE WHEN i % 100 = 0 THEN 'PENDING' ELSE 'SENT' END)::"MessageStatus",
      CASE WHEN i <= 300 THEN '2024-01-01'::timestamptz ELSE '2025-03-19' END
    FROM delivery d CROSS JOIN generate_series(1, ${LOGS}::int) AS i`);
  await database.execute(sql`
    INSERT INTO delivery_event (delivery_log_id, delivery_id, run, channel, address, address_key, status, origin, version, occurred_at, recorded_at)
    SELECT id, delivery_id, run, channel, address, address_key, status, 'SYNC', 1, updated_at, updated_at FROM delivery_log ORDER BY id`);
  await database.execute(sql`
    INSERT INTO exclusion_log (delivery_id, run, address_key, channel, reason, cause, text, created_at)
    SELECT delivery_id, 1, address_key, channel, 'QUARANTINED', 'quarantine', 'text', updated_at FROM delivery_log ORDER BY id`);
  await database.execute(sql`
    INSERT INTO inbound_event (door, dedupe_key, kind, raw, state, received_at)
    SELECT 'test', address_key, 'MESSAGE', 'x', 'PROCESSED', updated_at FROM delivery_log ORDER BY id`);
  await database.execute(sql`
    INSERT INTO audit_entry (actor, action, subject, detail, occurred_at) SELECT 'a', 'b', 'c', '{}', updated_at FROM delivery_log ORDER BY id`);
  await database.execute(sql`
    INSERT INTO requalification (id, state, dry_run, filter, actor, from_at, last_event_id, created_at)
    SELECT i, 'DONE', false, '{}', 'a', '2024-01-01', 0, CASE i WHEN 1 THEN '2024-01-01'::timestamptz ELSE '2025-03-19' END
    FROM generate_series(1, 20) AS i`);
  await database.execute(sql`
    INSERT INTO requalified_failure (requalification_id, address_key, event_id, type, reason, fault, ignored)
    SELECT CASE WHEN i <= 300 THEN 1 ELSE 2 + i % 19 END, md5('log' || i)::uuid, i, 'HARD', 'USER_UNKNOWN', 'RECIPIENT', false
    FROM generate_series(1, ${LOGS}::int) AS i`);
  await database.execute(sql`
    INSERT INTO domain_result (channel, domain, slot, result, amount)
    SELECT 'EMAIL', 'd' || i % 100 || '.example', extract(epoch FROM '2025-03-19T11:00:00Z'::timestamptz - i / 100 * interval '10 minutes')::int / 600,
      'DELIVERED', 1 FROM generate_series(1, ${LOGS}::int) AS i`);
  await database.execute(sql`
    INSERT INTO domain_result (channel, domain, slot, result, amount)
    SELECT 'EMAIL', 'd' || i || '.example', extract(epoch FROM '2024-01-01T00:00:00Z'::timestamptz)::int / 600, 'DELIVERED', 1
    FROM generate_series(1, 300) AS i`);
  await database.execute(sql`ANALYZE`);
});
afterAll(() => life.close());

test('the cleanup reads no log, no ledger and not the list from end to end', async () => {
  const { on, fullScans, statements } = explainedInstance(life.instance);
  const { tasks } = await runCleanup(on, SCHEDULED_CLEANUP, { sliceSize: SLICE });
  expect(Object.fromEntries(tasks.map(({ name, rows, error }) => [name, error ?? rows]))).toMatchObject({
    expiredDeliveries: 300,
    releasedEntries: 240,
    purgedEntries: 480,
    deliveryLogs: 297,
    deliveryEvents: 300,
    exclusionLogs: 300,
    inboundEvents: 300,
    requalifiedFailures: 300,
    auditTrail: 300,
    // 17 March from 09:00 to 23:50; the days after it are kept by ten minutes.
    domainDays: 8_901,
    domainResults: 300,
  });
  expect(statements.length).toBeGreaterThan(30);
  expect(fullScans).toEqual([]);
});

test('the slices of a release and of its undo neither', async () => {
  const { on, fullScans } = explainedInstance(life.instance);
  const filter = { domain: ['d7.example'] };
  const id = await releaseQuarantine(life.instance, { filter, mode: 'SET_VALID', dryRun: false }, OPERATOR, {
    signal: AbortSignal.abort(),
  });
  await runRelease(on, id, releaseSlice, { sliceSize: SLICE });
  await life.instance.database.execute(sql`ANALYZE quarantine_event`);
  await undoRelease(life.instance, id, OPERATOR, { signal: AbortSignal.abort() });
  await runRelease(on, id, undoReleaseSlice, { sliceSize: SLICE });
  const [row] = await life.instance.database.query(sql`SELECT state, changed, skipped FROM quarantine_release WHERE id = ${id}`);
  expect(row).toEqual({ state: 'DONE', changed: 240, skipped: 0 });
  expect(fullScans).toEqual([]);
});

test('a slice of a verification neither', async () => {
  const { on, fullScans } = explainedInstance(life.instance);
  await verifyQuarantine(on, OPERATOR, { sliceSize: 500 });
  expect(fullScans).toEqual([]);
});
