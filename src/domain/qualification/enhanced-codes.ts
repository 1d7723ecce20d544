import type { FailureReason, Fault } from '../vocabulary.ts';
import type { Meaning } from './verdict.ts';

type Entry = readonly [reason: FailureReason, fault: Fault];

/*
 * Enhanced status codes (RFC 3463, RFC 7372, RFC 7505 and what the big receivers add), read only where no text says more.
 *
 * | subject | says | meaning |
 * |---|---|---|
 * | x.1 | 0, 1, 3, 6: no such mailbox; 2, 10: no such domain; 7, 8: the sender's address | 1, 2, 20 |
 * | x.2 | 1 disabled, 2 full, 3 too long | 4, 5, 20 |
 * | x.3, x.4, x.5 | system, network, protocol | 3 (3.4 too big: 20; 4.4 no route: 2) |
 * | x.6, x.7 | content, policy | 20 |
 *
 * x.0.0, 5.3.0 and 5.5.0 say nothing by themselves (amendment A6).
 */
const STATUS: Readonly<Record<string, Entry>> = {
  '1.0': ['USER_UNKNOWN', 'RECIPIENT'],
  '1.1': ['USER_UNKNOWN', 'RECIPIENT'],
  '1.2': ['INVALID_DOMAIN', 'RECIPIENT'],
  '1.3': ['USER_UNKNOWN', 'RECIPIENT'],
  '1.4': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '1.6': ['USER_UNKNOWN', 'RECIPIENT'],
  '1.7': ['REFUSED', 'SENDER'],
  '1.8': ['REFUSED', 'SENDER'],
  '1.9': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '1.10': ['INVALID_DOMAIN', 'RECIPIENT'],
  '2.1': ['ACCOUNT_DISABLED', 'RECIPIENT'],
  '2.2': ['MAILBOX_FULL', 'RECIPIENT'],
  '2.3': ['REFUSED', 'CONTENT'],
  '2.4': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '3.1': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '3.2': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '3.3': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '3.4': ['REFUSED', 'CONTENT'],
  '3.5': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '4.4': ['INVALID_DOMAIN', 'RECIPIENT'],
  '5.3': ['UNREACHABLE', 'SENDER'],
  '7.2': ['REFUSED', 'RECIPIENT'],
  '7.10': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '7.13': ['ACCOUNT_DISABLED', 'RECIPIENT'],
  '7.17': ['USER_UNKNOWN', 'RECIPIENT'],
  '7.18': ['USER_UNKNOWN', 'RECIPIENT'],
};

const SUBJECT: Readonly<Record<string, Entry>> = {
  '4': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '5': ['UNREACHABLE', 'INFRASTRUCTURE'],
  '6': ['REFUSED', 'CONTENT'],
  '7': ['REFUSED', 'SENDER'],
};

const SILENT = new Set(['3.0', '5.0', '2.0']);

/**
 * The meaning of an enhanced status code, or null where it says nothing about this failure.
 *
 * Only a permanent code makes an address unknown for good: `4.1.1` alone is often a check that has not ended, so it is
 * an unreachable address.
 */
export function meaningOfStatus(code: string): Meaning | null {
  const dot = code.indexOf('.');
  const permanent = code.charCodeAt(0) === 53;
  if (code.charCodeAt(0) === 50) return null;
  const detail = code.slice(dot + 1);
  const subject = detail.slice(0, detail.indexOf('.'));
  if (SILENT.has(detail)) return null;
  const entry = STATUS[detail] ?? SUBJECT[subject];
  if (entry === undefined) return null;
  const [reason, fault] = entry;
  if (reason !== 'USER_UNKNOWN') return { type: 'SOFT', reason, fault };
  return permanent ? { type: 'HARD', reason, fault } : { type: 'SOFT', reason: 'UNREACHABLE', fault: 'INFRASTRUCTURE' };
}

const REPLY: Readonly<Record<number, Entry>> = {
  523: ['REFUSED', 'CONTENT'],
  530: ['REFUSED', 'SENDER'],
  534: ['REFUSED', 'SENDER'],
  535: ['REFUSED', 'SENDER'],
  538: ['REFUSED', 'SENDER'],
  556: ['INVALID_DOMAIN', 'RECIPIENT'],
  570: ['REFUSED', 'SENDER'],
  571: ['REFUSED', 'SENDER'],
};

function softly(entry: Entry | undefined): Meaning | null {
  return entry === undefined ? null : { type: 'SOFT', reason: entry[0], fault: entry[1] };
}

/** The meaning of a three-digit reply code, or null: 550 to 554 are used for everything and say nothing. */
export function meaningOfReply(code: number): Meaning | null {
  return softly(REPLY[code]);
}

/** Codes that any word beside them outranks: what RFC 5321, 7372 and 7504 made them for. */
const BARE_REPLY: Readonly<Record<number, Entry>> = {
  500: ['UNREACHABLE', 'INFRASTRUCTURE'],
  502: ['UNREACHABLE', 'INFRASTRUCTURE'],
  503: ['UNREACHABLE', 'INFRASTRUCTURE'],
  504: ['UNREACHABLE', 'INFRASTRUCTURE'],
  512: ['INVALID_DOMAIN', 'RECIPIENT'],
  521: ['INVALID_DOMAIN', 'RECIPIENT'],
  525: ['ACCOUNT_DISABLED', 'RECIPIENT'],
  552: ['MAILBOX_FULL', 'RECIPIENT'],
  555: ['UNREACHABLE', 'INFRASTRUCTURE'],
};

/** The meaning of a reply code where nothing else is known of the answer, or null. */
export function meaningOfBareReply(code: number): Meaning | null {
  return softly(BARE_REPLY[code]);
}
