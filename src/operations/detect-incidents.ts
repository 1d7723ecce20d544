import { decideIncident, INCIDENT_REASONS, type IncidentPolicy, isOver, shareOf } from '../domain/incident/decide-incident.ts';
import { incidentPolicy } from '../domain/settings/settings.ts';
import { dayOfSlot, slotFrom, slotOf, startOfSlot } from '../domain/statistics/result-slot.ts';
import { type Candidate, findCandidates, insertIncident, readWaiting, refreshIncidents, tellIncidents } from '../store/incidents.ts';
import { takeLease } from '../store/lease.ts';
import { bumpRevision } from '../store/revision.ts';
import { endIncident } from './close-incident.ts';
import type { Instance } from './instance.ts';

const LEASE = 'detect-incidents';
/** Closes incidents that are over. */
export const INCIDENT_ACTOR = 'incidents';
const LEASE_MS = 20_000;
/** Looked at in one run, those with the most failures first; the next run is seconds away. */
const MOST_CANDIDATES = 1_000;
/** The figures of an open incident are told again after this time at the earliest. */
const REFRESH_MS = 15_000;

/**
 * Opens an incident wherever the share of one kind of failure at a receiving domain has jumped against the domain's own past (issue 5.4,
 * `decideIncident`), keeps the figures of open ones, and closes those that are over (`isOver`), which releases nothing. To be called every few seconds on
 * every node: one at a time does the work, held by a lease.
 *
 * Reads the roll-up, which the folding of counters keeps, and so sees what was committed a second ago. All nodes hold quarantines for a new incident
 * within half a second more; what batches quarantine until then belongs to it too (store/incident-hits.ts).
 *
 * @returns the ids of those that were opened
 */
export async function detectIncidents(instance: Instance): Promise<bigint[]> {
  const { database, node } = instance;
  if (!(await takeLease(database, LEASE, node, LEASE_MS))) return [];
  const policy = incidentPolicy(await instance.settings());
  const at = instance.now();
  const opened: bigint[] = [];
  for (const jump of await findJumps(instance, policy, at)) {
    const id = await open(instance, jump, at);
    if (id !== null) opened.push(id);
  }
  await refresh(instance, policy, at);
  await closeOver(instance, policy, at);
  for (const id of opened) instance.log.warn({ incident: id.toString() }, 'an incident was opened: see the query incidents');
  return opened;
}

async function findJumps({ database }: Instance, policy: IncidentPolicy, at: Date): Promise<Candidate[]> {
  if (!policy.enabled) return [];
  const { minimumMessages, minimumShare } = policy;
  const { from, now } = windowOf(policy, at);
  const pastFrom = dayOfSlot(slotOf(new Date(startOfSlot(from).getTime() - policy.baselineMs)));
  const found = await findCandidates(database, {
    from,
    now,
    pastFrom,
    reasons: INCIDENT_REASONS,
    minimumMessages,
    minimumShare,
    limit: MOST_CANDIDATES,
  });
  return found.filter(({ reason, present, past }) => decideIncident(reason, present, past, policy) === 'OPEN');
}

/** The slots that the time of the window touches. */
function windowOf({ windowMs }: IncidentPolicy, at: Date): { from: number; now: number } {
  return { from: slotOf(new Date(at.getTime() - windowMs)), now: slotOf(at) };
}

async function open(
  { database }: Instance,
  { channel, domain, reason, since, present, past }: Candidate,
  at: Date,
): Promise<bigint | null> {
  const baseline = { messages: past.messages, share: shareOf(past) };
  const opening = { messages: present.messages, share: shareOf(present) };
  const id = await database.transaction(async (tx) => {
    const incident = await insertIncident(tx, { channel, domain, reason, hitsFrom: startOfSlot(since), baseline, opening, at });
    if (incident === null) return null;
    await tellIncidents(tx, [incident], 'OPENED', null, at);
    await bumpRevision(tx, 'incidents');
    return incident;
  });
  if (id !== null) database.hints.notify('INCIDENT');
  return id;
}

async function refresh({ database }: Instance, policy: IncidentPolicy, at: Date): Promise<void> {
  const dueBefore = new Date(at.getTime() - REFRESH_MS);
  const changed = await database.transaction(async (tx) => {
    const ids = await refreshIncidents(tx, windowOf(policy, at), dueBefore, at);
    await tellIncidents(tx, ids, 'CHANGED', null, at);
    return ids;
  });
  if (changed.length > 0) database.hints.notify('INCIDENT');
}

async function closeOver(instance: Instance, policy: IncidentPolicy, at: Date): Promise<void> {
  if (policy.closeAfterMs === 0) return;
  const openedBefore = new Date(at.getTime() - policy.closeAfterMs);
  // Slots that lie in that time from end to end.
  const since = slotFrom(openedBefore);
  const waiting = await readWaiting(instance.database, { openedBefore, since, ...windowOf(policy, at) });
  for (const { id, baselineShare, waited, present } of waiting) {
    if (!isOver(baselineShare, waited, present, policy)) continue;
    const ended = await instance.database.transaction((tx) => endIncident(tx, id, INCIDENT_ACTOR, at));
    if (!ended) continue;
    instance.database.hints.notify('INCIDENT');
    instance.log.info({ incident: id.toString() }, 'an incident closed by itself: its share is back to normal');
  }
}
