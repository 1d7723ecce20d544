import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { readUnprovenMessage, readUnprovenState } from '../store/unproven-reports.ts';
import type { Door } from './feedback-item.ts';
import { takeInMessage } from './ingest-message.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export const NO_REPORT = 'There is no such report: none was held, or it is no longer kept.';

/**
 * Lets a report count that was held for want of proof (amendment A11): a person vouches for it. What was held of it counts as it would have when
 * it came, by the rules of now; repeats of the message change nothing from then on. One that has been counted stays so.
 *
 * @param id of what came in
 * @throws NotFoundError
 * @throws InvalidStateError where it was dismissed, or named somebody who was erased since
 */
export async function countUnprovenReport(instance: Instance, id: bigint, actor: Actor): Promise<void> {
  const report = await readUnprovenMessage(instance.database, id);
  if (report === null) throw new NotFoundError(NO_REPORT);
  if (report.state === 'DISMISSED') throw new InvalidStateError(DISMISSED);
  if (report.state === 'PROCESSED') return;
  if (report.raw.length === 0) {
    throw new InvalidStateError('What this report says was erased together with a person: it can only be dismissed.');
  }
  const door: Door = { name: 'unproven reports', authenticated: true, actor };
  await takeInMessage(instance, report.raw, door, {
    receivedAt: report.receivedAt,
    counted: (tx) => recordAudit(tx, actor, 'report.count', `UnprovenReport ${id}`, {}, instance.now()),
  });
  // Somebody may have dismissed it meanwhile, and a version of ours that reads it otherwise may find nothing to count.
  const state = await readUnprovenState(instance.database, id);
  if (state === 'DISMISSED') throw new InvalidStateError(DISMISSED);
  if (state === 'UNPROVEN') throw new InvalidStateError('As it is read now, nothing of this report would count: it can only be dismissed.');
}

const DISMISSED = 'This report has been dismissed: it does not count.';
