import type { FailureReason } from '../vocabulary.ts';

/** Results of one kind at one domain. */
export type CountedResult = Readonly<{
  /** null = delivered. */
  reason: FailureReason | null;
  count: number;
}>;

/** One reason among the failures of a domain. Shares are 0 to 1. */
export type ReasonFigures = Readonly<{
  reason: FailureReason;
  count: number;
  shareOfFailures: number;
  shareOfMessages: number;
}>;

/** What became of messages at one domain over some time (MON-2). Shares are 0 to 1; nothing of nothing is 0. */
export type DomainFigures = Readonly<{
  messages: number;
  delivered: number;
  failures: number;
  /** The error rate, which decides how fast a provider lets us send. */
  failureShare: number;
  invalid: number;
  /** Providers take who writes to many addresses that do not exist for a sender of spam (R15). */
  invalidShare: number;
  /** The most frequent first. */
  reasons: readonly ReasonFigures[];
}>;

/** The address cannot be reached, now or ever, because it is none: what a provider counts against the sender. */
export const INVALID_REASONS: readonly FailureReason[] = ['USER_UNKNOWN', 'INVALID_DOMAIN', 'ACCOUNT_DISABLED'];

/** The figures of one domain (MON-2, SUP-7). */
export function domainFigures(results: readonly CountedResult[]): DomainFigures {
  const total = (wanted: (reason: FailureReason | null) => boolean) =>
    results.reduce((sum, { reason, count }) => (wanted(reason) ? sum + count : sum), 0);
  const messages = total(() => true);
  const delivered = total((reason) => reason === null);
  const failures = messages - delivered;
  const invalid = total((reason) => reason !== null && INVALID_REASONS.includes(reason));
  const reasons = results
    .flatMap(({ reason, count }) =>
      reason === null || count === 0
        ? []
        : [{ reason, count, shareOfFailures: part(count, failures), shareOfMessages: part(count, messages) }],
    )
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  return {
    messages,
    delivered,
    failures,
    failureShare: part(failures, messages),
    invalid,
    invalidShare: part(invalid, messages),
    reasons,
  };
}

/** 0 to 1; nothing of nothing is 0. */
export function part(count: number, of: number): number {
  return of === 0 ? 0 : count / of;
}
