import type { Channel } from '../vocabulary.ts';
import { builtInRules, findBuiltInRule } from './built-in-rules.ts';
import { compileFinder, type OwnRuleFinder } from './own-rule-finder.ts';
import type { EditedQualification, QualificationRuleData, RuleError } from './qualification-rule.ts';
import type { AnyOf } from './required-strings.ts';
import { compileShippedTable, type ShippedTables } from './shipped-table.ts';
import { compileRegex, compileStrings, type TextTest } from './user-pattern.ts';
import type { Meaning } from './verdict.ts';

/** A user's rule, or one of a deliverability update, ready to be asked. */
export interface OwnRule {
  readonly name: string;
  readonly meaning: Meaning;
  readonly shadow: boolean;
  readonly test: TextTest;
}

/** All that decides, compiled once per version of the rules. */
export interface RuleBook {
  readonly edited: ReadonlyMap<string, EditedQualification>;
  readonly own: readonly OwnRule[];
  /** Which of `own` a text may match; rules that were added to the end later may match any. */
  readonly finder: OwnRuleFinder;
  readonly table: ShippedTables;
}

export type CompiledRuleBook =
  | { readonly ok: true; readonly book: RuleBook }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

/** Under which an edited row stands in a book. */
export function editedKey(channel: Channel, md5: string): string {
  return `${channel} ${md5}`;
}

function meaningOf(rule: QualificationRuleData): Meaning {
  return { type: rule.type, reason: rule.reason, fault: rule.fault };
}

interface CompiledRule {
  readonly rule: OwnRule;
  readonly required: readonly AnyOf[];
}

function compileOwn(rule: QualificationRuleData, errors: RuleError[]): CompiledRule | null {
  const base = { name: rule.name, meaning: meaningOf(rule), shadow: rule.shadow };
  const strings = compileStrings(rule.patterns);
  if (rule.regex === null) return { rule: { ...base, test: strings.test }, required: strings.required };
  const regex = compileRegex(rule.regex);
  if (!regex.ok) {
    errors.push({ rule: rule.name, message: regex.message });
    return null;
  }
  if (rule.patterns.length === 0) return { rule: { ...base, test: regex.test }, required: regex.required };
  const test: TextTest = (collapsed, lowered) => regex.test(collapsed, lowered) || strings.test(collapsed, lowered);
  return { rule: { ...base, test }, required: [] };
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
  const own = active.filter((rule) => !isShipped(rule)).flatMap((rule) => compileOwn(rule, errors) ?? []);
  if (errors.length > 0) return { ok: false, errors };
  const book: RuleBook = {
    edited: new Map(input.edited.map((row) => [editedKey(row.channel, row.md5), row])),
    own: own.map(({ rule }) => rule),
    finder: compileFinder(own.map(({ required }) => required)),
    table: compileShippedTable(active.filter(isShipped)),
  };
  return { ok: true, book };
}

/** The book of the shipped table alone: what a new instance starts with. */
export function defaultRuleBook(): RuleBook {
  const compiled = compileRuleBook({ rules: builtInRules(), edited: [] });
  if (!compiled.ok) throw new Error(`the shipped rules do not compile: ${JSON.stringify(compiled.errors)}`);
  return compiled.book;
}
