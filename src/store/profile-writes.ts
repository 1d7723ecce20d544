/** What changes of profiles, addresses and consent write: one statement a table for a whole batch. */
import type { ConsentFlags } from '../domain/consent/decide-consent.ts';
import type { Channel, ConsentSource } from '../domain/vocabulary.ts';
import { type Queryable, raw, rows, type Sql, sql } from './database.ts';

export interface LockedProfile extends ConsentFlags {
  readonly id: bigint;
  readonly externalId: string | null;
}

/**
 * Locks profiles by id or external id, in the order of their ids. Every change of consent and every new address of a profile takes this
 * lock first, so that an address added while its profile opts out is never left open.
 */
export async function lockProfiles(
  tx: Queryable,
  names: { ids: readonly bigint[]; externalIds: readonly string[] },
): Promise<LockedProfile[]> {
  return tx.query<LockedProfile>(sql`
    SELECT id, external_id AS "externalId", opted_out_all AS all, opted_out_email AS email, opted_out_sms AS sms, opted_out_phone AS phone,
      opted_out_direct_mail AS "directMail", opted_out_fax AS fax, opted_out_push AS push
    FROM profile
    WHERE id = ANY(ARRAY(
      SELECT r.id FROM jsonb_to_recordset(${rows(names.ids.map((id) => ({ id })))}::jsonb) AS r(id bigint)
      UNION SELECT n.id FROM jsonb_array_elements_text(${JSON.stringify(names.externalIds)}::jsonb) AS w(external_id)
        CROSS JOIN LATERAL (SELECT named.id FROM profile named WHERE named.external_id = w.external_id LIMIT 1) AS n))
    ORDER BY id FOR UPDATE`);
}

export interface NewProfile {
  readonly externalId: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
}

/** In the order of external ids, so that two batches wait for each other in one order. External ids that are taken are left out. */
export async function insertProfiles(
  tx: Queryable,
  profiles: readonly NewProfile[],
  at: Date,
): Promise<{ id: bigint; externalId: string | null }[]> {
  return tx.query(sql`
    INSERT INTO profile (external_id, first_name, last_name, created_at, updated_at)
    SELECT r."externalId", r."firstName", r."lastName", ${at}, ${at}
    FROM jsonb_to_recordset(${rows(profiles)}::jsonb) AS r("externalId" text, "firstName" text, "lastName" text)
    ORDER BY r."externalId"
    ON CONFLICT (external_id) DO NOTHING
    RETURNING id, external_id AS "externalId"`);
}

/** Absent fields keep, null clears. */
export interface ProfileChange {
  readonly id: bigint;
  readonly externalId?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
}

/** Rows that nothing changes stay as they are, `updatedAt` too. */
export async function updateProfiles(tx: Queryable, changes: readonly ProfileChange[], at: Date): Promise<void> {
  await tx.execute(sql`
    UPDATE profile p SET external_id = n.external_id, first_name = n.first_name, last_name = n.last_name, updated_at = ${at}
    FROM jsonb_array_elements(${rows(changes)}::jsonb) AS r,
      LATERAL (SELECT (r->>'id')::bigint AS id) k,
      profile o,
      LATERAL (SELECT
        CASE WHEN r ? 'externalId' THEN r->>'externalId' ELSE o.external_id END AS external_id,
        CASE WHEN r ? 'firstName' THEN r->>'firstName' ELSE o.first_name END AS first_name,
        CASE WHEN r ? 'lastName' THEN r->>'lastName' ELSE o.last_name END AS last_name) n
    WHERE p.id = k.id AND o.id = k.id
      AND (p.external_id, p.first_name, p.last_name) IS DISTINCT FROM (n.external_id, n.first_name, n.last_name)`);
}

export interface HeldAddress {
  readonly channel: Channel;
  readonly value: string;
  readonly original: string;
  readonly addressKey: string;
  readonly domain: string | null;
}

/** The addresses of these channels, in place of those that the profile had. An address that stays keeps its row. */
export interface AddressReplacement {
  readonly profileId: bigint;
  readonly channels: readonly Channel[];
  readonly addresses: readonly HeldAddress[];
}

/** Call with the profiles locked: whether a person has opted out is read here and must not change until the commit. */
export async function replaceAddresses(tx: Queryable, replacements: readonly AddressReplacement[], at: Date): Promise<void> {
  const channels = replacements.flatMap(({ profileId, channels: named }) => named.map((channel) => ({ profileId, channel })));
  if (channels.length === 0) return;
  const held = replacements
    .flatMap(({ profileId, addresses }) => addresses.map((address) => ({ profileId, ...address })))
    .map((address, place) => ({ ...address, place }));
  const given = sql`jsonb_to_recordset(${rows(held)}::jsonb) AS r("profileId" bigint, channel "Channel", value text, original text,
    "addressKey" uuid, domain text, place int)`;
  const deleted = await tx.query<{ id: bigint }>(sql`
    DELETE FROM address a USING jsonb_to_recordset(${rows(channels)}::jsonb) AS c("profileId" bigint, channel "Channel")
    WHERE a.profile_id = c."profileId" AND a.channel = c.channel
      AND (a.profile_id, a.channel, a.address_key) NOT IN (SELECT r."profileId", r.channel, r."addressKey" FROM ${given})
    RETURNING a.profile_id AS id`);
  const inserted = await tx.query<{ id: bigint }>(sql`
    INSERT INTO address AS a (profile_id, channel, value, original, address_key, domain, opted_out, created_at)
    SELECT r."profileId", r.channel, r.value, r.original, r."addressKey", r.domain, ${isOptedOut('r')}, ${at}
    FROM ${given} JOIN profile p ON p.id = r."profileId"
    ORDER BY r.place
    ON CONFLICT (profile_id, channel, address_key) DO UPDATE SET original = excluded.original WHERE a.original <> excluded.original
    RETURNING a.profile_id AS id`);
  const touched = rows([...deleted, ...inserted]);
  await tx.execute(sql`
    UPDATE profile SET updated_at = ${at} WHERE id IN (SELECT t.id FROM jsonb_to_recordset(${touched}::jsonb) AS t(id bigint))`);
}

export interface ConsentRow {
  readonly profileId: bigint;
  readonly channel: Channel | null;
  readonly optedOut: boolean;
  readonly source: ConsentSource;
  readonly note: string | null;
  readonly occurredAt: Date;
}

/** Writes flags, ledger and the copy of the flags on the addresses. Call with the profiles locked. */
export async function writeConsents(
  tx: Queryable,
  profiles: readonly LockedProfile[],
  ledger: readonly ConsentRow[],
  actor: string,
  at: Date,
): Promise<void> {
  await tx.execute(sql`
    UPDATE profile p SET opted_out_all = r.all, opted_out_email = r.email, opted_out_sms = r.sms, opted_out_phone = r.phone,
      opted_out_direct_mail = r."directMail", opted_out_fax = r.fax, opted_out_push = r.push, updated_at = ${at}
    FROM jsonb_to_recordset(${rows(profiles)}::jsonb) AS r(id bigint, "all" boolean, email boolean, sms boolean, phone boolean,
      "directMail" boolean, fax boolean, push boolean)
    WHERE p.id = r.id`);
  await tx.execute(sql`
    INSERT INTO consent_event (profile_id, channel, opted_out, source, note, actor, occurred_at)
    SELECT (r->>'profileId')::bigint, (r->>'channel')::"Channel", (r->>'optedOut')::boolean, (r->>'source')::"ConsentSource", r->>'note',
      ${actor}, (r->>'occurredAt')::timestamptz
    FROM jsonb_array_elements(${rows(ledger)}::jsonb) WITH ORDINALITY AS ledger(r, place) ORDER BY place`);
  const ids = rows(profiles.map(({ id }) => ({ id })));
  await tx.execute(sql`
    UPDATE address a SET opted_out = ${isOptedOut('a')}
    FROM profile p JOIN jsonb_to_recordset(${ids}::jsonb) AS r(id bigint) ON r.id = p.id
    WHERE a.profile_id = p.id AND a.opted_out <> ${isOptedOut('a')}`);
}

/** Has the person `p` opted out of the channel of `row`? */
function isOptedOut(row: 'a' | 'r'): Sql {
  return raw(`(p.opted_out_all OR CASE ${row}.channel WHEN 'EMAIL' THEN p.opted_out_email WHEN 'SMS' THEN p.opted_out_sms
    WHEN 'PHONE' THEN p.opted_out_phone WHEN 'DIRECT_MAIL' THEN p.opted_out_direct_mail WHEN 'FAX' THEN p.opted_out_fax
    WHEN 'PUSH' THEN p.opted_out_push ELSE false END)`);
}
