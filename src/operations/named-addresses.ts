import { rawHeader } from '../reports/mail-headers.ts';
import { openMail, partText } from '../reports/mail-parts.ts';
import type { ParsedMessage } from '../reports/parsed-message.ts';
import type { AddressBook } from './instance.ts';

/** A message is searched as far as this, and for so many addresses: enough for the headers and the text of a report. */
const SEARCHED_BYTES = 256 * 1024;
const MOST_NAMED = 200;

const LOCAL_MAX = 64;
const DOMAIN_MAX = 255;

/**
 * Keys of the e-mail addresses that a raw message names: recipients, senders, lines of its text, also where that is encoded. By them it is found
 * when one of these people asks what is kept about them, or asks for it to be erased.
 */
export function namedAddressKeys(raw: Uint8Array, parsed: ParsedMessage, book: AddressBook): ReadonlySet<string> {
  const named = new Set(parsed.recipients.flatMap(({ address, otherAddress }) => [address ?? [], otherAddress ?? []].flat()));
  const plain = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, SEARCHED_BYTES)).toString('latin1');
  for (const text of ENCODED.test(plain) ? [plain, ...encodedTexts(raw)] : [plain]) {
    for (const found of addressesIn(text)) {
      if (named.size >= MOST_NAMED) break;
      named.add(found);
    }
  }
  return new Set([...named].flatMap((address) => keysOf(address, book)));
}

const ENCODED = /^content-transfer-encoding:[ \t]*(?:base64|quoted-printable)/im;

/** What the encoded parts say, as far as it is text. */
function encodedTexts(raw: Uint8Array): string[] {
  const parts = openMail(raw).parts.filter(
    ({ type, headers }) => /^(?:text|message)\//.test(type) && /base64|quoted/i.test(rawHeader(headers, 'content-transfer-encoding')),
  );
  let left = SEARCHED_BYTES;
  return parts.map((part) => {
    const text = left > 0 ? partText(part).slice(0, left) : '';
    left -= text.length;
    return text;
  });
}

/** Keys of the other people whom a text about this address names. */
export function quotedAddressKeys(text: string | null, address: string, book: AddressBook): string[] {
  if (text === null || !text.includes('@')) return [];
  const named = new Set<string>();
  for (const found of addressesIn(text)) {
    if (named.size >= MOST_NAMED) break;
    if (found.toLowerCase() !== address.toLowerCase()) named.add(found);
  }
  return [...new Set([...named].flatMap((one) => keysOf(one, book)))];
}

/** The keys under which an address is known that a text spells as it likes: where case matters (`ADDRESS_CASE=exact`) also that of its small letters. */
export function keysOf(spelled: string, book: AddressBook): string[] {
  const keys = [...new Set([spelled, spelled.toLowerCase()])].flatMap((form) => keyOf(form, book) ?? []);
  return [...new Set(keys)];
}

export function keyOf(address: string, book: AddressBook): string | null {
  const canonical = book.canonical('EMAIL', address);
  return canonical.ok ? book.key('EMAIL', canonical.canonical) : null;
}

/** From each @ outwards: the time does not depend on what stands between. */
export function* addressesIn(text: string): Generator<string> {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const local = /[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\x80-\xff-]+$/.exec(text.slice(Math.max(0, at - LOCAL_MAX), at))?.[0];
    const domain = /^[A-Za-z0-9\x80-\xff-]+(?:\.[A-Za-z0-9\x80-\xff-]+)+/.exec(text.slice(at + 1, at + 1 + DOMAIN_MAX))?.[0];
    if (local !== undefined && domain !== undefined) yield `${local}@${domain}`;
  }
}
