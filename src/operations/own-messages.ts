import { makeOwnToken, verifyOwnToken } from '../reports/own-token.ts';
import type { ParsedMessage, ReportedRecipient } from '../reports/parsed-message.ts';
import type { Queryable } from '../store/database.ts';
import { messageIdForms } from '../store/feedback-reads.ts';
import { findOwnLogs, type OwnLog } from '../store/inbound-messages.ts';
import { isPossibleId } from './check-delivery-result.ts';
import type { AddressBook } from './instance.ts';

/** The message of ours that a recipient of a report had. */
export interface OwnMessage {
  readonly address: string;
  readonly addressKey: string;
  readonly domain: string | null;
  /** Null where the log belongs to an earlier run, which takes no results any more. */
  readonly deliveryLogId: bigint | null;
  /** Our own signed token says so: no other proof is needed (amendment A11). */
  readonly proven: boolean;
}

export interface OwnMessages {
  /** @param recipients how many the report names: the token of a single one stands above its address, which may be an alias's */
  messageOf(recipient: ReportedRecipient, recipients: number): OwnMessage | null;
}

/**
 * The secret of our own tokens, made from the instance's: it never leaves the process, and no address has this key, since canonical text
 * begins with no space.
 */
function ownTokenSecret(book: AddressBook): string {
  return book.key('OTHER', ' own token');
}

/** The token of the message of this delivery log: a report that carries it speaks of that message (amendment A11). */
export function ownTokenOf(logId: bigint, book: AddressBook): string {
  return makeOwnToken(logId.toString(), ownTokenSecret(book));
}

/** Finds what the tokens and the Message-ID of a report name. Where the report hides the recipient, they tell who it was. */
export async function knownMessages(database: Queryable, book: AddressBook, parsed: ParsedMessage): Promise<OwnMessages> {
  const secret = ownTokenSecret(book);
  const tokenIds = parsed.tokens.map((token) => logIdOf(verifyOwnToken(token, secret))).filter(isPossibleId);
  const hidden = parsed.recipients.some(({ address }) => address === null);
  const messageId = hidden ? (parsed.original?.messageId ?? null) : null;
  const logs = await findOwnLogs(database, tokenIds, messageId);
  const byToken = logs.filter(({ id, channel }) => tokenIds.includes(id) && channel === 'EMAIL');
  const byMessage = messageId === null ? [] : logs.filter((log) => messageIdForms(messageId).includes(log.messageId ?? ''));
  return {
    messageOf: (recipient, recipients) => {
      const token = tokenLog(recipient, recipients, byToken, book);
      if (token !== undefined) return ownMessage(token, true);
      const [only] = byMessage;
      const alone = recipient.address === null && only !== undefined && new Set(byMessage.map(({ addressKey }) => addressKey)).size === 1;
      return alone ? ownMessage(only, false) : null;
    },
  };
}

function tokenLog(recipient: ReportedRecipient, recipients: number, logs: readonly OwnLog[], book: AddressBook): OwnLog | undefined {
  if (recipients === 1 && logs.length === 1) return logs[0];
  const key = keyOf(recipient.address, book);
  return logs.find(({ addressKey }) => addressKey === key);
}

function keyOf(value: string | null, book: AddressBook): string | null {
  const address = value === null ? null : book.canonical('EMAIL', value);
  return address?.ok ? book.key('EMAIL', address.canonical) : null;
}

function ownMessage(log: OwnLog, proven: boolean): OwnMessage {
  const { address, addressKey, domain, id, current } = log;
  return { address, addressKey, domain, deliveryLogId: current ? id : null, proven };
}

function logIdOf(id: string | null): bigint | null {
  return id !== null && /^\d{1,19}$/.test(id) ? BigInt(id) : null;
}
