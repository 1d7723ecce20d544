import { meaningOfBareReply, meaningOfReply, meaningOfStatus } from './enhanced-codes.ts';
import type { FailureEvidence } from './failure-evidence.ts';
import type { FoldedText } from './fold-text.ts';
import type { Meaning } from './verdict.ts';

/** The codes of one failure, those of its text and those known apart from it. */
export interface Codes {
  readonly smtpCode: number | null;
  readonly enhancedCode: string | null;
  /** The reply code of the innermost answer. */
  readonly innerReply: number | null;
  /** Outermost first. */
  readonly statuses: readonly string[];
}

/** A meaning that a code gives. */
export interface CodeDecision {
  readonly meaning: Meaning;
  readonly decidedBy: string;
}

const REFUSED_SENDER: Meaning = { type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' };
const SENDER_COMMAND = /^\s*(?:MAIL|EHLO|HELO|AUTH|CONNECT)\b/i;

/** Collects the codes; the text's own are the inner ones, because they came from the server that refused. */
export function readCodes(folded: FoldedText, evidence: FailureEvidence): Codes {
  const known = evidence.enhancedCode;
  const inText = folded.statusCodes;
  const statuses = known !== undefined && !inText.includes(known) ? [known, ...inText] : inText;
  const replies = folded.replyCodes;
  return {
    smtpCode: replies[0] ?? evidence.smtpCode ?? null,
    enhancedCode: statuses[statuses.length - 1] ?? null,
    innerReply: replies[replies.length - 1] ?? evidence.smtpCode ?? null,
    statuses,
  };
}

/** Whether the innermost answer invites another try. */
export function isTemporary(codes: Codes): boolean {
  if (codes.innerReply !== null) return codes.innerReply < 500;
  return codes.statuses[codes.statuses.length - 1]?.startsWith('4') === true;
}

const SILENT_STATUS = /^\d\.(?:0\.0|3\.0|5\.0)$/;

/** Whether a code that says something is one of these: `.2.1` exactly, `.7.` with any detail. */
export function hasStatus(statuses: readonly string[], wanted: readonly string[]): boolean {
  return statuses.some((status) => !SILENT_STATUS.test(status) && wanted.some((prefix) => matchesStatus(status, prefix)));
}

function matchesStatus(status: string, prefix: string): boolean {
  return status.startsWith(prefix, 1) && (prefix.endsWith('.') || status.length === prefix.length + 1);
}

/** Whether the refused command names the sender, so that "unknown" and "no such domain" speak of the sender. */
export function refusesSender(evidence: FailureEvidence): boolean {
  return evidence.smtpCommand !== undefined && SENDER_COMMAND.test(evidence.smtpCommand);
}

/** What the innermost enhanced status code that says something means. */
export function decideByStatus(codes: Codes, evidence: FailureEvidence): CodeDecision | null {
  for (let index = codes.statuses.length - 1; index >= 0; index -= 1) {
    const status = codes.statuses[index] as string;
    const meaning = meaningOfStatus(status);
    if (meaning === null) continue;
    const aboutSender = refusesSender(evidence) && (meaning.type === 'HARD' || meaning.reason === 'INVALID_DOMAIN');
    return { meaning: aboutSender ? REFUSED_SENDER : meaning, decidedBy: `status ${status}` };
  }
  return null;
}

function decideByCode(codes: Codes, meaningOf: (code: number) => Meaning | null): CodeDecision | null {
  const code = codes.innerReply;
  const meaning = code === null ? null : meaningOf(code);
  return meaning === null ? null : { meaning, decidedBy: `reply ${code}` };
}

/** What the innermost reply code means, where it means one thing only. */
export function decideByReply(codes: Codes): CodeDecision | null {
  return decideByCode(codes, meaningOfReply);
}

/** What the innermost reply code was made for, where nothing else is known. */
export function decideByBareReply(codes: Codes): CodeDecision | null {
  return decideByCode(codes, meaningOfBareReply);
}
