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
  /** Of all its words together. */
  readonly weight: number;
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
  const holders = new Map<string, number[]>();
  const worded = known.map((entry, index) => {
    const words = wordsOf(entry.text);
    for (const word of words) {
      const list = holders.get(word);
      if (list === undefined) holders.set(word, [index]);
      else list.push(index);
    }
    return { known: entry, words };
  });
  const entries = worded.map((entry) => ({ ...entry, weight: totalWeight(entry.words, holders, known.length) }));
  return { entries, holders };
}

type Holders = SuggestionIndex['holders'];

/** Rare words tell more than common ones: "quota" more than "the". */
function weightOf(word: string, holders: Holders, texts: number): number {
  return Math.log(1 + texts / (1 + (holders.get(word)?.length ?? 0)));
}

function totalWeight(words: Iterable<string>, holders: Holders, texts: number): number {
  let total = 0;
  for (const word of words) total += weightOf(word, holders, texts);
  return total;
}

/**
 * How near each known text is to a text, by shared words (weighted Jaccard): 0 to 1, by its place in the index. Texts that share no word
 * with it are left out.
 */
export function scoreKnownTexts(text: string, index: SuggestionIndex): ReadonlyMap<number, number> {
  const { entries, holders } = index;
  const words = wordsOf(text);
  const own = totalWeight(words, holders, entries.length);
  const shared = new Map<number, number>();
  for (const word of words) {
    const weight = weightOf(word, holders, entries.length);
    for (const holder of holders.get(word) ?? []) shared.set(holder, (shared.get(holder) ?? 0) + weight);
  }
  const scores = new Map<number, number>();
  for (const [holder, common] of shared) {
    const entry = entries[holder] as Indexed;
    scores.set(holder, Math.min(1, common / (own + entry.weight - common)));
  }
  return scores;
}

/**
 * Suggests a verdict for a text that nobody has qualified: that of the nearest known text, with the score that a person needs to judge
 * it. Null where nothing is near enough. Decides nothing by itself.
 */
export function suggestVerdict(text: string, index: SuggestionIndex): Suggestion | null {
  let best: number | null = null;
  let bestScore = LEAST_SCORE;
  for (const [holder, score] of scoreKnownTexts(text, index)) {
    if (score < bestScore || (best !== null && score === bestScore && holder > best)) continue;
    best = holder;
    bestScore = score;
  }
  const nearest = best === null ? undefined : index.entries[best]?.known;
  return nearest === undefined ? null : { meaning: nearest.meaning, nearestText: nearest.text, score: bestScore };
}
