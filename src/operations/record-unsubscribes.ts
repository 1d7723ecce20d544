import { type ConsentFlags, decideConsent } from '../domain/consent/decide-consent.ts';
import type { Channel, ConsentSource } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from '../store/database.ts';
import type { StoredFeedbackItem } from './feedback-item.ts';

/** A result that says a person no longer wants the channel; `profileId` null = everybody who holds the address. */
export interface Unsubscribe {
  readonly item: StoredFeedbackItem;
  readonly profileId: bigint | null;
}

interface Wish {
  readonly profileId: bigint;
  readonly channel: Channel;
  readonly occurredAt: Date;
}

interface LockedProfile extends ConsentFlags {
  readonly id: bigint;
}

/**
 * Opts profiles out of the channel that they were written to on, in the consent ledger and on their addresses; the address itself stays
 * as it is (contract `DeliveryOutcome`, ASY-6).
 *
 * An unsubscribe that happened before the person opted in again changes nothing (amendment A5). Takes the locks of the profiles, in the
 * order of their ids, after all locks of addresses, entries and logs.
 */
export async function recordUnsubscribes(tx: Queryable, unsubscribes: readonly Unsubscribe[], now: Date): Promise<void> {
  if (unsubscribes.length === 0) return;
  const wishes = await openWishes(tx, unsubscribes);
  if (wishes.length === 0) return;
  const profiles = await lockProfiles(tx, wishes);
  const later = await laterOptIns(tx, wishes);
  const changes = decide(wishes, profiles, later);
  if (changes.events.length === 0) return;
  await writeFlags(tx, changes.profiles, now);
  await tx.execute(sql`
    UPDATE address AS a SET opted_out = true
    FROM jsonb_to_recordset(${rows(changes.events)}::jsonb) AS r("profileId" bigint, channel "Channel")
    WHERE a.profile_id = r."profileId" AND a.channel = r.channel`);
  await tx.execute(sql`
    INSERT INTO consent_event (profile_id, channel, opted_out, source, occurred_at)
    SELECT r."profileId", r.channel, true, r.source, r."occurredAt"
    FROM jsonb_to_recordset(${rows(changes.events)}::jsonb) AS r("profileId" bigint, channel "Channel", source "ConsentSource",
      "occurredAt" timestamptz)`);
}

async function openWishes(tx: Queryable, unsubscribes: readonly Unsubscribe[]): Promise<Wish[]> {
  const given = unsubscribes.map(({ item, profileId }) => ({
    profileId,
    channel: item.channel,
    addressKey: item.addressKey,
    occurredAt: item.occurredAt,
  }));
  return tx.query<Wish>(sql`
    SELECT holder.id AS "profileId", r.channel, max(r."occurredAt") AS "occurredAt"
    FROM jsonb_to_recordset(${rows(given)}::jsonb) AS r("profileId" bigint, channel "Channel", "addressKey" uuid, "occurredAt" timestamptz)
    CROSS JOIN LATERAL (
      SELECT r."profileId" AS id WHERE r."profileId" IS NOT NULL
      UNION ALL
      SELECT a.profile_id FROM address a WHERE r."profileId" IS NULL AND a.address_key = r."addressKey" AND a.channel = r.channel
    ) AS holder
    GROUP BY holder.id, r.channel ORDER BY holder.id, r.channel`);
}

async function lockProfiles(tx: Queryable, wishes: readonly Wish[]): Promise<ReadonlyMap<bigint, LockedProfile>> {
  const ids = [...new Set(wishes.map(({ profileId }) => profileId))];
  const locked = await tx.query<LockedProfile>(sql`
    SELECT id, opted_out_all AS all, opted_out_email AS email, opted_out_sms AS sms, opted_out_phone AS phone,
      opted_out_direct_mail AS "directMail", opted_out_fax AS fax, opted_out_push AS push
    FROM profile WHERE id = ANY(${`{${ids.join(',')}}`}::bigint[]) ORDER BY id FOR UPDATE`);
  return new Map(locked.map((row) => [row.id, row]));
}

/** Names of the wishes that the person took back later; read under the lock. */
async function laterOptIns(tx: Queryable, wishes: readonly Wish[]): Promise<ReadonlySet<string>> {
  const found = await tx.query<{ profileId: bigint; channel: Channel }>(sql`
    SELECT r."profileId", r.channel
    FROM jsonb_to_recordset(${rows(wishes)}::jsonb) AS r("profileId" bigint, channel "Channel", "occurredAt" timestamptz)
    WHERE EXISTS (SELECT FROM consent_event c WHERE c.profile_id = r."profileId" AND NOT c.opted_out
      AND (c.channel IS NULL OR c.channel = r.channel) AND c.occurred_at > r."occurredAt")`);
  return new Set(found.map(wishName));
}

function wishName({ profileId, channel }: Pick<Wish, 'profileId' | 'channel'>): string {
  return `${profileId} ${channel}`;
}

function decide(wishes: readonly Wish[], profiles: ReadonlyMap<bigint, LockedProfile>, later: ReadonlySet<string>) {
  const flags = new Map<bigint, LockedProfile>();
  const events: { profileId: bigint; channel: Channel; source: ConsentSource; occurredAt: Date }[] = [];
  for (const wish of wishes) {
    const { profileId, channel, occurredAt } = wish;
    const before = flags.get(profileId) ?? profiles.get(profileId);
    if (before === undefined || later.has(wishName(wish))) continue;
    const decision = decideConsent(before, { optedOut: true, channels: [channel] });
    if (!decision.ok || decision.changes.length === 0) continue;
    flags.set(profileId, { ...decision.flags, id: profileId });
    events.push({ profileId, channel, source: channel === 'EMAIL' ? 'MAILTO' : 'UNSUBSCRIBE_LINK', occurredAt });
  }
  return { profiles: [...flags.values()], events };
}

async function writeFlags(tx: Queryable, profiles: readonly LockedProfile[], now: Date): Promise<void> {
  await tx.execute(sql`
    UPDATE profile AS p SET opted_out_email = r.email, opted_out_sms = r.sms, opted_out_phone = r.phone,
      opted_out_direct_mail = r."directMail", opted_out_fax = r.fax, opted_out_push = r.push, updated_at = ${now}::timestamptz
    FROM jsonb_to_recordset(${rows(profiles)}::jsonb) AS r(id bigint, email boolean, sms boolean, phone boolean, "directMail" boolean,
      fax boolean, push boolean)
    WHERE p.id = r.id`);
}
