import { concerned, type OpenIncidents } from '../domain/incident/hold-quarantine.ts';
import { CLOCK_TOLERANCE_MS } from '../domain/quarantine/event-order.ts';
import { DAY_MS, quarantinePolicy, type Settings } from '../domain/settings/settings.ts';
import type { Channel } from '../domain/vocabulary.ts';
import type { Ledger, Queryable } from '../store/database.ts';
import { lockEntries, lockLogs, readLedgerFacts, type StoredEntry, type WantedLog } from '../store/feedback-reads.ts';
import {
  appendDeltas,
  entryName,
  idText,
  insertDeliveryLines,
  insertEntries,
  insertQuarantineLines,
  updateEntries,
  updateLogs,
} from '../store/feedback-writes.ts';
import { keepIncidentsOpen } from '../store/incidents.ts';
import { recordSeenTexts, type SeenText, seenName } from '../store/qualification-statements.ts';
import { DeltaSum } from './delta-sum.ts';
import type { AppliedFeedback, StoredFeedbackItem } from './feedback-item.ts';
import { type FoldResult, foldFeedback, isProven, shortCodeOf } from './fold-feedback.ts';
import { recordUnsubscribes } from './record-unsubscribes.ts';

export interface FeedbackContext {
  readonly now: Date;
  readonly settings: Settings;
  readonly ruleIdByName: ReadonlyMap<string, bigint>;
  /** At most half a second old. */
  readonly incidents: OpenIncidents;
}

export interface FeedbackEffects {
  readonly applied: ReadonlyMap<number, AppliedFeedback>;
  /** Ledgers that got lines: hint at them after the commit. */
  readonly ledgers: readonly Ledger[];
}

/**
 * Writes what a batch of feedback does to entries, logs, ledgers, profiles and counters, inside the caller's transaction. A fixed number
 * of statements, whatever the size of the batch.
 *
 * The caller has taken the address locks with its first statement and has sorted out what was seen before. Locks follow the one order:
 * addresses, entries, logs, then profiles; whoever holds a profile's lock never waits for an address.
 */
export async function applyFeedback(
  tx: Queryable,
  items: readonly StoredFeedbackItem[],
  context: FeedbackContext,
): Promise<FeedbackEffects> {
  const windowMs = context.settings.asyncWindow * DAY_MS;
  const entries = await lockEntries(tx, new Set(items.map(({ addressKey }) => addressKey)));
  const logs = await lockLogs(
    tx,
    items.map((item) => wantedLog(item, windowMs)),
  );
  const held: StoredFeedbackItem[] = [];
  const counted: StoredFeedbackItem[] = [];
  for (const item of items) (item.needsProof && !isProven(item, logs, windowMs) ? held : counted).push(item);
  const facts = await readLedgerFacts(tx, wantedFacts(counted));
  const qualificationIds = await recordSeenTexts(tx, seenTexts(counted), context.now);
  const result = foldFeedback({
    items: counted,
    entries,
    logs,
    facts,
    qualificationIds,
    policyOf: policies(context.settings),
    asyncWindowMs: windowMs,
    incidents: await keepIncidentsOpen(tx, concerned(context.incidents, counted)),
    now: context.now,
  });
  await recordUnsubscribes(tx, result.unsubscribes, context.now);
  await write(tx, result, context.now);
  await appendDeltas(tx, [...result.deltas, ...textDeltas(counted, qualificationIds, context)]);
  return { applied: withHeld(result.applied, held, entries), ledgers: ledgersOf(result) };
}

async function write(tx: Queryable, result: FoldResult, now: Date): Promise<void> {
  const created = result.entries.flatMap(({ base, item, state, lastDeliveryId, version }) =>
    base === null ? [{ ...state, ...placeOf(item), lastDeliveryId: idText(lastDeliveryId), createdAt: now, version }] : [],
  );
  const changed = result.entries.flatMap(({ base, state, lastDeliveryId, version }) =>
    base?.id == null
      ? []
      : [{ ...state, id: base.id.toString(), lastDeliveryId: idText(lastDeliveryId), version, baseVersion: base.version }],
  );
  const ids = new Map(await insertEntries(tx, created));
  for (const { base } of result.entries) if (base?.id != null) ids.set(entryName(base.addressKey, base.shortCode), base.id);
  await updateEntries(tx, changed);
  await insertQuarantineLines(
    tx,
    result.quarantineLines.map((line) => ({ ...line, entryId: idOf(ids, line).toString() })),
  );
  await updateLogs(
    tx,
    result.logs.map(({ base, state }) => ({
      ...state,
      id: base.id.toString(),
      qualificationId: idText(state.qualificationId),
      updatedAt: now,
    })),
  );
  await insertDeliveryLines(tx, result.deliveryLines);
}

function placeOf(item: StoredFeedbackItem) {
  const { channel, address, addressKey, domain } = item;
  return { channel, address, addressKey, domain, shortCode: shortCodeOf(item) };
}

function idOf(ids: ReadonlyMap<string, bigint>, place: { addressKey: string; shortCode: string }): bigint {
  const id = ids.get(entryName(place.addressKey, place.shortCode));
  if (id === undefined) throw new Error('a quarantine entry was written but has no id');
  return id;
}

function wantedLog(item: StoredFeedbackItem, windowMs: number): WantedLog {
  const { addressKey, deliveryLogId, deliveryId, messageId, occurredAt } = item;
  const byAddress = item.findByAddress && deliveryLogId === null && deliveryId === null;
  return {
    addressKey,
    deliveryLogId,
    deliveryId,
    messageId,
    sentAfter: byAddress ? new Date(occurredAt.getTime() - windowMs) : null,
    sentBefore: byAddress ? new Date(occurredAt.getTime() + CLOCK_TOLERANCE_MS) : null,
  };
}

/** An entry does not know of the successes that came while it was shut, nor of what was not understood. */
function wantedFacts(items: readonly StoredFeedbackItem[]): { addressKey: string; shortCode: string }[] {
  const wanted = new Map<string, { addressKey: string; shortCode: string }>();
  for (const item of items) {
    if (!['FAILED', 'COMPLAINT', 'STOP'].includes(item.outcome)) continue;
    const place = { addressKey: item.addressKey, shortCode: shortCodeOf(item) };
    wanted.set(entryName(place.addressKey, place.shortCode), place);
  }
  return [...wanted.values()];
}

/** One row a text; the first item that says it gives the first text, the last one the meaning that is recorded. */
function seenTexts(items: readonly StoredFeedbackItem[]): SeenText[] {
  const seen = new Map<string, SeenText>();
  for (const { channel, address, text, qualified } of items) {
    if (qualified === null || qualified.verdict.normalizedText === '') continue;
    const { md5, normalizedText, type, reason, fault } = qualified.verdict;
    const name = seenName(channel, md5);
    const first = seen.get(name) ?? { firstText: text ?? normalizedText, firstAddress: address };
    seen.set(name, {
      channel,
      md5,
      text: normalizedText,
      firstText: first.firstText,
      firstAddress: first.firstAddress,
      type,
      reason,
      fault,
    });
  }
  return [...seen.values()];
}

function textDeltas(items: readonly StoredFeedbackItem[], qualificationIds: ReadonlyMap<string, bigint>, context: FeedbackContext) {
  const sum = new DeltaSum();
  for (const { channel, qualified } of items) {
    if (qualified === null) continue;
    const qualificationId = qualificationIds.get(seenName(channel, qualified.verdict.md5));
    if (qualificationId !== undefined) sum.add('QUALIFICATION', qualificationId, 0, 'occurrences', 1);
    const names = qualified.ruleName === null ? qualified.shadowHits : [qualified.ruleName, ...qualified.shadowHits];
    for (const name of names) {
      const ruleId = context.ruleIdByName.get(name);
      if (ruleId !== undefined) sum.add('RULE', ruleId, 0, 'hits', 1);
    }
  }
  return sum.list();
}

function policies(settings: Settings): (channel: Channel) => ReturnType<typeof quarantinePolicy> {
  const made = new Map<Channel, ReturnType<typeof quarantinePolicy>>();
  return (channel) => {
    const policy = made.get(channel) ?? quarantinePolicy(settings, channel);
    made.set(channel, policy);
    return policy;
  };
}

function withHeld(
  applied: ReadonlyMap<number, AppliedFeedback>,
  held: readonly StoredFeedbackItem[],
  entries: readonly StoredEntry[],
): ReadonlyMap<number, AppliedFeedback> {
  if (held.length === 0) return applied;
  const all = new Map(applied);
  const byName = new Map(entries.map((entry) => [entryName(entry.addressKey, entry.shortCode), entry]));
  for (const item of held) {
    const entry = byName.get(entryName(item.addressKey, shortCodeOf(item)));
    all.set(item.index, { deliveryLogId: null, addressStatus: entry?.state.status ?? null, held: true });
  }
  return all;
}

function ledgersOf(result: FoldResult): readonly Ledger[] {
  const ledgers: Ledger[] = [];
  if (result.quarantineLines.length > 0) ledgers.push('QUARANTINE');
  if (result.deliveryLines.length > 0) ledgers.push('DELIVERY_LOG');
  return ledgers;
}
