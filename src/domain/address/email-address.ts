import { domainToASCII } from 'node:url';
import type { AddressCase, AddressResult } from './canonical-address.ts';

const LOCAL_MAX_BYTES = 64;
const ADDRESS_MAX_BYTES = 254;
/** Anything longer is no address whatever its form; keeps the work per refused value small. */
const INPUT_MAX_LENGTH = 1000;

/** RFC 5321 atext, the dot, and what RFC 6531 adds. Dots may repeat or stand at an end: such mailboxes exist and must be suppressible. */
const UNQUOTED = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\u0080-\u{10ffff}]+$/u;
const UNQUOTED_CHARACTER = /[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\u0080-\u{10ffff}]/u;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** What nearly every address looks like: of such a one only the case may change. */
const PLAIN = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9]|-(?!-)){0,61}(?<!-)\.)+[A-Za-z]{2,63}$/;

type Part = Readonly<{ ok: true; text: string }> | Readonly<{ ok: false; message: string }>;

/**
 * The canonical form of one e-mail address: trimmed, NFC, needless quotes removed, local part in lower case unless the instance
 * matches exactly, domain in lower-case ASCII (punycode) without a final dot.
 *
 * Tags (`ann+news@`), VERP forms and dots in the local part are kept: they may be other mailboxes.
 */
export function canonicalEmail(value: string, addressCase: AddressCase): AddressResult {
  return plainEmail(value, addressCase) ?? anyEmail(value, addressCase);
}

/** The same as `anyEmail`, a few times faster; null = look closer. */
function plainEmail(value: string, addressCase: AddressCase): AddressResult | null {
  if (value.length > ADDRESS_MAX_BYTES || !PLAIN.test(value)) return null;
  const at = value.indexOf('@');
  const domain = value.slice(at + 1).toLowerCase();
  const local = value.slice(0, at);
  return { ok: true, canonical: `${addressCase === 'exact' ? local : local.toLowerCase()}@${domain}`, original: value, domain };
}

/** Exported for the test that compares the two. */
export function anyEmail(value: string, addressCase: AddressCase): AddressResult {
  const text = value.trim().normalize('NFC');
  const shape = refusedShape(text);
  if (shape !== null) return { ok: false, message: shape };
  const at = text.lastIndexOf('@');
  const local = localPart(text.slice(0, at), addressCase);
  if (!local.ok) return local;
  const domain = domainPart(text.slice(at + 1));
  if (!domain.ok) return domain;
  const canonical = `${local.text}@${domain.text}`;
  if (Buffer.byteLength(canonical) > ADDRESS_MAX_BYTES) return tooLong('An e-mail address', ADDRESS_MAX_BYTES);
  return { ok: true, canonical, original: value, domain: domain.text };
}

function refusedShape(text: string): string | null {
  if (text.length > INPUT_MAX_LENGTH) return tooLong('An e-mail address', ADDRESS_MAX_BYTES).message;
  const invisible = /[\p{Cc}\p{Cf}]/u.exec(text)?.[0];
  if (invisible !== undefined) return `The e-mail address contains the invisible character ${codePoint(invisible)}.`;
  if (/[<>]/.test(withoutQuoted(text))) return 'Write the bare address, without a name and without angle brackets: ann@example.com.';
  if (!text.includes('@')) return 'The e-mail address has no @.';
  if (/[,;]/.test(withoutQuoted(text))) return 'Write one e-mail address at a time: a comma or semicolon is not part of an address.';
  if (/\s/u.test(withoutQuoted(text))) return 'The e-mail address contains a space.';
  return null;
}

function localPart(local: string, addressCase: AddressCase): Part {
  if (local === '') return { ok: false, message: 'There is nothing before the @.' };
  const unquoted = local.startsWith('"') ? quotedContent(local) : plainContent(local);
  if (!unquoted.ok) return unquoted;
  const cased = addressCase === 'exact' ? unquoted.text : unquoted.text.toLowerCase().normalize('NFC');
  const text = UNQUOTED.test(cased) ? cased : `"${cased.replace(/["\\]/g, '\\$&')}"`;
  return Buffer.byteLength(text) > LOCAL_MAX_BYTES ? tooLong('The part before the @', LOCAL_MAX_BYTES) : { ok: true, text };
}

function plainContent(local: string): Part {
  if (local.includes('@')) return { ok: false, message: 'The e-mail address has more than one @.' };
  const wrong = [...local].find((character) => !UNQUOTED_CHARACTER.test(character));
  if (wrong === undefined) return { ok: true, text: local };
  return { ok: false, message: `The character ${wrong} is not allowed before the @ unless that part stands in double quotes.` };
}

function quotedContent(local: string): Part {
  const content = /^"((?:[^"\\]|\\.)*)"$/su.exec(local)?.[1];
  if (content === undefined) return { ok: false, message: 'The double quotes before the @ do not close, or something follows them.' };
  if (content === '') return { ok: false, message: 'There is nothing between the double quotes before the @.' };
  const text = content.replace(/\\(.)/gsu, '$1');
  if (/[^\S ]/u.test(text)) return { ok: false, message: 'Of white space, only the plain space may stand in double quotes before the @.' };
  return { ok: true, text };
}

/** The form in which domains are kept, so that a filter finds `Bücher.example`; what is no domain name stays as it is and matches nothing. */
export function canonicalDomain(given: string): string {
  const trimmed = given.trim();
  const domain = domainPart(trimmed);
  return domain.ok ? domain.text : trimmed.toLowerCase();
}

function domainPart(given: string): Part {
  if (given === '') return { ok: false, message: 'There is nothing after the @.' };
  if (given.startsWith('[')) return { ok: false, message: 'An IP address in brackets after the @ is not taken: write the domain.' };
  // domainToASCII follows URLs: it would decode %41, and stop at or drop what a URL treats as special.
  const domain = /[%/\\?#:]/.test(given) ? '' : domainToASCII(given).toLowerCase().replace(/\.$/, '');
  const labels = domain.split('.');
  if (domain === '' || !labels.every((label) => LABEL.test(label)))
    return { ok: false, message: `"${shortened(given)}" is not a domain name.` };
  if (labels.length < 2) return { ok: false, message: `The domain "${shortened(given)}" has no dot: is its ending missing?` };
  if (/^[0-9]+$/.test(labels.at(-1) ?? '')) return { ok: false, message: 'A domain name is needed after the @, not an IP address.' };
  return { ok: true, text: domain };
}

function withoutQuoted(text: string): string {
  return text.replace(/^"(?:[^"\\]|\\.)*"(?=@)/su, '');
}

function tooLong(what: string, bytes: number): Readonly<{ ok: false; message: string }> {
  return { ok: false, message: `${what} has at most ${bytes} bytes.` };
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > 60 ? `${characters.slice(0, 60).join('')}...` : text;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
