/**
 * Reads SMPP delivery receipts (spec SMS-1 to SMS-3): `id:... sub:001 dlvrd:001 submit date:... done date:... stat:DELIVRD err:000 text:...`.
 *
 * No two gateways write them alike: fields in any order, names cut short, dates of 10, 12 or 14 digits, hexadecimal error codes, and the
 * first words of the message behind `text:`, which may hold anything, a forged `stat:` too.
 */

import type { FailureEvidence } from '../domain/qualification/failure-evidence.ts';
import { qualify } from '../domain/qualification/qualify.ts';
import type { RuleBook } from '../domain/qualification/rule-book.ts';
import type { Meaning } from '../domain/qualification/verdict.ts';
import type { ClassifiedRecipient } from './classify-message.ts';

/** The final states are `delivered` and `failed`; `intermediate` covers the rest and unknown states, which mean nothing yet. */
export type ReceiptOutcome = 'delivered' | 'failed' | 'intermediate';

/** A receipt, read. */
export interface SmsReceipt {
  readonly messageId: string | null;
  /** The state in capitals (`DELIVRD`, `UNDELIV`, ...), null where the text holds none. */
  readonly stat: string | null;
  /** The provider's error code as written: decimal or hexadecimal digits. */
  readonly err: string | null;
  readonly submittedAt: Date | null;
  readonly doneAt: Date | null;
  readonly outcome: ReceiptOutcome;
}

const MAX_RECEIPT = 4000;
const TEXT_FIELD = /(?:^|\s)te?xt:/i;
const FIELD = /(?:^|\s)(id|sub|dlvrd?|submit[ _-]?date?|done[ _-]?date?|stat(?:us)?|err(?:or)?)\s{0,3}:\s{0,3}([^\s:]{1,80})(?=\s|$)/gi;

/** The SMPP states that mean a failure, by their first letters: gateways cut and extend them. */
const FAILED_STATES = /^(?:UNDELIV|FAIL|EXPIRE?D?|REJECT|DELETED|DND|BLOCK|BLACKLIST|INVALID|BARRED|NOROUTE)/;

function outcomeOf(stat: string | null): ReceiptOutcome {
  if (stat === null) return 'intermediate';
  if (stat.startsWith('DELIV')) return 'delivered';
  return FAILED_STATES.test(stat) ? 'failed' : 'intermediate';
}

/** `YYMMDDhhmm`, `YYMMDDhhmmss` or `YYYYMMDDhhmmss`, taken as UTC; null for anything else. */
export function receiptDate(value: string | undefined): Date | null {
  if (value === undefined || !/^(?:\d{10}|\d{12}|\d{14})$/.test(value)) return null;
  const full = value.length === 14 ? value : `20${value}`.padEnd(14, '0');
  const at = (from: number, length = 2) => Number(full.slice(from, from + length));
  const [year, month, day, hour, minute, second] = [at(0, 4), at(4), at(6), at(8), at(10), at(12)];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  return date.getUTCDate() === day ? date : null;
}

/** The fields by the beginning of their names; `submit date` before `sub`, which counts messages. */
const KEYS: readonly (readonly [string, string])[] = [
  ['submit', 'submitted'],
  ['done', 'done'],
  ['stat', 'stat'],
  ['err', 'err'],
  ['id', 'id'],
];

function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [, name, value] of text.matchAll(FIELD)) {
    const key = KEYS.find(([start]) => (name ?? '').toLowerCase().startsWith(start))?.[1] ?? '';
    // The first of two equal fields stands nearer to the gateway; the second may come out of the message.
    if (!fields.has(key)) fields.set(key, value ?? '');
  }
  return fields;
}

/** Where the fields are: in front of `text:`, or behind it for the gateways that put the text first. */
function withoutMessage(receipt: string): string {
  const text = TEXT_FIELD.exec(receipt);
  if (text === null) return receipt;
  const front = receipt.slice(0, text.index);
  if (/(?:^|\s)stat(?:us)?\s{0,3}:/i.test(front)) return front;
  const last = receipt.toLowerCase().lastIndexOf('stat:');
  return last === -1 ? front : `${front} ${receipt.slice(last)}`;
}

/** Reads a receipt. Never throws; a text without a state is intermediate. */
export function parseSmsReceipt(text: string): SmsReceipt {
  const fields = fieldsOf(withoutMessage(text.slice(0, MAX_RECEIPT)));
  const stat =
    fields
      .get('stat')
      ?.toUpperCase()
      .replace(/[^A-Z_-]/g, '') || null;
  const err = fields.get('err') ?? null;
  return {
    messageId: fields.get('id') ?? null,
    stat,
    err: err !== null && /^[0-9A-Fa-f]{1,8}$/.test(err) ? err : null,
    submittedAt: receiptDate(fields.get('submitted')),
    doneAt: receiptDate(fields.get('done')),
    outcome: outcomeOf(stat),
  };
}

/**
 * What a receipt is qualified by: `SR <provider> <stat> <err>|<receipt>` (SMS-1); the same code differs between providers.
 *
 * The message behind `text:` is left out: its words are the sender's and must not decide.
 */
export function receiptEvidence(receipt: SmsReceipt, text: string, provider: string, recipient?: string): FailureEvidence {
  const name = provider.replace(/\s+/g, '') || 'Generic';
  const fields = withoutMessage(text.slice(0, MAX_RECEIPT)).trim();
  return {
    channel: 'SMS',
    text: `SR ${name} ${receipt.stat ?? 'UNKNOWN'} ${receipt.err ?? '000'}|${fields}`,
    origin: 'STATUS_REPORT',
    ...(recipient === undefined ? {} : { recipient }),
  };
}

/** A state or code that nobody has qualified yet (SMS-2). */
const NEW_ERROR: Meaning = { type: 'SOFT', reason: 'REFUSED', fault: 'RECIPIENT' };

/** A failed receipt, qualified: by edited rows and rules, else refused until somebody qualifies it. */
export function classifyReceipt(evidence: FailureEvidence, book: RuleBook): ClassifiedRecipient {
  const { verdict } = qualify(evidence, book);
  const meaning = verdict.decidedBy === 'fallback' || verdict.type === 'UNDEFINED' ? NEW_ERROR : verdict;
  const { decidedBy, normalizedText, md5 } = verdict;
  const { type, reason, fault } = meaning;
  const codes = { smtpCode: null, enhancedCode: null };
  return { address: evidence.recipient ?? null, type, reason, fault, decidedBy, ...codes, text: evidence.text, normalizedText, md5 };
}
