import { afterAll, beforeAll, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { closeIncident, resumeCarryOuts } from '../../../src/operations/close-incident.ts';
import { detectIncidents } from '../../../src/operations/detect-incidents.ts';
import { domainStatistics } from '../../../src/operations/domain-statistics.ts';
import { releaseIncident } from '../../../src/operations/release-incident.ts';
import { releaseSlice } from '../../../src/operations/release-quarantine.ts';
import { runRelease } from '../../../src/operations/run-release.ts';
import { sql } from '../../../src/store/database.ts';
import { readHitSamples } from '../../../src/store/incident-hits.ts';
import { explainedInstance } from '../../support/explaining.ts';
import { type Life, OPERATOR, openLife } from '../life/life.ts';

const ENTRIES = 20_000;
const SLICE = 100;

let life: Life;

/** 50 domains of 400 quarantined addresses, those of d7 a quarter of an hour ago; 14 days of results at 300 domains, of which d7 has just jumped. */
beforeAll(async () => {
  life = await openLife('2025-03-20T12:00:00Z');
  const { database } = life.instance;
  await database.execute(sql`
    INSERT INTO quarantine_entry (channel, address, address_key, domain, status, reason, error_count, source, created_at, status_updated_at)
    SELECT 'EMAIL', 'p' || i || '@d' || i % 50 || '.example', md5('plan' || i)::uuid, 'd' || i % 50 || '.example', 'QUARANTINE', 'USER_UNKNOWN', 1,
      'BOUNCE_SYNC', at, at
    FROM generate_series(1, ${ENTRIES}::int) AS i
    CROSS JOIN LATERAL (SELECT CASE i % 50 WHEN 7 THEN '2025-03-20T11:45:00Z' ELSE '2025-03-01T08:00:00Z' END::timestamptz AS at) AS time`);
  await database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, domain, status, reason, error_count, status_updated_at, source, version,
      occurred_at)
    SELECT id, channel, address, address_key, domain, status, reason, error_count, status_updated_at, source, 1, status_updated_at
    FROM quarantine_entry ORDER BY id`);
  await database.execute(sql`
    INSERT INTO delivery_event (channel, address, address_key, domain, outcome, failure_type, failure_reason, fault, origin, occurred_at)
    SELECT channel, address, address_key, domain, 'FAILED', 'HARD', reason, 'RECIPIENT', 'SYNC', status_updated_at
    FROM quarantine_entry ORDER BY id`);
  await database.execute(sql`
    INSERT INTO domain_result (channel, domain, slot, result, amount)
    SELECT 'EMAIL', 'd' || domain || '.example', extract(epoch FROM '2025-03-20T12:00:00Z'::timestamptz)::int / 600 - slot, 'DELIVERED', 20
    FROM generate_series(1, 300) AS domain CROSS JOIN generate_series(1, 288) AS slot`);
  await database.execute(sql`
    INSERT INTO domain_result (channel, domain, slot, result, amount)
    VALUES ('EMAIL', 'd7.example', extract(epoch FROM '2025-03-20T11:40:00Z'::timestamptz)::int / 600, 'USER_UNKNOWN', 400)`);
  await database.execute(sql`ANALYZE`);
});
afterAll(() => life.close());

test('finding a jump, opening an incident, keeping its figures and showing a sample reads no table from end to end', async () => {
  const { on, fullScans, statements } = explainedInstance(life.instance);
  const [id = 0n, ...others] = await detectIncidents(on);
  expect(others).toEqual([]);
  life.setNow('2025-03-20T12:01:00Z');
  await detectIncidents(on);
  const samples = await readHitSamples(on.database, [id], 20);
  expect(samples.get(id)).toHaveLength(20);
  expect(await life.instance.database.query(sql`SELECT domain, quarantined FROM incident`)).toEqual([
    { domain: 'd7.example', quarantined: 400 },
  ]);
  expect(statements.length).toBeGreaterThan(8);
  expect(fullScans).toEqual([]);
});

test('a release of what it hit neither', async () => {
  const { on, fullScans } = explainedInstance(life.instance);
  const [row] = await life.instance.database.query<{ id: bigint }>(sql`SELECT id FROM incident`);
  const id = await releaseIncident(on, { id: row?.id ?? 0n, mode: 'SET_VALID', dryRun: false }, OPERATOR, { signal: AbortSignal.abort() });
  await runRelease(on, id, releaseSlice, { sliceSize: SLICE });
  const [release] = await life.instance.database.query(sql`SELECT state, changed, skipped FROM quarantine_release WHERE id = ${id}`);
  expect(release).toEqual({ state: 'DONE', changed: 400, skipped: 0 });
  expect(fullScans).toEqual([]);
});

test('carrying out what was held neither', async () => {
  const { on, fullScans } = explainedInstance(life.instance);
  const { database } = life.instance;
  const [row] = await database.query<{ id: bigint }>(sql`SELECT id FROM incident`);
  const id = row?.id ?? 0n;
  await database.execute(sql`
    WITH held AS (
      UPDATE quarantine_entry SET status = 'ERRONEOUS', version = version + 1 WHERE domain = 'd7.example' RETURNING *
    )
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, domain, status, reason, error_count, status_updated_at, source, version,
      occurred_at, incident_id, held_type)
    SELECT id, channel, address, address_key, domain, status, reason, error_count, status_updated_at, source, version, status_updated_at, ${id}::bigint, 'HARD'
    FROM held`);
  await database.execute(sql`ANALYZE quarantine_event`);
  await closeIncident(on, { id, quarantineHeld: true }, OPERATOR, { signal: AbortSignal.abort() });
  await backgroundWorkEnded(on, `carry-out:${id}`);
  await resumeCarryOuts(on);
  await backgroundWorkEnded(on, `carry-out:${id}`);
  expect(await database.query(sql`SELECT carry_state AS state, carried_out AS done FROM incident`)).toEqual([{ state: 'DONE', done: 400 }]);
  expect(fullScans).toEqual([]);
});

test('the statistics of named domains, and of a day, neither', async () => {
  const { on, fullScans } = explainedInstance(life.instance);
  const search = { channel: 'EMAIL', period: null, to: null } as const;
  const named = await domainStatistics(on, { ...search, domains: ['d7.example'], from: new Date('2025-03-19T00:00:00Z'), first: 1 });
  expect(named).toMatchObject([{ domain: 'd7.example', failures: 400, invalid: 400 }]);
  expect(await domainStatistics(on, { ...search, domains: null, from: new Date('2025-03-20T11:00:00Z'), first: 5 })).toHaveLength(5);
  expect(fullScans).toEqual([]);
});
