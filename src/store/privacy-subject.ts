/** Who a privacy request speaks of, and what addresses are theirs. */
import type { Channel } from '../domain/vocabulary.ts';
import { empty, type Queryable, sql } from './database.ts';
import { uuids } from './feedback-reads.ts';

export interface FoundPerson {
  readonly id: bigint;
  readonly externalId: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
}

const PERSON = sql`id, external_id AS "externalId", first_name AS "firstName", last_name AS "lastName"`;

export async function readPerson(database: Queryable, id: bigint): Promise<FoundPerson | null> {
  const [person] = await database.query<FoundPerson>(sql`SELECT ${PERSON} FROM profile WHERE id = ${id}`);
  return person ?? null;
}

export async function findPersonId(database: Queryable, externalId: string): Promise<bigint | null> {
  const [person] = await database.query<{ id: bigint }>(sql`SELECT id FROM profile WHERE external_id = ${externalId}`);
  return person?.id ?? null;
}

/** The profile that alone holds these addresses; null where nobody does, or several. */
export async function onlyHolder(database: Queryable, addressKeys: readonly string[]): Promise<bigint | null> {
  const found = await database.query<{ id: bigint }>(sql`
    SELECT DISTINCT profile_id AS id FROM address WHERE address_key = ANY(${uuids(addressKeys)}::uuid[]) LIMIT 2`);
  return found.length === 1 ? (found[0]?.id ?? null) : null;
}

/** An address with the forms in which it was given. */
export interface FoundAddress {
  readonly channel: Channel;
  readonly value: string;
  readonly addressKey: string;
  readonly originals: readonly string[];
}

/** The addresses that a person has, and those that logs say they had. Reads all logs of the person: a few hundred, rarely more. */
export async function readPersonAddresses(database: Queryable, profileId: bigint): Promise<FoundAddress[]> {
  return database.query<FoundAddress>(sql`
    SELECT channel, min(value) AS value, address_key::text AS "addressKey", array_agg(DISTINCT original) AS originals FROM (
      SELECT channel, value, original, address_key FROM address WHERE profile_id = ${profileId}
      UNION SELECT channel, address, address, address_key FROM delivery_log WHERE profile_id = ${profileId} AND address NOT LIKE 'erased:%'
      UNION SELECT channel, address, address, address_key FROM exclusion_log
        WHERE profile_id = ${profileId} AND address IS NOT NULL AND address NOT LIKE 'erased:%'
    ) AS known
    GROUP BY address_key, channel ORDER BY address_key LIMIT 1000`);
}

/** The forms in which people gave these addresses. */
export async function readOriginals(database: Queryable, addressKeys: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await database.query<{ key: string; originals: string[] }>(sql`
    SELECT address_key::text AS key, array_agg(DISTINCT original) AS originals FROM address
    WHERE address_key = ANY(${uuids(addressKeys)}::uuid[]) GROUP BY address_key`);
  return new Map(found.map(({ key, originals }) => [key, originals]));
}

/** How many other profiles hold each of these addresses; those that nobody else holds are left out. */
export async function countHolders(
  database: Queryable,
  addressKeys: readonly string[],
  except: bigint | null,
): Promise<ReadonlyMap<string, number>> {
  const others = except === null ? empty : sql`AND profile_id <> ${except}`;
  const found = await database.query<{ key: string; holders: number }>(sql`
    SELECT address_key::text AS key, count(DISTINCT profile_id)::int AS holders FROM address
    WHERE address_key = ANY(${uuids(addressKeys)}::uuid[]) ${others} GROUP BY address_key`);
  return new Map(found.map(({ key, holders }) => [key, holders]));
}
