import type { ContactEntry } from '../domain/exclusion/decide-contact.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { join, type Queryable, raw, rows, type Sql, sql } from './database.ts';
import { uuids } from './feedback-reads.ts';
import { optedOutSql } from './prepare-slice.ts';

/** One address that is asked about; `place` is that of the question. */
export interface AskedAddress {
  readonly place: number;
  readonly addressKey: string;
  readonly shortCode: string;
}

export interface FoundEntry {
  readonly place: number;
  readonly entry: ContactEntry;
}

type EntryRow = ContactEntry['state'] & { place: number; entryId: bigint };

/**
 * The entries that hold for these addresses: for every short code, or for the one that is asked about. The look-up is fenced, so that it stays one
 * probe an address however many entries there are.
 */
export async function readContactEntries(database: Queryable, asked: readonly AskedAddress[]): Promise<FoundEntry[]> {
  const found = await database.query<EntryRow>(sql`
    SELECT asked.place, e.*
    FROM ${askedSql(asked)}
    CROSS JOIN LATERAL (
      SELECT id AS "entryId", status, reason, error_text AS "errorText", error_count AS "errorCount", last_error_at AS "lastErrorAt",
             last_significant_error_at AS "lastSignificantErrorAt", last_success_at AS "lastSuccessAt", soft_caused AS "softCaused", source,
             status_updated_at AS "statusUpdatedAt"
      FROM quarantine_entry
      WHERE address_key = asked.address_key AND ${codesSql(asked)} AND status IN ('DENYLISTED', 'QUARANTINE')
      LIMIT 3
    ) AS e`);
  const entries = found.map(({ place, entryId, ...state }) => ({ place, entry: { entryId, state } }));
  return entries.sort((a, b) => a.place - b.place || (a.entry.entryId < b.entry.entryId ? -1 : 1));
}

/** The entry for every short code; where one is asked about, its own too, also with the plus that old rows have. */
function codesSql(asked: readonly AskedAddress[]): Sql {
  if (asked.every(({ shortCode }) => shortCode === '')) return sql`short_code = ''`;
  const codes = asked.map(({ shortCode }) => shortCode);
  return sql`short_code = ANY (ARRAY['', (${codes}::text[])[asked.at], '+' || (${codes}::text[])[asked.at]])`;
}

/**
 * Of these addresses, those that somebody holds and that every holder has opted out of, with the first of them. Each holder is looked up by a fenced
 * probe: before the first statistics of a new table the planner would read all profiles for every address.
 */
export async function readDeniedHolders(
  database: Queryable,
  asked: readonly AskedAddress[],
): Promise<{ place: number; profileId: bigint }[]> {
  return database.query<{ place: number; profileId: bigint }>(sql`
    SELECT asked.place, holders.first AS "profileId"
    FROM ${askedSql(asked)}
    CROSS JOIN LATERAL (
      SELECT min(p.id) AS first, bool_and(p.denied) AS denied
      FROM address AS a
      CROSS JOIN LATERAL (SELECT id, ${optedOutSwitch(sql`a.channel`, 'profile')} AS denied FROM profile WHERE id = a.profile_id LIMIT 1) AS p
      WHERE a.address_key = asked.address_key
    ) AS holders
    WHERE holders.denied`);
}

export interface AskedPerson {
  readonly place: number;
  readonly profileId: bigint;
  readonly channel: Channel;
}

export interface FoundPerson {
  readonly place: number;
  readonly profileId: bigint;
  /** null: there is no such profile. */
  readonly optedOut: boolean | null;
  /** When the opt-out that stands was given; null where none stands. */
  readonly since: Date | null;
}

/** Have these people opted out of the channel, and since when? Of two opt-outs that stand, the earlier one. */
export async function readPersons(database: Queryable, asked: readonly AskedPerson[]): Promise<FoundPerson[]> {
  return database.query<FoundPerson>(sql`
    SELECT asked.place, asked."profileId", p.opted_out AS "optedOut", consent.since
    FROM jsonb_to_recordset(${rows(asked)}::jsonb) AS asked (place int, "profileId" bigint, channel "Channel")
    LEFT JOIN LATERAL (
      SELECT opted_out_all, ${optedOutSwitch(sql`asked.channel`, 'profile')} AS opted_out FROM profile WHERE id = asked."profileId" LIMIT 1
    ) AS p ON true
    LEFT JOIN LATERAL (
      SELECT min(occurred_at) AS since FROM (
        (SELECT occurred_at FROM consent_event WHERE profile_id = asked."profileId" AND opted_out AND channel IS NULL
           AND p.opted_out_all ORDER BY id DESC LIMIT 1)
        UNION ALL
        (SELECT occurred_at FROM consent_event WHERE profile_id = asked."profileId" AND opted_out AND channel = asked.channel
           AND NOT EXISTS (
             SELECT FROM consent_event AS later WHERE later.profile_id = asked."profileId" AND NOT later.opted_out
               AND (later.channel IS NULL OR later.channel = asked.channel) AND later.id > consent_event.id)
         ORDER BY id DESC LIMIT 1)
      ) AS standing
    ) AS consent ON p.opted_out
    ORDER BY asked.place`);
}

/**
 * The questions in the order of their keys, so that the look-ups walk the indexes from one end to the other. `at` is the place in this list,
 * from 1. Keys and places as one text each: an array of ten thousand parts takes the client longer than the database.
 */
function askedSql(asked: readonly AskedAddress[]): Sql {
  const keys = uuids(asked.map(({ addressKey }) => addressKey));
  const places = `{${asked.map(({ place }) => place).join(',')}}`;
  return sql`(
    SELECT address_key, place, at FROM ROWS FROM (unnest(${keys}::uuid[]), unnest(${places}::int[])) WITH ORDINALITY AS list (address_key, place, at)
    ORDER BY address_key
  ) AS asked`;
}

function optedOutSwitch(channel: Sql, alias: string): Sql {
  const cases = (['EMAIL', 'SMS', 'PHONE', 'DIRECT_MAIL', 'FAX', 'PUSH', 'OTHER'] as const).map(
    (name) => sql`WHEN ${raw(`'${name}'`)} THEN ${optedOutSql(alias, name)}`,
  );
  return sql`CASE ${channel} ${join(cases, ' ')} END`;
}
