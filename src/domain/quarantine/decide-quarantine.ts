/**
 * What one event does to an address on the quarantine list (spec W6, QTN-1 to QTN-11, amendments A3, A4, A5, A14).
 *
 * | from \ event | soft | hard | complaint, STOP | success |
 * |---|---|---|---|---|
 * | no entry | ERRONEOUS 1 | QUARANTINE | DENYLISTED | nothing |
 * | ERRONEOUS | counts; QUARANTINE at the threshold | QUARANTINE | DENYLISTED | VALID 0 |
 * | VALID, UNKNOWN | ERRONEOUS 1 | QUARANTINE | DENYLISTED | VALID 0 |
 * | QUARANTINE | nothing | text and date | DENYLISTED | nothing |
 * | DENYLISTED | nothing | nothing | nothing | nothing |
 * | ALLOWLISTED | nothing | nothing | DENYLISTED | nothing |
 *
 * A full mailbox bounces every message of a morning, so soft errors closer together than the gap count once. Failures whose fault is
 * the sender's or the content's say nothing about the address and never touch it.
 */
import { assertNever } from '../vocabulary.ts';
import type {
  FailureEvent,
  KnownFromLogs,
  QuarantineDecision,
  QuarantineInput,
  QuarantinePolicy,
  QuarantineState,
  SuccessEvent,
  UnchangedReason,
  WishEvent,
} from './quarantine-state.ts';

/**
 * The state of an address after an event, or why the event changes nothing.
 *
 * Order safety (A5): a soft error or a success older than the later of the last counted error and the last success changes nothing; an
 * older hard error, complaint or STOP still shuts the gate but changes no counter and no date. Equal instants count in order of
 * arrival. The caller sees to it that a repeated report does not come here twice.
 *
 * ALLOWLISTED: the caller logs a failure that comes back as `ALLOWLISTED` with reason ERROR_IGNORED, type IGNORED (SUP-10).
 */
export function decideQuarantine(entry: QuarantineState | null, event: QuarantineInput, policy: QuarantinePolicy): QuarantineDecision {
  switch (event.kind) {
    case 'FAILURE':
      return decideFailure(entry, event, policy);
    case 'SUCCESS':
      return decideSuccess(entry, event);
    case 'COMPLAINT':
    case 'STOP':
      return decideWish(entry, event);
    default:
      return assertNever(event);
  }
}

function decideFailure(entry: QuarantineState | null, event: FailureEvent, policy: QuarantinePolicy): QuarantineDecision {
  if (event.delayed) return unchanged('DELAYED');
  if (entry?.status === 'ALLOWLISTED') return unchanged('ALLOWLISTED');
  if (event.type === 'IGNORED' || event.ignoredByQualification) return unchanged('IGNORED');
  if (!policy.quarantineOnFaults.includes(event.fault)) return unchanged('FAULT_DOES_NOT_COUNT');
  if (entry?.status === 'DENYLISTED') return unchanged('ALREADY_DENYLISTED');
  if (event.type === 'HARD') return decideHard(entry, event);
  if (entry?.status === 'QUARANTINE') return unchanged('ALREADY_QUARANTINED');
  if (isLate(entry, event)) return unchanged('LATE');
  if (event.type === 'UNDEFINED' && !recurs(event, policy)) return unchanged('FIRST_UNDEFINED');
  return decideSoft(entry, event, policy);
}

/** QTN-2, QTN-8: one hard error is enough. */
function decideHard(entry: QuarantineState | null, event: FailureEvent): QuarantineDecision {
  const late = isLate(entry, event);
  if (entry?.status === 'QUARANTINE')
    return late || isBefore(event.occurredAt, entry.lastErrorAt) ? unchanged('LATE') : hardAgain(entry, event);
  return {
    changed: true,
    newlyQuarantined: true,
    next: {
      status: 'QUARANTINE',
      reason: event.reason,
      errorText: event.text,
      errorCount: (entry?.errorCount ?? 0) + (late ? 0 : 1),
      lastErrorAt: late ? (entry?.lastErrorAt ?? event.occurredAt) : latest(entry?.lastErrorAt, event.occurredAt),
      lastSignificantErrorAt: late ? (entry?.lastSignificantErrorAt ?? null) : event.occurredAt,
      lastSuccessAt: latest(entry?.lastSuccessAt, event.lastSuccessAt),
      softCaused: false,
      source: event.source,
      statusUpdatedAt: event.receivedAt,
    },
  };
}

/** A hard error becomes the cause of a quarantine that soft errors began: from then on the clock does not release it. */
function hardAgain(entry: QuarantineState, event: FailureEvent): QuarantineDecision {
  const reason = entry.softCaused ? event.reason : entry.reason;
  const next = { ...entry, reason, softCaused: false, errorText: event.text, lastErrorAt: event.occurredAt, source: event.source };
  return { changed: true, next, newlyQuarantined: false };
}

/** QTN-3, QTN-4, QTN-6. */
function decideSoft(entry: QuarantineState | null, event: FailureEvent, policy: QuarantinePolicy): QuarantineDecision {
  const count = countAfter(entry, event.occurredAt, policy);
  if (entry !== null && count === null) return insignificant(entry, event);
  const errorCount = count ?? 1;
  const quarantined = errorCount >= policy.threshold;
  const status = quarantined ? 'QUARANTINE' : 'ERRONEOUS';
  return {
    changed: true,
    newlyQuarantined: quarantined,
    next: {
      status,
      reason: event.reason,
      errorText: event.text,
      errorCount,
      lastErrorAt: latest(entry?.lastErrorAt, event.occurredAt),
      lastSignificantErrorAt: event.occurredAt,
      lastSuccessAt: latest(entry?.lastSuccessAt, event.lastSuccessAt),
      softCaused: quarantined,
      source: event.source,
      statusUpdatedAt: entry?.status === status ? entry.statusUpdatedAt : event.receivedAt,
    },
  };
}

/** The counter after a soft error, or null where it comes too soon after the last counted one to be significant. */
export function countAfter(entry: QuarantineState | null, occurredAt: Date, policy: QuarantinePolicy): number | null {
  if (entry?.status !== 'ERRONEOUS') return 1;
  const countedAt = lastCountedAt(entry);
  if (countedAt === null) return entry.errorCount + 1;
  const sinceMs = occurredAt.getTime() - countedAt.getTime();
  const resetMs = entry.reason === 'MAILBOX_FULL' ? policy.mailboxFullResetMs : policy.counterResetMs;
  if (sinceMs > resetMs) return 1;
  return sinceMs >= policy.significantGapMs ? entry.errorCount + 1 : null;
}

function insignificant(entry: QuarantineState, event: FailureEvent): QuarantineDecision {
  if (isBefore(event.occurredAt, entry.lastErrorAt)) return unchanged('LATE');
  const next = { ...entry, errorText: event.text, lastErrorAt: event.occurredAt, source: event.source };
  return { changed: true, next, newlyQuarantined: false };
}

/** QTN-7. A newer success is noted on a VALID entry too: it is what late errors are ordered against. */
function decideSuccess(entry: QuarantineState | null, event: SuccessEvent): QuarantineDecision {
  if (entry === null) return unchanged('NOTHING_TO_CLEAR');
  switch (entry.status) {
    case 'DENYLISTED':
      return unchanged('ALREADY_DENYLISTED');
    case 'QUARANTINE':
      return unchanged('ALREADY_QUARANTINED');
    case 'ALLOWLISTED':
      return unchanged('ALLOWLISTED');
    case 'ERRONEOUS':
    case 'UNKNOWN':
    case 'VALID':
      return isLate(entry, event) ? unchanged('LATE') : cleared(entry, event);
    default:
      return assertNever(entry.status);
  }
}

function cleared(entry: QuarantineState, event: SuccessEvent): QuarantineDecision {
  const wasValid = entry.status === 'VALID';
  if (wasValid && entry.errorCount === 0 && entry.lastSuccessAt?.getTime() === event.occurredAt.getTime())
    return unchanged('NOTHING_TO_CLEAR');
  const next: QuarantineState = {
    ...entry,
    status: 'VALID',
    errorCount: 0,
    softCaused: false,
    lastSuccessAt: event.occurredAt,
    statusUpdatedAt: wasValid ? entry.statusUpdatedAt : event.receivedAt,
  };
  return { changed: true, next, newlyQuarantined: false };
}

/** QTN-10, SMS-5: what the recipient wants stands above every count, every fault and the allowlist. */
function decideWish(entry: QuarantineState | null, event: WishEvent): QuarantineDecision {
  if (entry?.status === 'DENYLISTED') return unchanged('ALREADY_DENYLISTED');
  const late = isLate(entry, event);
  const next: QuarantineState = {
    status: 'DENYLISTED',
    reason: event.kind === 'COMPLAINT' ? 'REFUSED' : 'DENYLISTED',
    errorText: event.text,
    errorCount: entry?.errorCount ?? 0,
    lastErrorAt: late ? (entry?.lastErrorAt ?? event.occurredAt) : latest(entry?.lastErrorAt, event.occurredAt),
    lastSignificantErrorAt: entry?.lastSignificantErrorAt ?? null,
    lastSuccessAt: latest(entry?.lastSuccessAt, event.lastSuccessAt),
    softCaused: false,
    source: event.source,
    statusUpdatedAt: event.receivedAt,
  };
  return { changed: true, next, newlyQuarantined: false };
}

/** QUA-9: an unknown text may be an accident; from the second, a gap later at the same address, it counts like a soft error. */
function recurs(event: FailureEvent, policy: QuarantinePolicy): boolean {
  const earlier = event.previousUndefinedAt ?? null;
  return earlier !== null && event.occurredAt.getTime() - earlier.getTime() >= policy.significantGapMs;
}

function isLate(entry: QuarantineState | null, event: Readonly<{ occurredAt: Date }> & KnownFromLogs): boolean {
  const countedAt = entry === null ? null : lastCountedAt(entry);
  return isBefore(event.occurredAt, latest(countedAt, latest(entry?.lastSuccessAt, event.lastSuccessAt)));
}

/** A counter that a person entered has no counted error of its own: the date of the last error stands for it. */
function lastCountedAt(entry: QuarantineState): Date | null {
  return entry.lastSignificantErrorAt ?? (entry.errorCount > 0 ? entry.lastErrorAt : null);
}

function isBefore(instant: Date, other: Date | null): boolean {
  return other !== null && instant.getTime() < other.getTime();
}

function latest(a: Date | null | undefined, b: Date): Date;
function latest(a: Date | null | undefined, b: Date | null | undefined): Date | null;
function latest(a: Date | null | undefined, b: Date | null | undefined): Date | null {
  if (a === null || a === undefined) return b ?? null;
  if (b === null || b === undefined) return a;
  return a.getTime() >= b.getTime() ? a : b;
}

function unchanged(reason: UnchangedReason): QuarantineDecision {
  return { changed: false, reason };
}
