import { holdQuarantine } from '../incident/hold-quarantine.ts';
import type { Meaning } from '../qualification/verdict.ts';
import type { FailureReason, QuarantineSource } from '../vocabulary.ts';
import { decideQuarantine } from './decide-quarantine.ts';
import type { QuarantineDecision, QuarantinePolicy, QuarantineState } from './quarantine-state.ts';
import { decideCleanup } from './release.ts';

/** A failure to be counted again; `meaning` is what it is taken for. */
export interface ReplayedFailure {
  readonly meaning: Meaning;
  /** Its text is on IGNORE: it never counts (QUA-7). */
  readonly ignored: boolean;
  readonly text: string | null;
  readonly source: QuarantineSource;
  /** An incident held its quarantine back, for failures of this reason; null = none did. */
  readonly heldFor: FailureReason | null;
}

/** What happened to an address; `failure` null = a success. */
export interface ReplayedEvent {
  readonly occurredAt: Date;
  readonly failure: ReplayedFailure | null;
}

/** Where a replay begins. */
export interface ReplayStart {
  readonly state: QuarantineState | null;
  readonly lastSuccessAt: Date | null;
  readonly firstUndefinedAt: Date | null;
}

export interface Replay {
  /** Null = there would be no entry. */
  readonly state: QuarantineState | null;
  /** Indexes of the failures that put the address into quarantine. */
  readonly quarantining: ReadonlySet<number>;
  /** Index of the last failure that changed the entry; null = none did. */
  readonly decisive: number | null;
}

/**
 * What an address would be had its failures been taken for what they are given as: the state machine of spec W6 over failures and successes,
 * in the order in which they came in, with what the cleanup releases between them and until `now` (REL-2, REL-3). Nobody edits.
 */
export function replayAddress(start: ReplayStart, events: readonly ReplayedEvent[], policy: QuarantinePolicy, now: Date): Replay {
  let { state, lastSuccessAt, firstUndefinedAt } = start;
  const quarantining = new Set<number>();
  let decisive: number | null = null;
  events.forEach((event, index) => {
    const { occurredAt, failure } = event;
    state = cleanedUp(state, occurredAt, policy);
    const decision = decide(state, event, { lastSuccessAt, firstUndefinedAt }, policy);
    if (decision.changed) state = decision.next;
    if (decision.changed && failure !== null) decisive = index;
    if (decision.changed && decision.newlyQuarantined) quarantining.add(index);
    if (failure === null) lastSuccessAt = extreme(lastSuccessAt, occurredAt, Math.max);
    else if (failure.meaning.type === 'UNDEFINED') firstUndefinedAt = extreme(firstUndefinedAt, occurredAt, Math.min);
  });
  return { state: cleanedUp(state, now, policy), quarantining, decisive };
}

function decide(
  state: QuarantineState | null,
  { occurredAt, failure }: ReplayedEvent,
  known: Omit<ReplayStart, 'state'>,
  policy: QuarantinePolicy,
): QuarantineDecision {
  const times = { occurredAt, receivedAt: occurredAt };
  if (failure === null) return decideQuarantine(state, { kind: 'SUCCESS', ...times }, policy);
  const { meaning, ignored, text, source } = failure;
  const { lastSuccessAt, firstUndefinedAt: previousUndefinedAt } = known;
  const said = { ...meaning, ...times, text, source, ignoredByQualification: ignored, delayed: false };
  const decision = decideQuarantine(state, { kind: 'FAILURE', ...said, previousUndefinedAt, lastSuccessAt }, policy);
  const held = decision.changed && decision.newlyQuarantined && failure.heldFor !== null && decision.next.reason === failure.heldFor;
  return held ? holdQuarantine(state, decision, policy) : decision;
}

function cleanedUp(state: QuarantineState | null, at: Date, policy: QuarantinePolicy): QuarantineState | null {
  const decision = state === null ? null : decideCleanup(state, at, policy);
  return decision?.changed ? decision.next : state;
}

function extreme(known: Date | null, at: Date, choose: (a: number, b: number) => number): Date {
  return known === null ? at : new Date(choose(known.getTime(), at.getTime()));
}
