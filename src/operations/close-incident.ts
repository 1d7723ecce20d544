import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import type { Queryable } from '../store/database.ts';
import { lockAddresses } from '../store/feedback-reads.ts';
import { carryOutSlice, findHeldLines } from '../store/incident-hits.ts';
import {
  advanceCarryOut,
  beginCarryOut,
  findLeftCarryOuts,
  lockIncident,
  readIncident,
  type StoredIncident,
  setCarryOutFailed,
  setClosed,
  tellIncidents,
  waitForHolders,
} from '../store/incidents.ts';
import { takeLease } from '../store/lease.ts';
import { bumpRevision } from '../store/revision.ts';
import { startBackgroundWork } from './background-work.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { dropLeftLeases, runSlices, SLICE_LEASE_MS, type SlicedWork, type SliceOptions, startSlices } from './run-slices.ts';

export interface CloseIncidentInput {
  readonly id: bigint;
  /** The failures were true: carry out the quarantines that were held back. */
  readonly quarantineHeld: boolean;
}

export const carryOutName = (id: bigint): string => `carry-out:${id}`;

/**
 * Ends an incident (issue 5.4): failures of its kind that happen from now on quarantine at its place as everywhere. Every batch asks in its own transaction,
 * so no node goes on holding that has not heard of it. What happened before and is told later is held back still, unless the failures were true.
 *
 * What was held back stays ERRONEOUS and goes by the counter and the clock, or is quarantined now: in slices that survive a restart, except for
 * addresses that a success, a release or a person has cleared since. That may also be asked for later, and again where it met a fault.
 *
 * @throws NotFoundError, InvalidStateError where it is closed already and there is nothing left to carry out
 */
export async function closeIncident(
  instance: Instance,
  { id, quarantineHeld }: CloseIncidentInput,
  actor: Actor,
  options: SliceOptions = {},
): Promise<void> {
  const { database } = instance;
  const at = instance.now();
  await database.transaction(async (tx) => {
    const incident = await lockIncident(tx, id);
    if (incident === null) throw new NotFoundError('There is no incident with this id.');
    const refusal = refusedClose(incident, quarantineHeld);
    if (refusal !== null) throw new InvalidStateError(refusal);
    if (incident.state === 'OPEN') await endIncident(tx, id, actor.name, at);
    if (quarantineHeld) {
      await beginCarryOut(tx, id, actor.name);
      await takeLease(tx, carryOutName(id), instance.node, SLICE_LEASE_MS);
    }
    await recordAudit(tx, actor, 'incident.close', `Incident ${id}`, { quarantineHeld }, at);
    await bumpRevision(tx, 'incidents');
  });
  database.hints.notify('INCIDENT');
  if (quarantineHeld) await startSlices(instance, carryOutOf(instance, id), options);
}

/** The end itself: releases nothing and carries nothing out. @returns false where it had ended already */
export async function endIncident(tx: Queryable, id: bigint, by: string, at: Date): Promise<boolean> {
  const incident = await lockIncident(tx, id);
  if (incident?.state !== 'OPEN') return false;
  await setClosed(tx, id, by, at);
  await tellIncidents(tx, [id], 'CLOSED', by, at);
  await bumpRevision(tx, 'incidents');
  return true;
}

function refusedClose({ state, closedAt, closedBy, carryState }: StoredIncident, quarantineHeld: boolean): string | null {
  if (state === 'OPEN') return null;
  if (quarantineHeld && (carryState === null || carryState === 'FAILED')) return null;
  return `This incident was closed at ${closedAt?.toISOString()} by ${closedBy}${carryState === null ? '' : ', and what it held is quarantined'}.`;
}

/**
 * Takes up the carrying out of closed incidents that was under way in a process that has ended. Call at the start and every few seconds, on any
 * number of nodes.
 *
 * @returns how many were taken up
 */
export async function resumeCarryOuts(instance: Instance): Promise<number> {
  await dropLeftLeases(instance, 'carry-out:');
  const left = await findLeftCarryOuts(instance.database);
  for (const id of left) {
    startBackgroundWork(instance, carryOutName(id), async (signal) => {
      await runSlices(instance, carryOutOf(instance, id), { signal });
    });
  }
  return left.length;
}

function carryOutOf(instance: Instance, id: bigint): SlicedWork {
  return {
    name: carryOutName(id),
    slice: (size) => carryOut(instance, id, size),
    fail: () => setCarryOutFailed(instance.database, id),
  };
}

/** Quarantines the next addresses. @returns whether that was the last slice */
async function carryOut(instance: Instance, id: bigint, size: number): Promise<boolean> {
  const { database } = instance;
  const seen = await readIncident(database, id);
  if (seen?.carryState !== 'RUNNING' || seen.carryActor === null) return true;
  const actor = seen.carryActor;
  // Before the lines are read: a batch that was under way when the incident was closed has yet to write its own.
  await waitForHolders(database, id);
  const lines = await findHeldLines(database, id, seen.carryPosition, size);
  const upTo = lines.at(-1)?.id ?? seen.carryPosition;
  const ended = lines.length < size;
  const at = instance.now();
  const last = await database.transaction(async (tx) => {
    await lockAddresses(
      tx,
      lines.map(({ addressKey }) => addressKey),
    );
    const now = await lockIncident(tx, id);
    if (now?.carryState !== 'RUNNING' || now.carryPosition !== seen.carryPosition) return false;
    const slice = { incidentId: id, after: seen.carryPosition, upTo, actor, at };
    const carriedOut = lines.length === 0 ? 0 : await carryOutSlice(tx, slice);
    await advanceCarryOut(tx, id, { position: upTo, carriedOut, ended });
    return ended;
  });
  if (lines.length > 0) database.hints.notify('QUARANTINE');
  return last;
}
