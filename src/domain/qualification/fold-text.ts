import { replaceAddresses } from './replace-addresses.ts';

/*
 * The shipped rules read a folded text, so that one fragment covers the many spellings of one sentence: small letters, no
 * accents, addresses as `*`, punctuation as a space, apostrophes and the hyphen of "e-mail" gone, reply codes of
 * continuation lines gone. `User <a@b.c> doesn't exist.` becomes ` user * doesnt exist. `.
 */

/** Longer texts are read at both ends only: the beginning names the failure, the end the innermost reply. */
const MOST_CHARACTERS = 6000;

const ACCENTS = /[\u0300-\u036f]/g;
/** Letters that Unicode does not take apart into a plain one and a mark. */
const UNDIVIDED = /[łıøæœßđ]/g;
const LATIN_OF: Readonly<Record<string, string>> = { ł: 'l', ı: 'i', ø: 'o', æ: 'ae', œ: 'oe', ß: 'ss', đ: 'd' };
const SPACE = 0;
const SKIP = 254;
const DOT_SYMBOL = 37;
const STAR_SYMBOL = 38;
const BEYOND = 39;
const NIBBLE = 40;
/** How many symbols there are: space, 26 letters, 10 digits, dot, star, other, 16 parts of a character beyond ASCII. */
export const SYMBOLS = 64;

const SYMBOL_OF_ASCII = new Uint8Array(128).fill(SPACE);
for (let index = 0; index < 26; index += 1) {
  SYMBOL_OF_ASCII[97 + index] = 1 + index;
  SYMBOL_OF_ASCII[65 + index] = 1 + index;
}
for (let index = 0; index < 10; index += 1) SYMBOL_OF_ASCII[48 + index] = 27 + index;
SYMBOL_OF_ASCII['.'.charCodeAt(0)] = DOT_SYMBOL;
SYMBOL_OF_ASCII['*'.charCodeAt(0)] = STAR_SYMBOL;
SYMBOL_OF_ASCII["'".charCodeAt(0)] = SKIP;
SYMBOL_OF_ASCII['`'.charCodeAt(0)] = SKIP;

const LETTER_E = 5;
const LETTER_M = 13;

/** A text in the rules' alphabet, with the codes that stand in it. The symbols are valid until the next text is folded. */
export interface FoldedText {
  readonly symbols: Uint8Array;
  readonly length: number;
  /** Three-digit reply codes in the order in which they stand. */
  readonly replyCodes: readonly number[];
  /** Enhanced status codes in the order in which they stand. */
  readonly statusCodes: readonly string[];
  /** The last host of which the text says that it answered. */
  readonly host: string | null;
}

const scratch = new Uint8Array(4 * MOST_CHARACTERS + 16);

function withoutAccents(text: string): string {
  const straight = text.replace(/[\u2018\u2019\u02bc\u00b4]/g, "'");
  const plain = straight.normalize('NFD').replace(ACCENTS, '').normalize('NFC').toLowerCase();
  return plain.replace(UNDIVIDED, (letter) => LATIN_OF[letter] ?? letter);
}

function shorten(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  const half = MOST_CHARACTERS / 2;
  return `${text.slice(0, half)} ${text.slice(-half)}`;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function digitsFrom(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return end - start;
}

/** Length of the enhanced status code that begins at `start`, or 0: `5.1.1`, `4.7.650`, never a part of an IP address. */
function statusLength(text: string, start: number): number {
  if (text.charCodeAt(start + 1) !== 46) return 0;
  const subject = digitsFrom(text, start + 2);
  if (subject < 1 || subject > 2) return 0;
  const dot = start + 2 + subject;
  if (text.charCodeAt(dot) !== 46) return 0;
  const detail = digitsFrom(text, dot + 1);
  if (detail < 1 || detail > 3) return 0;
  const end = dot + 1 + detail;
  return text.charCodeAt(end) === 46 && isDigit(text.charCodeAt(end + 1)) ? 0 : end - start;
}

function isReplyCode(text: string, start: number): boolean {
  if (digitsFrom(text, start) !== 3) return false;
  const second = text.charCodeAt(start + 1);
  if (second > 57) return false;
  const after = text.charCodeAt(start + 3);
  return Number.isNaN(after) || after === 32 || after === 45 || after === 58;
}

const OPENERS = new Set([':', ';', "'", '"', '<', '>', '(', '[', '-', ','].map((character) => character.charCodeAt(0)));

function opensReply(text: string, start: number): boolean {
  let index = start - 1;
  while (index >= 0 && text.charCodeAt(index) === 32) index -= 1;
  return index < 0 || OPENERS.has(text.charCodeAt(index));
}

interface CodesFound {
  readonly replyCodes: number[];
  readonly statusCodes: string[];
}

const NOT_ASCII = -1;

/** Reads the code that begins at `start`, if one does; returns where the words go on. */
function readCode(text: string, start: number, found: CodesFound): number {
  const status = statusLength(text, start);
  if (status > 0) {
    found.statusCodes.push(text.slice(start, start + status));
    return start;
  }
  if (!isReplyCode(text, start)) return start;
  const enhanced = statusLength(text, start + 4);
  const reply = Number(text.slice(start, start + 3));
  const { replyCodes } = found;
  const goesOn = text.charCodeAt(start + 3) === 45 || (replyCodes.length > 0 && replyCodes[replyCodes.length - 1] === reply);
  if (enhanced > 0 || opensReply(text, start)) replyCodes.push(reply);
  if (enhanced > 0) {
    found.statusCodes.push(text.slice(start + 4, start + 4 + enhanced));
    return start + 4 + enhanced;
  }
  return goesOn ? start + 4 : start;
}

function isHyphenOfEmail(out: Uint8Array, length: number, next: number): boolean {
  return out[length - 1] === LETTER_E && out[length - 2] === SPACE && SYMBOL_OF_ASCII[next < 128 ? next : 0] === LETTER_M;
}

/** Writes a character beyond ASCII as the four parts of its number. */
function writeBeyond(code: number, out: Uint8Array, length: number): number {
  out[length] = NIBBLE + (code >> 12);
  out[length + 1] = NIBBLE + ((code >> 8) & 15);
  out[length + 2] = NIBBLE + ((code >> 4) & 15);
  out[length + 3] = NIBBLE + (code & 15);
  return length + 4;
}

/**
 * Writes a text's symbols into `out` and returns how many there are, or NOT_ASCII where accents have to go first.
 *
 * @param found collects codes and takes those of replies out of the words; absent for the fragments of rules
 */
function writeSymbols(text: string, out: Uint8Array, beyondAscii: boolean, found?: CodesFound): number {
  let length = 1;
  let last = SPACE;
  let boundary = true;
  out[0] = SPACE;
  for (let index = 0; index < text.length; index += 1) {
    let code = text.charCodeAt(index);
    if (boundary && found !== undefined && (code === 53 || code === 52 || code === 50)) {
      index = readCode(text, index, found);
      code = index < text.length ? text.charCodeAt(index) : 32;
    }
    boundary = false;
    if (code >= 128) {
      if (!beyondAscii) return NOT_ASCII;
      length = writeBeyond(code, out, length);
      last = BEYOND;
      continue;
    }
    const symbol = SYMBOL_OF_ASCII[code] as number;
    if (symbol === SKIP) boundary = true;
    else if (symbol !== SPACE) {
      out[length++] = symbol;
      last = symbol;
    } else {
      boundary = code !== 45 || last === SPACE;
      if (last === SPACE || (code === 45 && isHyphenOfEmail(out, length, text.charCodeAt(index + 1)))) continue;
      out[length++] = SPACE;
      last = SPACE;
    }
  }
  if (last !== SPACE) out[length++] = SPACE;
  return length;
}

const HOST_SAID = /\bhost ([A-Za-z0-9.-]{1,255})\S* said/gi;

interface Answer {
  readonly words: string;
  readonly host: string | null;
}

/** The name of a host that answered is no part of its answer: `spam-filter.firm.example` may well say "user unknown". */
function withoutHostNames(text: string): Answer {
  if (!text.includes(' said')) return { words: text, host: null };
  let host: string | null = null;
  const words = text.replace(HOST_SAID, (_whole, name: string) => {
    host = name;
    return 'host said';
  });
  return { words, host };
}

/** Folds the text of a failure and reads the codes that stand in it. */
export function foldText(raw: string): FoldedText {
  const { words, host } = withoutHostNames(replaceAddresses(shorten(raw)));
  let found: CodesFound = { replyCodes: [], statusCodes: [] };
  let length = writeSymbols(words, scratch, false, found);
  if (length === NOT_ASCII) {
    found = { replyCodes: [], statusCodes: [] };
    length = writeSymbols(withoutAccents(words), scratch, true, found);
  }
  return { symbols: scratch, length, replyCodes: found.replyCodes, statusCodes: found.statusCodes, host };
}

/** Folds a fragment of a rule. Its outer spaces are kept: they ask for a whole word. */
export function foldFragment(fragment: string): Uint8Array {
  const buffer = new Uint8Array(4 * fragment.length + 4);
  const length = writeSymbols(withoutAccents(fragment), buffer, true);
  const from = fragment.startsWith(' ') ? 0 : 1;
  const to = fragment.endsWith(' ') || buffer[length - 1] !== SPACE ? length : length - 1;
  return buffer.slice(from, to);
}
