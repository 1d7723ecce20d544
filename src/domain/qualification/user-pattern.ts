import { RE2JS } from 're2js';
import { type AnyOf, requiredStrings } from './required-strings.ts';

const SPACES = /\s+/g;

/** The raw text as users' rules see it: white space collapsed, nothing else changed. */
export function collapseSpaces(text: string): string {
  return text.replace(SPACES, ' ').trim();
}

/** Tells whether a text matches a user's rule. */
export type TextTest = (collapsed: string, lowered: string) => boolean;

/** A rule's content, ready to be asked. */
export interface TextPattern {
  readonly test: TextTest;
  /** Where one of the lists has no string in the small text, the test is false; empty: nothing is known. */
  readonly required: readonly AnyOf[];
}

export type CompiledPattern = ({ readonly ok: true } & TextPattern) | { readonly ok: false; readonly message: string };

const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'look-ahead and look-behind are not supported'],
  [/\\[1-9]|\\k</, 'backreferences are not supported'],
  [/\(\?>|[*+?}]\+/, 'atomic groups and possessive quantifiers are not supported'],
];

function explain(regex: string, error: unknown): string {
  const bare = regex.replace(/\\\\/g, '').replace(/\[(?:\\.|[^\]\\])*\]/g, '');
  const known = UNSUPPORTED.find(([sign]) => sign.test(bare));
  if (known !== undefined) return `The regular expression cannot be used: ${known[1]}, because its cost would not be linear.`;
  const detail = error instanceof Error ? error.message : String(error);
  return `The regular expression cannot be read: ${detail}`;
}

/** Whatever the case, an `s` means this letter too, which stays itself when a text is written small. No other letter beyond ASCII is like it. */
const LONG_S = 'ſ';

/**
 * Compiles a user's regular expression: RE2 syntax, cost linear in the text, case-sensitive unless it says `(?i)`.
 *
 * Hundreds of them are asked for every text, so a text that lacks the words of an expression never gets as far as the expression.
 */
export function compileRegex(regex: string): CompiledPattern {
  const ordered = testOrderedLiterals(regex);
  if (ordered !== null) return { ok: true, ...ordered };
  try {
    const compiled = RE2JS.compile(regex);
    const required = requiredStrings(regex);
    if (required.length === 0) return { ok: true, required, test: (collapsed) => compiled.test(collapsed) };
    const hasAll = (lowered: string) => required.every((any) => any.some((string) => lowered.includes(string)));
    const mayMatch = (lowered: string) => hasAll(lowered) || lowered.includes(LONG_S);
    return { ok: true, required, test: (collapsed, lowered) => mayMatch(lowered) && compiled.test(collapsed) };
  } catch (error) {
    return { ok: false, message: explain(regex, error) };
  }
}

/** A test for strings of which any must be contained, whatever their case. */
export function compileStrings(patterns: readonly string[]): TextPattern {
  const needles = patterns.map((pattern) => collapseSpaces(pattern).toLowerCase()).filter((needle) => needle !== '');
  return { required: [needles], test: (_collapsed, lowered) => needles.some((needle) => lowered.includes(needle)) };
}

const CASELESS = '(?i)';
const GAP = '.*';
/** Letters of which small and capital ones are not found by writing everything small. */
const ODD_CASE = /[Σσςİıſ\u212a]/;
const LITERAL = /^(?:[\p{L}\p{N} ]|\\[^\p{L}\p{N}])+$/u;

/** The regular expression for texts that contain all parts in this order, whatever their case. */
export function orderedLiterals(parts: readonly string[]): string {
  return CASELESS + parts.map((part) => part.replace(/[^\p{L}\p{N} ]/gu, '\\$&')).join(GAP);
}

/**
 * The test of an expression of that shape, or null for every other one. Looking for the parts one after the other finds what the expression
 * finds, many times faster: hundreds of such rules are asked for every text.
 */
function testOrderedLiterals(regex: string): TextPattern | null {
  if (!regex.startsWith(CASELESS) || ODD_CASE.test(regex)) return null;
  const pieces = regex.slice(CASELESS.length).split(GAP);
  if (pieces.some((piece) => !LITERAL.test(piece))) return null;
  const parts = pieces.map((piece) => piece.replace(/\\(.)/gu, '$1').toLowerCase());
  const standsIn = (lowered: string) => {
    let from = 0;
    for (const part of parts) {
      const found = lowered.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return true;
  };
  const test: TextTest = (_collapsed, lowered) =>
    standsIn(lowered) || (lowered.includes(LONG_S) && standsIn(lowered.replaceAll(LONG_S, 's')));
  return { test, required: parts.map((part) => [part]) };
}
