/**
 * Folds a batch of feedback in memory, before anything is written: by address, then by the time it happened, then in order of arrival
 * (amendment A5). Decides with the domain what becomes of entries and logs, and collects the lines to append.
 */
import {
  counterOfFailure,
  counterOfStatus,
  type DeliveryLogState,
  decideDeliveryLog,
  isTooLate,
  type LoggedFailure,
} from '../domain/delivery/decide-delivery-log.ts';
import { holdingIncident, holdQuarantine, type OpenIncident, type OpenIncidents } from '../domain/incident/hold-quarantine.ts';
import { decideQuarantine } from '../domain/quarantine/decide-quarantine.ts';
import { CLOCK_TOLERANCE_MS, compareInBatch } from '../domain/quarantine/event-order.ts';
import type { QuarantineChange, QuarantineDecision, QuarantinePolicy, QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import { delayClass } from '../domain/statistics/report-delay.ts';
import { slotOf } from '../domain/statistics/result-slot.ts';
import type { Channel, DeliveryOutcome } from '../domain/vocabulary.ts';
import { type LedgerFacts, messageIdForms, type StoredEntry, type StoredLog } from '../store/feedback-reads.ts';
import { type CounterDelta, type DeliveryLine, entryName, idText, type QuarantineLine } from '../store/feedback-writes.ts';
import { seenName } from '../store/qualification-statements.ts';
import { DeltaSum } from './delta-sum.ts';
import type { AppliedFeedback, StoredFeedbackItem } from './feedback-item.ts';
import { deliveryLine, logResult, quarantineInput } from './feedback-lines.ts';

export interface FoldInput {
  readonly items: readonly StoredFeedbackItem[];
  readonly entries: readonly StoredEntry[];
  readonly logs: readonly StoredLog[];
  readonly facts: readonly LedgerFacts[];
  /** By `seenName`. */
  readonly qualificationIds: ReadonlyMap<string, bigint>;
  readonly policyOf: (channel: Channel) => QuarantinePolicy;
  readonly asyncWindowMs: number;
  /** Those that are known to stay open until the batch is committed. */
  readonly incidents: OpenIncidents;
  readonly now: Date;
}

/** A decision, or what an incident has made of it. */
type HeldDecision = QuarantineDecision & { readonly incident?: OpenIncident };

/** An entry as it is after the batch; `base` is as it was read, null where there was none. */
export interface FoldedEntry {
  readonly base: StoredEntry | null;
  readonly item: StoredFeedbackItem;
  readonly state: QuarantineState;
  readonly lastDeliveryId: bigint | null;
  readonly version: number;
}

export interface FoldedLog {
  readonly base: StoredLog;
  readonly state: DeliveryLogState;
}

export interface FoldResult {
  readonly applied: ReadonlyMap<number, AppliedFeedback>;
  readonly entries: readonly FoldedEntry[];
  readonly logs: readonly FoldedLog[];
  /** Without the id of the entry, which a new one does not have yet. */
  readonly quarantineLines: readonly Omit<QuarantineLine, 'entryId'>[];
  readonly deliveryLines: readonly DeliveryLine[];
  readonly deltas: readonly CounterDelta[];
  /** Items that opt a profile out, with the profile that their log names. */
  readonly unsubscribes: readonly { readonly item: StoredFeedbackItem; readonly profileId: bigint | null }[];
}

interface AddressMemory {
  readonly facts: Map<string, LedgerFacts>;
  firstUndefinedAt: Date | null;
  lastSuccessAt: Date | null;
}

/** The batch at work: state that changes while the items are folded one after the other. */
class Fold {
  readonly applied = new Map<number, AppliedFeedback>();
  readonly entries = new Map<string, { base: StoredEntry | null; folded: FoldedEntry | null }>();
  readonly logs = new Map<bigint, { base: StoredLog; folded: FoldedLog | null }>();
  readonly quarantineLines: Omit<QuarantineLine, 'entryId'>[] = [];
  readonly deliveryLines: DeliveryLine[] = [];
  readonly deltas = new DeltaSum();
  readonly unsubscribes: { item: StoredFeedbackItem; profileId: bigint | null }[] = [];
  readonly #input: FoldInput;
  readonly #memory = new Map<string, AddressMemory>();
  readonly #logsByAddress = new Map<string, StoredLog[]>();

  constructor(input: FoldInput) {
    this.#input = input;
    for (const base of input.entries) this.entries.set(entryName(base.addressKey, base.shortCode), { base, folded: null });
    for (const base of input.logs) {
      this.logs.set(base.id, { base, folded: null });
      const logs = this.#logsByAddress.get(base.addressKey);
      if (logs) logs.push(base);
      else this.#logsByAddress.set(base.addressKey, [base]);
    }
    for (const facts of input.facts) {
      const memory = this.#memoryOf(facts.addressKey);
      memory.facts.set(facts.shortCode, facts);
      memory.firstUndefinedAt = facts.firstUndefinedAt;
      memory.lastSuccessAt = facts.lastSuccessAt;
    }
  }

  add(item: StoredFeedbackItem): void {
    const log = this.#findLog(item);
    const before = log?.folded?.state ?? log?.base.state ?? null;
    const counts = before === null || isWish(item) || !isTooLate(before, item, this.#input.asyncWindowMs);
    const decision = counts ? this.#decide(item) : null;
    if (decision?.changed) this.#changeEntry(item, decision, log?.base ?? null);
    const failure = this.#failureOf(item, decision);
    const after = before === null ? null : decideDeliveryLog(before, logResult(item, failure), counts);
    if (log && before && after) {
      log.folded = { base: log.base, state: after };
      this.#countLog(log.base, before, after);
    }
    this.deliveryLines.push(deliveryLine(item, log?.base ?? null, before, after, failure));
    this.#countItem(item, log?.base ?? null, decision);
    this.#countResult(item);
    if (item.outcome === 'UNSUBSCRIBE') this.unsubscribes.push({ item, profileId: log?.base.profileId ?? null });
    this.#remember(item);
    this.applied.set(item.index, { deliveryLogId: log?.base.id ?? null, addressStatus: this.#statusOf(item), held: false });
  }

  #memoryOf(addressKey: string): AddressMemory {
    const known = this.#memory.get(addressKey);
    if (known) return known;
    const memory: AddressMemory = { facts: new Map(), firstUndefinedAt: null, lastSuccessAt: null };
    this.#memory.set(addressKey, memory);
    return memory;
  }

  /** By id; by delivery and address, a message without result first; by Message-ID; else the last one sent to the address. */
  #findLog(item: StoredFeedbackItem): { base: StoredLog; folded: FoldedLog | null } | null {
    const candidates = this.#logsByAddress.get(item.addressKey) ?? [];
    const chosen = this.#chooseLog(item, candidates);
    return chosen === undefined ? null : (this.logs.get(chosen.id) ?? null);
  }

  #chooseLog(item: StoredFeedbackItem, candidates: readonly StoredLog[]): StoredLog | undefined {
    if (item.deliveryLogId !== null) return candidates.find(({ id }) => id === item.deliveryLogId);
    const byMessage = item.messageId === null ? undefined : this.#byMessageId(item.messageId, item.deliveryId, candidates);
    if (byMessage !== undefined) return byMessage;
    if (item.deliveryId !== null) {
      const own = candidates.filter(({ deliveryId }) => deliveryId === item.deliveryId);
      return own.find(({ id }) => this.#stateOf(id)?.status === 'PENDING') ?? own[0];
    }
    if (!item.findByAddress) return undefined;
    const latestMs = item.occurredAt.getTime() + CLOCK_TOLERANCE_MS;
    return candidates.filter(({ state }) => state.sentAt !== null && state.sentAt.getTime() <= latestMs).at(-1);
  }

  #byMessageId(messageId: string, deliveryId: bigint | null, candidates: readonly StoredLog[]): StoredLog | undefined {
    const forms = messageIdForms(messageId);
    return candidates.find(
      (log) => (deliveryId === null || log.deliveryId === deliveryId) && forms.includes(this.#stateOf(log.id)?.messageId ?? ''),
    );
  }

  #stateOf(logId: bigint): DeliveryLogState | undefined {
    const log = this.logs.get(logId);
    return log?.folded?.state ?? log?.base.state;
  }

  #decide(item: StoredFeedbackItem): HeldDecision | null {
    const slot = this.entries.get(entryName(item.addressKey, shortCodeOf(item)));
    const state = slot?.folded?.state ?? slot?.base?.state ?? null;
    const input = quarantineInput(item, this.#memoryOf(item.addressKey), this.#input.now);
    if (input === null) return null;
    const policy = this.#input.policyOf(item.channel);
    const decision = decideQuarantine(state, input, policy);
    const incident = decision.changed ? holdingIncident(this.#input.incidents, decision, item) : null;
    return decision.changed && incident !== null ? { ...holdQuarantine(state, decision, policy), incident } : decision;
  }

  #changeEntry(item: StoredFeedbackItem, decision: QuarantineChange & HeldDecision, log: StoredLog | null): void {
    const name = entryName(item.addressKey, shortCodeOf(item));
    const slot = this.entries.get(name) ?? { base: null, folded: null };
    // As the entry has it: its ledger goes on under that.
    const shortCode = slot.base?.shortCode ?? shortCodeOf(item);
    const previous = slot.folded?.state ?? slot.base?.state ?? null;
    const lastVersion =
      slot.folded?.version ?? slot.base?.version ?? this.#memoryOf(item.addressKey).facts.get(shortCode)?.lastVersion ?? 0;
    const deliveryId = log?.deliveryId ?? item.deliveryId;
    const folded: FoldedEntry = {
      base: slot.base,
      item,
      state: decision.next,
      lastDeliveryId: deliveryId ?? slot.folded?.lastDeliveryId ?? slot.base?.lastDeliveryId ?? null,
      version: lastVersion + 1,
    };
    this.entries.set(name, { base: slot.base, folded });
    this.quarantineLines.push({
      ...decision.next,
      channel: item.channel,
      address: item.address,
      addressKey: item.addressKey,
      shortCode,
      domain: item.domain,
      previousStatus: previous?.status ?? null,
      previousReason: previous?.reason ?? null,
      fault: item.qualified?.verdict.fault ?? null,
      decidedBy: item.qualified?.verdict.decidedBy ?? DECIDED_BY[item.outcome],
      deliveryId: idText(deliveryId),
      incidentId: idText(decision.incident?.id),
      heldType: decision.incident === undefined ? null : (item.qualified?.verdict.type ?? null),
      version: folded.version,
      occurredAt: item.occurredAt,
    });
    if (decision.incident !== undefined) this.deltas.add('INCIDENT', decision.incident.id, 0, 'held', 1);
  }

  /** What the logs say of a failure: on the allowlist it is an ignored error whatever it means (SUP-10). */
  #failureOf(item: StoredFeedbackItem, decision: QuarantineDecision | null): LoggedFailure | null {
    if (item.qualified === null) return null;
    const { type, reason, fault, md5 } = item.qualified.verdict;
    const qualificationId = this.#input.qualificationIds.get(seenName(item.channel, md5)) ?? null;
    const allowlisted = decision?.changed === false && decision.reason === 'ALLOWLISTED';
    const quarantined = decision?.changed === true && decision.newlyQuarantined;
    const meaning = allowlisted ? ({ type: 'IGNORED', reason: 'ERROR_IGNORED' } as const) : { type, reason };
    return { ...meaning, fault, qualificationId, quarantined };
  }

  #countLog(log: StoredLog, before: DeliveryLogState, after: DeliveryLogState): void {
    this.deltas.move(log, counterOfStatus(before.status), counterOfStatus(after.status));
    this.deltas.move(log, counterOfFailure(before), counterOfFailure(after));
  }

  #countItem(item: StoredFeedbackItem, log: StoredLog | null, decision: QuarantineDecision | null): void {
    const deliveryId = log?.deliveryId ?? item.deliveryId;
    const run = log?.run ?? item.run;
    if (deliveryId === null || run === null) return;
    if (decision?.changed && decision.newlyQuarantined) this.deltas.add('DELIVERY', deliveryId, run, 'newQuarantines', 1);
    if (item.outcome === 'COMPLAINT') this.deltas.add('DELIVERY', deliveryId, run, 'complaints', 1);
  }

  /** For the roll-up by receiving domain: what the server said, also of an address that it does not count against. */
  #countResult({ channel, domain, outcome, occurredAt, qualified }: StoredFeedbackItem): void {
    const result = outcome === 'DELIVERED' ? outcome : qualified?.verdict.reason;
    const slot = slotOf(occurredAt);
    if (domain !== null && result !== undefined && slot >= 0)
      this.deltas.add('DOMAIN', BigInt(slot), 0, `${channel} ${result} ${domain}`, 1);
    if (domain !== null && outcome === 'DELIVERED') this.#countDelay(channel, domain, occurredAt);
  }

  /** Where everything is told at once there is nothing to count. */
  #countDelay(channel: Channel, domain: string, occurredAt: Date): void {
    const { now } = this.#input;
    const delay = delayClass(occurredAt, now);
    if (delay !== null && delay > 0) this.deltas.add('DELAY', BigInt(slotOf(now)), 0, `${channel} ${delay} ${domain}`, 1);
  }

  /** What later items of the batch must know although it is not in the ledgers yet. */
  #remember(item: StoredFeedbackItem): void {
    const memory = this.#memoryOf(item.addressKey);
    if (item.outcome === 'DELIVERED') memory.lastSuccessAt = later(memory.lastSuccessAt, item.occurredAt);
    if (item.qualified?.verdict.type === 'UNDEFINED') memory.firstUndefinedAt = earlier(memory.firstUndefinedAt, item.occurredAt);
  }

  #statusOf(item: StoredFeedbackItem): QuarantineState['status'] | null {
    const slot = this.entries.get(entryName(item.addressKey, shortCodeOf(item)));
    return slot?.folded?.state.status ?? slot?.base?.state.status ?? null;
  }
}

/** Folds the items of a batch in the order of amendment A5. Mutates nothing that it is given. */
export function foldFeedback(input: FoldInput): FoldResult {
  const fold = new Fold(input);
  for (const item of [...input.items].sort(compareInBatch)) fold.add(item);
  return {
    applied: fold.applied,
    entries: [...fold.entries.values()].flatMap(({ folded }) => folded ?? []),
    logs: [...fold.logs.values()].flatMap(({ folded }) => folded ?? []),
    quarantineLines: fold.quarantineLines,
    deliveryLines: fold.deliveryLines,
    deltas: fold.deltas.list(),
    unsubscribes: fold.unsubscribes,
  };
}

/** Does the item speak of a message of ours, sent to that address within the window (amendment A11)? */
export function isProven(item: StoredFeedbackItem, logs: readonly StoredLog[], windowMs: number): boolean {
  if (item.messageId === null) return false;
  const forms = messageIdForms(item.messageId);
  return logs.some(
    ({ addressKey, state }) =>
      addressKey === item.addressKey &&
      forms.includes(state.messageId ?? '') &&
      state.sentAt !== null &&
      Math.abs(item.occurredAt.getTime() - state.sentAt.getTime()) <= windowMs,
  );
}

/** The entry that an item changes: a STOP is for the short code that it answered, everything else for the number itself. */
export function shortCodeOf(item: Pick<StoredFeedbackItem, 'outcome' | 'shortCode'>): string {
  return item.outcome === 'STOP' ? item.shortCode : '';
}

/** What the recipient wants holds however late it is told: the window of ASY-1 is for what servers report. */
function isWish({ outcome }: Pick<StoredFeedbackItem, 'outcome'>): boolean {
  return outcome === 'COMPLAINT' || outcome === 'STOP' || outcome === 'UNSUBSCRIBE';
}

const DECIDED_BY: Readonly<Record<DeliveryOutcome, string | null>> = {
  DELIVERED: 'delivered',
  FAILED: null,
  DELAYED: null,
  COMPLAINT: 'complaint',
  AUTO_REPLY: null,
  UNSUBSCRIBE: null,
  STOP: 'stop',
};

function later(a: Date | null, b: Date): Date {
  return a === null || b > a ? b : a;
}

function earlier(a: Date | null, b: Date): Date {
  return a === null || b.getTime() < a.getTime() ? b : a;
}
