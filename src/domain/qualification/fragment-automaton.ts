import { SYMBOLS } from './fold-text.ts';

/** Where fragments end in a text: two lists side by side, `count` long. */
export interface FragmentHits {
  readonly count: number;
  /** There may be more than these. */
  readonly isCut: boolean;
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
  readonly parents: Int32Array;
  /** The symbol that leads from the parent to the state. */
  readonly symbols: Uint8Array;
  /** The children of a state as a chain: the first of them, and of each the next. 0 = the end. */
  readonly firstChildren: Int32Array;
  readonly siblings: Int32Array;
  /** The children of the root by symbol: its chain is the longest, and the most asked. */
  readonly roots: Int32Array;
  /** The fragments that end in a state; undefined = none. */
  readonly ends: (readonly number[] | undefined)[];
  readonly states: number;
}

/** The child of a state by symbol; 0 = there is none. */
function childOf(trie: Omit<Trie, 'states'>, state: number, symbol: number): number {
  if (state === 0) return trie.roots[symbol] as number;
  let child = trie.firstChildren[state] as number;
  while (child !== 0 && trie.symbols[child] !== symbol) child = trie.siblings[child] as number;
  return child;
}

function buildTrie(fragments: readonly Uint8Array[]): Trie {
  const most = fragments.reduce((sum, { length }) => sum + length, 1);
  const [parents, firstChildren, siblings] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  const symbols = new Uint8Array(most);
  const roots = new Int32Array(1 << SHIFT);
  const ends: (readonly number[] | undefined)[] = Array(most);
  const trie = { parents, symbols, firstChildren, siblings, roots, ends };
  let states = 1;
  for (const [id, fragment] of fragments.entries()) {
    if (fragment.length === 0) continue;
    let state = 0;
    for (const symbol of fragment) {
      let child = childOf(trie, state, symbol);
      if (child === 0) {
        child = states;
        parents[child] = state;
        symbols[child] = symbol;
        siblings[child] = firstChildren[state] as number;
        firstChildren[state] = child;
        if (state === 0) roots[symbol] = child;
        states += 1;
      }
      state = child;
    }
    ends[state] = [...(ends[state] ?? []), id];
  }
  return { ...trie, states };
}

/** All states, shallow before deep. */
function statesByDepth({ firstChildren, siblings, states }: Trie): Int32Array {
  const order = new Int32Array(states);
  let length = 1;
  for (let head = 0; head < length; head += 1) {
    let child = firstChildren[order[head] as number] as number;
    for (; child !== 0; child = siblings[child] as number) {
      order[length] = child;
      length += 1;
    }
  }
  return order;
}

/** The state of the longest suffix of each state; what ends there ends in the state too. */
function findSuffixes(trie: Trie, byDepth: Int32Array): Int32Array {
  const { parents, symbols, ends, states } = trie;
  const suffixes = new Int32Array(states);
  for (let index = 1; index < states; index += 1) {
    const state = byDepth[index] as number;
    const parent = parents[state] as number;
    if (parent === 0) continue;
    const symbol = symbols[state] as number;
    let at = suffixes[parent] as number;
    let suffix = childOf(trie, at, symbol);
    while (at !== 0 && suffix === 0) {
      at = suffixes[at] as number;
      suffix = childOf(trie, at, symbol);
    }
    suffixes[state] = suffix;
    const inherited = ends[suffix];
    if (inherited !== undefined) ends[state] = [...(ends[state] ?? []), ...inherited];
  }
  return suffixes;
}

interface Table {
  readonly steps: Uint16Array | Uint32Array;
  readonly ends: readonly (readonly number[] | undefined)[];
  /** States from this one on end a fragment, so that one comparison tells. */
  readonly firstEnding: number;
}

/** Numbers the states anew: quiet ones first, shallow before deep, so that the states of most texts share few cache lines. */
function layOut(trie: Trie): Table {
  const { symbols, firstChildren, siblings, ends, states } = trie;
  const byDepth = statesByDepth(trie);
  const suffixes = findSuffixes(trie, byDepth);
  const quiet = byDepth.filter((state) => ends[state] === undefined);
  const order = new Int32Array(states);
  order.set(quiet);
  order.set(
    byDepth.filter((state) => ends[state] !== undefined),
    quiet.length,
  );
  const numbers = new Int32Array(states);
  for (let index = 0; index < states; index += 1) numbers[order[index] as number] = index;
  const steps = states < 65_536 ? new Uint16Array(states << SHIFT) : new Uint32Array(states << SHIFT);
  // The steps of a state are those of its suffix, which is shallower and so complete, but for its own children.
  for (const state of byDepth) {
    const row = (numbers[state] as number) << SHIFT;
    const from = (numbers[suffixes[state] as number] as number) << SHIFT;
    if (state !== 0) steps.copyWithin(row, from, from + SYMBOLS);
    let child = firstChildren[state] as number;
    for (; child !== 0; child = siblings[child] as number) steps[row | (symbols[child] as number)] = numbers[child] as number;
  }
  return { steps, ends: Array.from(order, (state) => ends[state]), firstEnding: quiet.length };
}

/** Compiles fragments; a hit names a fragment by its index in the list. */
export function compileFragments(fragments: readonly Uint8Array[]): FragmentAutomaton {
  const { steps, ends, firstEnding } = layOut(buildTrie(fragments));
  const found = { count: 0, isCut: false, fragments: new Int32Array(MOST_HITS), ends: new Int32Array(MOST_HITS) };
  const record = (state: number, position: number): void => {
    for (const id of ends[state] ?? []) {
      if (found.count >= MOST_HITS) {
        found.isCut = true;
        return;
      }
      found.fragments[found.count] = id;
      found.ends[found.count] = position;
      found.count += 1;
    }
  };
  return {
    find(symbols, length) {
      found.count = 0;
      found.isCut = false;
      let state = 0;
      for (let index = 0; index < length; index += 1) {
        state = steps[(state << SHIFT) | (symbols[index] as number)] as number;
        if (state >= firstEnding) record(state, index + 1);
      }
      return found;
    },
  };
}
