import type { Channel } from '../vocabulary.ts';
import type { BuiltInRule } from './built-in-rule.ts';
import { builtInRules, findBuiltInRule } from './built-in-rules.ts';
import { foldFragment } from './fold-text.ts';
import { compileFragments, type FragmentAutomaton } from './fragment-automaton.ts';
import type { EditedQualification, QualificationRuleData, RuleError } from './qualification-rule.ts';
import { compileRegex, compileStrings, type TextTest } from './user-pattern.ts';
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

/** A user's rule, or one of a deliverability update, ready to be asked. */
export interface OwnRule {
  readonly name: string;
  readonly meaning: Meaning;
  readonly shadow: boolean;
  readonly test: TextTest;
}

/** What a hit of the last part of a pattern leads to. */
export interface PatternEnd {
  /** The fragments of the pattern in their order; the last one is the one that was hit. */
  readonly parts: readonly number[];
  readonly rule: number;
  /** The pattern keeps the rule silent. */
  readonly denies: boolean;
}

/** All that decides, compiled once per version of the rules and then shared by all nodes' threads of work. */
export interface RuleBook {
  readonly edited: ReadonlyMap<string, EditedQualification>;
  readonly own: readonly OwnRule[];
  readonly shipped: readonly ShippedRule[];
  readonly automaton: FragmentAutomaton;
  readonly lengths: readonly number[];
  readonly endings: readonly (readonly PatternEnd[])[];
  readonly vendorMarks: readonly (Vendor | null)[];
}

export type CompiledRuleBook =
  | { readonly ok: true; readonly book: RuleBook }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

const GAP = / … /;

export function editedKey(channel: Channel, md5: string): string {
  return `${channel} ${md5}`;
}

function meaningOf(rule: QualificationRuleData): Meaning {
  return { type: rule.type, reason: rule.reason, fault: rule.fault };
}

function compileOwn(rule: QualificationRuleData, errors: RuleError[]): OwnRule | null {
  const base = { name: rule.name, meaning: meaningOf(rule), shadow: rule.shadow };
  const strings = compileStrings(rule.patterns);
  if (rule.regex === null) return { ...base, test: strings };
  const regex = compileRegex(rule.regex);
  if (!regex.ok) {
    errors.push({ rule: rule.name, message: regex.message });
    return null;
  }
  return { ...base, test: (collapsed, lowered) => regex.test(collapsed, lowered) || strings(collapsed, lowered) };
}

class FragmentList {
  readonly folded: Uint8Array[] = [];
  readonly endings: PatternEnd[][] = [];
  readonly vendorMarks: (Vendor | null)[] = [];
  readonly #ids = new Map<string, number>();

  id(fragment: string): number {
    const folded = foldFragment(fragment);
    const key = folded.join();
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
    const parts = pattern.split(GAP).map((part) => this.id(part));
    const last = parts[parts.length - 1] as number;
    (this.endings[last] as PatternEnd[]).push({ parts, rule, denies });
  }
}

function shippedRule(data: QualificationRuleData, known: BuiltInRule): ShippedRule {
  return {
    name: data.name,
    meaning: meaningOf(data),
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

function compileShipped(rows: readonly QualificationRuleData[], list: FragmentList): readonly ShippedRule[] {
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

function byPosition(left: QualificationRuleData, right: QualificationRuleData): number {
  return left.position - right.position;
}

/**
 * Compiles all rules and the rows that people edited into one book, or says of each rule why it does not compile.
 *
 * Order (amendment A12): edited rows, then users' rules and those of deliverability updates by position, then the shipped
 * table by position. A shipped row keeps its conditions by its name; patterns, meaning, `active` and `shadow` are the row's.
 * Inactive rules are left out; shadow rules match and decide nothing.
 */
export function compileRuleBook(input: {
  readonly rules: readonly QualificationRuleData[];
  readonly edited: readonly EditedQualification[];
}): CompiledRuleBook {
  const active = input.rules.filter((rule) => rule.active).sort(byPosition);
  const isShipped = (rule: QualificationRuleData) => rule.origin === 'BUILT_IN' && findBuiltInRule(rule.name) !== undefined;
  const errors: RuleError[] = [];
  const own = active.filter((rule) => !isShipped(rule)).map((rule) => compileOwn(rule, errors));
  if (errors.length > 0) return { ok: false, errors };
  const list = new FragmentList();
  const shipped = compileShipped(active.filter(isShipped), list);
  markVendors(list);
  return {
    ok: true,
    book: {
      edited: new Map(input.edited.map((row) => [editedKey(row.channel, row.md5), row])),
      own: own.filter((rule) => rule !== null),
      shipped,
      automaton: compileFragments(list.folded),
      lengths: list.folded.map((fragment) => fragment.length),
      endings: list.endings,
      vendorMarks: list.vendorMarks,
    },
  };
}

/** The book of the shipped table alone: what a new instance starts with. */
export function defaultRuleBook(): RuleBook {
  const compiled = compileRuleBook({ rules: builtInRules(), edited: [] });
  if (!compiled.ok) throw new Error(`the shipped rules do not compile: ${JSON.stringify(compiled.errors)}`);
  return compiled.book;
}
