/** The rows of incidents: what opens one, what keeps it open, how it ends. */

import type { ResultVolume } from '../domain/incident/decide-incident.ts';
import { indexIncidents, type OpenIncident, type OpenIncidents } from '../domain/incident/hold-quarantine.ts';
import type { Channel, FailureReason, IncidentEventKind, IncidentState, JobState } from '../domain/vocabulary.ts';
import { type Queryable, type Sql, sql } from './database.ts';
import { quarantinedThere } from './incident-hits.ts';

const OPEN_COLUMNS = sql`id, channel, domain, reason, hits_from AS "hitsFrom", closed_at AS "closedAt"`;

/** What was held is held for good, unless somebody has said that the failures were true. */
const HOLDS = sql`(state = 'OPEN' OR carry_state IS NULL)`;

/** Those that are open, and those that were closed after that instant: bounces of theirs may still be told. */
export async function readOpenIncidents(database: Queryable, closedAfter: Date): Promise<OpenIncidents> {
  return indexIncidents(
    await database.query<OpenIncident>(sql`
      SELECT ${OPEN_COLUMNS} FROM incident WHERE state = 'OPEN'
      UNION ALL
      SELECT ${OPEN_COLUMNS} FROM incident WHERE state = 'CLOSED' AND closed_at > ${closedAfter}::timestamptz AND ${HOLDS}`),
  );
}

/**
 * Those of them that hold quarantines back still, as they are now. Whoever carries out what one of them has held waits until the end of this
 * transaction (`waitForHolders`), so that its lines are in the ledger by then. Without candidates no statement.
 */
export async function keepIncidentsOpen(tx: Queryable, candidates: readonly OpenIncident[]): Promise<OpenIncidents> {
  if (candidates.length === 0) return new Map();
  return indexIncidents(
    await tx.query<OpenIncident>(sql`
      SELECT ${OPEN_COLUMNS} FROM incident WHERE id = ANY(${idList(candidates)}::bigint[]) AND ${HOLDS} ORDER BY id FOR KEY SHARE`),
  );
}

/** A kind of failure at a place whose share is high enough to be compared with its past. */
export interface Candidate {
  readonly channel: Channel;
  readonly domain: string;
  readonly reason: FailureReason;
  /** First slot of its window. */
  readonly since: number;
  readonly present: ResultVolume;
  readonly past: ResultVolume;
}

export interface CandidateSearch {
  /** First slot of the window, the slot of now, and the first slot of the past before the window. */
  readonly from: number;
  readonly now: number;
  readonly pastFrom: number;
  readonly reasons: readonly FailureReason[];
  readonly minimumMessages: number;
  readonly minimumShare: number;
  readonly limit: number;
}

interface CandidateRow extends Omit<Candidate, 'present' | 'past'> {
  readonly messages: number;
  readonly failures: number;
  readonly pastMessages: number;
  readonly pastFailures: number;
}

/**
 * Finds kinds of failures of which the window is full, without an open incident of their own. Where delivered messages are told late the window lies
 * that much further back (`settleSlots`), before slots that are not settled. What had happened when an incident of the kind was closed there is not
 * looked at again: it would open anew at once.
 */
export async function findCandidates(database: Queryable, search: CandidateSearch): Promise<Candidate[]> {
  const { from, now, pastFrom, reasons, minimumMessages, minimumShare, limit } = search;
  const found = await database.query<CandidateRow>(sql`
    WITH late AS MATERIALIZED (
      SELECT channel, domain, settle_slots AS settle FROM domain_delay WHERE settle_slots > 0
    ), recent AS MATERIALIZED (
      SELECT d.channel, d.domain, 0 AS settle, d.slot, d.result, d.amount FROM domain_result d
      WHERE d.slot >= ${from}::int AND NOT EXISTS (SELECT FROM late l WHERE l.channel = d.channel AND l.domain = d.domain)
      UNION ALL
      SELECT l.channel, l.domain, l.settle, d.slot, d.result, d.amount FROM late l CROSS JOIN LATERAL (
        SELECT r.slot, r.result, r.amount FROM domain_result r
        WHERE r.channel = l.channel AND r.domain = l.domain AND r.slot >= ${from}::int - l.settle AND r.slot < ${now}::int - l.settle OFFSET 0) AS d
    ), places AS (
      SELECT channel, domain, settle FROM recent GROUP BY channel, domain, settle HAVING sum(amount) >= ${minimumMessages}::int
    ), kinds AS (
      SELECT k.channel, k.domain, k.settle, k.result, GREATEST(${from}::int - k.settle, (
        SELECT max(ceil(extract(epoch FROM i.closed_at) / 600))::int FROM incident i
        WHERE i.state = 'CLOSED' AND i.channel = k.channel AND i.domain = k.domain AND i.reason::text = k.result)) AS since
      FROM (SELECT DISTINCT channel, domain, settle, result FROM recent JOIN places USING (channel, domain, settle) WHERE result = ANY(${reasons}::text[])) k
      WHERE NOT EXISTS (SELECT FROM incident i
        WHERE i.state = 'OPEN' AND i.channel = k.channel AND i.domain = k.domain AND i.reason::text = k.result)
    ), present AS (
      SELECT k.channel, k.domain, k.settle, k.result, k.since, sum(r.amount) AS messages, sum(r.amount) FILTER (WHERE r.result = k.result) AS failures
      FROM kinds k JOIN recent r ON r.channel = k.channel AND r.domain = k.domain AND r.slot >= k.since
      GROUP BY k.channel, k.domain, k.settle, k.result, k.since
      HAVING sum(r.amount) >= ${minimumMessages}::int
        AND sum(r.amount) FILTER (WHERE r.result = k.result)::float8 / sum(r.amount) >= ${minimumShare}::float8
      ORDER BY failures DESC LIMIT ${limit}::int
    )
    SELECT p.channel, p.domain, p.result AS reason, p.since, ${whole(sql`p.messages`)} AS messages, ${whole(sql`p.failures`)} AS failures,
      ${whole(sql`b.messages`)} AS "pastMessages", ${whole(sql`b.failures`)} AS "pastFailures"
    FROM present p CROSS JOIN LATERAL (
      SELECT sum(d.amount) AS messages, sum(d.amount) FILTER (WHERE d.result = p.result) AS failures FROM domain_result d
      WHERE d.channel = p.channel AND d.domain = p.domain AND d.slot >= ${pastFrom}::int AND d.slot < ${from}::int - p.settle
    ) AS b`);
  return found.map(({ messages, failures, pastMessages, pastFailures, ...kind }) => ({
    ...kind,
    present: { messages, failures },
    past: { messages: pastMessages, failures: pastFailures },
  }));
}

/** A sum as a number that the tables hold; none = 0. */
function whole(sum: Sql): Sql {
  return sql`LEAST(2147483647, COALESCE(${sum}, 0))::int`;
}

export interface NewIncident extends OpenPlace {
  readonly hitsFrom: Date;
  readonly baseline: { readonly messages: number; readonly share: number };
  readonly opening: { readonly messages: number; readonly share: number };
  readonly at: Date;
}

interface OpenPlace {
  readonly channel: Channel;
  readonly domain: string;
  readonly reason: FailureReason;
}

/** @returns the id; null where one is open there already */
export async function insertIncident(tx: Queryable, incident: NewIncident): Promise<bigint | null> {
  const { channel, domain, reason, hitsFrom, baseline, opening, at } = incident;
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO incident (channel, domain, reason, opened_at, hits_from, baseline_messages, baseline_share, opening_messages, opening_share,
      current_messages, current_share, refreshed_at)
    VALUES (${channel}::"Channel", ${domain}, ${reason}::"FailureReason", ${at}::timestamptz, ${hitsFrom}::timestamptz, ${baseline.messages}::int,
      ${baseline.share}::float8, ${opening.messages}::int, ${opening.share}::float8, ${opening.messages}::int, ${opening.share}::float8,
      ${at}::timestamptz)
    ON CONFLICT (channel, domain, reason) WHERE state = 'OPEN' DO NOTHING RETURNING id`);
  if (row === undefined) return null;
  await tx.execute(sql`
    UPDATE incident i SET quarantined = (SELECT count(*)::int FROM quarantine_event e WHERE ${quarantinedThere(sql`e`, sql`i`)}) WHERE id = ${row.id}`);
  return row.id;
}

/** Appends to the ledger of incidents, with the figures as they are now. */
export async function tellIncidents(
  tx: Queryable,
  ids: readonly bigint[],
  kind: IncidentEventKind,
  actor: string | null,
  at: Date,
): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(sql`
    WITH told AS (UPDATE incident SET told_held = held WHERE id = ANY(${idList(ids.map((id) => ({ id })))}::bigint[]) RETURNING *)
    INSERT INTO incident_event (incident_id, kind, channel, domain, reason, state, share, quarantined, held, actor, occurred_at)
    SELECT id, ${kind}::"IncidentEventKind", channel, domain, reason, state, current_share, quarantined, held, ${actor}::text, ${at}::timestamptz
    FROM told ORDER BY id`);
}

/** Results at the place of an incident `i` from a slot on: those of its kind among them. Where they are told late, so much further back. */
function volumeSince(from: number, now: number): Sql {
  return sql`
        SELECT ${whole(sql`sum(d.amount)`)} AS messages, ${whole(sql`sum(d.amount) FILTER (WHERE d.result = i.reason::text)`)} AS failures
        FROM (SELECT COALESCE((SELECT settle_slots FROM domain_delay WHERE channel = i.channel AND domain = i.domain), 0) AS slots) AS settle
        JOIN domain_result d ON d.channel = i.channel AND d.domain = i.domain AND d.slot >= ${from}::int - settle.slots
          AND (settle.slots = 0 OR d.slot < ${now}::int - settle.slots)`;
}

/** An open incident that may be over. */
export interface WaitingIncident {
  readonly id: bigint;
  readonly baselineShare: number;
  readonly waited: ResultVolume;
  readonly present: ResultVolume;
}

/** Incidents that were opened before that instant and are open still, with the results since a slot and in the window. */
export async function readWaiting(
  database: Queryable,
  { openedBefore, since, from, now }: { openedBefore: Date; since: number; from: number; now: number },
): Promise<WaitingIncident[]> {
  interface Row extends Omit<WaitingIncident, 'waited' | 'present'> {
    readonly messages: number;
    readonly failures: number;
    readonly nowMessages: number;
    readonly nowFailures: number;
  }
  const found = await database.query<Row>(sql`
    SELECT i.id, i.baseline_share AS "baselineShare", w.messages, w.failures, p.messages AS "nowMessages", p.failures AS "nowFailures"
    FROM incident i CROSS JOIN LATERAL (${volumeSince(since, now)}) AS w CROSS JOIN LATERAL (${volumeSince(from, now)}) AS p
    WHERE i.state = 'OPEN' AND i.opened_at <= ${openedBefore}::timestamptz ORDER BY i.id`);
  return found.map(({ id, baselineShare, messages, failures, nowMessages, nowFailures }) => ({
    id,
    baselineShare,
    waited: { messages, failures },
    present: { messages: nowMessages, failures: nowFailures },
  }));
}

/**
 * Brings the figures of open incidents up to date.
 *
 * @param from first slot of the window
 * @param now the slot of now
 * @param dueBefore those that were refreshed later than this are left for the next time
 * @returns the ids of those that have changed
 */
export async function refreshIncidents(
  tx: Queryable,
  { from, now }: { from: number; now: number },
  dueBefore: Date,
  at: Date,
): Promise<bigint[]> {
  const changed = await tx.query<{ id: bigint }>(sql`
    WITH figures AS (
      SELECT i.id, w.messages, COALESCE(w.failures::float8 / NULLIF(w.messages, 0), 0) AS share, q.quarantined
      FROM incident i
      CROSS JOIN LATERAL (${volumeSince(from, now)}) AS w
      CROSS JOIN LATERAL (SELECT count(*)::int AS quarantined FROM quarantine_event e WHERE ${quarantinedThere(sql`e`, sql`i`)}) AS q
      WHERE i.state = 'OPEN' AND i.refreshed_at <= ${dueBefore}::timestamptz
    )
    UPDATE incident i SET current_messages = f.messages, current_share = f.share, quarantined = f.quarantined, refreshed_at = ${at}::timestamptz
    FROM figures f
    WHERE i.id = f.id AND i.state = 'OPEN' AND ((i.current_messages, i.current_share, i.quarantined) IS DISTINCT FROM (f.messages, f.share, f.quarantined)
      OR i.held <> i.told_held)
    RETURNING i.id`);
  return changed.map(({ id }) => id);
}

export interface StoredIncident extends OpenIncident {
  readonly state: IncidentState;
  readonly closedBy: string | null;
  /** Who asked for what was held to be carried out. */
  readonly carryActor: string | null;
  readonly carryState: JobState | null;
  readonly carryPosition: bigint;
}

const COLUMNS = sql`${OPEN_COLUMNS}, state, closed_by AS "closedBy", carry_actor AS "carryActor", carry_state AS "carryState",
  carry_position AS "carryPosition"`;

export async function readIncident(database: Queryable, id: bigint): Promise<StoredIncident | null> {
  const [row] = await database.query<StoredIncident>(sql`SELECT ${COLUMNS} FROM incident WHERE id = ${id}`);
  return row ?? null;
}

/** Waits for the batches that hold quarantines for a closed incident: new ones do not come. */
export async function waitForHolders(database: Queryable, id: bigint): Promise<void> {
  await database.query(sql`SELECT FROM incident WHERE id = ${id} FOR UPDATE`);
}

/** Until the end of the transaction; after the locks of the addresses. Waits for no batch. */
export async function lockIncident(tx: Queryable, id: bigint): Promise<StoredIncident | null> {
  const [row] = await tx.query<StoredIncident>(sql`SELECT ${COLUMNS} FROM incident WHERE id = ${id} FOR NO KEY UPDATE`);
  return row ?? null;
}

export async function setClosed(tx: Queryable, id: bigint, by: string, at: Date): Promise<void> {
  await tx.execute(sql`UPDATE incident SET state = 'CLOSED', closed_at = ${at}::timestamptz, closed_by = ${by} WHERE id = ${id}`);
}

/** One that met a fault keeps its place. */
export async function beginCarryOut(tx: Queryable, id: bigint, actor: string): Promise<void> {
  await tx.execute(sql`UPDATE incident SET carry_state = 'RUNNING', carry_actor = ${actor} WHERE id = ${id}`);
}

/** How far the carrying out is after a slice: in the transaction that writes the slice. */
export async function advanceCarryOut(
  tx: Queryable,
  id: bigint,
  by: { position: bigint; carriedOut: number; ended: boolean },
): Promise<void> {
  await tx.execute(sql`
    UPDATE incident SET carry_position = ${by.position}, carried_out = carried_out + ${by.carriedOut}::int,
      carry_state = ${by.ended ? 'DONE' : 'RUNNING'}::"JobState"
    WHERE id = ${id}`);
}

/** What was carried out stays; what is left can be released or edited as ever. */
export async function setCarryOutFailed(database: Queryable, id: bigint): Promise<void> {
  await database.execute(sql`UPDATE incident SET carry_state = 'FAILED' WHERE id = ${id} AND carry_state = 'RUNNING'`);
}

export async function findLeftCarryOuts(database: Queryable): Promise<bigint[]> {
  const found = await database.query<{ id: bigint }>(sql`
    SELECT i.id FROM incident i LEFT JOIN lease ON lease.name = 'carry-out:' || i.id
    WHERE i.carry_state = 'RUNNING' AND (lease.name IS NULL OR lease.expires_at <= clock_timestamp()) ORDER BY i.id`);
  return found.map(({ id }) => id);
}

function idList(rows: readonly { readonly id: bigint }[]): string {
  return `{${rows.map(({ id }) => id).join(',')}}`;
}
