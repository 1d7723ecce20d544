import { InvalidInputError } from '../domain/errors.ts';
import { type Qualified, qualify } from '../domain/qualification/qualify.ts';
import type { RuleBook } from '../domain/qualification/rule-book.ts';
import type { Verdict } from '../domain/qualification/verdict.ts';
import type { AddressStatus } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import { awaitErasures, readErasedKeys } from '../store/erased-keys.ts';
import { findNamedLogs, lockAddresses, lockNamedDeliveries, readStatuses } from '../store/feedback-reads.ts';
import { entryName, idText, insertInboundResults } from '../store/feedback-writes.ts';
import { findInboundResults, type KeptResult } from '../store/inbound-results.ts';
import { applyFeedback, type FeedbackContext, type FeedbackEffects } from './apply-feedback.ts';
import {
  type CheckedResult,
  checkDeliveryResult,
  checkNamedMessage,
  type DeliveryResultItem,
  isPossibleId,
  refusalOr,
} from './check-delivery-result.ts';
import { checkShortCode } from './check-short-code.ts';
import type { Door, FeedbackItem } from './feedback-item.ts';
import { shortCodeOf } from './fold-feedback.ts';
import type { AddressBook, Instance } from './instance.ts';
import { maskItem, maskKept } from './mask-erased.ts';
import { quotedAddressKeys } from './named-addresses.ts';

export type { DeliveryResultItem } from './check-delivery-result.ts';

/** What became of one item of the batch, in its place. */
export interface DeliveryResultOutcome {
  readonly index: number;
  readonly accepted: boolean;
  /** This event was seen before; nothing was changed. */
  readonly duplicate: boolean;
  readonly error: InvalidInputError | null;
  readonly verdict: Verdict | null;
  /** Of the address after this item; null = there is no entry. */
  readonly addressStatus: AddressStatus | null;
}

/** An item whose shape is right, qualified. */
interface ReadyItem {
  readonly result: CheckedResult;
  readonly item: Omit<FeedbackItem, 'run'>;
  readonly payload: object;
  /** Keys of others whom the text names. */
  readonly quoted: readonly string[];
  /** For the answer: also of a delay, which is no failure and records none. */
  readonly verdict: Verdict | null;
}

/** What became of the ready items. */
interface Stored extends FeedbackEffects {
  readonly refusals: ReadonlyMap<number, InvalidInputError>;
}

/**
 * Records what became of messages (spec W3, W4, amendments A2 to A5, A11, A12, A15): parse, qualify, decide, one short transaction.
 *
 * A bad item is answered in its place and stops no other; items that the caller could not even read are handed in as their refusal. A
 * fault of the database fails the whole batch with nothing written. A repeat, by event id at one door or by its own content, changes
 * nothing and is answered with what was made of the first, also where its delivery has been prepared again since. Answers only what is committed.
 *
 * @param items at most 1,000: the caller has checked
 */
export async function recordDeliveryResults(
  instance: Instance,
  items: readonly (DeliveryResultItem | InvalidInputError)[],
  door: Door,
): Promise<DeliveryResultOutcome[]> {
  const now = instance.now();
  const outcomes: DeliveryResultOutcome[] = new Array(items.length);
  const rules = await instance.ruleBooks.current();
  const context: FeedbackContext = {
    now,
    settings: await instance.settings(),
    ruleIdByName: rules.ruleIdByName,
    incidents: await instance.openIncidents(),
  };
  const book = await instance.addressBook();
  const ready = items.flatMap((item, index) => {
    const result = item instanceof InvalidInputError ? item : refusalOr(() => checkDeliveryResult(item, book, now));
    if (!(result instanceof InvalidInputError)) return readyItem(item as DeliveryResultItem, result, { index, rules: rules.book, book });
    outcomes[index] = refused(index, result);
    return [];
  });
  const stored = ready.length === 0 ? NOTHING : await store(instance, ready, door, context, book);
  const repeats: ReadyItem[] = [];
  for (const one of ready) {
    const { index } = one.item;
    const applied = stored.applied.get(index);
    if (applied === undefined) repeats.push(one);
    else outcomes[index] = { ...accepted(index, one.verdict), addressStatus: applied.addressStatus };
  }
  for (const ledger of stored.ledgers) instance.database.hints.notify(ledger);
  await answerRepeats(instance, repeats, { door, book: rules.book, refusals: stored.refusals }, outcomes);
  return outcomes;
}

const NOTHING: Stored = { applied: new Map(), ledgers: [], refusals: new Map() };

function readyItem(
  given: DeliveryResultItem,
  result: CheckedResult,
  { index, rules, book }: { index: number; rules: RuleBook; book: AddressBook },
): ReadyItem {
  const { dedupeKey: _key, ...rest } = result;
  const qualified = qualifyResult(result, rules);
  const item = { ...rest, index, findByAddress: false, needsProof: false, qualified: result.outcome === 'FAILED' ? qualified : null };
  const quoted = quotedAddressKeys(result.text, result.address, book);
  return { result, item, payload: payloadOf(given, result), quoted, verdict: qualified?.verdict ?? null };
}

/** The item as it was given, in a form that JSON takes. */
function payloadOf(item: DeliveryResultItem, { text, deliveryId, deliveryLogId }: CheckedResult): object {
  return { ...item, text, deliveryId: idText(deliveryId), deliveryLogId: idText(deliveryLogId) };
}

type Said = Pick<CheckedResult, 'outcome' | 'channel' | 'address' | 'text' | 'origin'>;

function qualifyResult({ outcome, channel, address, text, origin }: Said, book: RuleBook): Qualified | null {
  const tells = outcome === 'FAILED' || (outcome === 'DELAYED' && text !== null);
  return tells ? qualify({ channel, text: text ?? '', recipient: address, origin }, book) : null;
}

function store(instance: Instance, ready: readonly ReadyItem[], door: Door, context: FeedbackContext, book: AddressBook): Promise<Stored> {
  const keys = new Set(ready.map(({ item }) => item.addressKey));
  const quoted = ready.flatMap((one) => one.quoted);
  return instance.database.transaction(async (tx) => {
    // The texts name people whose addresses are not locked.
    if (quoted.length > 0) await awaitErasures(tx);
    await lockAddresses(tx, keys);
    const erased = await readErasedKeys(tx, new Set([...keys, ...quoted]));
    const { sound, refusals } = await checkNamed(tx, ready);
    const first = firstOfEachKey(sound);
    const inbound = first.map(({ result, payload, verdict, item, quoted: addressKeys }) => {
      const kept = maskKept({ payload, answer: verdict }, item, erased, book);
      return { dedupeKey: result.dedupeKey, ...kept, addressKey: item.addressKey, addressKeys };
    });
    const ids = first.length === 0 ? new Map<string, bigint>() : await insertInboundResults(tx, dedupeScope(door), context.now, inbound);
    const fresh = first.flatMap(({ item, run, result }) => {
      const inboundEventId = ids.get(result.dedupeKey);
      return inboundEventId === undefined ? [] : [{ ...maskItem(item, erased, book), run, inboundEventId }];
    });
    const effects = fresh.length === 0 ? NOTHING : await applyFeedback(tx, fresh, context);
    return { ...effects, refusals };
  });
}

type NamedItem = ReadyItem & { readonly run: number | null };

/** Where the deliveries are held: none of them can be prepared again between this check and what is written (amendment A15). */
async function checkNamed(tx: Queryable, ready: readonly ReadyItem[]): Promise<{ sound: NamedItem[]; refusals: Stored['refusals'] }> {
  const logIds = ready.map(({ item }) => item.deliveryLogId).filter(isPossibleId);
  const deliveries = await lockNamedDeliveries(tx, ready.map(({ item }) => item.deliveryId).filter(isPossibleId), logIds);
  const logs = await findNamedLogs(tx, logIds);
  const sound: NamedItem[] = [];
  const refusals = new Map<number, InvalidInputError>();
  for (const one of ready) {
    const run = refusalOr(() => checkNamedMessage(one.result, deliveries, logs));
    if (run instanceof InvalidInputError) refusals.set(one.item.index, run);
    else sound.push({ ...one, run });
  }
  return { sound, refusals };
}

/** Further items of the same key are repeats of the first. */
function firstOfEachKey(items: readonly NamedItem[]): NamedItem[] {
  const firsts = new Map<string, NamedItem>();
  for (const one of items) if (!firsts.has(one.result.dedupeKey)) firsts.set(one.result.dedupeKey, one);
  return [...firsts.values()];
}

/** Event ids are unique per token, or per door where nobody holds a token (amendment A5). */
function dedupeScope(door: Door): string {
  return door.actor.tokenId === null ? door.name : `token ${door.actor.tokenId}`;
}

/** Answers what was not applied: it was refused, unless it repeats what was taken before. */
async function answerRepeats(
  instance: Instance,
  repeats: readonly ReadyItem[],
  { door, book, refusals }: { door: Door; book: RuleBook; refusals: Stored['refusals'] },
  outcomes: DeliveryResultOutcome[],
): Promise<void> {
  if (repeats.length === 0) return;
  const keys = new Set(repeats.map(({ result }) => result.dedupeKey));
  const kept = await findInboundResults(instance.database, dedupeScope(door), keys);
  const answers = new Map(kept.map((one) => [one.dedupeKey, answerOf(one, book)]));
  const answered = repeats.flatMap(({ item, result, verdict }) => {
    const answer = answers.get(result.dedupeKey);
    const refusal = refusals.get(item.index);
    if (answer !== undefined || refusal === undefined) {
      return [{ index: item.index, ...(answer ?? { verdict, addressKey: item.addressKey, shortCode: shortCodeOf(item) }) }];
    }
    outcomes[item.index] = refused(item.index, refusal);
    return [];
  });
  const statuses = await readStatuses(instance.database, new Set(answered.map(({ addressKey }) => addressKey)));
  for (const { index, verdict, addressKey, shortCode } of answered) {
    const addressStatus = statuses.get(entryName(addressKey, shortCode)) ?? null;
    outcomes[index] = { ...accepted(index, verdict), duplicate: true, addressStatus };
  }
}

/** What was answered to the first; one that was kept without its answer is qualified once more. */
function answerOf({ addressKey, payload, answer }: KeptResult, book: RuleBook) {
  const { channel, outcome, address, text = null, origin = 'SYNC', shortCode = null } = payload;
  const verdict = answer ?? qualifyResult({ outcome, channel, address, text, origin }, book)?.verdict ?? null;
  return { verdict, addressKey, shortCode: shortCodeOf({ outcome, shortCode: checkShortCode(channel, shortCode) }) };
}

function accepted(index: number, verdict: Verdict | null): DeliveryResultOutcome {
  return { index, accepted: true, duplicate: false, error: null, verdict, addressStatus: null };
}

function refused(index: number, error: InvalidInputError): DeliveryResultOutcome {
  return { index, accepted: false, duplicate: false, error, verdict: null, addressStatus: null };
}
