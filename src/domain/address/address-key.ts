import { createHmac } from 'node:crypto';
import type { Channel } from '../vocabulary.ts';

/** Sets keys of profiles apart from keys of addresses: no channel has this name. */
const PROFILE_SPACE = 'PROFILE';

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

function keyOf(secret: Buffer, text: string): string {
  const hex = createHmac('sha256', secret).update(text, 'utf8').digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
