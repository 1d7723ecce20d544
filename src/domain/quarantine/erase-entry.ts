import type { QuarantineState } from './quarantine-state.ts';

/** What an erasure makes of an entry; `denylisted` = it shut an address that was open. */
export type ErasureDecision = Readonly<{ next: QuarantineState; denylisted: boolean }>;

/**
 * The entry of an address after its erasure (RET-3, amendment A8): what shuts stays as it is, what does not becomes DENYLISTED. Counts,
 * dates and reasons stay, the text goes.
 *
 * @param present null = there is no entry: an erased address gets one
 */
export function eraseEntry(present: QuarantineState | null, now: Date): ErasureDecision {
  const state = present ?? UNHEARD_OF(now);
  if (state.status === 'DENYLISTED' || state.status === 'QUARANTINE') return { next: { ...state, errorText: null }, denylisted: false };
  return {
    next: {
      ...state,
      status: 'DENYLISTED',
      reason: 'DENYLISTED',
      errorText: null,
      softCaused: false,
      source: 'MANUAL',
      statusUpdatedAt: now,
    },
    denylisted: true,
  };
}

const UNHEARD_OF = (now: Date): QuarantineState => ({
  status: 'UNKNOWN',
  reason: null,
  errorText: null,
  errorCount: 0,
  lastErrorAt: null,
  lastSignificantErrorAt: null,
  lastSuccessAt: null,
  softCaused: false,
  source: 'MANUAL',
  statusUpdatedAt: now,
});
