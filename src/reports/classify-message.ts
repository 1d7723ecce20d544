/** Says what a raw message means, as `lazaret classify` prints it: parsed, and each recipient qualified. */

import type { FailureEvidence } from '../domain/qualification/failure-evidence.ts';
import { normalizeText, qualificationKey } from '../domain/qualification/normalize-text.ts';
import { qualify } from '../domain/qualification/qualify.ts';
import type { RuleBook } from '../domain/qualification/rule-book.ts';
import type { FailureReason, FailureType, Fault, MessageKind } from '../domain/vocabulary.ts';
import { parseMessage } from './parse-message.ts';
import type { ParsedMessage, ReportedRecipient } from './parsed-message.ts';
import { answeringHost, parseSmtpReply, refusedCommand } from './smtp-reply.ts';

/** One recipient of a classified message; the contract's names. */
export interface ClassifiedRecipient {
  readonly address: string | null;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly decidedBy: string;
  readonly smtpCode: number | null;
  readonly enhancedCode: string | null;
  readonly text: string;
  readonly normalizedText: string;
  readonly md5: string;
}

export interface ClassifiedMessage {
  readonly kind: MessageKind;
  readonly recipients: readonly ClassifiedRecipient[];
}

interface Fixed {
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly decidedBy: string;
}

/** Meanings that follow from the kind of a message, whatever its words. */
const COMPLAINED: Fixed = { type: 'HARD', reason: 'DENYLISTED', fault: 'RECIPIENT', decidedBy: 'complaint' };
const REPLIED: Fixed = { type: 'IGNORED', reason: 'UNDEFINED', fault: 'UNDETERMINED', decidedBy: 'auto-reply' };
const UNSUBSCRIBED: Fixed = { type: 'IGNORED', reason: 'DENYLISTED', fault: 'RECIPIENT', decidedBy: 'unsubscribe' };
const DELIVERED: Fixed = { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED', decidedBy: 'delivered' };

function described(recipient: ReportedRecipient, fixed: Fixed): ClassifiedRecipient {
  const { text } = recipient.evidence;
  const { smtpCode, enhancedCode } = parseSmtpReply(text);
  const normalizedText = normalizeText(text, recipient.address ?? undefined);
  const codes = { smtpCode, enhancedCode: enhancedCode ?? recipient.evidence.enhancedCode ?? null };
  return { address: recipient.address, ...fixed, ...codes, text, normalizedText, md5: qualificationKey(normalizedText) };
}

/** Qualifies what was said about one recipient and gives it in the contract's form. */
export function classifyEvidence(evidence: FailureEvidence, address: string | null, book: RuleBook): ClassifiedRecipient {
  const { verdict } = qualify(evidence, book);
  const { type, reason, fault, decidedBy, smtpCode, enhancedCode, normalizedText, md5 } = verdict;
  return { address, type, reason, fault, decidedBy, smtpCode, enhancedCode, text: evidence.text, normalizedText, md5 };
}

/** Says what one SMTP reply means that a receiving server gave us, with or without the sentence a sender wraps around it. */
export function classifyReply(reply: string, book: RuleBook): ClassifiedRecipient {
  const remoteHost = answeringHost(reply);
  const smtpCommand = refusedCommand(reply);
  const evidence: FailureEvidence = {
    channel: 'EMAIL',
    text: reply,
    origin: 'SYNC',
    ...(remoteHost === null ? {} : { remoteHost }),
    ...(smtpCommand === null ? {} : { smtpCommand }),
  };
  return classifyEvidence(evidence, null, book);
}

/** A delay is no failure (A4): soft with its reason, and unreachable where nothing more is said. */
function delayed(recipient: ReportedRecipient, book: RuleBook): ClassifiedRecipient {
  const said = classifyEvidence(recipient.evidence, recipient.address, book);
  if (said.reason !== 'UNDEFINED') return { ...said, type: 'SOFT' };
  return { ...said, type: 'SOFT', reason: 'UNREACHABLE', fault: 'INFRASTRUCTURE' };
}

function classifyRecipient(recipient: ReportedRecipient, book: RuleBook): ClassifiedRecipient {
  switch (recipient.action) {
    case 'failed':
      return classifyEvidence(recipient.evidence, recipient.address, book);
    case 'delayed':
      return delayed(recipient, book);
    case 'complained':
      return described(recipient, COMPLAINED);
    case 'replied':
      return described(recipient, REPLIED);
    case 'unsubscribed':
      return described(recipient, UNSUBSCRIBED);
    case 'delivered':
    case 'relayed':
    case 'expanded':
      return described(recipient, DELIVERED);
  }
}

/** Qualifies every recipient of a message that is already parsed. */
export function classifyParsed(parsed: ParsedMessage, book: RuleBook): ClassifiedMessage {
  return { kind: parsed.kind, recipients: parsed.recipients.map((recipient) => classifyRecipient(recipient, book)) };
}

/** Says what one raw message means by the rules of `book`. Never throws: what cannot be understood is `OTHER`. */
export function classifyMessage(raw: Uint8Array, book: RuleBook): ClassifiedMessage {
  return classifyParsed(parseMessage(raw), book);
}
