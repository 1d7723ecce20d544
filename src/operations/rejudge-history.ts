import { isTooLate } from '../domain/delivery/decide-delivery-log.ts';
import type { Meaning } from '../domain/qualification/verdict.ts';
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import { type Rejudgement, rejudgeAddress } from '../domain/quarantine/rejudge.ts';
import type { ReplayedFailure } from '../domain/quarantine/replay.ts';
import { DAY_MS, quarantinePolicy, type Settings } from '../domain/settings/settings.ts';
import type { FailureType } from '../domain/vocabulary.ts';
import type { AddressHistory, EarlierFailure, HistoryEvent } from '../store/failure-history.ts';
import type { StoredEntry } from '../store/feedback-reads.ts';
import { failureSource } from './feedback-lines.ts';

/** What a failure is taken for, and whether it counts at all. */
export interface JudgedMeaning extends Meaning {
  /** Its text is on IGNORE: it never counts (QUA-7). */
  readonly ignored: boolean;
}

export interface RejudgedHistory extends Rejudgement {
  /** What the effect and its indexes speak of. */
  readonly events: readonly HistoryEvent[];
}

/** What becomes of an address whose failures are taken for something else, by the settings as they are now. */
export function rejudgeHistory(
  history: AddressHistory,
  entry: QuarantineState | null,
  corrected: ReadonlyMap<bigint, JudgedMeaning>,
  settings: Settings,
  now: Date,
): RejudgedHistory {
  const { state, lastSuccessAt, earlier, byHand } = history;
  const windowMs = settings.asyncWindow * DAY_MS;
  const events = history.events.filter((event) => !isTooLate(event, event, windowMs));
  const policy = quarantinePolicy(settings, history.channel);
  const judged = events.map((event) => {
    const before = failureOf(event);
    const after = before === null ? null : withMeaning(before, corrected.get(event.id));
    return { occurredAt: event.occurredAt, before, after };
  });
  const movedOn = !history.events.some(({ id }) => corrected.has(id));
  const startOf = (typeOf: (failure: EarlierFailure) => FailureType) => {
    const unknown = earlier.filter((failure) => typeOf(failure) === 'UNDEFINED').map(({ occurredAt }) => occurredAt);
    return {
      state,
      lastSuccessAt,
      firstUndefinedAt: earliest([...unknown, ...(history.firstUndefinedAt ? [history.firstUndefinedAt] : [])]),
    };
  };
  const start = { before: startOf(({ type }) => type), after: startOf(({ id, type }) => corrected.get(id)?.type ?? type) };
  const past = { start, events: judged, entry, byHand, movedOn };
  return { ...rejudgeAddress(past, policy, now), events };
}

/** The entries of the addresses themselves, by their keys: an entry for a short code holds a wish, which no failure changes. */
export function ownEntries(entries: readonly StoredEntry[]): ReadonlyMap<string, StoredEntry> {
  return new Map(entries.flatMap((entry) => (entry.shortCode === '' ? [[entry.addressKey, entry] as const] : [])));
}

function earliest(dates: readonly Date[]): Date | null {
  return dates.length === 0 ? null : new Date(dates.reduce((least, date) => Math.min(least, date.getTime()), Number.POSITIVE_INFINITY));
}

function failureOf({ type, reason, fault, ignored, rawText, channel, origin, heldFor }: HistoryEvent): ReplayedFailure | null {
  if (type === null || reason === null || fault === null) return null;
  return { meaning: { type, reason, fault }, ignored, text: rawText, source: failureSource({ channel, origin }), heldFor };
}

function withMeaning(failure: ReplayedFailure, corrected: JudgedMeaning | undefined): ReplayedFailure {
  if (corrected === undefined) return failure;
  const { ignored, ...meaning } = corrected;
  return { ...failure, meaning, ignored };
}
