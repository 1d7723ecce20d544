import { createHash, createHmac, hash } from 'node:crypto';
import type { Channel } from '../vocabulary.ts';

/** Sets keys of profiles apart from keys of addresses: no channel has this name. */
const PROFILE_SPACE = 'PROFILE';
const EXTERNAL_ID_SPACE = 'EXTERNAL_ID';

/**
 * The key under which an address is matched everywhere: the first 128 bits of HMAC-SHA256 under the instance's secret over channel
 * and canonical address, as uuid text.
 *
 * Every table that must know an address carries it, so that matching is one fixed-width join, and so that an erased address can
 * still be recognised and kept out (amendment A8). The short code of an SMS entry is no part of it.
 *
 * @param canonical the `canonical` of `canonicalAddress`: another spelling gives another key and opens the gate
 */
export function addressKey(secret: Buffer, channel: Channel, canonical: string): string {
  return keyOf(secret, `${channel}\0${canonical}`);
}

/** The key of a recipient that is a profile without an address of the channel: made of the profile's id. */
export function profileKey(secret: Buffer, profileId: bigint | string): string {
  return keyOf(secret, `${PROFILE_SPACE}\0${profileId}`);
}

/** What is left of the external id of an erased person: keeps a nightly import from bringing the person back (amendment A8). */
export function externalIdKey(secret: Buffer, externalId: string): string {
  return keyOf(secret, `${EXTERNAL_ID_SPACE}\0${externalId}`);
}

/**
 * Tells one instance key from another without giving it away: 32 hexadecimal digits to be kept in the settings.
 * A start with another key is refused, since no entry would match any more and every gate would stand open.
 */
export function keyFingerprint(secret: Buffer): string {
  return createHmac('sha256', secret).update('FINGERPRINT\0').digest('hex').slice(0, 32);
}

/**
 * The lock that a writer of this address takes, 0 to 255: the first byte of the key.
 * In SQL: `get_byte(uuid_send(address_key), 0)`.
 */
export function lockBucket(key: string): number {
  return Number.parseInt(key.slice(0, 2), 16);
}

const BLOCK = 64;
const DIGEST = 32;
/** Longer than nearly every address; what is longer still goes the common way. */
const SHORT_BYTES = 1024;

/** The secret as HMAC lays it before a text (inner) and before that one's digest (outer). */
export interface HmacPads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** HMAC(key, m) = H(outer || H(inner || m)): PostgreSQL has sha256() but no hmac() without an extension. */
export function hmacPads(secret: Buffer): HmacPads {
  const block = Buffer.alloc(BLOCK);
  (secret.length > BLOCK ? createHash('sha256').update(secret).digest() : secret).copy(block);
  return { inner: block.map((byte) => byte ^ 0x36) as Buffer, outer: block.map((byte) => byte ^ 0x5c) as Buffer };
}

/** Both pads with room behind them: a key costs two hashes and no object of its own, half of what createHmac takes. */
const rooms = new WeakMap<Buffer, HmacPads>();

function roomsOf(secret: Buffer): HmacPads {
  const known = rooms.get(secret);
  if (known) return known;
  const { inner, outer } = hmacPads(secret);
  const made = { inner: Buffer.concat([inner], BLOCK + SHORT_BYTES), outer: Buffer.concat([outer], BLOCK + DIGEST) };
  rooms.set(secret, made);
  return made;
}

function keyOf(secret: Buffer, text: string): string {
  const hex = hmacHex(secret, text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function hmacHex(secret: Buffer, text: string): string {
  if (text.length * 3 > SHORT_BYTES) return createHmac('sha256', secret).update(text, 'utf8').digest('hex');
  const { inner, outer } = roomsOf(secret);
  const end = BLOCK + inner.write(text, BLOCK, 'utf8');
  outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK, 'latin1');
  return hash('sha256', outer, 'hex');
}
