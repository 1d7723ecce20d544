import { setImmediate } from 'node:timers/promises';
import type { FailureEvidence } from '../domain/qualification/failure-evidence.ts';
import { type Qualified, qualify } from '../domain/qualification/qualify.ts';
import type { RuleBook } from '../domain/qualification/rule-book.ts';
import { parseMessage } from '../reports/parse-message.ts';
import type { ParsedMessage } from '../reports/parsed-message.ts';
import type { Queryable } from '../store/database.ts';
import type { PastFailure } from '../store/failure-history.ts';
import { findInboundSizes, readRawMessages } from '../store/inbound-messages.ts';
import { cleanText } from './check-delivery-result.ts';
import type { AddressBook } from './instance.ts';
import { keyOf } from './named-addresses.ts';

/** What is still known about a recorded failure. */
export interface PastEvidence {
  readonly evidence: FailureEvidence;
  /** It is all that was known when it was recorded; else the codes and hosts of its report are gone, and only the text is left. */
  readonly complete: boolean;
}

/** Raw messages that are held in memory at a time; a single one may be larger. */
const MOST_RAW_BYTES = 16 * 1024 * 1024;

/**
 * The evidence of recorded failures, by their lines. What came in as a message is read again from the message: its report tells more than the
 * text that was kept with the failure.
 */
export async function readPastEvidence(
  database: Queryable,
  book: AddressBook,
  failures: readonly PastFailure[],
): Promise<ReadonlyMap<bigint, PastEvidence>> {
  const reported = new Map<bigint, FailureEvidence>();
  const inbound = await findInboundSizes(database, new Set(failures.flatMap(({ inboundEventId }) => inboundEventId ?? [])));
  const messages = inbound.flatMap(({ id, rawBytes }) => (rawBytes ? [{ id, rawBytes }] : []));
  for (const ids of inBatches(messages)) {
    const wanted = failures.filter(({ inboundEventId }) => inboundEventId !== null && ids.includes(inboundEventId));
    for (const { id, raw } of await readRawMessages(database, ids)) {
      const parsed = parseMessage(raw);
      // Reading a thousand of them takes a while: others are answered in between.
      await setImmediate();
      for (const failure of wanted.filter(({ inboundEventId }) => inboundEventId === id)) {
        const evidence = evidenceIn(parsed, failure, book);
        if (evidence !== null) reported.set(failure.id, evidence);
      }
    }
  }
  const told = new Set(inbound.flatMap(({ id, rawBytes }) => (rawBytes === null ? [id] : [])));
  return new Map(failures.map((failure) => [failure.id, evidenceOf(failure, reported.get(failure.id), told)]));
}

/**
 * What a recorded failure is by the rules of the book; null where that cannot be said: the codes of its report are gone, and something else than
 * the text alone decides.
 */
export function judgePast({ evidence, complete }: PastEvidence, book: RuleBook): Qualified | null {
  const qualified = qualify(evidence, book);
  const { verdict, ruleName } = qualified;
  const byText = verdict.decidedBy.startsWith('qualification ') || book.own.some(({ name }) => name === ruleName);
  return complete || byText ? qualified : null;
}

/** @param told ids of what came in as a result, with nothing but its text */
function evidenceOf(failure: PastFailure, reported: FailureEvidence | undefined, told: ReadonlySet<bigint>): PastEvidence {
  if (reported !== undefined) return { evidence: reported, complete: true };
  const { channel, rawText: text, address: recipient, origin, inboundEventId } = failure;
  const complete = origin !== 'ASYNC' || (inboundEventId !== null && told.has(inboundEventId));
  return { evidence: { channel, text, recipient, origin }, complete };
}

/** What the report says of this failure; null where it cannot be found in it any more. */
function evidenceIn(parsed: ParsedMessage, { rawText, addressKey }: PastFailure, book: AddressBook): FailureEvidence | null {
  const failed = parsed.recipients.flatMap(({ action, address, evidence }) => {
    const text = cleanText(evidence.text);
    return action === 'failed' && text === rawText ? [{ address, evidence: { ...evidence, text } }] : [];
  });
  const own = failed.find(({ address }) => address !== null && keyOf(address, book) === addressKey);
  return own?.evidence ?? (failed.length === 1 ? (failed[0]?.evidence ?? null) : null);
}

function inBatches(messages: readonly { id: bigint; rawBytes: number }[]): bigint[][] {
  const batches: bigint[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const { id, rawBytes } of messages) {
    if (bytes + rawBytes > MOST_RAW_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(id);
    bytes += rawBytes;
  }
  return batches;
}
