import { cutControlGroup, cutSurplus, findLimitCut, type LimitCut } from '../store/cut-target.ts';
import type { Queryable } from '../store/database.ts';
import { awaitErasures } from '../store/erased-keys.ts';
import { addVolumes, type RuleVolume } from '../store/exclusion-rules-sql.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import {
  advanceRun,
  endRun,
  lockDelivery,
  lockRunningPreparation,
  moveToExcluded,
  type RunningPreparation,
  setDeliveryState,
} from '../store/preparation-run.ts';
import { prepareSlice, sliceEnd } from '../store/prepare-slice.ts';
import type { KeyPads } from '../store/profile-key-sql.ts';
import { PREPARING } from './delivery-states.ts';
import type { Instance } from './instance.ts';

/** Another node may take the preparation over when its holder has not written a slice for this long. */
export const PREPARATION_LEASE_MS = 20_000;

export const preparationName = (deliveryId: bigint): string => `preparation:${deliveryId}`;

/** Profiles in one transaction: well under half a second on a small server; the embedded database is slower, and has one connection for all. */
const SLICE_SIZE = { server: 20_000, embedded: 5_000 } as const;

export interface PreparationOptions {
  /** Ends the work after the current slice; whoever comes next goes on. */
  readonly signal?: AbortSignal;
  readonly sliceSize?: number;
  /** Called after each slice has been committed. */
  readonly onSlice?: () => void;
}

/** What one transaction has done. GONE = nothing was left to do: stopped, done by another node, or followed by another run. */
type Progress = 'SLICE' | 'DONE' | 'GONE';

/** What the loop remembers between two slices: may be lost with the process, it is found again. */
interface Work {
  readonly instance: Instance;
  readonly deliveryId: bigint;
  readonly size: number;
  /** The run that the rest speaks of: another one may begin while this loop is at work. */
  run: number;
  part: CutPart;
  /** Last message that this part of the cut has looked at. */
  after: bigint;
  cut: LimitCut | null;
}

/** What can only be decided when the whole target is known: first the surplus beyond the size limit goes, then the control group. */
type CutPart = 'SURPLUS' | 'CONTROL';

/**
 * Does the work of a preparation that was begun: slice by slice, each one short transaction that writes the slice's rows and moves the run's
 * position and counts. A kill anywhere loses no recipient and doubles none; two nodes at the same run wait for each other's slices.
 *
 * Any fault ends in PREPARATION_ERROR with the reason in the run: what cannot be decided is not sent (fail closed).
 */
export async function runPreparation(instance: Instance, deliveryId: bigint, options: PreparationOptions = {}): Promise<void> {
  const { database, node } = instance;
  const name = preparationName(deliveryId);
  const work: Work = {
    instance,
    deliveryId,
    size: options.sliceSize ?? SLICE_SIZE[database.engine],
    run: 0,
    part: 'SURPLUS',
    after: 0n,
    cut: null,
  };
  let renewAt = 0;
  try {
    while (!options.signal?.aborted) {
      if (performance.now() >= renewAt) {
        if (!(await takeLease(database, name, node, PREPARATION_LEASE_MS))) return;
        renewAt = performance.now() + PREPARATION_LEASE_MS / 4;
      }
      const progress = await nextSlice(work);
      database.hints.notify('EXCLUSION_LOG');
      if (progress !== 'SLICE') break;
      options.onSlice?.();
    }
  } catch (error) {
    await failPreparation(instance, deliveryId, error);
    throw error;
  } finally {
    await releaseLease(database, name, node);
  }
}

async function nextSlice(work: Work): Promise<Progress> {
  const { instance } = work;
  const pads = (await instance.addressBook()).sqlPads;
  const selected = await instance.database.transaction((tx) => selectSlice(tx, work, pads));
  return typeof selected === 'string' ? selected : cutSlice(work, selected);
}

/** Decides the next profiles. Where none is left: ends the run, or tells of the run whose target is yet to be cut. */
async function selectSlice(tx: Queryable, { instance, deliveryId, size }: Work, pads: KeyPads): Promise<Progress | RunningPreparation> {
  const at = instance.now();
  await awaitErasures(tx);
  const running = await lockRunningPreparation(tx, deliveryId);
  if (running === null) return 'GONE';
  const upTo = await sliceEnd(tx, running, { after: running.position, last: running.lastProfileId, size });
  if (upTo === null) return running.limitTo > 0 ? running : finish(tx, running, at);
  if (running.deliveryState !== 'TARGET_SELECTION') await setDeliveryState(tx, deliveryId, 'TARGET_SELECTION', at);
  const volumes = await prepareSlice(tx, { delivery: running, after: running.position, upTo, pads, at });
  await recordVolumes(tx, running, upTo, volumes);
  return 'SLICE';
}

async function recordVolumes(tx: Queryable, running: RunningPreparation, position: bigint, volumes: readonly RuleVolume[]): Promise<void> {
  const sum = (some: readonly RuleVolume[]) => some.reduce((total, { volume }) => total + volume, 0);
  const excluded = volumes.filter(({ rule }) => rule !== null);
  await addVolumes(tx, running.deliveryId, running.run, excluded);
  await advanceRun(tx, running, { position, excluded: sum(excluded), remaining: sum(volumes) - sum(excluded) });
}

const partOf = ({ toDeliver, limitTo }: RunningPreparation): CutPart => (toDeliver > limitTo ? 'SURPLUS' : 'CONTROL');

/** One piece of the cut. Each part begins anew after a crash and finds what is left of it. */
async function cutSlice(work: Work, seen: RunningPreparation): Promise<Progress> {
  const { database } = work.instance;
  const part = partOf(seen);
  if (seen.run !== work.run) Object.assign(work, { run: seen.run, part, after: 0n, cut: null });
  if (part !== work.part) Object.assign(work, { part, after: 0n });
  // In a transaction of its own, which writes nothing and so has no place in the order of the feed to hold up.
  if (part === 'SURPLUS') work.cut ??= await database.transaction((tx) => findLimitCut(tx, seen));
  const done = await database.transaction((tx) => cutPiece(tx, work));
  if (typeof done === 'string') return done;
  work.after = done;
  return 'SLICE';
}

/** @returns the last message looked at */
async function cutPiece(tx: Queryable, { instance, deliveryId, size, run, part, after, cut }: Work): Promise<Progress | bigint> {
  const at = instance.now();
  await awaitErasures(tx);
  const running = await lockRunningPreparation(tx, deliveryId);
  if (running === null) return 'GONE';
  if (running.run !== run || partOf(running) !== part) return 'SLICE';
  if (part === 'CONTROL' && running.controlGroupPercent === 0) return finish(tx, running, at);
  if (running.deliveryState !== 'TARGET_ARBITRATION') await setDeliveryState(tx, deliveryId, 'TARGET_ARBITRATION', at);
  const piece = { delivery: running, after, size, at };
  const { last, volumes } = part === 'SURPLUS' && cut !== null ? await cutSurplus(tx, piece, cut) : await cutControlGroup(tx, piece);
  if (last === null && part === 'CONTROL') return finish(tx, running, at);
  if (last === null) throw new Error('the size limit is exceeded, but no message stands behind the cut');
  await addVolumes(tx, deliveryId, running.run, volumes);
  await moveToExcluded(tx, running, volumes[0]?.volume ?? 0);
  return last;
}

async function finish(tx: Queryable, running: RunningPreparation, at: Date): Promise<Progress> {
  await endRun(tx, running, { state: 'DONE', error: null, at });
  await setDeliveryState(tx, running.deliveryId, 'READY', at);
  return 'DONE';
}

/** Where even this cannot be written, the run stays as it is and is taken up again. */
async function failPreparation(instance: Instance, deliveryId: bigint, error: unknown): Promise<void> {
  const at = instance.now();
  const reason = error instanceof Error ? error.message : String(error);
  await instance.database.transaction(async (tx) => {
    const delivery = await lockDelivery(tx, deliveryId);
    if (delivery === null || !PREPARING.includes(delivery.state)) return;
    const failed = await endRun(tx, { deliveryId, run: delivery.run }, { state: 'FAILED', error: reason.slice(0, 1000), at });
    if (failed) await setDeliveryState(tx, deliveryId, 'PREPARATION_ERROR', at);
  });
}
