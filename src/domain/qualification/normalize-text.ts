import { hash } from 'node:crypto';
import { domainToASCII, domainToUnicode } from 'node:url';
import { replaceAddresses } from './replace-addresses.ts';

/*
 * Equal failures share one qualification row (QUA-4), so everything that varies from message to message is taken out:
 * addresses become `*`, the rest `#NAME#`. The rules and their order are those of spec 7.3; a cheap look at the text
 * decides which of them can apply at all. Reply codes and enhanced status codes stay: they are part of the meaning (QUA-10).
 */

const MOST_PASSES = 3;
const HYPHEN = 45;

const SPACES = /\s+/g;
const HAS_ODD_SPACE = /^\s|\s$|\s\s|[^\S ]/;
const RECEIPT_HEAD = /^SR \S+ /;
const INTERNAL_CODES = /^(?:[A-Z]{3}-\d{6} )+/;
const URL = /\bhttps?:\/\/[^\s<>"']+/gi;
const DATE =
  /\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b|\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{4}(?: \d{2}:\d{2}(?::\d{2})?(?: (?:[+-]\d{4}|GMT|UTC))?)?|\b\d{1,2}\/\d{1,2}\/\d{2,4}(?: \d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)?/g;
const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b/g;
const IPV6 = /\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b/gi;
const PHONE = /(?<![\w.#])\+\d[\d ().-]{6,}\d/g;
const DOMAIN = /(?<![\w.#-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[a-z]{2,}(?![\w-])/g;
const MIXED_ID = /(?<![\w#.-])(?![A-Z]{2,4}-\d+\b)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{8,}(?:\.\d+)?/g;
const LONG_NUMBER = /(?<![\w#.])\d{4,}(?!\w|\.\d)/g;

const WORD = /[\p{L}\p{N}_]/u;
const ADDRESS_CHARACTER = /[\p{L}\p{N}\p{M}._%+=~@-]/u;
const INTERNATIONAL = /[^\0-\x7f]|xn--/;
const PLAIN_LOCAL_PART = /^[\p{L}\p{N}\p{M}._%+=~-]+$/u;
/** Percent-encoding leaves it as it is. */
const UNRESERVED = /^[a-z0-9._~-]+$/;
/** A bare recipient (number, token) at least so long is taken out even where it is glued to other letters. */
const LONG_TOKEN = 7;

/** One way in which a receiving server writes the recipient, in small letters. */
interface Form {
  readonly text: string;
  /** What must not touch it for it to be the recipient and no longer address or word; null where nothing else can be meant. */
  readonly glue: RegExp | null;
}

interface Recipient {
  readonly forms: readonly Form[];
  /** One of them stands in each form: without them the text need not be searched. */
  readonly signs: readonly string[];
  readonly isAddress: boolean;
}

function recipientOf(recipient: string): Recipient {
  const lowered = inSmallLetters(recipient);
  const at = lowered.lastIndexOf('@');
  if (at < 1) return { forms: [{ text: lowered, glue: WORD }], signs: [lowered], isAddress: false };
  const local = lowered.slice(0, at);
  const domains = spellingsOf(lowered.slice(at + 1));
  return { forms: domains.flatMap((domain) => formsOf(local, domain)), signs: domains, isAddress: true };
}

/** @param domain in one of its spellings */
function formsOf(local: string, domain: string): Form[] {
  // The rule for addresses would cut an unusual local part in two.
  const glue = PLAIN_LOCAL_PART.test(local) ? ADDRESS_CHARACTER : null;
  return [
    { text: `"${local}"@${domain}`, glue: null },
    { text: `${local}@${domain}`, glue },
    { text: `${local}=${domain}`, glue },
    { text: `${local}%40${domain}`, glue: null },
    ...(UNRESERVED.test(local) ? [] : [{ text: `${percentEncoded(local)}%40${domain}`, glue: null }]),
  ];
}

/** A domain with letters beyond ASCII, as it is, in the form for the wire and percent-encoded. */
function spellingsOf(domain: string): string[] {
  if (!INTERNATIONAL.test(domain)) return [domain];
  const unicode = domainToUnicode(domain);
  return [...new Set([domain, domainToASCII(domain), unicode, percentEncoded(unicode)])].filter(Boolean);
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).toLowerCase();
}

/** As long as the text: of all letters only this one becomes two when it is lowered. */
function inSmallLetters(text: string): string {
  return text.replaceAll('İ', 'i').toLowerCase();
}

function isFree(text: string, start: number, end: number, glue: RegExp): boolean {
  const before = text.charAt(start - 1);
  const after = text.charAt(end);
  return !(before !== '' && (glue.test(before) || before === '#')) && !(after !== '' && (glue.test(after) || after === '#'));
}

/** Replaces one form by `*`: everywhere, or only where no character of `glue` touches it. `haystack` is the text in small letters. */
function replaceForm(text: string, haystack: string, form: string, glue: RegExp | null): string {
  let out = '';
  let done = 0;
  for (let start = haystack.indexOf(form); start >= 0; start = haystack.indexOf(form, start)) {
    const end = start + form.length;
    if (glue === null || isFree(text, start, end, glue)) {
      out += `${text.slice(done, start)}*`;
      done = end;
    }
    start = end;
  }
  return done === 0 ? text : out + text.slice(done);
}

function replaceForms(text: string, { forms, signs }: Recipient, glueOf: (form: Form) => RegExp | null): string {
  let out = text;
  let haystack = inSmallLetters(text);
  if (!signs.some((sign) => haystack.includes(sign))) return text;
  for (const form of forms) {
    const next = replaceForm(out, haystack, form.text, glueOf(form));
    if (next !== out) haystack = inSmallLetters(next);
    out = next;
  }
  return out;
}

function replaceRecipient(text: string, recipient: Recipient): string {
  return replaceForms(text, recipient, ({ glue }) => glue);
}

/** What the rules left standing of the recipient: unusual local parts glued to other letters. */
function replaceGluedRecipient(text: string, recipient: Recipient): string {
  const { isAddress, forms } = recipient;
  const known = isAddress ? recipient : { ...recipient, forms: forms.filter((form) => form.text.length >= LONG_TOKEN) };
  return replaceForms(text, known, () => null);
}

const DIGIT = 1;
const SMALL = 2;
const CAPITAL = 4;
const HEX = 8;
const JOINER = 16;
const ALPHANUMERIC = DIGIT | SMALL | CAPITAL;

/** Kinds of ASCII characters, as bits. */
const KIND = new Uint8Array(128);
for (let code = 48; code <= 57; code += 1) KIND[code] = DIGIT | HEX;
for (let code = 97; code <= 122; code += 1) KIND[code] = code <= 102 ? SMALL | HEX : SMALL;
for (let code = 65; code <= 90; code += 1) KIND[code] = code <= 70 ? CAPITAL | HEX : CAPITAL;
KIND[45] = JOINER;
KIND[95] = JOINER;

/** What a text must have for a rule to match at all; each is necessary, none is enough. */
interface Traits {
  readonly date: boolean;
  readonly ip4: boolean;
  readonly ip6: boolean;
  readonly phone: boolean;
  readonly domain: boolean;
  readonly mixedId: boolean;
  readonly longNumber: boolean;
}

const LEAST_ID = 8;
const LEAST_NUMBER = 4;

/** One look at every character, instead of seven searches through most texts for nothing. */
function traitsOf(text: string): Traits {
  let [numberDots, hexColons, digitRun, token] = [0, 0, 0, 0];
  let [plus, slash, domain, mixedId, longNumber] = [false, false, false, false, false];
  let kinds = 0;
  let before = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const kind = code < 128 ? (KIND[code] as number) : 0;
    if (kind !== 0) {
      token += 1;
      kinds |= kind;
      digitRun = (kind & DIGIT) !== 0 ? digitRun + 1 : 0;
      if (digitRun >= LEAST_NUMBER) longNumber = true;
      if (token >= LEAST_ID && (kinds & DIGIT) !== 0 && (kinds & (SMALL | CAPITAL)) !== 0) mixedId = true;
    } else {
      if (code === 46 && (before & ALPHANUMERIC) !== 0) {
        const after = KIND[text.charCodeAt(index + 1)] ?? 0;
        if ((after & SMALL) !== 0) domain = true;
        if ((before & DIGIT) !== 0 && (after & DIGIT) !== 0) numberDots += 1;
      } else if (code === 58 && (before & HEX) !== 0) hexColons += 1;
      else if (code === 43) plus = true;
      else if (code === 47 && (before & DIGIT) !== 0) slash = true;
      token = 0;
      kinds = 0;
      digitRun = 0;
    }
    before = kind;
  }
  return { date: slash || longNumber, ip4: numberDots >= 3, ip6: hexColons >= 3, phone: plus, domain, mixedId, longNumber };
}

function replaceVariables(text: string): string {
  let out = text.includes('://') ? text.replace(URL, '#URL#') : text;
  out = replaceAddresses(out);
  const traits = traitsOf(out);
  if (traits.date) out = out.replace(DATE, '#DATE#');
  if (traits.ip4) out = out.replace(IPV4, '#IP#');
  if (traits.ip6) out = out.replace(IPV6, '#IP#');
  if (traits.phone) out = out.replace(PHONE, '#PHONE#');
  if (traits.domain) out = out.replace(DOMAIN, '#DOMAIN#');
  if (traits.mixedId) out = out.replace(MIXED_ID, '#ID#');
  return traits.longNumber ? out.replace(LONG_NUMBER, '#ID#') : out;
}

function pass(text: string, recipient: Recipient | null): string {
  let out = HAS_ODD_SPACE.test(text) ? text.replace(SPACES, ' ').trim() : text;
  if (out.startsWith('SR ') && RECEIPT_HEAD.test(out)) {
    const bar = out.indexOf('|');
    if (bar >= 0) return `${withoutRecipient(out.slice(0, bar), recipient)}|#MESSAGE#`;
  }
  if (out.charCodeAt(3) === HYPHEN) out = out.replace(INTERNAL_CODES, '');
  if (recipient === null) return replaceVariables(out);
  return replaceGluedRecipient(replaceVariables(replaceRecipient(out, recipient)), recipient);
}

function withoutRecipient(text: string, recipient: Recipient | null): string {
  return recipient === null ? text : replaceGluedRecipient(replaceRecipient(text, recipient), recipient);
}

/**
 * The text of a failure without what varies: the words that one qualification row stands for (QUA-4, spec 7.3).
 *
 * Idempotent, and never lets the recipient's address through, in any case, VERP or percent-encoded form (amendment A13).
 *
 * @param recipient the address the text speaks of: e-mail address, phone number or device token
 */
export function normalizeText(text: string, recipient?: string): string {
  const known = recipient === undefined || recipient === '' ? null : recipientOf(recipient);
  let out = text;
  for (let count = 0; count < MOST_PASSES; count += 1) {
    const next = pass(out, known);
    if (next === out) return out;
    out = next;
  }
  return out;
}

/** Hex MD5 of the UTF-8 text: with the channel, the natural key of a qualification row (spec 2.5, 7.4). No secret. */
export function qualificationKey(normalized: string): string {
  return hash('md5', normalized, 'hex');
}
