import { type CountryCode, isSupportedCountry, ParseError, parsePhoneNumberWithError } from 'libphonenumber-js/max';
import type { AddressInput, AddressResult } from './canonical-address.ts';

const INPUT_MAX_LENGTH = 100;
/** Short codes have up to six digits in most countries, seven in some; no subscriber number is that short with its country code. */
const SHORT_CODE = /^\d{3,6}$/;
/** Digits, one leading plus, and the marks people group digits with. */
const PHONE_NUMBER = /^\+?[\d\s().\-/\u2010-\u2015]+$/;
const EXTENSION = /\d\s*(?:ext|x|#|;ext=)\.?\s*\d+$/i;

const REFUSALS: Readonly<Record<string, string>> = {
  NOT_A_NUMBER: 'This is not a phone number.',
  INVALID_COUNTRY: 'The phone number does not begin with the code of any country.',
  TOO_SHORT: 'The phone number is too short.',
  TOO_LONG: 'The phone number is too long.',
  INVALID_LENGTH: 'No phone number of that country has this many digits.',
};

/**
 * The E.164 form of a phone number. Spaces, dashes, dots and brackets fall away; a national number takes the country of the setting
 * `defaultPhoneRegion`.
 *
 * Checks the number of digits of the country, not whether the range is in use: ranges are opened faster than any table of them is
 * updated, and a number that cannot be entered cannot be suppressed either. Short codes are senders, not addresses: refused.
 */
export function canonicalPhone(input: AddressInput): AddressResult {
  const value = input.value.trim().normalize('NFKC');
  if (value.length > INPUT_MAX_LENGTH) return refused('TOO_LONG');
  const refusal = refusedText(value, input);
  if (refusal !== null) return { ok: false, message: refusal };
  return parsed(input.international === true ? withPlus(value) : value, input);
}

function refusedText(value: string, input: AddressInput): string | null {
  if (EXTENSION.test(value)) return 'Leave out the extension: a message goes to a number of its own.';
  if (!PHONE_NUMBER.test(value)) return 'A phone number consists of digits, with + and the country code in front: +33612345678.';
  if (value.startsWith('+')) return null;
  if (SHORT_CODE.test(value)) return 'A short code is not the number of a person: write the full phone number.';
  if (input.international === true || isRegion(input.defaultRegion)) return null;
  return 'Write the phone number with + and the country code (+33612345678), or name a country in the setting defaultPhoneRegion.';
}

function parsed(text: string, input: AddressInput): AddressResult {
  try {
    const region = input.defaultRegion;
    const options = isRegion(region) ? { defaultCountry: region, extract: false } : { extract: false };
    const number = parsePhoneNumberWithError(text, options);
    if (!number.isPossible()) return refused('INVALID_LENGTH');
    return { ok: true, canonical: number.number, original: input.value, domain: null };
  } catch (error) {
    if (error instanceof ParseError) return refused(error.message);
    throw error;
  }
}

function withPlus(value: string): string {
  if (value.startsWith('+')) return value;
  return `+${value.replace(/^00/, '')}`;
}

/** Is this a two-letter code of a country whose phone numbers are known? */
export function isRegion(code: string | undefined): code is CountryCode {
  return code !== undefined && isSupportedCountry(code);
}

function refused(cause: string): AddressResult {
  return { ok: false, message: REFUSALS[cause] ?? 'This is not a phone number.' };
}
