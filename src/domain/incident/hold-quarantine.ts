import { countAfter } from '../quarantine/decide-quarantine.ts';
import type { QuarantineChange, QuarantinePolicy, QuarantineState } from '../quarantine/quarantine-state.ts';
import type { Channel, DeliveryOutcome, FailureReason } from '../vocabulary.ts';

/** An incident that is under way: where, of what kind, and since when. */
export type OpenIncident = Readonly<{
  id: bigint;
  channel: Channel;
  domain: string;
  reason: FailureReason;
  /** Begin of the window in which the jump was seen. */
  hitsFrom: Date;
}>;

export type OpenIncidents = ReadonlyMap<string, OpenIncident>;

/** What a failure is of, as far as an incident is concerned. */
export type FailurePlace = Readonly<{ channel: Channel; domain: string | null; occurredAt: Date }>;

/** By place and reason, of which there is one open at a time. */
export function indexIncidents(incidents: Iterable<OpenIncident>): OpenIncidents {
  return new Map([...incidents].map((incident) => [nameOf(incident.channel, incident.domain, incident.reason), incident]));
}

/** Those of places at which one of these results failed. */
export function concerned(
  incidents: OpenIncidents,
  results: readonly (FailurePlace & { readonly outcome: DeliveryOutcome })[],
): OpenIncident[] {
  if (incidents.size === 0) return [];
  const places = new Set(results.flatMap(({ outcome, channel, domain }) => (outcome === 'FAILED' ? [`${channel} ${domain}`] : [])));
  return [...incidents.values()].filter(({ channel, domain }) => places.has(`${channel} ${domain}`));
}

/**
 * The incident that holds a quarantine back; null = it takes place. What failed before the jump is none of the incident and is quarantined as
 * ever, also where it is told late.
 */
export function holdingIncident(incidents: OpenIncidents, change: QuarantineChange, place: FailurePlace): OpenIncident | null {
  if (!change.newlyQuarantined || change.next.reason === null || place.domain === null) return null;
  const incident = incidents.get(nameOf(place.channel, place.domain, change.next.reason));
  return incident !== undefined && place.occurredAt.getTime() >= incident.hitsFrom.getTime() ? incident : null;
}

/**
 * A quarantine as it is while an incident holds it back: ERRONEOUS, with the reason, text and dates that the failure gave it. The address can be
 * written to, a success clears it, and the clock releases it like any other.
 *
 * It counts as a soft error does (QTN-3, QTN-6): the messages of one morning that a provider turned away would else fill the counter, and the first
 * soft error after the incident would quarantine a good address.
 */
export function holdQuarantine(entry: QuarantineState | null, change: QuarantineChange, policy: QuarantinePolicy): QuarantineChange {
  const { next } = change;
  const statusUpdatedAt = entry?.status === 'ERRONEOUS' ? entry.statusUpdatedAt : next.statusUpdatedAt;
  const held: QuarantineState = { ...next, ...counted(entry, next, policy), status: 'ERRONEOUS', softCaused: false, statusUpdatedAt };
  return { changed: true, newlyQuarantined: false, next: held };
}

type Counter = Pick<QuarantineState, 'errorCount' | 'lastSignificantErrorAt'>;

/** A failure that is told late counts nothing, and one without an entry is the first. */
function counted(entry: QuarantineState | null, next: QuarantineState, policy: QuarantinePolicy): Counter {
  const { lastSignificantErrorAt } = next;
  if (entry === null || lastSignificantErrorAt === null || next.errorCount === entry.errorCount)
    return { errorCount: next.errorCount, lastSignificantErrorAt };
  const errorCount = countAfter(entry, lastSignificantErrorAt, policy);
  const { errorCount: before, lastSignificantErrorAt: countedAt } = entry;
  return errorCount === null ? { errorCount: before, lastSignificantErrorAt: countedAt } : { errorCount, lastSignificantErrorAt };
}

function nameOf(channel: Channel, domain: string, reason: FailureReason): string {
  return `${channel} ${reason} ${domain}`;
}
