import { sql } from '../store/database.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { findLeftPrivacyRequests, readPrivacyRequest, retryPrivacyRequest } from '../store/privacy-requests.ts';
import { startBackgroundWork } from './background-work.ts';
import { beginErasure, eraseSlice } from './erase-person.ts';
import { beginAccess, gatherSlice } from './gather-access.ts';
import type { Instance } from './instance.ts';

/** Another node may take a request over when its holder has not written a slice for this long. */
const LEASE_MS = 20_000;
/** A request that met a fault waits this long: what was wrong may pass. */
const RETRY_MS = 60_000;
const SLICE_SIZE = 1_000;

export const privacyName = (id: bigint): string => `privacy:${id}`;

export interface PrivacyRunOptions {
  /** Ends the work after the current slice; whoever comes next goes on. */
  readonly signal?: AbortSignal;
  readonly sliceSize?: number;
  /** Called after each slice has been committed. */
  readonly onSlice?: () => void;
}

/** Lets a request be worked at behind the answer. */
export function startPrivacyRequest(instance: Instance, id: bigint, options: PrivacyRunOptions = {}): void {
  startBackgroundWork(instance, privacyName(id), (signal) =>
    runPrivacyRequest(instance, id, { ...options, signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal }),
  );
}

/**
 * Works at a request, slice by slice, each one short transaction that also says how far it is. Killed anywhere it goes on where it was; done
 * twice, a slice changes nothing. A fault leaves the request as RETRY_PENDING with what was done, and it is tried again: an erasure that was
 * begun is never given up.
 */
export async function runPrivacyRequest(instance: Instance, id: bigint, options: PrivacyRunOptions = {}): Promise<void> {
  const { database, node } = instance;
  const name = privacyName(id);
  try {
    while (!options.signal?.aborted) {
      if (!(await takeLease(database, name, node, LEASE_MS))) return;
      if (await nextSlice(instance, id, options.sliceSize ?? SLICE_SIZE)) break;
      options.onSlice?.();
    }
    await releaseLease(database, name, node);
  } catch (error) {
    // The lease is kept: until it ends nobody tries again. What the database said may name the person, so it goes to the log alone.
    await retryPrivacyRequest(database, id, 'A fault stopped the work; it is tried again. The log of the server says more.').catch(
      () => undefined,
    );
    await takeLease(database, name, node, RETRY_MS).catch(() => undefined);
    throw error;
  }
}

/** @returns whether the request has ended */
async function nextSlice(instance: Instance, id: bigint, size: number): Promise<boolean> {
  const request = await readPrivacyRequest(instance.database, id);
  if (request === null) return true;
  const open = ['NEW', 'PROCESSING', 'DELETE_PENDING', 'DELETE_IN_PROGRESS', 'RETRY_PENDING'].includes(request.status);
  if (!open) return true;
  const isErasure = request.type === 'DELETE';
  if (request.work === null) return isErasure ? beginErasure(instance, request) : beginAccess(instance, request);
  return isErasure ? eraseSlice(instance, request, size) : gatherSlice(instance, request, size);
}

/**
 * Takes up requests that were under way in a process that has ended, and those that met a fault. Call at the start and every few seconds, on any
 * number of nodes: a lease keeps each with one.
 *
 * @returns how many were taken up
 */
export async function resumePrivacyRequests(instance: Instance): Promise<number> {
  const { database, node } = instance;
  // The embedded database has one process: what another one held, it holds no more.
  if (database.engine === 'embedded') {
    await database.execute(sql`UPDATE lease SET expires_at = clock_timestamp() WHERE holder <> ${node} AND name LIKE 'privacy:%'`);
  }
  const left = await findLeftPrivacyRequests(database);
  for (const id of left) startPrivacyRequest(instance, id);
  return left.length;
}
