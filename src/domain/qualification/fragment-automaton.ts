import { SYMBOLS } from './fold-text.ts';

/** Where fragments end in a text: two lists side by side, `count` long. */
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
const SHIFT = 6;

interface Trie {
  readonly next: Int32Array[];
  readonly ends: number[][];
}

function buildTrie(fragments: readonly Uint8Array[]): Trie {
  const next: Int32Array[] = [new Int32Array(SYMBOLS)];
  const ends: number[][] = [[]];
  fragments.forEach((fragment, id) => {
    if (fragment.length === 0) return;
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

/** Turns the trie into a table: every missing step becomes the step of the longest suffix. Returns the states by depth. */
function completeSteps(trie: Trie): readonly number[] {
  const suffixes = new Int32Array(trie.next.length);
  const queue = [...(trie.next[0] as Int32Array)].filter((child) => child > 0);
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head] as number;
    const row = trie.next[state] as Int32Array;
    const suffix = suffixes[state] as number;
    const suffixRow = trie.next[suffix] as Int32Array;
    (trie.ends[state] as number[]).push(...(trie.ends[suffix] as number[]));
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
      const child = row[symbol] as number;
      if (child === 0) row[symbol] = suffixRow[symbol] as number;
      else {
        suffixes[child] = suffixRow[symbol] as number;
        queue.push(child);
      }
    }
  }
  return [0, ...queue];
}

interface Table {
  readonly steps: Uint16Array | Uint32Array;
  readonly ends: readonly (readonly number[])[];
  /** States from this one on end a fragment, so that one comparison tells. */
  readonly firstEnding: number;
}

/** Numbers the states anew: quiet ones first, shallow before deep, so that the states of most texts share few cache lines. */
function layOut(trie: Trie, byDepth: readonly number[]): Table {
  const endsSomething = (state: number) => (trie.ends[state] as number[]).length > 0;
  const quiet = byDepth.filter((state) => !endsSomething(state));
  const order = [...quiet, ...byDepth.filter(endsSomething)];
  const numbers = new Int32Array(order.length);
  order.forEach((state, index) => {
    numbers[state] = index;
  });
  const size = order.length * SYMBOLS;
  const steps = order.length < 65_536 ? new Uint16Array(size) : new Uint32Array(size);
  order.forEach((state, index) => {
    (trie.next[state] as Int32Array).forEach((target, symbol) => {
      steps[(index << SHIFT) | symbol] = numbers[target] as number;
    });
  });
  return { steps, ends: order.map((state) => trie.ends[state] as number[]), firstEnding: quiet.length };
}

/** Compiles fragments; a hit names a fragment by its index in the list. */
export function compileFragments(fragments: readonly Uint8Array[]): FragmentAutomaton {
  const trie = buildTrie(fragments);
  const { steps, ends, firstEnding } = layOut(trie, completeSteps(trie));
  const found = { count: 0, fragments: new Int32Array(MOST_HITS), ends: new Int32Array(MOST_HITS) };
  const record = (state: number, position: number): void => {
    for (const id of ends[state] as readonly number[]) {
      if (found.count >= MOST_HITS) return;
      found.fragments[found.count] = id;
      found.ends[found.count] = position;
      found.count += 1;
    }
  };
  return {
    find(symbols, length) {
      found.count = 0;
      let state = 0;
      for (let index = 0; index < length; index += 1) {
        state = steps[(state << SHIFT) | (symbols[index] as number)] as number;
        if (state >= firstEnding) record(state, index + 1);
      }
      return found;
    },
  };
}
