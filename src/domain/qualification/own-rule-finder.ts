import { compileFragments, type FragmentHits } from './fragment-automaton.ts';
import type { AnyOf } from './required-strings.ts';

/*
 * Hundreds of users' rules ask for hundreds of words. One walk over the text finds all of them, and only the rules whose words are there are asked.
 */

/** Which rules a text may match. */
export interface OwnRuleFinder {
  /**
   * @param lowered the text as rules see it, in small letters
   * @returns by the place of a rule; false: it cannot match. Valid until the next text. A place beyond the rules that were compiled is true
   */
  find(lowered: string): (place: number) => boolean;
}

/** So much of a string is looked for: enough to be rare. */
const MOST_CHARACTERS = 24;
/** Of all strings together: what they take in memory. Rules for which there is no room are asked for every text. */
const MOST_IN_ALL = 100_000;
const MOST_ALTERNATIVES = 16;
/** One bit of a byte for each. */
const MOST_SETS = 8;

const OTHERS = 63;
const FIRST_SIGN = 38;
const SIGNS = 25;

/** Signs share symbols and so do all letters beyond ASCII: what is found too often costs time and is no mistake. */
const SYMBOL_OF_ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 97 && code <= 122) return 1 + code - 97;
  if (code >= 48 && code <= 57) return 27 + code - 48;
  return code === 32 ? 37 : FIRST_SIGN + (code % SIGNS);
});
const LETTER_S = 's'.charCodeAt(0);
/** It means an `s` to an expression that heeds no case. */
const LONG_S = 'ſ'.charCodeAt(0);

function symbolOf(code: number): number {
  if (code < 128) return SYMBOL_OF_ASCII[code] as number;
  return code === LONG_S ? (SYMBOL_OF_ASCII[LETTER_S] as number) : OTHERS;
}

let scratch = new Uint8Array(16_384);

function symbolsOf(text: string): Uint8Array {
  if (scratch.length < text.length) scratch = new Uint8Array(2 * text.length);
  for (let index = 0; index < text.length; index += 1) scratch[index] = symbolOf(text.charCodeAt(index));
  return scratch;
}

class Fragments {
  readonly list: Uint8Array[] = [];
  /** By fragment: the rules that it is a word of, and the bit of the set that it fulfils. */
  readonly owners: { readonly rule: number; readonly bit: number }[][] = [];
  readonly #ids = new Map<string, number>();
  #size = 0;

  hasRoomFor(sets: readonly AnyOf[]): boolean {
    const size = sets.flat().reduce((sum, { length }) => sum + Math.min(length, MOST_CHARACTERS), 0);
    return this.#size + size <= MOST_IN_ALL;
  }

  add(string: string, rule: number, bit: number): void {
    const cut = string.slice(0, MOST_CHARACTERS);
    const id = this.#ids.get(cut) ?? this.list.length;
    if (id === this.list.length) {
      this.#ids.set(cut, id);
      this.list.push(symbolsOf(cut).slice(0, cut.length));
      this.owners.push([]);
      this.#size += cut.length;
    }
    this.owners[id]?.push({ rule, bit });
  }
}

/** @param required of each rule in its place: the strings of which a text must contain one of each list; empty: nothing is known */
export function compileFinder(required: readonly (readonly AnyOf[])[]): OwnRuleFinder {
  const fragments = new Fragments();
  const wanted = new Uint8Array(required.length);
  for (const [rule, all] of required.entries()) {
    const sets = all.filter(({ length }) => length <= MOST_ALTERNATIVES).slice(0, MOST_SETS);
    if (!fragments.hasRoomFor(sets)) continue;
    for (const [place, strings] of sets.entries()) {
      wanted[rule] = (wanted[rule] as number) | (1 << place);
      for (const string of strings) fragments.add(string, rule, 1 << place);
    }
  }
  const automaton = compileFragments(fragments.list);
  const seen = new Uint8Array(required.length);
  const note = (hits: FragmentHits) => {
    seen.fill(0);
    for (let index = 0; index < hits.count; index += 1) {
      for (const { rule, bit } of fragments.owners[hits.fragments[index] as number] ?? []) seen[rule] = (seen[rule] as number) | bit;
    }
  };
  return {
    find: (lowered) => {
      const hits = automaton.find(symbolsOf(lowered), lowered.length);
      if (hits.isCut) return () => true;
      note(hits);
      return (place) => place >= wanted.length || seen[place] === wanted[place];
    },
  };
}
