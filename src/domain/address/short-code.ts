export type ShortCodeResult = Readonly<{ ok: true; canonical: string }> | Readonly<{ ok: false; message: string }>;

const INPUT_MAX_LENGTH = 100;
const MOST_CHARACTERS = 40;
/** Digits, one leading plus, and the marks people group digits with. */
const NUMBER = /^\+?[\d\s().\-/\u2010-\u2015]+$/;

/**
 * The one form of the number that an SMS was written from, made at every door: a STOP that answered `+1 (555) 010-0199` shuts the gate for
 * deliveries from `15550100199` (SMS-5). Of a number the marks that group its digits fall away; a name of letters stays as it is. The plus falls
 * away too: some gateways write their numbers with it and others without, and a short code of five digits never has one.
 */
export function canonicalShortCode(value: string): ShortCodeResult {
  const text = value.length > INPUT_MAX_LENGTH ? '' : value.trim().normalize('NFKC');
  const canonical = withoutPlus(NUMBER.test(text) ? text.replace(/[^\d+]/g, '') : text);
  if (canonical === '' || canonical.length > MOST_CHARACTERS || /[\p{Cc}\p{Cs}]/u.test(canonical)) {
    return { ok: false, message: `A short code has 1 to ${MOST_CHARACTERS} characters, without control characters.` };
  }
  return { ok: true, canonical };
}

/** The canonical form of a short code that was kept by a version which left the plus where it stood. */
export function withoutPlus(shortCode: string): string {
  return shortCode.replace(/^\+/, '');
}
