import type { Meaning } from './verdict.ts';

/** A normalised text whose meaning is known: an edited row, a KEEP row or an example of a rule. */
export interface KnownText {
  readonly text: string;
  readonly meaning: Meaning;
}

/** The nearest known text and how near it is. */
export interface Suggestion {
  readonly meaning: Meaning;
  readonly nearestText: string;
  /** 0 to 1: shared weight of words over all weight; 1 = the same words. */
  readonly score: number;
}

interface Indexed {
  readonly known: KnownText;
  readonly words: ReadonlySet<string>;
}

/** Known texts prepared for many questions: which of them hold a word, and how much the word tells. */
export interface SuggestionIndex {
  readonly entries: readonly Indexed[];
  readonly holders: ReadonlyMap<string, readonly number[]>;
}

const WORD = /[\p{L}\p{N}.]*[\p{L}\p{N}]/gu;
const VARIABLE = /#[A-Z]+#|\*/g;
/** Below this nearness a suggestion would be a guess. */
export const LEAST_SCORE = 0.3;

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.replace(VARIABLE, ' ').toLowerCase().match(WORD) ?? []);
}

/** Prepares known texts; order matters only between equally near ones, where the earlier wins. */
export function indexKnownTexts(known: readonly KnownText[]): SuggestionIndex {
  const entries = known.map((entry) => ({ known: entry, words: wordsOf(entry.text) }));
  const holders = new Map<string, number[]>();
  entries.forEach((entry, index) => {
    for (const word of entry.words) {
      const list = holders.get(word);
      if (list === undefined) holders.set(word, [index]);
      else list.push(index);
    }
  });
  return { entries, holders };
}

/** Rare words tell more than common ones: "quota" more than "the". */
function weightOf(word: string, index: SuggestionIndex): number {
  return Math.log(1 + index.entries.length / (1 + (index.holders.get(word)?.length ?? 0)));
}

function totalWeight(words: Iterable<string>, index: SuggestionIndex): number {
  let total = 0;
  for (const word of words) total += weightOf(word, index);
  return total;
}

/**
 * Suggests a verdict for a text that nobody has qualified: that of the nearest known text by shared words (weighted
 * Jaccard), with the score that a person needs to judge it. Null where nothing is near enough. Decides nothing by itself.
 */
export function suggestVerdict(text: string, index: SuggestionIndex): Suggestion | null {
  const words = wordsOf(text);
  const own = totalWeight(words, index);
  const shared = new Map<number, number>();
  for (const word of words) {
    const weight = weightOf(word, index);
    for (const holder of index.holders.get(word) ?? []) shared.set(holder, (shared.get(holder) ?? 0) + weight);
  }
  let best: Suggestion | null = null;
  for (const [holder, common] of [...shared].sort((left, right) => left[0] - right[0])) {
    const entry = index.entries[holder] as Indexed;
    const score = common / (own + totalWeight(entry.words, index) - common);
    if (score < LEAST_SCORE || (best !== null && score <= best.score)) continue;
    best = { meaning: entry.known.meaning, nearestText: entry.known.text, score: Math.min(1, score) };
  }
  return best;
}
