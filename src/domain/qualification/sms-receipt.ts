/**
 * Reads SMPP delivery receipts (spec SMS-1 to SMS-3): `id:... sub:001 dlvrd:001 submit date:... done date:... stat:DELIVRD err:000 text:...`.
 *
 * No two gateways write them alike: fields in any order, names cut short, dates of 10, 12 or 14 digits, hexadecimal error codes, and the
 * first words of the message behind `text:`, which may hold anything, a forged `stat:` too.
 */

import type { FailureEvidence } from './failure-evidence.ts';
import type { Meaning } from './verdict.ts';

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
/** The name in front of the state, where the text names no provider. */
const NO_PROVIDER = 'Generic';
/** A report under its provider's name: `SR <provider> <stat> <err>|<receipt>` (SMS-1). */
const REPORT_HEAD = /^SR \S+ [^|]*/;
const WHOLE_HEAD = /^SR \S+ ([^|]*)\|/;
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
  return receiptOf(fieldsOf(withoutMessage(text.slice(0, MAX_RECEIPT))));
}

function receiptOf(fields: ReadonlyMap<string, string>): SmsReceipt {
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
 * What a failure of an SMS is qualified by: a bare receipt becomes `SR Generic <stat> <err>|<receipt>` (SMS-1), so that equal failures
 * share a row; anything else stays as it is.
 *
 * The message behind `text:` is left out: its words are the sender's and must not decide.
 */
export function receiptEvidence(evidence: FailureEvidence): FailureEvidence {
  if (evidence.channel !== 'SMS' || REPORT_HEAD.test(evidence.text)) return evidence;
  const head = withoutMessage(evidence.text.slice(0, MAX_RECEIPT)).trim();
  const fields = fieldsOf(head);
  const { stat, err } = receiptOf(fields);
  // Prose may hold "status: failed error: absent subscriber": its words say more than the state.
  const others = fields.size - (fields.has('stat') ? 1 : 0) - (fields.has('err') && err === null ? 1 : 0);
  return stat === null || others < 1 ? evidence : { ...evidence, text: `SR ${NO_PROVIDER} ${stat} ${err ?? '000'}|${head}` };
}

/** The part of a report that may decide: its head, because the message behind may say anything. Null where the text is no report. */
export function reportHead(text: string): string | null {
  return REPORT_HEAD.exec(text)?.[0] ?? null;
}

/** Refused until somebody qualifies it. */
const NEW_ERROR: Meaning = { type: 'SOFT', reason: 'REFUSED', fault: 'RECIPIENT' };
const NO_FAILURE: Meaning = { type: 'IGNORED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };

/** What a report means that no rule knows (SMS-2): a state that is no failure is ignored. Null where the text is no report. */
export function meaningOfNewReport(text: string): Meaning | null {
  const words = WHOLE_HEAD.exec(text)?.[1];
  if (words === undefined) return null;
  return words
    .toUpperCase()
    .split(/\s+/)
    .some((word) => FAILED_STATES.test(word))
    ? NEW_ERROR
    : NO_FAILURE;
}
