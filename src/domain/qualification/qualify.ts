import type { FailureEvidence } from './failure-evidence.ts';
import { findRules } from './find-rules.ts';
import { type FoldedText, foldText } from './fold-text.ts';
import { normalizeText, qualificationKey } from './normalize-text.ts';
import {
  type CodeDecision,
  type Codes,
  decideByBareReply,
  decideByReply,
  decideByStatus,
  hasStatus,
  isTemporary,
  readCodes,
  refusesSender,
} from './read-codes.ts';
import { editedKey, type RuleBook } from './rule-book.ts';
import type { ShippedRule, ShippedTable } from './shipped-table.ts';
import { meaningOfNewReport, receiptEvidence, reportHead } from './sms-receipt.ts';
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
 * | 5 | the reply code, where it means one thing only (556, 535) |
 * | 6 | vague texts of the shipped table ("rejected", "service unavailable"), which a code outranks (A6) |
 * | 7 | the single words of an answer, then what its bare reply code was made for, such as 552 |
 * | 8 | the fallback (QUA-10) |
 *
 * The human-readable notice around a reply is asked where the reply itself is silent: after a status code that speaks of
 * the mailbox, before one that speaks of systems or policy only.
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

/** A meaning with what decided it, before the text is normalised. */
export interface Decided {
  readonly meaning: Meaning;
  readonly decidedBy: string;
  readonly ruleName: string | null;
  readonly smtpCode: number | null;
  readonly enhancedCode: string | null;
  readonly shadowHits: readonly string[];
}

interface Decision extends CodeDecision {
  readonly ruleName?: string;
}

/** One question: the evidence, the rules, and the list of shadow rules that grows while it is answered. */
interface Question {
  readonly evidence: FailureEvidence;
  readonly book: RuleBook;
  readonly shadowHits: string[];
}

interface TextDecisions {
  readonly clear: Decision | null;
  readonly vague: Decision | null;
}

const UNREACHABLE: Meaning = { type: 'SOFT', reason: 'UNREACHABLE', fault: 'INFRASTRUCTURE' };
const UNDEFINED: Meaning = { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };
/** Most characters of a remark without a reply code whose single words are asked: in longer prose they stand by chance. */
const LONGEST_REMARK = 160;
const SILENT: TextDecisions = { clear: null, vague: null };

function ruleDecision(rule: { readonly name: string; readonly meaning: Meaning }): Decision {
  return { meaning: rule.meaning, decidedBy: `rule ${rule.name}`, ruleName: rule.name };
}

function applies(rule: ShippedRule, codes: Codes, vendor: Vendor | null, evidence: FailureEvidence): boolean {
  if (rule.channel !== evidence.channel) return false;
  if (rule.vendor !== null && rule.vendor !== vendor) return false;
  if (rule.status.length > 0 && !hasStatus(codes.statuses, rule.status)) return false;
  if (rule.statusNot.length > 0 && hasStatus(codes.statuses, rule.statusNot)) return false;
  if (rule.aboutRecipient && refusesSender(evidence)) return false;
  return rule.temporary === null || rule.temporary === isTemporary(codes);
}

function decideByText(question: Question, folded: FoldedText, codes: Codes, table: ShippedTable): TextDecisions {
  const { evidence, shadowHits } = question;
  const found = findRules(folded, table);
  const host = evidence.remoteHost ?? folded.host;
  const vendor = (host === null ? null : vendorOfHost(host)) ?? found.vendor;
  let clear: Decision | null = null;
  let vague: Decision | null = null;
  for (const index of found.rules) {
    const rule = table.rules[index] as ShippedRule;
    if (!applies(rule, codes, vendor, evidence)) continue;
    if (rule.shadow) shadowHits.push(rule.name);
    else if (rule.weak) vague ??= ruleDecision(rule);
    else clear ??= ruleDecision(rule);
  }
  return { clear, vague };
}

function decideByOwnRules({ evidence, book, shadowHits }: Question): Decision | null {
  if (book.own.length === 0) return null;
  const collapsed = collapseSpaces(evidence.text);
  const lowered = collapsed.toLowerCase();
  let decision: Decision | null = null;
  const mayMatch = book.finder.find(lowered);
  for (const [place, rule] of book.own.entries()) {
    if (!mayMatch(place) || (decision !== null && !rule.shadow) || !rule.test(collapsed, lowered)) continue;
    if (rule.shadow) shadowHits.push(rule.name);
    else decision = ruleDecision(rule);
  }
  return decision;
}

/** What the single words of an answer tell of which nothing else is known, else what its code was made for. */
function decideByLastWords(question: Question, codes: Codes): Decision | null {
  const { evidence, book } = question;
  if (evidence.channel !== 'EMAIL' || (codes.innerReply === null && evidence.text.length > LONGEST_REMARK)) return null;
  const words = evidence.text === '' ? SILENT : decideByText(question, foldText(evidence.text), codes, book.table.lastWords());
  if (codes.innerReply === null) return words.vague?.meaning.type === 'HARD' ? null : words.vague;
  return words.vague ?? decideByBareReply(codes);
}

/** A temporary answer is worth another try; anything else that is new is for a person to qualify (QUA-9, QUA-10). */
function fallback(question: Question, codes: Codes): Decision {
  const words = decideByLastWords(question, codes);
  if (words !== null) return words;
  const { evidence } = question;
  const report = evidence.channel === 'SMS' ? meaningOfNewReport(evidence.text) : null;
  return { meaning: report ?? (isTemporary(codes) ? UNREACHABLE : UNDEFINED), decidedBy: 'fallback' };
}

function speaksOfMailbox(decision: Decision | null): decision is Decision {
  const reason = decision?.meaning.reason;
  return reason !== undefined && reason !== 'UNREACHABLE' && reason !== 'REFUSED';
}

function decideWithoutClearText(question: Question, codes: Codes, vague: Decision | null): Decision {
  const { evidence } = question;
  const status = decideByStatus(codes, evidence);
  if (evidence.notice === undefined || evidence.notice === '') {
    return status ?? decideByReply(codes) ?? vague ?? fallback(question, codes);
  }
  if (speaksOfMailbox(status)) return status;
  const folded = foldText(evidence.notice);
  const inner = evidence.text === '' ? readCodes(folded, evidence) : codes;
  const notice = decideByText(question, folded, inner, question.book.table);
  const innerStatus = decideByStatus(inner, evidence);
  return notice.clear ?? innerStatus ?? decideByReply(inner) ?? vague ?? notice.vague ?? fallback(question, inner);
}

/** The part that speaks of the failure. */
function textToRead(evidence: FailureEvidence): string {
  return (evidence.channel === 'SMS' ? reportHead(evidence.text) : null) ?? evidence.text;
}

/** Says what a failure means by rules and codes alone, without looking at the rows that people edited. */
export function decide(received: FailureEvidence, book: RuleBook): Decided {
  const evidence = receiptEvidence(received);
  const question: Question = { evidence, book, shadowHits: [] };
  const folded = foldText(textToRead(evidence));
  const codes = readCodes(folded, evidence);
  const text = folded.length > 1 ? decideByText(question, folded, codes, book.table) : SILENT;
  const decision = decideByOwnRules(question) ?? text.clear ?? decideWithoutClearText(question, codes, text.vague);
  return {
    meaning: decision.meaning,
    decidedBy: decision.decidedBy,
    ruleName: decision.ruleName ?? null,
    smtpCode: codes.smtpCode,
    enhancedCode: codes.enhancedCode,
    shadowHits: question.shadowHits,
  };
}

/**
 * Qualifies one failure of one recipient: exactly one type and one reason (QUA-1), whose fault it is, and what decided.
 *
 * Pure: records nothing. Whoever calls counts the occurrence of the text, the hits of the rules and the failure itself.
 */
export function qualify(received: FailureEvidence, book: RuleBook): Qualified {
  const evidence = receiptEvidence(received);
  const decided = decide(evidence, book);
  const normalizedText = normalizeText(evidence.text, evidence.recipient);
  const md5 = qualificationKey(normalizedText);
  const edited = book.edited.size === 0 ? undefined : book.edited.get(editedKey(evidence.channel, md5));
  const { type, reason, fault } = edited ?? decided.meaning;
  const verdict: Verdict = {
    type,
    reason,
    fault,
    decidedBy: edited === undefined ? decided.decidedBy : `qualification ${md5}`,
    normalizedText,
    md5,
    smtpCode: decided.smtpCode,
    enhancedCode: decided.enhancedCode,
  };
  const ruleName = edited === undefined ? decided.ruleName : null;
  return { verdict, ruleName, shadowHits: decided.shadowHits, ignored: edited?.status === 'IGNORE' };
}
