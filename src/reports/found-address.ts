/** Finds e-mail addresses in free text and in report fields, in time linear in the text. */

export interface FoundAddress {
  readonly address: string;
  /** Where the address, with its angle brackets or quotes, begins and ends in the text. */
  readonly start: number;
  readonly end: number;
}

const MAX_LOCAL = 200;
const MAX_DOMAIN = 255;

/** Characters of an unquoted local part in free text: atext, the dot, Latin and Cyrillic letters; no CJK, which glues to what stands around. */
function isLocalCharacter(c: number): boolean {
  if (c < 128) {
    if ((c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122)) return true;
    return (
      c === 46 ||
      c === 45 ||
      c === 95 ||
      c === 43 ||
      c === 61 ||
      c === 47 ||
      c === 35 ||
      c === 36 ||
      c === 37 ||
      c === 38 ||
      c === 126 ||
      c === 33 ||
      c === 63 ||
      c === 94 ||
      c === 123 ||
      c === 125 ||
      c === 39
    );
  }
  return c >= 0xc0 && c <= 0x4ff;
}

function isDomainCharacter(c: number): boolean {
  if (c < 128) return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 45 || c === 46 || c === 95;
  return c >= 0xc0 && c <= 0x4ff;
}

/** Words that programs glue to an address with an equals sign. */
const GLUED_NAME = /^(?:to|rcpt|rcptto|recipient|email|e-mail|mail|address|user|orig_to|for|account)=(?=.+@)/i;

function quotedLocalStart(text: string, at: number): number {
  const open = text.lastIndexOf('"', at - 2);
  return open !== -1 && at - open < MAX_LOCAL && !text.slice(open, at).includes('\n') ? open : -1;
}

function bracketed(text: string, at: number): FoundAddress | null {
  const open = text.lastIndexOf('<', at);
  if (open === -1 || at - open > MAX_LOCAL) return null;
  const close = text.indexOf('>', at);
  if (close === -1 || close - at > MAX_DOMAIN) return null;
  const inside = text.slice(open + 1, close).replace(/^mailto:/i, '');
  if (/[\s<>,;]/.test(inside) || inside.includes('//')) return null;
  const address = cleanAddress(inside);
  return address === null ? null : { address, start: open, end: close + 1 };
}

function bare(text: string, at: number): FoundAddress | null {
  let start = at;
  if (text.charCodeAt(at - 1) === 34) start = quotedLocalStart(text, at);
  else while (start > 0 && at - start < MAX_LOCAL && isLocalCharacter(text.charCodeAt(start - 1))) start--;
  let end = at + 1;
  while (end < text.length && end - at < MAX_DOMAIN && isDomainCharacter(text.charCodeAt(end))) end++;
  while (end > at + 1 && /[.\-_]/.test(text.charAt(end - 1))) end--;
  if (start < 0 || start >= at || end <= at + 1) return null;
  // An apostrophe that opens belongs to the sentence, not to the address; so does a leading dot, dash or equals sign of list markers.
  while (start < at && /['.\-=/]/.test(text.charAt(start))) start++;
  const glued = GLUED_NAME.exec(text.slice(start, end));
  if (glued !== null) start += glued[0].length;
  if (start >= at) return null;
  return { address: text.slice(start, end), start, end };
}

/** All addresses of a text in order, at most `limit`. */
export function findAddresses(text: string, limit = 200): FoundAddress[] {
  const found: FoundAddress[] = [];
  let at = text.indexOf('@');
  while (at !== -1 && found.length < limit) {
    const one = bracketed(text, at) ?? bare(text, at);
    if (one !== null) found.push(one);
    at = text.indexOf('@', one === null ? at + 1 : Math.max(one.end, at + 1));
  }
  return found;
}

/** The first address of a text, or null. */
export function firstAddress(text: string): string | null {
  return findAddresses(text, 1)[0]?.address ?? null;
}

/** `\x{263A}` of RFC 6533 and the `+40`, `+2B` and `+3D` of an xtext address (RFC 3461), which some servers leave as they got them. */
function decodeEscapes(value: string): string {
  let text = value;
  if (text.includes('\\x{')) {
    text = text.replace(/\\x\{([0-9A-Fa-f]{2,6})\}/g, (all, hex: string) => {
      const code = Number.parseInt(hex, 16);
      return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? all : String.fromCodePoint(code);
    });
  }
  if (!text.includes('@') && text.includes('+40')) text = text.replace('+40', '@');
  return text.replace(/\+2B/g, '+').replace(/\+3D/g, '=');
}

/**
 * The address in a value that is nothing but an address, with or without brackets, quotes and source route; null where there is none.
 * As reported: the case and the spelling stay.
 */
export function cleanAddress(value: string): string | null {
  let text = decodeEscapes(value.trim());
  const open = text.indexOf('<');
  const close = text.indexOf('>', open);
  if (open !== -1 && close > open) text = text.slice(open + 1, close);
  text = text
    .trim()
    .replace(/^mailto:/i, '')
    .replace(/^'(.*)'$/, '$1');
  // A source route (`@a,@b:user@c`) names relays in front of the address.
  if (text.startsWith('@')) text = text.slice(text.indexOf(':') + 1);
  const at = text.lastIndexOf('@');
  if (at < 1 || at === text.length - 1 || text.length > MAX_LOCAL + MAX_DOMAIN) return null;
  if (/[\s<>,;()[\]\\]/.test(text) && !/^"[^"\n]*"@[^\s]+$/.test(text)) return null;
  return text.replace(/[.]+$/, '');
}

/** The address of an RFC 3464 field such as `rfc822; <ann@example.com>`; the type and comments are dropped. */
export function fieldAddress(value: string): string | null {
  const semicolon = value.indexOf(';');
  const rest = semicolon === -1 ? value : value.slice(semicolon + 1);
  const x400 = /rfc-?822=([^/;\s]{1,200})\(a\)([^/;\s]{1,200})/i.exec(rest);
  if (x400 !== null) return cleanAddress(`${x400[1] ?? ''}@${x400[2] ?? ''}`);
  return cleanAddress(rest) ?? cleanAddress(rest.replace(/\([^()]*\)/g, '')) ?? firstAddress(rest);
}

/** The name of an address in lower case without domain. */
export function localPart(address: string): string {
  const at = address.lastIndexOf('@');
  return (at === -1 ? address : address.slice(0, at)).toLowerCase();
}
