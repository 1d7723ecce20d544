/** Reads complaints: RFC 5965 feedback reports and the older shapes that mailbox providers still send. */

import { cleanAddress, firstAddress, localPart } from './found-address.ts';
import { headerText, type MailHeaders, rawHeader, readHeaders } from './mail-headers.ts';
import { type MailPart, partText } from './mail-parts.ts';

/** The fields of a feedback report. */
export interface FeedbackReport {
  /** Lower case: `abuse`, `fraud`, `virus`, `other`, `not-spam`, `opt-out`, `auth-failure`, ... */
  readonly feedbackType: string;
  /** The recipients who complained, as far as the report names them. */
  readonly recipients: readonly string[];
}

/** Addresses that a provider put in place of the real one. */
const REDACTED = /redacted|undisclosed|unknown|anonymi[sz]ed|hidden|removed|xxxx|^[0-9a-f]{32,}$/;

function realAddresses(values: readonly string[]): string[] {
  const found = values.map((value) => cleanAddress(value) ?? firstAddress(value));
  return [...new Set(found.filter((address): address is string => address !== null && !REDACTED.test(localPart(address))))];
}

function typeOf(value: string): string {
  return (/[a-z][a-z0-9-]{0,40}/.exec(value.toLowerCase())?.[0] ?? '').replace(/[-_]+$/, '');
}

/** Who complained, from the returned message: some providers say it only there. */
export function complainantsOf(original: MailHeaders): string[] {
  for (const name of [
    'x-hmxmroriginalrecipient',
    'x-original-to',
    'original-recipient',
    'x-rcpt-to',
    'x-envelope-to',
    'envelope-to',
    'delivered-to',
    'to',
  ]) {
    const found = realAddresses((original.get(name) ?? []).slice(0, 5));
    if (found.length > 0) return found;
  }
  return [];
}

/** Reads the fields of a `message/feedback-report` part. */
export function readFeedbackReport(text: string, original: MailHeaders | null): FeedbackReport {
  const { headers } = readHeaders(text, 0, text.length, true);
  const named = [...(headers.get('original-rcpt-to') ?? []), ...(headers.get('removal-recipient') ?? [])].slice(0, 1000);
  const recipients = realAddresses(named);
  return {
    feedbackType: typeOf(rawHeader(headers, 'feedback-type')),
    recipients: recipients.length > 0 || original === null ? recipients : complainantsOf(original),
  };
}

/** A feedback report in a message whose MIME structure is lost. */
export function findFeedbackReport(raw: string): string | null {
  const at = raw.search(/(?:^|\n)feedback-type[ \t]{0,4}:/i);
  if (at === -1) return null;
  const blank = raw.lastIndexOf('\n\n', at);
  return raw.slice(blank === -1 || at - blank > 3000 ? at + 1 : blank + 2, at + 6000);
}

/** Types that say something about authentication or about wanted mail, not about a wish to be left alone. */
const HARMLESS_TYPES: ReadonlySet<string> = new Set(['not-spam', 'auth-failure', 'dmarc', 'dkim', 'tls-rpt']);

/** True where a feedback report of this type is a complaint. */
export function isComplaint(feedbackType: string): boolean {
  return feedbackType !== '' && !HARMLESS_TYPES.has(feedbackType);
}

const COMPLAINT_SUBJECT =
  /complaint about message from|\b(?:spam|abuse|e-?mail) complaint\b|\bfeedback[- ]loop\b|\bfbl\b|email feedback report|\babuse report\b|\bspam report\b|reported as spam|spamtrap ?hit/i;
const COMPLAINT_SENDER = /staff@(?:hotmail|outlook|live)\.|\bscomp@|feedback|fbl|complaint|abuse|spam|postmaster|no-?reply/i;
const NO_COMPLAINT = /dmarc|forensic|authentication failure|tls-?rpt|spf|dkim/i;

/** Complaints without a feedback-report part: Microsoft's JMRP and reports that only attach the message. */
export function readPlainComplaint(headers: MailHeaders, parts: readonly MailPart[]): FeedbackReport | null {
  const returned = parts.find((part) => part.embedded > 0)?.messageHeaders ?? returnedHeaders(parts) ?? pastedHeaders(parts);
  if (returned === null) return null;
  const subject = headerText(headers, 'subject');
  const from = headerText(headers, 'from');
  const jmrp = returned.has('x-hmxmroriginalrecipient') || (returned.has('x-reporter-ip') && /staff@/i.test(from));
  const named = COMPLAINT_SUBJECT.test(subject) && COMPLAINT_SENDER.test(from) && !NO_COMPLAINT.test(subject);
  return jmrp || named ? { feedbackType: 'abuse', recipients: complainantsOf(returned) } : null;
}

const PASTED = /(?:^|\n)X-HmXmrOriginalRecipient:/i;

/** The header of a message that a forwarding gateway pasted into the text; only Microsoft's own field makes it one. */
function pastedHeaders(parts: readonly MailPart[]): MailHeaders | null {
  const only = parts[0];
  if (parts.length !== 1 || only === undefined || !only.type.startsWith('text')) return null;
  const text = partText(only).slice(0, 65_536);
  const at = text.search(PASTED);
  if (at === -1) return null;
  const blank = text.lastIndexOf('\n\n', at);
  const header = text.slice(blank === -1 ? 0 : blank + 2);
  return readHeaders(header, 0, header.length, true).headers;
}

function returnedHeaders(parts: readonly MailPart[]): MailHeaders | null {
  const part = parts.find(({ type }) => type === 'text/rfc822-headers' || type === 'message/rfc822-headers');
  if (part === undefined) return null;
  const text = partText(part);
  return readHeaders(text, 0, text.length, true).headers;
}
