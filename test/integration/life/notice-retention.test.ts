import { afterAll, beforeAll, expect, test } from 'vitest';
import { acknowledgeAlerts } from '../../../src/operations/acknowledge-alerts.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { updateQualification } from '../../../src/operations/update-qualification.ts';
import { type Ledger, sql } from '../../../src/store/database.ts';
import { readFeedState } from '../../../src/store/feed-state.ts';
import { type Life, OPERATOR, openLife, setSetting } from './life.ts';

let life: Life;

beforeAll(async () => {
  life = await openLife('2025-01-01T00:00:00Z');
});
afterAll(() => life.close());

async function cleanup(at: string, instance = life.instance): Promise<Record<string, number>> {
  life.setNow(at);
  const { tasks } = await runCleanup(instance, SCHEDULED_CLEANUP, { sliceSize: 2 });
  expect(tasks.filter(({ error }) => error !== null)).toEqual([]);
  return Object.fromEntries(tasks.map(({ name, rows }) => [name, rows]));
}

async function subjects(): Promise<string[]> {
  const found = await life.instance.database.query<{ subject: string }>(sql`SELECT subject FROM alert ORDER BY id`);
  return found.map(({ subject }) => subject);
}

async function lastOf(ledger: Ledger): Promise<bigint> {
  return (await readFeedState(life.instance.database, ledger)).floor.id;
}

async function putAlert(subject: string, qualificationId: bigint | null = null): Promise<bigint> {
  const kind = qualificationId === null ? 'IMPORT_IN_QUARANTINE' : 'UNKNOWN_TEXT';
  const [row] = await life.instance.database.query<{ id: bigint }>(sql`
    INSERT INTO alert (kind, subject, text, qualification_id, raised_at)
    VALUES (${kind}::"AlertKind", ${subject}, 'Look here.', ${qualificationId}::bigint, ${life.instance.now()}::timestamptz) RETURNING id`);
  return row?.id ?? 0n;
}

async function unknownText(text: string): Promise<bigint> {
  const [row] = await life.instance.database.query<{ id: bigint }>(sql`
    INSERT INTO qualification (channel, md5, text, first_text, type, reason, fault) VALUES ('EMAIL', md5(${text}), ${text}, ${text}, 'UNDEFINED', 'UNDEFINED',
      'UNDETERMINED') RETURNING id`);
  return row?.id ?? 0n;
}

test('alerts go when they have been acknowledged for as long as the setting says; those that nobody has seen stay', async () => {
  life.setNow('2025-01-01T00:00:00Z');
  const seen: bigint[] = [];
  for (const subject of ['a', 'b', 'c', 'd', 'e']) seen.push(await putAlert(subject));
  await putAlert('nobody saw it');
  await acknowledgeAlerts(life.instance, seen.slice(0, 4), OPERATOR);
  life.setNow('2025-01-11T00:00:00Z');
  await acknowledgeAlerts(life.instance, seen.slice(4), OPERATOR);
  const short = await setSetting(life.instance, 'alertRetention', 10);
  expect(await cleanup('2025-01-10T23:59:59Z', short)).toMatchObject({ alerts: 0 });
  expect(await cleanup('2025-01-11T00:00:00Z', short)).toMatchObject({ alerts: 4 });
  expect(await subjects()).toEqual(['e', 'nobody saw it']);
  expect(await lastOf('ALERT')).toBe(seen[3]);
});

test('the alert of a text that is still unknown stays, or it would be raised again; once it is qualified it goes', async () => {
  life.setNow('2025-02-01T00:00:00Z');
  const qualificationId = await unknownText('zzkq vrrp');
  const alert = await putAlert('text', qualificationId);
  await acknowledgeAlerts(life.instance, [alert], OPERATOR);
  await cleanup('2026-02-01T00:00:00Z');
  expect(await subjects()).toContain('text');
  await updateQualification(life.instance, { id: qualificationId, status: 'KEEP', type: 'SOFT', reason: 'UNREACHABLE' }, OPERATOR);
  await cleanup('2026-02-01T00:00:01Z');
  expect(await subjects()).not.toContain('text');
});

/** Closed on 1 March 2025, with so many lines of its ledger. */
async function putIncident(domain: string, { lines = 1, open = false, carry = null as string | null } = {}): Promise<bigint> {
  const { database } = life.instance;
  const at = '2025-03-01T00:00:00Z';
  const [row] = await database.query<{ id: bigint }>(sql`
    INSERT INTO incident (channel, domain, reason, state, opened_at, closed_at, closed_by, hits_from, baseline_messages, baseline_share, opening_messages,
      opening_share, current_messages, current_share, refreshed_at, carry_state)
    VALUES ('EMAIL', ${domain}, 'USER_UNKNOWN', ${open ? 'OPEN' : 'CLOSED'}::"IncidentState", ${at}::timestamptz, ${open ? null : at}::timestamptz,
      ${open ? null : 'operator'}, ${at}::timestamptz, 100, 0, 100, 1, 100, 1, ${at}::timestamptz, ${carry}::"JobState")
    RETURNING id`);
  const id = row?.id ?? 0n;
  await database.execute(sql`
    INSERT INTO incident_event (incident_id, kind, channel, domain, reason, state, share, quarantined, held, occurred_at)
    SELECT ${id}, 'CHANGED', 'EMAIL', ${domain}, 'USER_UNKNOWN', 'OPEN', 1, 1, 1, ${at}::timestamptz FROM generate_series(1, ${lines}::int)`);
  return id;
}

test('closed incidents go with their ledger, slice by slice; open ones, those at work and those of a release stay', async () => {
  const { database } = life.instance;
  for (const domain of ['one.example', 'two.example', 'three.example']) await putIncident(domain, { lines: 3 });
  const long = await putIncident('long.example', { lines: 9 });
  await putIncident('open.example', { open: true });
  await putIncident('work.example', { carry: 'RUNNING' });
  const told = await putIncident('told.example');
  await database.execute(sql`
    INSERT INTO incident_event (incident_id, kind, channel, domain, reason, state, share, quarantined, held, occurred_at)
    VALUES (${told}, 'RELEASED', 'EMAIL', 'told.example', 'USER_UNKNOWN', 'CLOSED', 1, 1, 1, '2025-08-01T00:00:00Z')`);
  const released = await putIncident('released.example');
  await database.execute(sql`
    INSERT INTO quarantine_release (filter, mode, dry_run, actor, incident_id, state, last_entry_id, sample)
    VALUES ('{}', 'SET_VALID', false, 'operator', ${released}, 'DONE', 0, '[]')`);
  const [last] = await database.query<{ id: bigint }>(sql`SELECT max(id) AS id FROM incident_event WHERE incident_id = ${long}`);
  // 180 days after 1 March.
  expect(await cleanup('2025-08-27T23:59:59Z')).toMatchObject({ incidents: 0 });
  expect(await cleanup('2025-08-28T00:00:00Z')).toMatchObject({ incidents: 4 });
  const left = await database.query<{ domain: string }>(sql`SELECT domain FROM incident ORDER BY id`);
  expect(left.map(({ domain }) => domain)).toEqual(['open.example', 'work.example', 'told.example', 'released.example']);
  expect(
    await database.query(sql`SELECT FROM incident_event e WHERE NOT EXISTS (SELECT FROM incident i WHERE i.id = e.incident_id)`),
  ).toEqual([]);
  expect(await lastOf('INCIDENT')).toBe(last?.id);
  expect(await cleanup('2026-02-01T00:00:00Z')).toMatchObject({ incidents: 1 });
});
