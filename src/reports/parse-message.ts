/**
 * Reads any message that arrives at a bounce mailbox: what kind it is, whom it speaks of, and the words to judge by.
 *
 * Pure: bytes in, findings out. Never throws; what cannot be understood is `OTHER`.
 */

import { createHash } from 'node:crypto';
import type { EventOrigin, MessageKind } from '../domain/vocabulary.ts';
import { asksForProof, isAutomaticReply, isProviderOptOut, isUnsubscribeRequest, senderRole, soundsAutomatic } from './auto-reply.ts';
import { type DeliveryStatus, findDeliveryStatus, readDeliveryStatus } from './delivery-status.ts';
import { type ReportContext, recipientsOfStatus, recipientsOfText } from './failed-recipients.ts';
import { isAnswer, tellsOfFailure, tellsOfSuccess } from './failure-signs.ts';
import { type FeedbackReport, findFeedbackReport, isComplaint, readFeedbackReport, readPlainComplaint } from './feedback-report.ts';
import { rawHeader } from './mail-headers.ts';
import { type OpenedMail, openMail, partText } from './mail-parts.ts';
import { bareMessageId, type OriginalMessage } from './original-message.ts';
import { findOwnToken, TOKEN_HEADER } from './own-token.ts';
import type { ParsedMessage, RecipientAction, ReportedRecipient } from './parsed-message.ts';
import { type ProviderNotice, readProviderNotice } from './provider-notice.ts';
import { findOriginal, headersOfHeaderPart, innerMaterial, type Material, noticeAt, prepareMaterial } from './report-material.ts';
import { isFailureSubject, isServersOwnReport, isStillTrying, plainText } from './report-phrases.ts';
import { quotedReply } from './smtp-reply.ts';

export interface ParseOptions {
  /** How the message came to be a finding; decides nothing here, it is handed on with the evidence. */
  readonly origin?: EventOrigin;
}

interface Finding {
  readonly kind: MessageKind;
  readonly recipients: readonly ReportedRecipient[];
  readonly feedbackType?: string | null;
  readonly original?: OriginalMessage | null;
}

function readComplaint(material: Material): Finding | null {
  const { mail } = material;
  const part = mail.parts.find(({ type }) => type === 'message/feedback-report');
  const returned = mail.parts.find((one) => one.embedded > (part?.embedded ?? 0))?.messageHeaders ?? null;
  let report: FeedbackReport | null = null;
  if (part !== undefined) report = readFeedbackReport(partText(part), returned ?? headersOfHeaderPart(mail));
  else if (mail.reportType === 'feedback-report' || mail.parts.length === 1) {
    const text = findFeedbackReport(mail.raw.slice(mail.bodyStart, mail.bodyStart + 100_000));
    if (text !== null) report = readFeedbackReport(text, returned);
  }
  if (part !== undefined && report !== null && report.feedbackType === '' && report.recipients.length === 0) report = null;
  if (report !== null && !isComplaint(report.feedbackType)) return { kind: 'OTHER', recipients: [], feedbackType: report.feedbackType };
  report ??= readPlainComplaint(mail.headers, mail.parts);
  if (report === null) return null;
  return {
    kind: 'COMPLAINT',
    feedbackType: report.feedbackType,
    recipients: simpleRecipients(material, report.recipients, 'complained', `feedback ${report.feedbackType}`),
  };
}

/** Recipients of messages that are no failures; the evidence only carries the words. */
function simpleRecipients(material: Material, addresses: readonly string[], action: RecipientAction, text: string): ReportedRecipient[] {
  const list: (string | null)[] = addresses.length > 0 ? [...addresses] : action === 'complained' ? [null] : [];
  return list.map((address) => ({
    address,
    otherAddress: null,
    action,
    evidence: {
      channel: 'EMAIL',
      text,
      origin: action === 'complained' ? 'FEEDBACK_LOOP' : material.origin,
      ...(address === null ? {} : { recipient: address }),
    },
  }));
}

function noticeFinding(material: Material, notice: ProviderNotice): Finding {
  const original: OriginalMessage = {
    messageId: notice.messageId,
    from: notice.from,
    to: notice.recipients.map(({ address }) => address),
    subject: notice.subject,
    token: notice.token,
  };
  if (notice.event === 'COMPLAINT') {
    const addresses = notice.recipients.map(({ address }) => address);
    const harmless = notice.feedbackType !== null && !isComplaint(notice.feedbackType);
    return {
      kind: harmless ? 'OTHER' : 'COMPLAINT',
      feedbackType: notice.feedbackType,
      original,
      recipients: harmless ? [] : simpleRecipients(material, addresses, 'complained', `feedback ${notice.feedbackType ?? 'abuse'}`),
    };
  }
  const action: RecipientAction = notice.event === 'BOUNCE' ? 'failed' : notice.event === 'DELAY' ? 'delayed' : 'delivered';
  const recipients = notice.recipients.map(({ address, status, text }) => ({
    address,
    otherAddress: null,
    action,
    evidence: {
      channel: 'EMAIL' as const,
      text: text.replace(/^\s*smtp\s*;\s*/i, ''),
      recipient: address,
      origin: material.origin,
      ...(status !== null && /^[245]\.\d{1,3}\.\d{1,3}$/.test(status) ? { enhancedCode: status } : {}),
    },
  }));
  return { kind: recipients.length === 0 ? 'OTHER' : notice.event, recipients, original };
}

const STATUS_TYPES: ReadonlySet<string> = new Set(['message/delivery-status', 'message/global-delivery-status']);

const ORDER: Readonly<Record<RecipientAction, number>> = {
  failed: 0,
  complained: 0,
  unsubscribed: 0,
  replied: 0,
  delayed: 1,
  delivered: 2,
  relayed: 2,
  expanded: 2,
};

function kindOf(recipients: readonly ReportedRecipient[]): MessageKind {
  if (recipients.some(({ action }) => action === 'failed')) return 'BOUNCE';
  if (recipients.some(({ action }) => action === 'delayed')) return 'DELAY';
  return recipients.length > 0 ? 'DELIVERED' : 'OTHER';
}

/** A delivery report in its own MIME part, at the outermost level that has one. */
function statusPart(mail: OpenedMail): { status: DeliveryStatus; level: number } | null {
  const parts = mail.parts.filter(({ type }) => STATUS_TYPES.has(type));
  const level = Math.min(...parts.map(({ embedded }) => embedded));
  const own = parts.filter(({ embedded }) => embedded === level);
  if (own.length === 0) return null;
  const read = own.map((part) => readDeliveryStatus(partText(part)));
  const first = read[0];
  if (first === undefined) return null;
  return { status: { message: first.message, recipients: read.flatMap(({ recipients }) => recipients) }, level };
}

function readStatus(material: Material): Finding | null {
  const found = statusPart(material.mail);
  const raw = found !== null && found.status.recipients.length > 0 ? null : rawStatus(material);
  const status = raw ?? found?.status ?? null;
  if (status === null || status.recipients.length === 0) return null;
  const level = raw === null ? (found?.level ?? 0) : 0;
  const original = findOriginal(material, level);
  const recipients = recipientsOfStatus(status, { ...context(material, original), notice: noticeAt(material, level) });
  return { kind: kindOf(recipients), recipients, original };
}

function rawStatus(material: Material): DeliveryStatus | null {
  const { mail } = material;
  const named = /(?:final|original)-recipient/i;
  if (!named.test(mail.raw) && !named.test(material.notice)) return null;
  // People quote reports in ordinary mail; only a message that has the air of a report is searched for lost fields.
  const likely =
    mail.type.startsWith('multipart/') ||
    senderRole(mail.headers) !== 'other' ||
    (isFailureSubject(plainText(material.subject)) && !isAnswer(material.subject)) ||
    !mail.headers.has('from');
  if (!likely) return null;
  const fromText = findDeliveryStatus(`${material.notice}\n${material.returnedText.slice(0, 20_000)}`);
  return fromText ?? findDeliveryStatus(mail.raw.slice(mail.bodyStart));
}

function context(material: Material, original: OriginalMessage | null): ReportContext {
  return {
    notice: material.notice,
    subject: material.subject,
    to: material.to,
    from: material.from,
    original,
    origin: material.origin,
    failedHeader: rawHeader(material.mail.headers, 'x-failed-recipients'),
  };
}

/** A permanent answer of the receiving server stands, even where the sending one means to try again (A6: the more specific decides). */
function isRefusal(notice: string): boolean {
  return /^["'<]?5\d\d[ -]/.test(quotedReply(notice) ?? '');
}

/** Where a report says that it is one: its subject and first words. */
const FIRST_WORDS = 160;

/** Newsletters, statistics and frauds speak of failures in the words of servers, and name neither a recipient nor a message. */
function soundsLikeReport(material: Material, plain: string): boolean {
  const role = senderRole(material.mail.headers);
  if (role === 'daemon' || isServersOwnReport(plain.slice(0, FIRST_WORDS))) return true;
  return role === 'system' && isFailureSubject(plainText(material.subject));
}

function readFailureText(material: Material, automatic: boolean): Finding | null {
  if (!tellsOfFailure(material, automatic)) return null;
  const original = findOriginal(material, 0);
  const plain = plainText(`${material.subject}\n${material.notice.slice(0, 8000)}`);
  const action: RecipientAction = tellsOfSuccess(plain)
    ? 'delivered'
    : isStillTrying(plain) && !isRefusal(material.notice)
      ? 'delayed'
      : 'failed';
  const recipients = recipientsOfText(context(material, original), action);
  const namesNobody = original === null && recipients.every(({ address }) => address === null);
  if (namesNobody && !soundsLikeReport(material, plain)) return null;
  return { kind: kindOf(recipients), recipients, original };
}

/** A report that somebody forwarded as an attachment or that a gateway wrapped: the message inside is read instead. */
function readForwarded(material: Material): Finding | null {
  const inner = innerMaterial(material);
  return inner === null || senderRole(inner.mail.headers) === 'other' ? null : readFailureText(inner, false);
}

function find(material: Material): Finding {
  const { mail, subject, notice } = material;
  const complaint = readComplaint(material);
  if (complaint !== null) return complaint;
  const provider = readProviderNotice(notice, TOKEN_HEADER);
  if (provider !== null) return noticeFinding(material, provider);
  const automatic = isAutomaticReply(mail.headers, subject);
  const status = readStatus(material);
  // Challenge services dress their question as a delivery report, and a vacation program may return a report it answered.
  const question = status !== null && senderRole(mail.headers) === 'other' && asksForProof(notice);
  if (status !== null && !question && !(automatic && mail.reportType !== 'delivery-status')) return status;
  const failure = readFailureText(material, automatic);
  if (failure !== null) return failure;
  const sender = material.from === null ? [] : [material.from];
  if (isProviderOptOut(mail.headers)) {
    return { kind: 'COMPLAINT', feedbackType: 'opt-out', recipients: simpleRecipients(material, sender, 'complained', 'feedback opt-out') };
  }
  if (!automatic && isUnsubscribeRequest(mail.headers, subject, notice)) {
    return { kind: 'UNSUBSCRIBE', recipients: simpleRecipients(material, sender, 'unsubscribed', subject) };
  }
  if (automatic || soundsAutomatic(mail.headers, notice))
    return { kind: 'AUTO_REPLY', recipients: simpleRecipients(material, sender, 'replied', subject) };
  return readForwarded(material) ?? { kind: 'OTHER', recipients: [] };
}

/** One report may count only once for an address: of equal entries the first stays. */
function onceEach(recipients: readonly ReportedRecipient[]): ReportedRecipient[] {
  const seen = new Set<string>();
  return recipients.filter(({ address, action }) => {
    const key = `${action} ${address?.toLowerCase() ?? ''}`;
    if (address !== null && seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function dedupeKey(mail: OpenedMail): string {
  const id = rawHeader(mail.headers, 'message-id');
  const date = rawHeader(mail.headers, 'date');
  const body = mail.raw.slice(mail.bodyStart).trimEnd();
  // An mbox file holds `From ` at the beginning of a line as `>From `.
  const unquoted = body.includes('>From ') ? body.replace(/^>+From /gm, 'From ') : body;
  return createHash('sha256').update(`${id}\n${date}\n`).update(unquoted, 'latin1').digest('hex');
}

function dateOf(value: string): Date | null {
  if (value === '') return null;
  const time = Date.parse(value.replace(/\([^()]*\)/g, '').trim());
  return Number.isNaN(time) ? null : new Date(time);
}

function tokensOf(material: Material, original: OriginalMessage | null): string[] {
  const values = [original?.token ?? '', ...material.to, ...(original?.from == null ? [] : [original.from])];
  return [...new Set(values.map((value) => findOwnToken(value)).filter((token): token is string => token !== null))];
}

/** Reads one raw message (RFC 5322 bytes, any line ends, with or without an mbox `From ` line). Never throws. */
export function parseMessage(raw: Uint8Array, options: ParseOptions = {}): ParsedMessage {
  const mail = openMail(raw);
  const material = prepareMaterial(mail, options.origin ?? 'ASYNC');
  const finding = find(material);
  const original = finding.original ?? findOriginal(material, 0);
  return {
    kind: finding.kind,
    feedbackType: finding.feedbackType ?? null,
    messageId: bareMessageId(rawHeader(mail.headers, 'message-id')),
    date: dateOf(rawHeader(mail.headers, 'date')),
    from: material.from,
    subject: material.subject,
    to: material.to,
    dedupeKey: dedupeKey(mail),
    original,
    tokens: tokensOf(material, original),
    recipients: onceEach(finding.recipients).sort((a, b) => ORDER[a.action] - ORDER[b.action]),
  };
}
