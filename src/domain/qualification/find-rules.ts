import type { FoldedText } from './fold-text.ts';
import type { FragmentHits } from './fragment-automaton.ts';
import type { PatternEnd, ShippedTable } from './shipped-table.ts';
import type { Vendor } from './vendors.ts';

/** What the shipped table finds in a text. */
export interface FoundRules {
  /** Indexes of the rules whose patterns stand in the text, in the order in which they are tried. */
  readonly rules: readonly number[];
  /** The receiver by the shape of its words. */
  readonly vendor: Vendor | null;
}

/**
 * Whether the parts of a pattern up to `part` stand in front of `before`, each within its gap. Hits come in the order of their
 * ends, so that the search goes back from the hit at `index` no further than the gap reaches.
 */
function standsBefore(hits: FragmentHits, ending: PatternEnd, part: number, before: number, index: number, table: ShippedTable): boolean {
  const fragment = ending.parts[part];
  if (fragment === undefined) return true;
  const first = before - (ending.gaps[part] as number);
  for (let at = index - 1; at >= 0; at -= 1) {
    const end = hits.ends[at] as number;
    if (end < first) return false;
    // Two neighbouring words share the space between them.
    if (hits.fragments[at] !== fragment || end > before + 1) continue;
    if (standsBefore(hits, ending, part - 1, end - (table.lengths[fragment] as number), at, table)) return true;
  }
  return false;
}

/** Most patterns of several parts fall at the first of them: whether it occurs at all is known before places are compared. */
function matches(ending: PatternEnd, hits: FragmentHits, index: number, table: ShippedTable): boolean {
  const last = ending.parts.length - 1;
  if (last === 0) return true;
  if (table.seen[ending.parts[0] as number] !== 1) return false;
  const start = (hits.ends[index] as number) - (table.lengths[ending.parts[last] as number] as number);
  return standsBefore(hits, ending, last - 1, start, index, table);
}

function mark(hits: FragmentHits, seen: Uint8Array, sign: 0 | 1): void {
  for (let index = 0; index < hits.count; index += 1) seen[hits.fragments[index] as number] = sign;
}

function ascending(left: number, right: number): number {
  return left - right;
}

/** Finds the shipped rules of a text in one walk over it. Conditions other than words are not looked at here. */
export function findRules(folded: FoldedText, table: ShippedTable): FoundRules {
  const hits = table.automaton.find(folded.symbols, folded.length);
  const rules: number[] = [];
  const denied: number[] = [];
  let vendor: Vendor | null = null;
  mark(hits, table.seen, 1);
  for (let index = 0; index < hits.count; index += 1) {
    const fragment = hits.fragments[index] as number;
    vendor ??= table.vendorMarks[fragment] ?? null;
    for (const ending of table.endings[fragment] ?? []) {
      const list = ending.denies ? denied : rules;
      if (!list.includes(ending.rule) && matches(ending, hits, index, table)) list.push(ending.rule);
    }
  }
  mark(hits, table.seen, 0);
  const left = denied.length === 0 ? rules : rules.filter((rule) => !denied.includes(rule));
  return { rules: left.length > 1 ? left.sort(ascending) : left, vendor };
}
