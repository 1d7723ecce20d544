import { erasedAddress } from '../domain/address/erased-address.ts';
import { InvalidInputError } from '../domain/errors.ts';
import { type Qualified, qualify } from '../domain/qualification/qualify.ts';
import type { RuleBook } from '../domain/qualification/rule-book.ts';
import type { Verdict } from '../domain/qualification/verdict.ts';
import type { AddressStatus, DeliveryOutcome, MessageKind } from '../domain/vocabulary.ts';
import { classifyParsed } from '../reports/classify-message.ts';
import { parseMessage } from '../reports/parse-message.ts';
import type { ParsedMessage, RecipientAction, ReportedRecipient } from '../reports/parsed-message.ts';
import type { Queryable } from '../store/database.ts';
import { awaitErasures, readErasedKeys } from '../store/erased-keys.ts';
import { lockAddresses, readStatuses } from '../store/feedback-reads.ts';
import { entryName } from '../store/feedback-writes.ts';
import { answerInboundMessage, insertInboundMessage, lockInboundMessage } from '../store/inbound-messages.ts';
import { applyFeedback, type FeedbackContext, type FeedbackEffects } from './apply-feedback.ts';
import { cleanText } from './check-delivery-result.ts';
import type { AppliedFeedback, Door, FeedbackItem } from './feedback-item.ts';
import { shortCodeOf } from './fold-feedback.ts';
import type { AddressBook, Instance } from './instance.ts';
import { ERASED_RAW, type ErasedKeys, maskItem } from './mask-erased.ts';
import { keyOf, namedAddressKeys } from './named-addresses.ts';
import { knownMessages, type OwnMessages } from './own-messages.ts';

/** What was read in one raw message, and what came of it. */
export interface IngestedMessage {
  readonly kind: MessageKind;
  /** The same message was taken in before, through whichever door; nothing was changed. */
  readonly duplicate: boolean;
  readonly recipients: readonly IngestedRecipient[];
}

export interface IngestedRecipient {
  /** Canonical; as the report has it where it has no canonical form; null where the report names nobody. */
  readonly address: string | null;
  readonly verdict: Verdict | null;
  readonly addressStatus: AddressStatus | null;
  readonly deliveryLogId: bigint | null;
}

/** One recipient, judged: `item` null = it has no effect. */
interface Judged {
  readonly address: string | null;
  readonly verdict: Verdict | null;
  readonly item: FeedbackItem | null;
}

const EARLIEST_MS = Date.UTC(1970, 0, 1);

/** `relayed` and `expanded` say nothing yet (amendment A4). */
const OUTCOMES: Readonly<Record<RecipientAction, DeliveryOutcome | null>> = {
  failed: 'FAILED',
  delayed: 'DELAYED',
  delivered: 'DELIVERED',
  relayed: null,
  expanded: null,
  complained: 'COMPLAINT',
  replied: 'AUTO_REPLY',
  unsubscribed: 'UNSUBSCRIBE',
};

/**
 * Takes in one raw message from a bounce or complaint mailbox (spec W4, W9, amendments A4, A5, A11). Each recipient is judged alone. The
 * same message through two doors counts once: a repeat gets the stored answer.
 *
 * A message that cannot be understood is kept as OTHER and changes nothing. Through a door that authenticates nobody, or through any where the
 * setting `proofRequired` says so, a hard failure or complaint that cannot be tied to a message of ours is kept as unproven, unless the setting `unprovenReports` says to count it; what is
 * held counts once the same message comes through a door that does authenticate, or a person says so.
 *
 * @param raw RFC 5322, any line ends
 * @throws InvalidInputError where there are no bytes
 */
export async function ingestMessage(instance: Instance, raw: Uint8Array, door: Door): Promise<IngestedMessage> {
  if (raw.length === 0) throw new InvalidInputError('The message is empty.', 'raw');
  return takeInMessage(instance, raw, door);
}

/** A message that was taken in before and held. */
export interface HeldMessage {
  readonly receivedAt: Date;
  /** In the transaction that counts it, and only there. */
  counted(tx: Queryable): Promise<void>;
}

/** The same for a message that was held and is to be counted: what happened did so no later than it was received. */
export async function takeInMessage(instance: Instance, raw: Uint8Array, door: Door, held?: HeldMessage): Promise<IngestedMessage> {
  const now = instance.now();
  const receivedAt = held?.receivedAt ?? now;
  const parsed = parseMessage(raw);
  const rules = await instance.ruleBooks.current();
  const context: FeedbackContext = {
    now,
    settings: await instance.settings(),
    ruleIdByName: rules.ruleIdByName,
    incidents: await instance.openIncidents(),
  };
  const book = await instance.addressBook();
  const own = await knownMessages(instance.database, book, parsed);
  const { proofRequired, unprovenReports } = context.settings;
  // A person who lets it count is the proof.
  const holds = held === undefined && (proofRequired || !door.authenticated) && unprovenReports === 'hold';
  const judged = parsed.recipients.map((recipient, index) =>
    judge({ recipient, index, parsed, own, book, rules: rules.book, receivedAt, holds }),
  );
  const message = { raw, parsed, judged, named: namedAddressKeys(raw, parsed, book) };
  const result = await store(instance, message, context, door, book, held);
  for (const ledger of result.ledgers) instance.database.hints.notify(ledger);
  return result.answer;
}

interface JudgeInput {
  readonly recipient: ReportedRecipient;
  readonly index: number;
  readonly parsed: ParsedMessage;
  readonly own: OwnMessages;
  readonly book: AddressBook;
  readonly rules: RuleBook;
  readonly receivedAt: Date;
  readonly holds: boolean;
}

function judge(input: JudgeInput): Judged {
  const { recipient, parsed, own, book } = input;
  const outcome = OUTCOMES[recipient.action];
  const evidence = { ...recipient.evidence, text: cleanText(recipient.evidence.text) };
  const qualified = recipient.action === 'failed' ? qualify(evidence, input.rules) : null;
  const verdict = qualified?.verdict ?? verdictOf({ ...recipient, evidence }, parsed, input.rules);
  const ours = own.messageOf(recipient, parsed.recipients.length);
  const place = ours ?? placeOf(recipient, book);
  if (place === null || outcome === null) {
    return { address: place?.address ?? (recipient.address === null ? null : cleanText(recipient.address)), verdict, item: null };
  }
  const item: FeedbackItem = {
    index: input.index,
    channel: 'EMAIL',
    address: place.address,
    addressKey: place.addressKey,
    domain: place.domain,
    shortCode: '',
    deliveryId: null,
    run: null,
    deliveryLogId: ours?.deliveryLogId ?? null,
    messageId: parsed.original?.messageId == null ? null : cleanText(parsed.original.messageId),
    // A guess at the message would opt out one profile of several that hold the address.
    findByAddress: outcome !== 'UNSUBSCRIBE',
    needsProof: input.holds && ours?.proven !== true && isSuppressing(outcome, qualified),
    outcome,
    text: evidence.text === '' ? null : evidence.text,
    origin: outcome === 'COMPLAINT' ? 'FEEDBACK_LOOP' : 'ASYNC',
    occurredAt: occurredAt(parsed.date, input.receivedAt),
    qualified,
  };
  return { address: place.address, verdict, item };
}

function placeOf(recipient: ReportedRecipient, book: AddressBook) {
  const address = recipient.address === null ? null : book.canonical('EMAIL', recipient.address);
  if (!address?.ok) return null;
  return { address: address.canonical, addressKey: book.key('EMAIL', address.canonical), domain: address.domain };
}

/** For the answer only: what is no failure records no text. */
function verdictOf(recipient: ReportedRecipient, parsed: ParsedMessage, rules: RuleBook): Verdict | null {
  const [classified] = classifyParsed({ ...parsed, recipients: [recipient] }, rules).recipients;
  if (classified === undefined) return null;
  const { type, reason, fault, decidedBy, normalizedText, md5, smtpCode, enhancedCode } = classified;
  return { type, reason, fault, decidedBy, normalizedText, md5, smtpCode, enhancedCode };
}

/** Only these need proof: what is soft takes several reports, and the rest suppresses nobody (amendment A11). */
function isSuppressing(outcome: DeliveryOutcome, qualified: Qualified | null): boolean {
  return outcome === 'COMPLAINT' || qualified?.verdict.type === 'HARD';
}

/** The message's own date; one that lies ahead, or is none, gives way to the time of receipt (amendment A5). */
function occurredAt(date: Date | null, receivedAt: Date): Date {
  return date === null || date.getTime() > receivedAt.getTime() || date.getTime() < EARLIEST_MS ? receivedAt : date;
}

interface ReadMessage {
  readonly raw: Uint8Array;
  readonly parsed: ParsedMessage;
  readonly judged: readonly Judged[];
  /** Keys of all addresses that stand in it. */
  readonly named: ReadonlySet<string>;
}

async function store(
  instance: Instance,
  { raw, parsed, judged: inClear, named }: ReadMessage,
  context: FeedbackContext,
  door: Door,
  book: AddressBook,
  heldMessage?: HeldMessage,
): Promise<{ answer: IngestedMessage; ledgers: FeedbackEffects['ledgers'] }> {
  const dedupeKey = uuidOf(parsed.dedupeKey);
  const keys = new Set(inClear.flatMap(({ item }) => item?.addressKey ?? []));
  const addressKeys = [...new Set([...named, ...keys])];
  return instance.database.transaction(async (tx) => {
    // The raw message names people whose addresses are not locked.
    await awaitErasures(tx);
    if (keys.size > 0) await lockAddresses(tx, keys);
    const erased = await readErasedKeys(tx, addressKeys);
    const judged = inClear.map((one) => maskJudged(one, erased, book));
    const byContent = distinct(judged.flatMap(({ item }) => item ?? []));
    const items = [...byContent.values()];
    const [onlyKey] = keys.size === 1 ? keys : [];
    const id = await insertInboundMessage(tx, {
      dedupeKey,
      raw: erased.size > 0 ? ERASED_RAW : raw,
      addressKey: onlyKey ?? null,
      addressKeys,
      receivedAt: context.now,
      door: door.name,
    });
    const before = id === null ? await lockInboundMessage(tx, dedupeKey) : null;
    const again = before === null ? null : (before.answer as StoredAnswer);
    // What a person has dismissed stays so, however often it comes.
    const isOpen = (index: number) => again === null || (before?.state !== 'DISMISSED' && again.held.includes(index));
    const open = items.filter(({ index, needsProof }) => isOpen(index) && (again === null || !needsProof));
    if (again !== null && open.length === 0) return { answer: { ...readAnswer(again), duplicate: true }, ledgers: [] };
    const inboundEventId = before?.id ?? id;
    if (inboundEventId === null) throw new Error('a message was neither kept now nor before');
    const effects = await applyFeedback(
      tx,
      open.map((item) => ({ ...item, inboundEventId })),
      context,
    );
    const statuses = await readStatuses(tx, keys);
    const known = again === null ? [] : readAnswer(again).recipients;
    const recipients = judged.map((one, index) => ({
      ...answerOf(one, byContent, effects.applied, statuses),
      ...(effects.applied.has(index) || known[index] === undefined ? {} : { deliveryLogId: known[index].deliveryLogId }),
    }));
    const held = (again?.held ?? items.map(({ index }) => index)).filter((index) => effects.applied.get(index)?.held ?? again !== null);
    const unproven = again?.unproven ?? again?.held ?? held;
    const stored = { kind: parsed.kind, recipients, held, ...(unproven.length > 0 ? { unproven } : {}) };
    await answerInboundMessage(tx, inboundEventId, held.length > 0 ? 'UNPROVEN' : 'PROCESSED', stored);
    await heldMessage?.counted(tx);
    return { answer: { kind: parsed.kind, duplicate: false, recipients }, ledgers: effects.ledgers };
  });
}

function maskJudged(judged: Judged, erased: ErasedKeys, book: AddressBook): Judged {
  if (erased.size === 0) return judged;
  const { address, item, verdict } = judged;
  const key = item?.addressKey ?? (address === null ? null : keyOf(address, book));
  return {
    address: key !== null && erased.has(key) ? erasedAddress(key) : address,
    verdict,
    item: item === null ? null : maskItem(item, erased, book),
  };
}

/** A report that says the same thing twice of one recipient says it once: the first item of each content. */
function distinct(items: readonly FeedbackItem[]): ReadonlyMap<string, FeedbackItem> {
  const byContent = new Map<string, FeedbackItem>();
  for (const item of items) if (!byContent.has(contentOf(item))) byContent.set(contentOf(item), item);
  return byContent;
}

function contentOf({ addressKey, outcome, text }: FeedbackItem): string {
  return `${addressKey} ${outcome} ${text}`;
}

function answerOf(
  { address, verdict, item }: Judged,
  byContent: ReadonlyMap<string, FeedbackItem>,
  applied: ReadonlyMap<number, AppliedFeedback>,
  statuses: ReadonlyMap<string, AddressStatus>,
): IngestedRecipient {
  if (item === null) return { address, verdict, addressStatus: null, deliveryLogId: null };
  const addressStatus = statuses.get(entryName(item.addressKey, shortCodeOf(item))) ?? null;
  return {
    address,
    verdict,
    addressStatus,
    deliveryLogId: applied.get(byContent.get(contentOf(item))?.index ?? item.index)?.deliveryLogId ?? null,
  };
}

/** As it was stored: ids are text there. */
export interface StoredAnswer {
  readonly kind: MessageKind;
  /** Indexes of the recipients that are held for want of proof. */
  readonly held: readonly number[];
  /** Of those that were held when the message came; absent = none. */
  readonly unproven?: readonly number[];
  readonly recipients: readonly (Omit<IngestedRecipient, 'deliveryLogId'> & { readonly deliveryLogId: string | null })[];
}

function readAnswer({ kind, recipients }: StoredAnswer): Omit<IngestedMessage, 'duplicate'> {
  return {
    kind,
    recipients: recipients.map((recipient) => ({
      ...recipient,
      deliveryLogId: recipient.deliveryLogId === null ? null : BigInt(recipient.deliveryLogId),
    })),
  };
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
