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

function occursInOrder(hits: FragmentHits, ending: PatternEnd, part: number, from: number, lengths: readonly number[]): boolean {
  const fragment = ending.parts[part];
  if (fragment === undefined) return true;
  const gap = ending.gaps[part - 1] ?? 0;
  for (let index = 0; index < hits.count; index += 1) {
    if (hits.fragments[index] !== fragment) continue;
    const end = hits.ends[index] as number;
    const start = end - (lengths[fragment] as number);
    // Two neighbouring words share the space between them.
    if (from >= 0 && (start < from - 1 || start > from + gap)) continue;
    if (occursInOrder(hits, ending, part + 1, end, lengths)) return true;
  }
  return false;
}

/** Most patterns of several parts fall at the first of them: whether it occurs at all is known before places are compared. */
function matches(ending: PatternEnd, hits: FragmentHits, table: ShippedTable): boolean {
  if (ending.parts.length === 1) return true;
  return table.seen[ending.parts[0] as number] === 1 && occursInOrder(hits, ending, 0, -1, table.lengths);
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
      if (!list.includes(ending.rule) && matches(ending, hits, table)) list.push(ending.rule);
    }
  }
  mark(hits, table.seen, 0);
  const left = denied.length === 0 ? rules : rules.filter((rule) => !denied.includes(rule));
  return { rules: left.length > 1 ? left.sort(ascending) : left, vendor };
}
