/**
 * Our own mark on every message we send, so that a report can prove which delivery it speaks of (amendment A11).
 *
 * The mark is `<id>.<mac>`: an identifier of the delivery log and the first 128 bits of an HMAC-SHA256 over it under the instance's
 * secret. It travels in the envelope sender (VERP: `bounce+<mark>@our.domain`), which every bounce comes back to, and in a header, which
 * reports that return the message show. Nobody without the secret can make a valid one, so a forged bounce proves nothing.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

/** The header that carries the mark. */
export const TOKEN_HEADER = 'X-Lazaret-Token';

const MAC_CHARACTERS = 26;
const PURPOSE = 'lazaret own token v1\n';
const ID = /^[A-Za-z0-9_-]{1,28}$/;
const TOKEN = /^([A-Za-z0-9_-]{1,28})\.([a-z2-7]{26})$/i;
const IN_TEXT = /(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{1,28}\.[a-z2-7]{26})(?![a-z0-9])/i;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32 in lower case without padding: mail programs change the case of envelope senders. */
function base32(bytes: Uint8Array): string {
  let out = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += BASE32.charAt((buffer >> bits) & 31);
    }
    buffer &= (1 << bits) - 1;
  }
  if (bits > 0) out += BASE32.charAt((buffer << (5 - bits)) & 31);
  return out;
}

// The identifier is taken in lower case, too: a relay that lowers an envelope sender must not break the proof.
function macOf(id: string, secret: string | Uint8Array): string {
  const digest = createHmac('sha256', secret).update(PURPOSE).update(id.toLowerCase()).digest();
  return base32(digest.subarray(0, 16)).slice(0, MAC_CHARACTERS);
}

/**
 * The mark for one delivery log.
 *
 * @param id letters, digits, `-` and `_`, at most 28 characters, not told apart by case (a decimal delivery log id fits)
 * @throws RangeError for an identifier that would not survive in an address
 */
export function makeOwnToken(id: string, secret: string | Uint8Array): string {
  if (!ID.test(id)) throw new RangeError('A token id holds 1 to 28 letters, digits, hyphens and underscores.');
  return `${id}.${macOf(id, secret)}`;
}

/** The identifier of a valid mark, in lower case, or null for anything else. Takes the same time for every wrong mac. */
export function verifyOwnToken(token: string, secret: string | Uint8Array): string | null {
  const parts = TOKEN.exec(token.trim());
  const id = parts?.[1]?.toLowerCase();
  const mac = parts?.[2]?.toLowerCase();
  if (id === undefined || mac === undefined) return null;
  return timingSafeEqual(Buffer.from(macOf(id, secret)), Buffer.from(mac)) ? id : null;
}

/** The envelope sender that carries a mark: `bounce@our.domain` becomes `bounce+<mark>@our.domain`. */
export function tokenSender(base: string, token: string): string {
  const at = base.lastIndexOf('@');
  return `${base.slice(0, at)}+${token}${base.slice(at)}`;
}

/** What looks like a mark in an address or header value (unverified), or null. */
export function findOwnToken(value: string): string | null {
  const at = value.lastIndexOf('@');
  const local = at === -1 ? value : value.slice(0, at);
  return IN_TEXT.exec(local.slice(-400))?.[1] ?? null;
}
