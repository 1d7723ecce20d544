import type { Channel } from '../vocabulary.ts';
import type { BuiltInRule } from './built-in-rule.ts';
import { findBuiltInRule } from './built-in-rules.ts';
import { foldFragment } from './fold-text.ts';
import { compileFragments, type FragmentAutomaton } from './fragment-automaton.ts';
import type { QualificationRuleData } from './qualification-rule.ts';
import { VENDORS, type Vendor } from './vendors.ts';
import type { Meaning } from './verdict.ts';

/** A rule of the shipped table, ready to be asked. */
export interface ShippedRule {
  readonly name: string;
  readonly meaning: Meaning;
  readonly shadow: boolean;
  readonly weak: boolean;
  readonly channel: Channel;
  readonly vendor: Vendor | null;
  readonly status: readonly string[];
  readonly statusNot: readonly string[];
  readonly temporary: boolean | null;
  /** Its words speak of the recipient only where the refused command did not name the sender. */
  readonly aboutRecipient: boolean;
}

/** What a hit of the last part of a pattern leads to. */
export interface PatternEnd {
  /** The fragments of the pattern in their order; the last one is the one that was hit. */
  readonly parts: readonly number[];
  /** How far behind each part, in symbols, the next one may begin. */
  readonly gaps: readonly number[];
  readonly rule: number;
  /** The pattern keeps the rule silent. */
  readonly denies: boolean;
}

/** The shipped rules with one automaton for all their fragments. */
export interface ShippedTable {
  readonly rules: readonly ShippedRule[];
  readonly automaton: FragmentAutomaton;
  /** Length of each fragment in symbols. */
  readonly lengths: readonly number[];
  /** Scratch of one search: which fragments occur. All zero between searches. */
  readonly seen: Uint8Array;
  /** By fragment: the patterns that end with it. */
  readonly endings: readonly (readonly PatternEnd[])[];
  /** By fragment: the receiver it tells of. */
  readonly vendorMarks: readonly (Vendor | null)[];
}

/** The shipped table, with the rules of single words apart: few answers come to them, and their words stand in most. */
export interface ShippedTables extends ShippedTable {
  readonly lastWords: () => ShippedTable;
}

/** Separates the parts of a pattern; which of the two signs stands there is kept. */
const GAP = / ([…‥]) /;
const LONG = 60;
const SHORT = 16;

class FragmentList {
  readonly folded: Uint8Array[] = [];
  readonly endings: PatternEnd[][] = [];
  readonly vendorMarks: (Vendor | null)[] = [];
  /** By the fragment as it is written; most stand in many patterns. */
  readonly #known = new Map<string, number>();
  readonly #ids = new Map<string, number>();

  id(fragment: string): number {
    const known = this.#known.get(fragment);
    if (known !== undefined) return known;
    const id = this.#idOfFolded(foldFragment(fragment));
    this.#known.set(fragment, id);
    return id;
  }

  #idOfFolded(folded: Uint8Array): number {
    const key = String.fromCharCode(...folded);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.folded.length;
    this.#ids.set(key, id);
    this.folded.push(folded);
    this.endings.push([]);
    this.vendorMarks.push(null);
    return id;
  }

  addPattern(pattern: string, rule: number, denies: boolean): void {
    const parts: number[] = [];
    const gaps: number[] = [];
    for (const [index, piece] of pattern.split(GAP).entries()) {
      if (index % 2 === 0) parts.push(this.id(piece));
      else gaps.push(piece === '…' ? LONG : SHORT);
    }
    const end = parts[parts.length - 1] as number;
    (this.endings[end] as PatternEnd[]).push({ parts, gaps, rule, denies });
  }
}

function shippedRule(data: QualificationRuleData, known: BuiltInRule): ShippedRule {
  return {
    name: data.name,
    meaning: { type: data.type, reason: data.reason, fault: data.fault },
    shadow: data.shadow,
    weak: known.weak ?? false,
    channel: known.channel ?? 'EMAIL',
    vendor: known.vendor ?? null,
    status: known.status ?? [],
    statusNot: known.statusNot ?? [],
    temporary: known.temporary ?? null,
    aboutRecipient: data.type === 'HARD' || data.reason === 'INVALID_DOMAIN',
  };
}

function compileRows(rows: readonly QualificationRuleData[], list: FragmentList): readonly ShippedRule[] {
  const shipped: ShippedRule[] = [];
  for (const data of rows) {
    const known = findBuiltInRule(data.name);
    if (known === undefined) continue;
    const index = shipped.length;
    shipped.push(shippedRule(data, known));
    for (const pattern of data.patterns) list.addPattern(pattern, index, false);
    for (const pattern of known.unless ?? []) list.addPattern(pattern, index, true);
  }
  return shipped;
}

function markVendors(list: FragmentList): void {
  for (const vendor of Object.keys(VENDORS) as Vendor[]) {
    for (const mark of VENDORS[vendor].marks) list.vendorMarks[list.id(mark)] = vendor;
  }
}

function buildTable(rows: readonly QualificationRuleData[]): ShippedTable {
  const list = new FragmentList();
  const rules = compileRows(rows, list);
  markVendors(list);
  return {
    rules,
    automaton: compileFragments(list.folded),
    lengths: list.folded.map((fragment) => fragment.length),
    seen: new Uint8Array(list.folded.length),
    endings: list.endings,
    vendorMarks: list.vendorMarks,
  };
}

function isOfLastWords(row: QualificationRuleData): boolean {
  return findBuiltInRule(row.name)?.coded ?? false;
}

function onFirstUse<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

let last: { readonly key: string; readonly table: ShippedTables } | null = null;

/**
 * Compiles the shipped rows in the order given.
 *
 * Thousands of fragments take their time and change only with the rows, while people edit qualifications all day: the last
 * table is kept and given again for equal rows.
 */
export function compileShippedTable(rows: readonly QualificationRuleData[]): ShippedTables {
  const key = JSON.stringify(rows.map((row) => [row.name, row.patterns, row.type, row.reason, row.fault, row.shadow]));
  if (last?.key === key) return last.table;
  const words = rows.filter(isOfLastWords);
  const table = { ...buildTable(rows.filter((row) => !isOfLastWords(row))), lastWords: onFirstUse(() => buildTable(words)) };
  last = { key, table };
  return table;
}
