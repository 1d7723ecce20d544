/**
 * Names that nothing else in a test's database has. A word of them spells nothing, whichever it is: no reply code, no date, no number, no
 * hexadecimal id and no word that a rule knows. So no test is red or green for the letters that it happened to get.
 */
const LETTERS = 'ghjklmnsqrtvwxyz';
/** Odd, so that each count has a word of its own; large, so that those that follow each other are not alike. */
const STRIDE = 2_654_435_761;

let made = 0;

/** Eight letters. */
export function freshWord(): string {
  made += 1;
  const place = Math.imul(made, STRIDE) >>> 0;
  return Array.from({ length: 8 }, (_, at) => LETTERS[(place >>> (at * 4)) & 15]).join('');
}

/** Words that no rule knows. */
export const freshWords = (): string => `zqa ${freshWord()} vwn`;

export const freshAddress = (name = 'person', domain = 'example.com'): string => `${name}.${freshWord()}@${domain}`;

export const freshDomain = (): string => `${freshWord()}.example`;

/** A mobile number, in the form in which it is kept. */
export function freshNumber(): string {
  made += 1;
  return `+33612${String(made).padStart(6, '0')}`;
}
