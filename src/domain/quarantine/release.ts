/**
 * What the clock and a bulk release do to an address (spec REL-1 to REL-7, X5 to X7).
 *
 * | status | reason | becomes VALID |
 * |---|---|---|
 * | ERRONEOUS | any but MAILBOX_FULL | last error more than `erroneousReleaseMs` ago |
 * | ERRONEOUS | MAILBOX_FULL | last error `mailboxFullReleaseMs` ago or longer |
 * | QUARANTINE that soft errors led to | MAILBOX_FULL | the same, if `releaseMailboxFullQuarantine` is on |
 * | anything else | | never |
 *
 * VALID rows are deleted by the same run. The cut-offs below are the same rule for SQL, so that a million entries are one statement.
 */
import type { QuarantinePolicy, QuarantineState } from './quarantine-state.ts';

/** What the date of a release depends on. */
export type ReleaseClock = Pick<QuarantineState, 'status' | 'reason' | 'lastErrorAt' | 'softCaused' | 'statusUpdatedAt'>;

export type ReleaseDecision = Readonly<{ changed: false }> | Readonly<{ changed: true; next: QuarantineState }>;

const KEEP: ReleaseDecision = { changed: false };

/**
 * What the cleanup job does to one entry: VALID with the counter at 0, or nothing.
 *
 * A hard failure, a person's decision, a complaint and a STOP are never undone by time, not even if a mail arrives (REL-4). The date
 * of the last error counts, significant or not; an entry without one is as old as its status.
 */
export function decideCleanup(state: QuarantineState, now: Date, policy: QuarantinePolicy): ReleaseDecision {
  const until = releasedAt(state, policy);
  if (until === null) return KEEP;
  const due = state.reason === 'MAILBOX_FULL' ? now.getTime() >= until.getTime() : now.getTime() > until.getTime();
  return due ? { changed: true, next: madeValid(state, now) } : KEEP;
}

/**
 * When an entry opens by itself: the first cleanup after this instant releases it. Null = never.
 * For ERRONEOUS this is the end of the counting; such an address is written to anyway.
 */
export function releasedAt(state: ReleaseClock, policy: QuarantinePolicy): Date | null {
  const full = state.reason === 'MAILBOX_FULL';
  const releasable = state.status === 'ERRONEOUS' || (full && isReleasableQuarantine(state, policy));
  if (!releasable) return null;
  const clock = state.lastErrorAt ?? state.statusUpdatedAt;
  return new Date(clock.getTime() + (full ? policy.mailboxFullReleaseMs : policy.erroneousReleaseMs));
}

/** ERRONEOUS with a reason other than MAILBOX_FULL is released where `coalesce(last_error_at, status_updated_at) < this`. */
export function erroneousReleasedBefore(now: Date, policy: QuarantinePolicy): Date {
  return new Date(now.getTime() - policy.erroneousReleaseMs);
}

/**
 * MAILBOX_FULL is released where `coalesce(last_error_at, status_updated_at) <= this`: the boundary is included. Status ERRONEOUS, and
 * where `policy.releaseMailboxFullQuarantine` is on also QUARANTINE with `soft_caused`.
 */
export function mailboxFullReleasedBefore(now: Date, policy: QuarantinePolicy): Date {
  return new Date(now.getTime() - policy.mailboxFullReleaseMs);
}

/** VALID rows are deleted where `status_updated_at <= this`: the boundary is included. */
export function validPurgedBefore(now: Date, validPurgeDelayMs: number): Date {
  return new Date(now.getTime() - validPurgeDelayMs);
}

/**
 * The bulk release after an outage (REL-7, W8), mode SET_VALID. Touches ERRONEOUS and QUARANTINE only, whatever the filter found: a wish
 * of the recipient is not the provider's mistake.
 */
export function decideRelease(state: QuarantineState, now: Date): ReleaseDecision {
  return isReleasable(state) ? { changed: true, next: madeValid(state, now) } : KEEP;
}

/** May a bulk release, in either mode, touch this entry? In SQL: `status IN ('ERRONEOUS', 'QUARANTINE')`. */
export function isReleasable(state: Pick<QuarantineState, 'status'>): boolean {
  return state.status === 'ERRONEOUS' || state.status === 'QUARANTINE';
}

function isReleasableQuarantine(state: ReleaseClock, policy: QuarantinePolicy): boolean {
  return state.status === 'QUARANTINE' && state.softCaused && policy.releaseMailboxFullQuarantine;
}

/** Reason, text and dates stay: they are what happened, and later events are ordered against them. */
function madeValid(state: QuarantineState, now: Date): QuarantineState {
  return { ...state, status: 'VALID', errorCount: 0, softCaused: false, statusUpdatedAt: now };
}
