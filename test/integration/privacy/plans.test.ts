import { afterAll, beforeAll, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { createPrivacyRequest } from '../../../src/operations/create-privacy-request.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { previewErasure } from '../../../src/operations/preview-erasure.ts';
import { privacyName, runPrivacyRequest } from '../../../src/operations/run-privacy-request.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { explaining } from '../../support/explaining.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { anAddress, OPERATOR, requestOf, type Somebody, somebody } from './somebody.ts';

const ROWS = 30_000;

let database: Database;
let instance: Instance;
let person: Somebody;

beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
  const { deliveryId } = await somebody(instance, anAddress('witness'));
  person = await somebody(instance, anAddress('witness'));
  // Everybody else: many rows of many addresses, and none of this person.
  await database.execute(sql`
    INSERT INTO profile (external_id, first_name) SELECT 'plan-' || i, 'p' || i FROM generate_series(1, ${ROWS}::int) AS i`);
  await database.execute(sql`
    INSERT INTO address (profile_id, channel, value, original, address_key)
    SELECT id, 'EMAIL', external_id || '@plan.test', external_id || '@plan.test', md5(external_id)::uuid FROM profile WHERE external_id LIKE 'plan-%'`);
  await database.execute(sql`
    INSERT INTO delivery_log (delivery_id, run, profile_id, address, address_key, channel)
    SELECT ${deliveryId}, 1, profile_id, value, address_key, 'EMAIL' FROM address WHERE value LIKE '%@plan.test'`);
  await database.execute(sql`
    INSERT INTO delivery_event (delivery_log_id, delivery_id, run, profile_id, channel, address, address_key, outcome, origin, occurred_at)
    SELECT id, delivery_id, run, profile_id, channel, address, address_key, 'DELIVERED', 'SYNC', created_at FROM delivery_log WHERE address LIKE '%@plan.test'`);
  await database.execute(sql`
    INSERT INTO exclusion_log (delivery_id, run, profile_id, address, address_key, channel, reason, cause, text)
    SELECT delivery_id, run, profile_id, address, address_key, channel, 'DUPLICATE', 'Duplicate', 'text' FROM delivery_log WHERE address LIKE '%@plan.test'`);
  await database.execute(sql`
    INSERT INTO inbound_event (door, dedupe_key, kind, raw, address_key, address_keys, state)
    SELECT 'plan', address_key, 'MESSAGE', 'x', address_key, ARRAY[address_key], 'PROCESSED' FROM address WHERE value LIKE '%@plan.test'`);
  await database.execute(sql`
    INSERT INTO quarantine_entry (channel, address, address_key, status, source) SELECT 'EMAIL', value, address_key, 'VALID', 'MANUAL' FROM address WHERE value LIKE '%@plan.test'`);
  await database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, status, error_count, status_updated_at, source, version, occurred_at)
    SELECT id, channel, address, address_key, status, 0, status_updated_at, source, 1, created_at FROM quarantine_entry WHERE address LIKE '%@plan.test'`);
  await database.execute(sql`
    INSERT INTO consent_event (profile_id, opted_out, source, occurred_at) SELECT id, true, 'API', created_at FROM profile WHERE external_id LIKE 'plan-%'`);
  await database.execute(sql`
    INSERT INTO audit_entry (actor, action, subject, detail) SELECT 'a', 'profile.create', 'Profile ' || id, '{}' FROM profile`);
  await database.execute(sql`
    INSERT INTO qualification (channel, text, md5, first_text, first_address, type, reason, fault)
    SELECT 'EMAIL', 'text ' || i, md5(i::text), 'text', i || '@plan.test', 'SOFT', 'REFUSED', 'RECIPIENT' FROM generate_series(1, ${ROWS}::int) AS i`);
  await database.execute(sql`ANALYZE`);
});
afterAll(() => database.close());

/** The instance with every statement explained. */
const explained = () => {
  const explained = explaining(database);
  return { ...explained, on: { ...instance, database: explained.database } };
};

async function ask(type: 'ACCESS' | 'DELETE'): Promise<bigint> {
  const subject = { namespace: 'EMAIL' as const, value: person.email };
  const id = await createPrivacyRequest(instance, { regulation: 'GDPR', type, subject, singleStep: true }, OPERATOR, {
    signal: AbortSignal.abort(),
  });
  await backgroundWorkEnded(instance, privacyName(id));
  return id;
}

test('a preview, a file and an erasure read no log, no ledger and no list from end to end', async () => {
  const preview = explained();
  await previewErasure(preview.on, { profileId: person.profileId }, false);
  expect(preview.fullScans).toEqual([]);
  expect(preview.worst.rows, preview.worst.statement).toBeLessThan(100);

  const access = explained();
  const file = await ask('ACCESS');
  await runPrivacyRequest(access.on, file);
  expect((await requestOf(database, file)).status).toBe('COMPLETE');
  expect([access.statements.length > 50, access.fullScans]).toEqual([true, []]);
  expect(access.worst.rows, access.worst.statement).toBeLessThan(100);

  const erasure = explained();
  const id = await ask('DELETE');
  await runPrivacyRequest(erasure.on, id);
  expect((await requestOf(database, id)).status).toBe('COMPLETE');
  expect([erasure.statements.length > 100, erasure.fullScans]).toEqual([true, []]);
  expect(erasure.worst.rows, erasure.worst.statement).toBeLessThan(100);
});
