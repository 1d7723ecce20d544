import type { ContactEntry } from '../domain/exclusion/decide-contact.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { join, type Queryable, raw, rows, type Sql, sql } from './database.ts';
import { optedOutSql } from './prepare-slice.ts';
import { UuidArray } from './uuid-array.ts';

/** One address that is asked about. */
export interface AskedAddress {
  readonly addressKey: string;
  readonly shortCode: string;
}

/** What the lists say of one address that is asked about: an address of which they say nothing has no row, one with several entries has several. */
export interface FoundFacts {
  /** Of the question in the list, from 1. */
  readonly at: number;
  /** Somebody holds the address, and every holder has opted out of its channel: the first of them; else null. */
  readonly deniedHolder: bigint | null;
  readonly erasedAt: Date | null;
  readonly entry: ContactEntry | null;
}

type FactsRow = Omit<FoundFacts, 'entry'> & Nullable<ContactEntry['state']> & { entryId: bigint | null };
type Nullable<T> = { [Key in keyof T]: T[Key] | null };

/**
 * All that the lists say of these addresses, in one statement: the entries that hold (for every short code, or for the one that is asked about), whether
 * every holder has opted out, and whether the address was erased. Each look-up is fenced, so that it stays one probe an address however many rows there
 * are: before the first statistics of a new table the planner would read all of it for every address.
 */
export async function readAddressFacts(database: Queryable, asked: readonly AskedAddress[]): Promise<FoundFacts[]> {
  const found = await database.query<FactsRow>(sql`
    SELECT asked.at::int, asked."deniedHolder", asked."erasedAt", e.*
    FROM (
      SELECT asked.*, (${deniedHolderSql()}) AS "deniedHolder",
        (SELECT erased_at FROM erased_key WHERE erased_key.key = asked.address_key LIMIT 1) AS "erasedAt"
      FROM ${askedSql(asked)} OFFSET 0
    ) AS asked
    LEFT JOIN LATERAL (
      SELECT id AS "entryId", status, reason, last_error_at AS "lastErrorAt", soft_caused AS "softCaused", status_updated_at AS "statusUpdatedAt"
      FROM quarantine_entry
      WHERE address_key = asked.address_key AND ${codesSql(asked)} AND status IN ('DENYLISTED', 'QUARANTINE')
      LIMIT 3
    ) AS e ON true
    WHERE asked."deniedHolder" IS NOT NULL OR asked."erasedAt" IS NOT NULL OR e."entryId" IS NOT NULL`);
  return found.map(({ at, deniedHolder, erasedAt, entryId, ...state }) => ({
    at,
    deniedHolder,
    erasedAt,
    entry: entryId === null ? null : { entryId, state: state as ContactEntry['state'] },
  }));
}

/** The entry for every short code; where one is asked about, its own too, also with the plus that old rows have. */
function codesSql(asked: readonly AskedAddress[]): Sql {
  if (asked.every(({ shortCode }) => shortCode === '')) return sql`short_code = ''`;
  const codes = asked.map(({ shortCode }) => shortCode);
  return sql`short_code = ANY (ARRAY['', (${codes}::text[])[asked.at], '+' || (${codes}::text[])[asked.at]])`;
}

/**
 * The first holder of the address where all have opted out of its channel; null where one has not, or nobody holds it. The holders are read only where one
 * stands in the index of those who have opted out.
 */
const deniedHolderSql = (): Sql => sql`
  SELECT (SELECT CASE WHEN bool_and(opted_out) THEN min(profile_id) END FROM address WHERE address_key = asked.address_key)
  FROM address WHERE address_key = asked.address_key AND opted_out LIMIT 1`;

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
  if (asked.length === 0) return [];
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

/** The questions in the order of their keys, so that the look-ups walk the indexes from one end to the other. `at` is the place in the list, from 1. */
function askedSql(asked: readonly AskedAddress[]): Sql {
  const keys = new UuidArray(asked.map(({ addressKey }) => addressKey));
  return sql`(SELECT address_key, at FROM unnest(${keys}::uuid[]) WITH ORDINALITY AS list (address_key, at) ORDER BY address_key) AS asked`;
}

function optedOutSwitch(channel: Sql, alias: string): Sql {
  const cases = (['EMAIL', 'SMS', 'PHONE', 'DIRECT_MAIL', 'FAX', 'PUSH', 'OTHER'] as const).map(
    (name) => sql`WHEN ${raw(`'${name}'`)} THEN ${optedOutSql(alias, name)}`,
  );
  return sql`CASE ${channel} ${join(cases, ' ')} END`;
}
