import { type Sql, sql } from './database.ts';

/** HMAC pads of the instance's secret: PostgreSQL has sha256() but no hmac() without an extension. */
export interface KeyPads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/**
 * The key of a recipient that is a profile without an address, made in SQL: what `profileKey` of the domain makes of the same id.
 * Recipients are made by the million where they are stored, so the key is made there too.
 */
export function profileKeySql(pads: KeyPads, profileId: Sql): Sql {
  const bytes = (pad: Buffer) => sql`decode(${pad.toString('hex')}, 'hex')`;
  const message = sql`convert_to('PROFILE', 'UTF8') || '\\x00'::bytea || convert_to((${profileId})::text, 'UTF8')`;
  return sql`left(encode(sha256(${bytes(pads.outer)} || sha256(${bytes(pads.inner)} || ${message})), 'hex'), 32)::uuid`;
}
