/**
 * What becomes of a quarantine entry when failures of its address are taken for something else than they were (issue 4.5).
 *
 * | what is found | effect |
 * |---|---|
 * | a complaint, a STOP, or a person's DENYLISTED | DENYLISTED: left alone |
 * | ALLOWLISTED | ALLOWLISTED: left alone |
 * | a person or an import has decided since the first of these failures | BY_HAND: left alone |
 * | all of these failures came before somebody released or deleted the entry | MOVED_ON: left alone |
 * | the address ends as it did | NONE |
 * | it was in quarantine and would not be | RELEASED |
 * | it was not and would be | QUARANTINED |
 * | another status, count, reason or date | CHANGED |
 */
import { sameState } from './manual-edit.ts';
import type { QuarantinePolicy, QuarantineState } from './quarantine-state.ts';
import { type ReplayedFailure, type ReplayStart, replayAddress } from './replay.ts';

export const REJUDGED_EFFECTS = ['NONE', 'RELEASED', 'QUARANTINED', 'CHANGED', 'BY_HAND', 'DENYLISTED', 'ALLOWLISTED', 'MOVED_ON'] as const;
export type RejudgedEffect = (typeof REJUDGED_EFFECTS)[number];

/** A failure as it was taken, and as it is taken now; both null = a success. */
export interface JudgedEvent {
  readonly occurredAt: Date;
  readonly before: ReplayedFailure | null;
  readonly after: ReplayedFailure | null;
}

/** An address with all that came in since the first failure that is taken for something else, in the order in which it came. */
export interface JudgedPast {
  /** What came before them, as it was taken and as it is taken now. */
  readonly start: Readonly<Record<'before' | 'after', ReplayStart>>;
  readonly events: readonly JudgedEvent[];
  /** As it is now. */
  readonly entry: QuarantineState | null;
  readonly byHand: boolean;
  readonly movedOn: boolean;
}

export interface Rejudgement {
  readonly effect: RejudgedEffect;
  /** The entry from now on; null = there is none. */
  readonly next: QuarantineState | null;
  /** Index of the event that the entry says it is due to; null = none. */
  readonly decisive: number | null;
  /** Indexes of failures that newly count as the one that put the address into quarantine (true), or no longer do (false). */
  readonly quarantining: ReadonlyMap<number, boolean>;
}

/** @param now from when a new status holds, and until when the cleanup has been at work */
export function rejudgeAddress(past: JudgedPast, policy: QuarantinePolicy, now: Date): Rejudgement {
  const spared = sparedAs(past);
  if (spared !== null) return { effect: spared, next: past.entry, decisive: null, quarantining: new Map() };
  const [old, fresh] = (['before', 'after'] as const).map((side) => {
    const events = past.events.map((event) => ({ occurredAt: event.occurredAt, failure: event[side] }));
    return replayAddress(past.start[side], events, policy, now);
  }) as [ReturnType<typeof replayAddress>, ReturnType<typeof replayAddress>];
  const quarantining = new Map(
    past.events.flatMap((_, index) => {
      const is = fresh.quarantining.has(index);
      return is === old.quarantining.has(index) ? [] : [[index, is] as const];
    }),
  );
  const { decisive } = fresh;
  if (sayTheSame(old.state, fresh.state)) return { effect: 'NONE', next: past.entry, decisive, quarantining };
  const next = nextEntry(past.entry, fresh.state, now);
  return { effect: effectOf(past.entry, next), next, decisive, quarantining };
}

function sparedAs({ entry, byHand, movedOn }: JudgedPast): RejudgedEffect | null {
  if (entry?.status === 'DENYLISTED' || entry?.status === 'ALLOWLISTED') return entry.status;
  if (byHand) return 'BY_HAND';
  return movedOn ? 'MOVED_ON' : null;
}

/** A VALID entry says no more than none: it is not made anew, and the cleanup takes it. */
function nextEntry(entry: QuarantineState | null, state: QuarantineState | null, now: Date): QuarantineState | null {
  if (entry === null && state?.status === 'VALID') return null;
  if (entry?.status === 'VALID' && state === null) return entry;
  if (state === null) return null;
  const next = { ...state, statusUpdatedAt: entry?.status === state.status ? entry.statusUpdatedAt : now };
  return sayTheSame(entry, next) ? entry : next;
}

function effectOf(entry: QuarantineState | null, next: QuarantineState | null): RejudgedEffect {
  if (entry === next) return 'NONE';
  const [was, is] = [entry?.status === 'QUARANTINE', next?.status === 'QUARANTINE'];
  if (was === is) return 'CHANGED';
  return was ? 'RELEASED' : 'QUARANTINED';
}

/** Whenever each of them came to be. */
function sayTheSame(a: QuarantineState | null, b: QuarantineState | null): boolean {
  if (a === null || b === null) return a === b;
  return a.source === b.source && sameState(a, { ...b, statusUpdatedAt: a.statusUpdatedAt });
}
