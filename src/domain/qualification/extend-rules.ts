import type { Channel } from '../vocabulary.ts';
import { decide } from './qualify.ts';
import type { RuleBook } from './rule-book.ts';
import { collapseSpaces, compileRegex, compileStrings, orderedLiterals, type TextTest } from './user-pattern.ts';
import type { Meaning } from './verdict.ts';

/** A text that people marked KEEP, with what they said that it means. */
export interface KeptMeaning extends Meaning {
  readonly channel: Channel;
  readonly md5: string;
  /** Normalised. */
  readonly text: string;
  /** Raw. */
  readonly firstText: string;
  readonly firstAddress: string | null;
}

/** A rule made of a kept text: one string, or one regular expression. */
export interface ExtensionRule extends Meaning {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly regex: string | null;
}

/** A text whose meaning is settled: a rule that matches it must mean the same. */
export interface SettledText extends Meaning {
  /** As rules see it. */
  readonly collapsed: string;
  readonly lowered: string;
}

/** @param raw as it was received */
export function settledText(raw: string, { type, reason, fault }: Meaning): SettledText {
  const collapsed = collapseSpaces(raw);
  return { collapsed, lowered: collapsed.toLowerCase(), type, reason, fault };
}

export type Extension =
  | { readonly kind: 'rule'; readonly rule: ExtensionRule; readonly test: TextTest }
  /** TOO_GENERAL: too few words of its own. CONTRADICTS: it would decide texts that mean something else. */
  | { readonly kind: 'none'; readonly why: 'DECIDED' | 'UNDEFINED' | 'TOO_GENERAL' | 'CONTRADICTS' };

const VARIABLE = /#[A-Z]+#|\*/;
const WORD = /\p{L}{3,}/gu;
const LEAST_WORDS = 2;
const LEAST_LETTERS = 12;
const MOST_REGEX_CHARACTERS = 1000;
const MOST_PATTERN_CHARACTERS = 500;

/** Under which the rule of a kept text stands: one a text, so that the next night finds it again. */
export function extensionName(channel: Channel, md5: string): string {
  return `Deliverability ${channel} ${md5}`;
}

/**
 * What the nightly update makes of a kept text (R191, R207): nothing where rules and codes decide it the same way, else a rule that asks for
 * all that does not vary from message to message, in its order.
 *
 * Precision comes first. A text of too few words makes no rule, nor one whose rule would decide a settled text that means something else: the
 * text's own row decides it anyway.
 *
 * @param book shipped rules and earlier updates; no rule of a user, which may go again
 */
export function extendRules(kept: KeptMeaning, book: RuleBook, settled: readonly SettledText[]): Extension {
  if (kept.type === 'UNDEFINED') return { kind: 'none', why: 'UNDEFINED' };
  if (isDecided(kept, book)) return { kind: 'none', why: 'DECIDED' };
  const content = ruleContent(kept.text);
  const test = content === null ? null : testOf(content);
  if (content === null || test === null || !matches(test, settledText(kept.firstText, kept))) return { kind: 'none', why: 'TOO_GENERAL' };
  if (settled.some((other) => !sameVerdict(other, kept) && matches(test, other))) return { kind: 'none', why: 'CONTRADICTS' };
  const { channel, md5, type, reason, fault } = kept;
  return { kind: 'rule', rule: { name: extensionName(channel, md5), ...content, type, reason, fault }, test };
}

function isDecided({ channel, firstText, firstAddress, ...kept }: KeptMeaning, book: RuleBook): boolean {
  const evidence = { channel, text: firstText, origin: 'SYNC' } as const;
  const { meaning } = decide(firstAddress === null ? evidence : { ...evidence, recipient: firstAddress }, book);
  return sameVerdict(meaning, kept) && meaning.fault === kept.fault;
}

function sameVerdict(a: Meaning, b: Meaning): boolean {
  return a.type === b.type && a.reason === b.reason;
}

type RuleContent = Pick<ExtensionRule, 'patterns' | 'regex'>;

function ruleContent(normalized: string): RuleContent | null {
  const parts = normalized
    .split(VARIABLE)
    .map((part) => collapseSpaces(part))
    .filter((part) => /[\p{L}\p{N}]/u.test(part));
  const words = new Set(parts.flatMap((part) => part.toLowerCase().match(WORD) ?? []));
  if (words.size < LEAST_WORDS || [...words].join('').length < LEAST_LETTERS) return null;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only.length <= MOST_PATTERN_CHARACTERS ? { patterns: [only], regex: null } : null;
  const regex = orderedLiterals(parts);
  return regex.length <= MOST_REGEX_CHARACTERS ? { patterns: [], regex } : null;
}

function testOf({ patterns, regex }: RuleContent): TextTest | null {
  if (regex === null) return compileStrings(patterns).test;
  const compiled = compileRegex(regex);
  return compiled.ok ? compiled.test : null;
}

function matches(test: TextTest, { collapsed, lowered }: SettledText): boolean {
  return test(collapsed, lowered);
}
