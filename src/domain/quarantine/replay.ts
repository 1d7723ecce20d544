import type { Meaning } from '../qualification/verdict.ts';
import { decideQuarantine } from './decide-quarantine.ts';
import type { QuarantinePolicy, QuarantineState } from './quarantine-state.ts';

/** A failure to be counted again; `meaning` is what it is taken for. */
export interface ReplayedFailure {
  readonly meaning: Meaning;
  readonly occurredAt: Date;
  readonly ignored: boolean;
}

/** Where a replay begins. */
export interface ReplayStart {
  readonly state: QuarantineState | null;
  readonly lastSuccessAt: Date | null;
  readonly firstUndefinedAt: Date | null;
}

/**
 * What an address would be had its failures been taken for what they are given as: the state machine of spec W6 over failures and successes,
 * in the order in which they happened. Time alone releases nothing here, and nobody edits.
 */
export function replayAddress(
  start: ReplayStart,
  failures: readonly ReplayedFailure[],
  successes: readonly Date[],
  policy: QuarantinePolicy,
): QuarantineState | null {
  const events = [
    ...failures.map((failure) => ({ at: failure.occurredAt, failure })),
    ...successes.map((at) => ({ at, failure: null })),
  ].sort((a, b) => a.at.getTime() - b.at.getTime());
  let { state, lastSuccessAt, firstUndefinedAt } = start;
  for (const { at, failure } of events) {
    const times = { occurredAt: at, receivedAt: at };
    const decision =
      failure === null
        ? decideQuarantine(state, { kind: 'SUCCESS', ...times }, policy)
        : decideQuarantine(
            state,
            {
              kind: 'FAILURE',
              ...failure.meaning,
              ...times,
              text: null,
              source: 'BOUNCE_ASYNC',
              ignoredByQualification: failure.ignored,
              delayed: false,
              previousUndefinedAt: firstUndefinedAt,
              lastSuccessAt,
            },
            policy,
          );
    if (decision.changed) state = decision.next;
    if (failure === null) lastSuccessAt = at;
    else if (failure.meaning.type === 'UNDEFINED') firstUndefinedAt ??= at;
  }
  return state;
}
