import { InvalidInputError } from '../domain/errors.ts';
import { type Qualified, qualify } from '../domain/qualification/qualify.ts';
import type { RuleBook } from '../domain/qualification/rule-book.ts';
import type { Verdict } from '../domain/qualification/verdict.ts';
import type { AddressStatus } from '../domain/vocabulary.ts';
import { findNamedDeliveries, findNamedLogs, lockAddresses, readStatuses } from '../store/feedback-reads.ts';
import { entryName, idText, insertInboundResults } from '../store/feedback-writes.ts';
import { applyFeedback, type FeedbackContext, type FeedbackEffects } from './apply-feedback.ts';
import {
  type CheckedResult,
  checkDeliveryResult,
  checkNamedMessage,
  type DeliveryResultItem,
  isPossibleId,
  refusalOr,
} from './check-delivery-result.ts';
import type { Door, FeedbackItem } from './feedback-item.ts';
import { shortCodeOf } from './fold-feedback.ts';
import type { Instance } from './instance.ts';

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

/** An item ready to be written: checked, qualified, and the first of its key in the batch. */
interface ReadyItem {
  readonly item: FeedbackItem;
  readonly dedupeKey: string;
  readonly payload: object;
  /** For the answer: also of a delay, which is no failure and records none. */
  readonly verdict: Verdict | null;
}

/**
 * Records what became of messages (spec W3, W4, amendments A2 to A5, A11, A12, A15): parse, qualify, decide, one short transaction.
 *
 * A bad item is answered in its place and stops no other; items that the caller could not even read are handed in as their refusal. A
 * fault of the database fails the whole batch with nothing written. A repeat, by event id at one door or by its own content, changes
 * nothing. Answers only what is committed.
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
  const context: FeedbackContext = { now, settings: await instance.settings(), ruleIdByName: rules.ruleIdByName };
  const checked = await check(instance, items, now, outcomes);
  const { first, repeats } = qualifyAll(checked, items, rules.book);
  const effects = first.length === 0 ? NOTHING : await store(instance, first, door, context);
  for (const ready of first) {
    const { index } = ready.item;
    const applied = effects.applied.get(index);
    if (applied === undefined) repeats.push(ready);
    else outcomes[index] = { ...accepted(index, ready.verdict), addressStatus: applied.addressStatus };
  }
  for (const ledger of effects.ledgers) instance.database.hints.notify(ledger);
  await answerRepeats(instance, repeats, outcomes);
  return outcomes;
}

const NOTHING: FeedbackEffects = { applied: new Map(), ledgers: [] };

/** Refuses what is wrong, in its place; returns the rest by index. */
async function check(
  instance: Instance,
  items: readonly (DeliveryResultItem | InvalidInputError)[],
  now: Date,
  outcomes: DeliveryResultOutcome[],
): Promise<Map<number, CheckedResult & { run: number | null }>> {
  const book = await instance.addressBook();
  const shaped = items.map((item) => (item instanceof InvalidInputError ? item : refusalOr(() => checkDeliveryResult(item, book, now))));
  const sound = shaped.filter((result) => !(result instanceof InvalidInputError)) as CheckedResult[];
  const deliveries = await findNamedDeliveries(instance.database, sound.map(({ deliveryId }) => deliveryId).filter(isPossibleId));
  const logs = await findNamedLogs(instance.database, sound.map(({ deliveryLogId }) => deliveryLogId).filter(isPossibleId));
  const checked = new Map<number, CheckedResult & { run: number | null }>();
  shaped.forEach((result, index) => {
    const run = result instanceof InvalidInputError ? result : refusalOr(() => checkNamedMessage(result, deliveries, logs));
    if (run instanceof InvalidInputError) outcomes[index] = refused(index, run);
    else if (!(result instanceof InvalidInputError)) checked.set(index, { ...result, run });
  });
  return checked;
}

/** Qualifies each key once; further items of the same key are repeats of the first. */
function qualifyAll(
  checked: ReadonlyMap<number, CheckedResult & { run: number | null }>,
  items: readonly (DeliveryResultItem | InvalidInputError)[],
  book: RuleBook,
): { first: ReadyItem[]; repeats: ReadyItem[] } {
  const first: ReadyItem[] = [];
  const repeats: ReadyItem[] = [];
  const seen = new Set<string>();
  for (const [index, result] of checked) {
    const { dedupeKey, ...rest } = result;
    const qualified = qualifyResult(result, book);
    const item: FeedbackItem = {
      ...rest,
      index,
      findByAddress: false,
      needsProof: false,
      qualified: result.outcome === 'FAILED' ? qualified : null,
    };
    const ready = { item, dedupeKey, payload: payloadOf(items[index] as DeliveryResultItem, result), verdict: qualified?.verdict ?? null };
    (seen.has(dedupeKey) ? repeats : first).push(ready);
    seen.add(dedupeKey);
  }
  return { first, repeats };
}

/** The item as it was given, in a form that JSON takes. */
function payloadOf(item: DeliveryResultItem, { text, deliveryId, deliveryLogId }: CheckedResult): object {
  return { ...item, text, deliveryId: idText(deliveryId), deliveryLogId: idText(deliveryLogId) };
}

function qualifyResult(result: CheckedResult, book: RuleBook): Qualified | null {
  const tells = result.outcome === 'FAILED' || (result.outcome === 'DELAYED' && result.text !== null);
  if (!tells) return null;
  return qualify({ channel: result.channel, text: result.text ?? '', recipient: result.address, origin: result.origin }, book);
}

async function store(instance: Instance, first: readonly ReadyItem[], door: Door, context: FeedbackContext): Promise<FeedbackEffects> {
  const inbound = first.map(({ dedupeKey, payload, item }) => ({ dedupeKey, payload, addressKey: item.addressKey }));
  return instance.database.transaction(async (tx) => {
    await lockAddresses(tx, new Set(first.map(({ item }) => item.addressKey)));
    const ids = await insertInboundResults(tx, dedupeScope(door), context.now, inbound);
    const fresh = first.flatMap(({ item, dedupeKey }) => {
      const inboundEventId = ids.get(dedupeKey);
      return inboundEventId === undefined ? [] : [{ ...item, inboundEventId }];
    });
    return fresh.length === 0 ? NOTHING : applyFeedback(tx, fresh, context);
  });
}

/** Event ids are unique per token, or per door where nobody holds a token (amendment A5). */
function dedupeScope(door: Door): string {
  return door.actor.tokenId === null ? door.name : `token ${door.actor.tokenId}`;
}

async function answerRepeats(instance: Instance, repeats: readonly ReadyItem[], outcomes: DeliveryResultOutcome[]): Promise<void> {
  if (repeats.length === 0) return;
  const statuses = await readStatuses(instance.database, new Set(repeats.map(({ item }) => item.addressKey)));
  for (const { item, verdict } of repeats) {
    const addressStatus = statuses.get(entryName(item.addressKey, shortCodeOf(item))) ?? null;
    outcomes[item.index] = { ...accepted(item.index, verdict), duplicate: true, addressStatus };
  }
}

function accepted(index: number, verdict: Verdict | null): DeliveryResultOutcome {
  return { index, accepted: true, duplicate: false, error: null, verdict, addressStatus: null };
}

function refused(index: number, error: InvalidInputError): DeliveryResultOutcome {
  return { index, accepted: false, duplicate: false, error, verdict: null, addressStatus: null };
}
