import { DAY_MS, type Settings } from '../settings/settings.ts';

/** What the cleanup job deletes: rows at or before these instants (spec 2.7, RET-1). Ledgers of addresses and of consent are never among them. */
export type RetentionCutoffs = Readonly<{
  /** Delivery logs by their last update, exclusion logs by their creation. */
  logsBefore: Date;
  /** Raw inbound events and messages by their receipt. */
  inboundEventsBefore: Date;
  auditBefore: Date;
  /** Alerts by when they were acknowledged: one that nobody has seen stays. */
  alertsBefore: Date;
  /** Incidents by when they were closed: an open one stays. */
  incidentsBefore: Date;
}>;

/** The cut-offs of one cleanup run; a row exactly that old goes, as with the purge of valid entries (`validPurgedBefore`). */
export function retentionCutoffs(settings: Settings, now: Date): RetentionCutoffs {
  const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MS);
  return {
    logsBefore: daysAgo(settings.deliveryLogRetention),
    inboundEventsBefore: daysAgo(settings.inboundEventRetention),
    auditBefore: daysAgo(settings.auditRetention),
    alertsBefore: daysAgo(settings.alertRetention),
    incidentsBefore: daysAgo(settings.incidentRetention),
  };
}
