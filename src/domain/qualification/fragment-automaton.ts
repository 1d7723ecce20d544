import { SYMBOLS } from './fold-text.ts';

/** One place where a fragment ends. */
export interface FragmentHits {
  readonly count: number;
  readonly fragments: Int32Array;
  readonly ends: Int32Array;
}

/** Finds all fragments of all rules in one walk over a text, whatever their number (Aho and Corasick, 1975). */
export interface FragmentAutomaton {
  /** The hits are valid until the next walk. */
  find(symbols: Uint8Array, length: number): FragmentHits;
}

const MOST_HITS = 512;

interface Trie {
  readonly next: Int32Array[];
  readonly ends: number[][];
}

function buildTrie(fragments: readonly Uint8Array[]): Trie {
  const next: Int32Array[] = [new Int32Array(SYMBOLS)];
  const ends: number[][] = [[]];
  fragments.forEach((fragment, id) => {
    let state = 0;
    for (const symbol of fragment) {
      const row = next[state] as Int32Array;
      let target = row[symbol] as number;
      if (target === 0) {
        target = next.length;
        next.push(new Int32Array(SYMBOLS));
        ends.push([]);
        row[symbol] = target;
      }
      state = target;
    }
    (ends[state] as number[]).push(id);
  });
  return { next, ends };
}

/** Turns the trie into a table: every missing step becomes the step of the longest suffix. */
function completeSteps(trie: Trie): void {
  const fallback = new Int32Array(trie.next.length);
  const queue: number[] = [...(trie.next[0] as Int32Array)].filter((child) => child > 0);
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head] as number;
    const row = trie.next[state] as Int32Array;
    const suffix = fallback[state] as number;
    const suffixRow = trie.next[suffix] as Int32Array;
    (trie.ends[state] as number[]).push(...(trie.ends[suffix] as number[]));
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
      const child = row[symbol] as number;
      if (child === 0) row[symbol] = suffixRow[symbol] as number;
      else {
        fallback[child] = suffixRow[symbol] as number;
        queue.push(child);
      }
    }
  }
}

/** Compiles fragments; a hit names a fragment by its index in the list. */
export function compileFragments(fragments: readonly Uint8Array[]): FragmentAutomaton {
  const trie = buildTrie(fragments.filter((fragment) => fragment.length > 0));
  completeSteps(trie);
  const states = trie.next.length;
  const table = new Int32Array(states * SYMBOLS);
  // A step is stored as the row's offset; the sign says that fragments end there.
  trie.next.forEach((row, state) => {
    row.forEach((target, symbol) => {
      const offset = target * SYMBOLS;
      table[state * SYMBOLS + symbol] = (trie.ends[target] as number[]).length > 0 ? -offset : offset;
    });
  });
  const found = { count: 0, fragments: new Int32Array(MOST_HITS), ends: new Int32Array(MOST_HITS) };
  const record = (state: number, position: number): void => {
    for (const id of trie.ends[state] as number[]) {
      if (found.count >= MOST_HITS) return;
      found.fragments[found.count] = id;
      found.ends[found.count] = position;
      found.count += 1;
    }
  };
  return {
    find(symbols, length) {
      found.count = 0;
      let offset = 0;
      for (let index = 0; index < length; index += 1) {
        const step = table[offset + (symbols[index] as number)] as number;
        if (step < 0) {
          offset = -step;
          record(offset / SYMBOLS, index + 1);
        } else offset = step;
      }
      return found;
    },
  };
}
