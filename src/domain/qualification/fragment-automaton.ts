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
  /** The step of every state and symbol, in one list: `state << SHIFT | symbol`. 0 = there is none. */
  readonly next: Int32Array;
  /** The fragments that end in a state; undefined = none. */
  readonly ends: (readonly number[] | undefined)[];
  readonly states: number;
}

function buildTrie(fragments: readonly Uint8Array[]): Trie {
  const most = fragments.reduce((sum, { length }) => sum + length, 1);
  const next = new Int32Array(most << SHIFT);
  const ends: (readonly number[] | undefined)[] = Array(most);
  let states = 1;
  fragments.forEach((fragment, id) => {
    if (fragment.length === 0) return;
    let state = 0;
    for (const symbol of fragment) {
      const step = (state << SHIFT) | symbol;
      if (next[step] === 0) {
        next[step] = states;
        states += 1;
      }
      state = next[step] as number;
    }
    ends[state] = [...(ends[state] ?? []), id];
  });
  return { next, ends, states };
}

/** Turns the trie into a table: every missing step becomes the step of the longest suffix. Returns the states by depth. */
function completeSteps({ next, ends, states }: Trie): Int32Array {
  const suffixes = new Int32Array(states);
  const queue = new Int32Array(states);
  let length = 1;
  for (let head = 0; head < length; head += 1) {
    const state = queue[head] as number;
    const suffix = suffixes[state] as number;
    const inherited = state === 0 ? undefined : ends[suffix];
    if (inherited !== undefined) ends[state] = [...(ends[state] ?? []), ...inherited];
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
      const step = (state << SHIFT) | symbol;
      const child = next[step] as number;
      const fallback = state === 0 ? 0 : (next[(suffix << SHIFT) | symbol] as number);
      if (child === 0) next[step] = fallback;
      else {
        suffixes[child] = fallback;
        queue[length] = child;
        length += 1;
      }
    }
  }
  return queue;
}

interface Table {
  readonly steps: Uint16Array | Uint32Array;
  readonly ends: readonly (readonly number[] | undefined)[];
  /** States from this one on end a fragment, so that one comparison tells. */
  readonly firstEnding: number;
}

/** Numbers the states anew: quiet ones first, shallow before deep, so that the states of most texts share few cache lines. */
function layOut({ next, ends }: Trie, byDepth: Int32Array): Table {
  const quiet = byDepth.filter((state) => ends[state] === undefined);
  const ending = byDepth.filter((state) => ends[state] !== undefined);
  const order = new Int32Array(byDepth.length);
  order.set(quiet);
  order.set(ending, quiet.length);
  const numbers = new Int32Array(order.length);
  for (let index = 0; index < order.length; index += 1) numbers[order[index] as number] = index;
  const size = order.length << SHIFT;
  const steps = order.length < 65_536 ? new Uint16Array(size) : new Uint32Array(size);
  for (let index = 0; index < order.length; index += 1) {
    const from = (order[index] as number) << SHIFT;
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) steps[(index << SHIFT) | symbol] = numbers[next[from | symbol] as number] as number;
  }
  return { steps, ends: Array.from(order, (state) => ends[state]), firstEnding: quiet.length };
}

/** Compiles fragments; a hit names a fragment by its index in the list. */
export function compileFragments(fragments: readonly Uint8Array[]): FragmentAutomaton {
  const trie = buildTrie(fragments);
  const { steps, ends, firstEnding } = layOut(trie, completeSteps(trie));
  const found = { count: 0, fragments: new Int32Array(MOST_HITS), ends: new Int32Array(MOST_HITS) };
  const record = (state: number, position: number): void => {
    for (const id of ends[state] ?? []) {
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
