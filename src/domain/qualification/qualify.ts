import { meaningOfReply, meaningOfStatus } from './enhanced-codes.ts';
import type { FailureEvidence } from './failure-evidence.ts';
import { type FoldedText, foldText } from './fold-text.ts';
import type { FragmentHits } from './fragment-automaton.ts';
import { normalizeText, qualificationKey } from './normalize-text.ts';
import { editedKey, type PatternEnd, type RuleBook, type ShippedRule } from './rule-book.ts';
import { collapseSpaces } from './user-pattern.ts';
import { type Vendor, vendorOfHost } from './vendors.ts';
import type { Meaning, Verdict } from './verdict.ts';

/*
 * What a failure means (amendment A12), first answer wins:
 *
 * | step | decides |
 * |---|---|
 * | 1 | a qualification row that a person edited, by channel and MD5 of the normalised text |
 * | 2 | users' rules and those of deliverability updates, by position |
 * | 3 | the shipped table: the receiver's habits, then texts |
 * | 4 | the enhanced status code, where it says something: the innermost one first |
 * | 5 | vague texts of the shipped table ("rejected", "service unavailable"), which a code outranks (A6) |
 * | 6 | the reply code, then the fallback (QUA-10) |
 *
 * Where the reply itself says nothing, steps 3 and 5 are asked of the human-readable notice before steps 4 and 6.
 */

/** A verdict with what the caller has to record. */
export interface Qualified {
  readonly verdict: Verdict;
  /** The rule that decided, for its hit count; null where none did. */
  readonly ruleName: string | null;
  /** Shadow rules that would have matched: they count and decide nothing. */
  readonly shadowHits: readonly string[];
  /** A person set the row to IGNORE: the failure never leads to quarantine, whatever its type (QUA-7). */
  readonly ignored: boolean;
}

interface Codes {
  readonly smtpCode: number | null;
  readonly enhancedCode: string | null;
  /** The reply code of the innermost answer. */
  readonly innerReply: number | null;
  readonly statuses: readonly string[];
}

interface Decision {
  readonly meaning: Meaning;
  readonly decidedBy: string;
  readonly ruleName: string | null;
}

/** How far apart the parts of one pattern may stand, in symbols. */
const GAP = 60;

function occursInOrder(hits: FragmentHits, parts: readonly number[], part: number, from: number, lengths: readonly number[]): boolean {
  const fragment = parts[part];
  if (fragment === undefined) return true;
  for (let index = 0; index < hits.count; index += 1) {
    if (hits.fragments[index] !== fragment) continue;
    const end = hits.ends[index] as number;
    const start = end - (lengths[fragment] as number);
    // Two neighbouring words share the space between them.
    if (from >= 0 && (start < from - 1 || start > from + GAP)) continue;
    if (occursInOrder(hits, parts, part + 1, end, lengths)) return true;
  }
  return false;
}

function matches(ending: PatternEnd, hits: FragmentHits, lengths: readonly number[]): boolean {
  return ending.parts.length === 1 || occursInOrder(hits, ending.parts, 0, -1, lengths);
}

interface Found {
  /** Indexes of the shipped rules whose patterns stand in the text, in the order in which they are tried. */
  readonly rules: readonly number[];
  readonly vendor: Vendor | null;
}

function findRules(folded: FoldedText, book: RuleBook): Found {
  const hits = book.automaton.find(folded.symbols, folded.length);
  const rules: number[] = [];
  const denied: number[] = [];
  let vendor: Vendor | null = null;
  for (let index = 0; index < hits.count; index += 1) {
    const fragment = hits.fragments[index] as number;
    vendor ??= book.vendorMarks[fragment] ?? null;
    for (const ending of book.endings[fragment] ?? []) {
      const list = ending.denies ? denied : rules;
      if (!list.includes(ending.rule) && matches(ending, hits, book.lengths)) list.push(ending.rule);
    }
  }
  const left = denied.length === 0 ? rules : rules.filter((rule) => !denied.includes(rule));
  return { rules: left.length > 1 ? left.sort((a, b) => a - b) : left, vendor };
}

function hasStatus(statuses: readonly string[], prefixes: readonly string[]): boolean {
  return statuses.some((status) => prefixes.some((prefix) => status.startsWith(prefix, 1) && isWhole(status, prefix)));
}

function isWhole(status: string, prefix: string): boolean {
  return prefix.endsWith('.') || status.length === prefix.length + 1;
}

function applies(rule: ShippedRule, codes: Codes, vendor: Vendor | null, evidence: FailureEvidence): boolean {
  if (rule.channel !== evidence.channel) return false;
  if (rule.vendor !== null && rule.vendor !== vendor) return false;
  if (rule.status.length > 0 && !hasStatus(codes.statuses, rule.status)) return false;
  if (rule.statusNot.length > 0 && hasStatus(codes.statuses, rule.statusNot)) return false;
  return rule.temporary === null || rule.temporary === isTemporary(codes);
}

function isTemporary(codes: Codes): boolean {
  if (codes.innerReply !== null) return codes.innerReply < 500;
  const status = codes.statuses[codes.statuses.length - 1];
  return status?.startsWith('4') === true;
}

function readCodes(folded: FoldedText, evidence: FailureEvidence): Codes {
  const statuses =
    evidence.enhancedCode !== undefined && !folded.statusCodes.includes(evidence.enhancedCode)
      ? [evidence.enhancedCode, ...folded.statusCodes]
      : folded.statusCodes;
  const replies = folded.replyCodes;
  return {
    smtpCode: replies[0] ?? evidence.smtpCode ?? null,
    enhancedCode: statuses[statuses.length - 1] ?? null,
    innerReply: replies[replies.length - 1] ?? evidence.smtpCode ?? null,
    statuses,
  };
}

function statusDecision(codes: Codes): Decision | null {
  for (let index = codes.statuses.length - 1; index >= 0; index -= 1) {
    const status = codes.statuses[index] as string;
    const meaning = meaningOfStatus(status);
    if (meaning !== null) return { meaning, decidedBy: `status ${status}`, ruleName: null };
  }
  return null;
}

function replyDecision(codes: Codes): Decision | null {
  const code = codes.innerReply;
  const meaning = code === null ? null : meaningOfReply(code);
  return meaning === null ? null : { meaning, decidedBy: `reply ${code}`, ruleName: null };
}

const UNREACHABLE: Meaning = { type: 'SOFT', reason: 'UNREACHABLE', fault: 'INFRASTRUCTURE' };
const UNDEFINED: Meaning = { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };

/** A temporary answer is worth another try; anything else that is new is for a person to qualify (QUA-9, QUA-10). */
function fallback(codes: Codes): Decision {
  return { meaning: isTemporary(codes) ? UNREACHABLE : UNDEFINED, decidedBy: 'fallback', ruleName: null };
}

function ruleDecision(rule: { readonly name: string; readonly meaning: Meaning }): Decision {
  return { meaning: rule.meaning, decidedBy: `rule ${rule.name}`, ruleName: rule.name };
}

interface TextDecisions {
  readonly clear: Decision | null;
  readonly vague: Decision | null;
}

function textDecisions(found: Found, codes: Codes, evidence: FailureEvidence, book: RuleBook, shadowHits: string[]): TextDecisions {
  let clear: Decision | null = null;
  let vague: Decision | null = null;
  const host = evidence.remoteHost === undefined ? null : vendorOfHost(evidence.remoteHost);
  for (const index of found.rules) {
    const rule = book.shipped[index] as ShippedRule;
    if (!applies(rule, codes, host ?? found.vendor, evidence)) continue;
    if (rule.shadow) shadowHits.push(rule.name);
    else if (rule.weak) vague ??= ruleDecision(rule);
    else clear ??= ruleDecision(rule);
  }
  return { clear, vague };
}

function decideByOwnRules(evidence: FailureEvidence, book: RuleBook, shadowHits: string[]): Decision | null {
  if (book.own.length === 0) return null;
  const collapsed = collapseSpaces(evidence.text);
  const lowered = collapsed.toLowerCase();
  let decision: Decision | null = null;
  for (const rule of book.own) {
    if (decision !== null && !rule.shadow) continue;
    if (!rule.test(collapsed, lowered)) continue;
    if (rule.shadow) shadowHits.push(rule.name);
    else decision = ruleDecision(rule);
  }
  return decision;
}

function decideByNotice(evidence: FailureEvidence, codes: Codes, book: RuleBook, shadowHits: string[]): TextDecisions {
  if (evidence.notice === undefined || evidence.notice === '') return { clear: null, vague: null };
  const folded = foldText(evidence.notice);
  const inner = codes.statuses.length > 0 ? codes : readCodes(folded, evidence);
  return textDecisions(findRules(folded, book), inner, evidence, book, shadowHits);
}

/** A meaning with what decided it, before the text is normalised. */
export interface Decided {
  readonly meaning: Meaning;
  readonly decidedBy: string;
  readonly ruleName: string | null;
  readonly smtpCode: number | null;
  readonly enhancedCode: string | null;
  readonly shadowHits: readonly string[];
}

/** Says what a failure means by rules and codes alone, without looking at the rows that people edited. */
export function decide(evidence: FailureEvidence, book: RuleBook): Decided {
  const shadowHits: string[] = [];
  const folded = foldText(evidence.text);
  const codes = readCodes(folded, evidence);
  const found = findRules(folded, book);
  const own = decideByOwnRules(evidence, book, shadowHits);
  const text = textDecisions(found, codes, evidence, book, shadowHits);
  const decision = own ?? text.clear ?? decideWithoutClearText(evidence, codes, text.vague, book, shadowHits);
  return {
    meaning: decision.meaning,
    decidedBy: decision.decidedBy,
    ruleName: decision.ruleName,
    smtpCode: codes.smtpCode,
    enhancedCode: codes.enhancedCode,
    shadowHits,
  };
}

function decideWithoutClearText(
  evidence: FailureEvidence,
  codes: Codes,
  vague: Decision | null,
  book: RuleBook,
  shadowHits: string[],
): Decision {
  const notice = decideByNotice(evidence, codes, book, shadowHits);
  return notice.clear ?? statusDecision(codes) ?? vague ?? replyDecision(codes) ?? notice.vague ?? fallback(codes);
}

/**
 * Qualifies one failure of one recipient: exactly one type and one reason (QUA-1), whose fault it is, and what decided.
 *
 * Pure: records nothing. Whoever calls counts the occurrence of the text, the hits of the rules and the failure itself.
 */
export function qualify(evidence: FailureEvidence, book: RuleBook): Qualified {
  const decided = decide(evidence, book);
  const normalizedText = normalizeText(evidence.text, evidence.recipient);
  const md5 = qualificationKey(normalizedText);
  const { smtpCode, enhancedCode, shadowHits } = decided;
  const edited = book.edited.size === 0 ? undefined : book.edited.get(editedKey(evidence.channel, md5));
  if (edited === undefined) {
    const verdict = { ...decided.meaning, decidedBy: decided.decidedBy, normalizedText, md5, smtpCode, enhancedCode };
    return { verdict, ruleName: decided.ruleName, shadowHits, ignored: false };
  }
  const { type, reason, fault, status } = edited;
  const verdict = { type, reason, fault, decidedBy: `qualification ${md5}`, normalizedText, md5, smtpCode, enhancedCode };
  return { verdict, ruleName: null, shadowHits, ignored: status === 'IGNORE' };
}
