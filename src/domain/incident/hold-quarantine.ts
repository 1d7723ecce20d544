import { countAfter } from '../quarantine/decide-quarantine.ts';
import type { QuarantineChange, QuarantinePolicy, QuarantineState } from '../quarantine/quarantine-state.ts';
import type { Channel, DeliveryOutcome, FailureReason } from '../vocabulary.ts';

/** An incident that is under way, or was a short while ago: where, of what kind, since when and until when. */
export type OpenIncident = Readonly<{
  id: bigint;
  channel: Channel;
  domain: string;
  reason: FailureReason;
  /** Begin of the window in which the jump was seen. */
  hitsFrom: Date;
  /** When it was closed; null = it is open. */
  closedAt: Date | null;
}>;

/** By place and reason: the open one, of which there is one at a time, and those that were closed lately. */
export type OpenIncidents = ReadonlyMap<string, readonly OpenIncident[]>;

/** What a failure is of, as far as an incident is concerned. */
export type FailurePlace = Readonly<{ channel: Channel; domain: string | null; occurredAt: Date }>;

export function indexIncidents(incidents: Iterable<OpenIncident>): OpenIncidents {
  const index = new Map<string, OpenIncident[]>();
  for (const incident of incidents) {
    const name = nameOf(incident.channel, incident.domain, incident.reason);
    const others = index.get(name);
    if (others) others.push(incident);
    else index.set(name, [incident]);
  }
  return index;
}

/** How many are open. */
export function countOpen(incidents: OpenIncidents): number {
  return [...incidents.values()].flat().filter(({ closedAt }) => closedAt === null).length;
}

/** Those of places at which one of these results failed. */
export function concerned(
  incidents: OpenIncidents,
  results: readonly (FailurePlace & { readonly outcome: DeliveryOutcome })[],
): OpenIncident[] {
  if (incidents.size === 0) return [];
  const places = new Set(results.flatMap(({ outcome, channel, domain }) => (outcome === 'FAILED' ? [`${channel} ${domain}`] : [])));
  return [...incidents.values()].flat().filter(({ channel, domain }) => places.has(`${channel} ${domain}`));
}

/**
 * The incident that holds a quarantine back; null = it takes place. What failed before the jump is none of the incident and is quarantined as
 * ever, also where it is told late; what failed while it lasted is held back also where it is told after its end.
 */
export function holdingIncident(incidents: OpenIncidents, change: QuarantineChange, place: FailurePlace): OpenIncident | null {
  if (!change.newlyQuarantined || change.next.reason === null || place.domain === null) return null;
  const there = incidents.get(nameOf(place.channel, place.domain, change.next.reason)) ?? [];
  return there.find((incident) => lasted(incident, place.occurredAt)) ?? null;
}

function lasted({ hitsFrom, closedAt }: OpenIncident, at: Date): boolean {
  return at.getTime() >= hitsFrom.getTime() && (closedAt === null || at.getTime() < closedAt.getTime());
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
