/**
 * The one form of an address, made at every door (amendment A1). Whatever is stored, matched or asked about has gone through here,
 * so that two spellings of one address are one address to the quarantine.
 *
 * | channel | canonical form |
 * |---|---|
 * | EMAIL | trimmed, NFC, domain in lower-case ASCII without a final dot, local part in lower case (`exact`: as given) |
 * | SMS, PHONE, FAX | E.164, for example +33612345678 |
 * | PUSH | the token as it is: white space in or around it is refused, not removed |
 * | DIRECT_MAIL, OTHER | NFC, trimmed, white space inside collapsed to one space |
 */
import { assertNever, type Channel } from '../vocabulary.ts';
import { canonicalEmail } from './email-address.ts';
import { canonicalPhone } from './phone-number.ts';

/** How the local part of an e-mail address is matched. `exact` is the vendor's case-sensitive matching (spec SUP-5). */
export type AddressCase = 'canonical' | 'exact';

export type AddressInput = Readonly<{
  channel: Channel;
  value: string;
  addressCase: AddressCase;
  /** Two-letter country code for phone numbers written the national way; without it only numbers that start with + are taken. */
  defaultRegion?: string | undefined;
  /** The number is known to be international though it lacks the +, as in SMPP receipts: `33612345678`. */
  international?: boolean;
}>;

export type CanonicalAddress = Readonly<{
  ok: true;
  /** What the quarantine is matched against. */
  canonical: string;
  /** As it was given. */
  original: string;
  /** Of an e-mail address, in lower-case ASCII; null on the other channels. */
  domain: string | null;
}>;

export type AddressRefusal = Readonly<{ ok: false; message: string }>;
export type AddressResult = CanonicalAddress | AddressRefusal;

const PUSH_TOKEN_MAX_LENGTH = 4096;
const OTHER_ADDRESS_MAX_LENGTH = 1000;

/**
 * Brings an address to its canonical form, or says in one sentence what is wrong with it.
 *
 * Never guesses: a display name, a list of addresses or a national number without a region is refused, because a wrong guess would
 * suppress the wrong address. The canonical form is a fixed point: taking it in again gives the same.
 */
export function canonicalAddress(input: AddressInput): AddressResult {
  if (/\p{Cs}/u.test(input.value))
    return refuse('The address contains half of a surrogate pair: the text was cut or is not valid Unicode.');
  if (input.value.trim() === '') return refuse('The address is empty.');
  switch (input.channel) {
    case 'EMAIL':
      return canonicalEmail(input.value, input.addressCase);
    case 'SMS':
    case 'PHONE':
    case 'FAX':
      return canonicalPhone(input);
    case 'PUSH':
      return canonicalPushToken(input.value);
    case 'DIRECT_MAIL':
    case 'OTHER':
      return canonicalText(input.value);
    default:
      return assertNever(input.channel);
  }
}

function canonicalPushToken(value: string): AddressResult {
  if (value.length > PUSH_TOKEN_MAX_LENGTH) return refuse(`A push token has at most ${PUSH_TOKEN_MAX_LENGTH} characters.`);
  if (/[\p{Cc}\s]/u.test(value)) return refuse('A push token contains no spaces, line breaks or control characters.');
  return { ok: true, canonical: value, original: value, domain: null };
}

function canonicalText(value: string): AddressResult {
  const canonical = value.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (/\p{Cc}/u.test(canonical)) return refuse('The address contains a control character.');
  if (canonical.length > OTHER_ADDRESS_MAX_LENGTH) return refuse(`The address has more than ${OTHER_ADDRESS_MAX_LENGTH} characters.`);
  return { ok: true, canonical, original: value, domain: null };
}

function refuse(message: string): AddressRefusal {
  return { ok: false, message };
}
