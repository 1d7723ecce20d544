import { createHash } from 'node:crypto';
import { DomainError, InvalidInputError } from '../domain/errors.ts';
import { isAheadOfClock } from '../domain/quarantine/event-order.ts';
import type { Channel, DeliveryOutcome, DeliveryState, EventOrigin } from '../domain/vocabulary.ts';
import type { NamedDelivery, NamedLog } from '../store/feedback-reads.ts';
import { checkShortCode } from './check-short-code.ts';
import type { AddressBook } from './instance.ts';

/** What became of one message, told by whoever sent it (contract `DeliveryResultInput`). */
export interface DeliveryResultItem {
  readonly eventId?: string | null | undefined;
  readonly deliveryId?: bigint | null | undefined;
  readonly deliveryLogId?: bigint | null | undefined;
  readonly channel: Channel;
  readonly address: string;
  readonly shortCode?: string | null | undefined;
  readonly messageId?: string | null | undefined;
  readonly outcome: DeliveryOutcome;
  readonly text?: string | null | undefined;
  /** SYNC where absent. */
  readonly origin?: EventOrigin | undefined;
  readonly occurredAt: Date;
}

/** An item whose shape is right; whether its delivery exists is not known yet. */
export interface CheckedResult {
  readonly channel: Channel;
  readonly address: string;
  readonly addressKey: string;
  readonly domain: string | null;
  readonly shortCode: string;
  readonly deliveryId: bigint | null;
  readonly deliveryLogId: bigint | null;
  readonly messageId: string | null;
  readonly outcome: DeliveryOutcome;
  readonly text: string | null;
  readonly origin: EventOrigin;
  readonly occurredAt: Date;
  readonly dedupeKey: string;
}

const EARLIEST_MS = Date.UTC(1970, 0, 1);
const MOST_ID_CHARACTERS = 1000;
const MOST_TEXT_CHARACTERS = 16_000;
const LARGEST_ID = 2n ** 63n - 1n;

const PREPARED: ReadonlySet<DeliveryState> = new Set([
  'READY',
  'START_PENDING',
  'STARTED',
  'RETRY_PENDING',
  'RETRY_IN_PROGRESS',
  'PAUSE_REQUESTED',
  'PAUSE_IN_PROGRESS',
  'PAUSED',
  'STOPPED',
  'FAILED',
  'FINISHED',
  'DELETED',
]);

/**
 * Brings one result into its checked form: canonical address, cleaned text, dedupe key.
 *
 * @throws InvalidInputError with the field and a sentence
 */
export function checkDeliveryResult(item: DeliveryResultItem, book: AddressBook, now: Date): CheckedResult {
  const origin = item.origin ?? 'SYNC';
  const eventId = optionalId(item.eventId, 'eventId');
  const messageId = optionalId(item.messageId, 'messageId');
  const shortCode = checkShortCode(item.channel, item.shortCode);
  checkOccurredAt(item.occurredAt, now);
  checkOutcome(item);
  const international = item.channel === 'SMS' && origin === 'STATUS_REPORT';
  const address = book.canonical(item.channel, item.address, { international });
  if (!address.ok) throw new InvalidInputError(address.message, 'address');
  const result = {
    channel: item.channel,
    address: address.canonical,
    addressKey: book.key(item.channel, address.canonical),
    domain: address.domain,
    shortCode,
    deliveryId: item.deliveryId ?? null,
    deliveryLogId: item.deliveryLogId ?? null,
    messageId,
    outcome: item.outcome,
    text: item.text == null ? null : cleanText(item.text),
    origin,
    occurredAt: item.occurredAt,
  };
  return { ...result, dedupeKey: eventId === null ? contentKey(result) : hashKey(`event\0${eventId}`) };
}

/** Text as the database can hold it: without NUL and halves of surrogate pairs, and of a bounded length. */
export function cleanText(text: string): string {
  return text.slice(0, MOST_TEXT_CHARACTERS).toWellFormed().replaceAll('\0', '\uFFFD');
}

/** 128 bits of SHA-256 as uuid text: the key of what came in. */
export function hashKey(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function contentKey(result: Omit<CheckedResult, 'dedupeKey'>): string {
  const { channel, address, shortCode, deliveryId, deliveryLogId, messageId, outcome, text, origin, occurredAt } = result;
  const ids = [deliveryId, deliveryLogId].map((id) => id?.toString() ?? null);
  const content = [channel, address, shortCode, ...ids, messageId, outcome, text, origin, occurredAt.toISOString()];
  return hashKey(`content\0${JSON.stringify(content)}`);
}

/**
 * Whether the delivery and the message that a result names exist and may get results (amendment A15).
 *
 * @returns the current run of the named delivery; null where none is named
 * @throws InvalidInputError with the field and a sentence
 */
export function checkNamedMessage(
  result: CheckedResult,
  deliveries: ReadonlyMap<bigint, NamedDelivery>,
  logs: ReadonlyMap<bigint, NamedLog>,
): number | null {
  const log = result.deliveryLogId === null ? null : checkLog(result, result.deliveryLogId, logs);
  if (result.deliveryId === null) return null;
  const delivery = deliveries.get(result.deliveryId);
  if (delivery === undefined) throw new InvalidInputError('There is no such delivery.', 'deliveryId');
  if (log !== null && log.delivery_id !== delivery.id) {
    throw new InvalidInputError('This delivery log belongs to another delivery.', 'deliveryLogId');
  }
  if (delivery.channel !== result.channel) throw new InvalidInputError(`The delivery goes out on ${delivery.channel}.`, 'channel');
  if (delivery.run === 0) throw notPrepared('deliveryId');
  checkState(delivery.state, 'deliveryId');
  return delivery.run;
}

function checkLog(result: CheckedResult, id: bigint, logs: ReadonlyMap<bigint, NamedLog>): NamedLog {
  const log = logs.get(id);
  if (log === undefined) throw new InvalidInputError('There is no such delivery log.', 'deliveryLogId');
  if (log.channel !== result.channel) throw new InvalidInputError(`This delivery log is one of channel ${log.channel}.`, 'channel');
  if (log.address_key !== result.addressKey) throw new InvalidInputError('This delivery log is one of another address.', 'address');
  if (log.run !== log.current_run) {
    throw new InvalidInputError(
      'The delivery has been prepared again since: this delivery log belongs to an earlier run.',
      'deliveryLogId',
    );
  }
  checkState(log.state, 'deliveryLogId');
  return log;
}

function checkState(state: DeliveryState, field: string): void {
  if (!PREPARED.has(state)) throw notPrepared(field);
}

function notPrepared(field: string): InvalidInputError {
  return new InvalidInputError('The delivery is not prepared, so nothing of it can have been sent.', field);
}

/** Ids that the database can be asked for. */
export function isPossibleId(id: bigint | null): id is bigint {
  return id !== null && id > 0n && id <= LARGEST_ID;
}

function optionalId(value: string | null | undefined, field: string): string | null {
  if (value == null) return null;
  const trimmed = value.trim();
  if (trimmed === '') throw new InvalidInputError('Leave this out or fill it in: it is empty.', field);
  if (trimmed.length > MOST_ID_CHARACTERS) throw new InvalidInputError(`This has at most ${MOST_ID_CHARACTERS} characters.`, field);
  if (/[\0\p{Cs}]/u.test(trimmed)) throw new InvalidInputError('This contains a NUL character or half of a surrogate pair.', field);
  return trimmed;
}

function checkOccurredAt(occurredAt: Date, now: Date): void {
  const time = occurredAt.getTime();
  if (Number.isNaN(time) || time < EARLIEST_MS) throw new InvalidInputError('This is no date from 1970 on.', 'occurredAt');
  if (isAheadOfClock(occurredAt, now)) {
    throw new InvalidInputError('This lies more than 5 minutes in the future: check the clock of the sender.', 'occurredAt');
  }
}

function checkOutcome({ outcome, channel }: DeliveryResultItem): void {
  if (outcome === 'STOP' && channel !== 'SMS') throw new InvalidInputError('STOP is an answer to an SMS.', 'outcome');
  if (outcome === 'UNSUBSCRIBE' && channel === 'OTHER') {
    throw new InvalidInputError('The channel OTHER has no denylist flag of its own, so it cannot be unsubscribed from.', 'outcome');
  }
}

/** Runs a check; a refusal is the answer for its item and stops no other. */
export function refusalOr<T>(check: () => T): T | InvalidInputError {
  try {
    return check();
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    if (error instanceof DomainError) return new InvalidInputError(error.message);
    throw error;
  }
}
