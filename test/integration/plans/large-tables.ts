import type { Instance } from '../../../src/operations/instance.ts';
import { rows, sql } from '../../../src/store/database.ts';

const PROFILES = 40_000;
const ENTRIES = 15_000;
const LOGS = 45_000;
const DELIVERIES = 20;
const KNOWN = 100;

/** What the tests name of the large tables. */
export interface LargeTables {
  /** Each with a profile, an entry in the list, a message and an exclusion. */
  readonly known: readonly { address: string; profileId: bigint; messageId: string }[];
  /** Of few rows, written before all others. */
  readonly rareDomain: string;
  readonly deliveryId: bigint;
}

/**
 * Fills the tables that grow as a few months of work would: enough rows for the planner to see that reading one from end to end is the dearest
 * way. Rows of the bulk have keys of their own making; the known addresses have real ones.
 */
export async function fillLargeTables({ database, addressBook }: Instance): Promise<LargeTables> {
  const book = await addressBook();
  const rareDomain = 'rare.example';
  const known = Array.from({ length: KNOWN }, (_, index) => {
    const address = `known${index}@${index < 5 ? rareDomain : `d${index % 50}.example`}`;
    return { address, key: book.key('EMAIL', address), externalId: `known-${index}`, messageId: `known-${index}@sender.example` };
  });
  const given = sql`jsonb_to_recordset(${rows(known)}::jsonb) AS k(address text, key uuid, "externalId" text, "messageId" text)`;
  await database.execute(sql`
    INSERT INTO delivery (label, internal_name, channel, state, target_all, run, started_at, valid_until)
    SELECT 'Large ' || i, 'large-' || i, 'EMAIL', 'STARTED', true, 1, '2025-03-01', '2025-04-30' FROM generate_series(1, ${DELIVERIES}::int) AS i`);
  const [last] = await database.query<{ id: bigint }>(sql`SELECT max(id) AS id FROM delivery`);
  const deliveryId = last?.id ?? 0n;
  await database.execute(sql`
    WITH person AS (
      INSERT INTO profile (external_id, opted_out_all)
      SELECT "externalId", false FROM ${given} UNION ALL SELECT 'bulk-' || i, i % 40 = 0 FROM generate_series(1, ${PROFILES}::int) AS i
      RETURNING id, external_id
    )
    INSERT INTO address (profile_id, channel, value, original, address_key, domain, opted_out, created_at)
    SELECT id, 'EMAIL', held.value, held.value, held.key, split_part(held.value, '@', 2), false, '2025-02-10'
    FROM person LEFT JOIN ${given} ON k."externalId" = person.external_id
    CROSS JOIN LATERAL (SELECT COALESCE(k.address, external_id || '@d' || id % 50 || '.example') AS value, COALESCE(k.key, md5(external_id)::uuid) AS key) AS held
    ORDER BY id`);
  await database.execute(sql`
    INSERT INTO consent_event (profile_id, opted_out, source, occurred_at) SELECT id, opted_out_all, 'API', '2025-03-01' FROM profile`);
  await database.execute(sql`
    INSERT INTO quarantine_entry (channel, address, address_key, domain, status, reason, error_text, error_count, last_error_at, source, created_at,
      status_updated_at)
    SELECT 'EMAIL', value, key, split_part(value, '@', 2), (CASE i % 10 WHEN 0 THEN 'DENYLISTED' WHEN 1 THEN 'ERRONEOUS' ELSE 'QUARANTINE' END)::"AddressStatus",
      (CASE WHEN i % 50 = 0 THEN 'REFUSED' ELSE 'USER_UNKNOWN' END)::"FailureReason", '550 5.1.1 no such user ' || i, 1, at, 'BOUNCE_SYNC', at, at
    FROM (
      SELECT i, address AS value, key, '2025-02-15'::timestamptz AS at FROM ${given} CROSS JOIN LATERAL (SELECT -1 AS i) AS x
      UNION ALL
      SELECT i, 'bulk-' || i || '@d' || i % 50 || '.example', md5('bulk-' || i)::uuid, '2025-02-15'::timestamptz + i * interval '1 minute'
      FROM generate_series(1, ${ENTRIES}::int) AS i
    ) AS entry ORDER BY at`);
  await database.execute(sql`
    INSERT INTO quarantine_event (entry_id, channel, address, address_key, domain, previous_status, status, reason, error_count, text, last_error_at,
      status_updated_at, source, decided_by, version, occurred_at)
    SELECT id, channel, address, address_key, domain, CASE v WHEN 2 THEN 'ERRONEOUS'::"AddressStatus" END, CASE v WHEN 1 THEN 'ERRONEOUS' ELSE status END, reason,
      error_count, error_text, last_error_at, status_updated_at, source, 'rule User_unknown', v, status_updated_at
    FROM quarantine_entry CROSS JOIN generate_series(1, 2) AS v ORDER BY v, id`);
  await database.execute(sql`UPDATE quarantine_entry SET version = 2`);
  await database.execute(sql`
    INSERT INTO qualification (channel, text, md5, first_text, type, reason, fault, occurrences)
    SELECT 'EMAIL', 'text ' || i, md5('text ' || i), 'text ' || i, 'HARD', 'USER_UNKNOWN', 'RECIPIENT', 1 FROM generate_series(1, 500) AS i`);
  // Most messages arrived; one in twenty failed, a hundred are open.
  await database.execute(sql`
    INSERT INTO delivery_log (delivery_id, run, profile_id, address, address_key, channel, domain, status, failure_type, failure_reason, fault, message_id,
      attempts, sent_at, created_at, updated_at)
    SELECT ${deliveryId}::bigint - i % ${DELIVERIES}::int, 1, a.profile_id, a.value, a.address_key, 'EMAIL', a.domain,
      (CASE WHEN i % 400 = 0 THEN 'PENDING' WHEN is_failed THEN 'FAILED' ELSE 'SENT' END)::"MessageStatus",
      CASE WHEN is_failed THEN 'HARD'::"FailureType" END, CASE WHEN is_failed THEN 'USER_UNKNOWN'::"FailureReason" END,
      CASE WHEN is_failed THEN 'RECIPIENT'::"Fault" END, COALESCE(k."messageId", 'm' || i || '@sender.example'), 1, at, at, at
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM address) AS a LEFT JOIN ${given} ON k.key = a.address_key
    CROSS JOIN generate_series(0, 1) AS again
    CROSS JOIN LATERAL (SELECT place + again * 40000 AS i, (place + again * 40000) % 20 = 3 AS is_failed) AS n
    CROSS JOIN LATERAL (SELECT '2025-03-01'::timestamptz + i * interval '1 minute' AS at) AS t
    WHERE i <= ${LOGS}::int ORDER BY i`);
  await database.execute(sql`
    INSERT INTO delivery_event (delivery_log_id, delivery_id, run, channel, address, address_key, outcome, previous_status, status, failure_type,
      failure_reason, fault, qualification_id, raw_text, origin, version, occurred_at, recorded_at)
    SELECT l.id, l.delivery_id, 1, l.channel, l.address, l.address_key, (CASE WHEN l.status = 'FAILED' THEN 'FAILED' ELSE 'DELIVERED' END)::"DeliveryOutcome",
      'PENDING', l.status, l.failure_type, l.failure_reason, l.fault, CASE WHEN l.status = 'FAILED' THEN (SELECT min(id) FROM qualification) + l.id % 500 END,
      '550 5.1.1 no such user', 'SYNC', 1, l.updated_at, l.updated_at
    FROM delivery_log l ORDER BY l.id`);
  await database.execute(sql`
    INSERT INTO exclusion_log (delivery_id, run, profile_id, address, address_key, channel, reason, cause, text, scope, created_at)
    SELECT delivery_id, 1, profile_id, address, address_key, channel, (CASE WHEN id % 50 = 0 THEN 'DENYLISTED' ELSE 'QUARANTINED' END)::"FailureReason",
      'Quarantine', 'The address is in quarantine.', 'ADDRESS', created_at
    FROM delivery_log ORDER BY id LIMIT 25000`);
  await database.execute(sql`
    INSERT INTO inbound_event (door, dedupe_key, kind, payload, address_key, state, received_at)
    SELECT 'test', md5('in' || id)::uuid, 'RESULT', '{}', address_key, 'PROCESSED', updated_at FROM delivery_log ORDER BY id LIMIT 20000`);
  await database.execute(sql`ANALYZE`);
  const held = await database.query<{ address: string; profileId: bigint; messageId: string }>(sql`
    SELECT k.address, a.profile_id AS "profileId", k."messageId" FROM ${given} JOIN address a ON a.address_key = k.key ORDER BY a.id`);
  return { known: held, rareDomain, deliveryId };
}
