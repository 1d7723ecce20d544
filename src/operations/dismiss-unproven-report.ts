import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { lockUnprovenState, setDismissed } from '../store/unproven-reports.ts';
import { NO_REPORT } from './count-unproven-report.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/**
 * Takes a report that was held for want of proof off the list (amendment A11): it never counts, through whichever door the message comes again.
 * One that has been dismissed stays so.
 *
 * @param id of what came in
 * @throws NotFoundError
 * @throws InvalidStateError where it was counted
 */
export async function dismissUnprovenReport(instance: Instance, id: bigint, actor: Actor): Promise<void> {
  await instance.database.transaction(async (tx) => {
    const state = await lockUnprovenState(tx, id);
    if (state === null) throw new NotFoundError(NO_REPORT);
    if (state === 'PROCESSED') throw new InvalidStateError('This report has been counted: what it did stands in the quarantine list.');
    if (state === 'DISMISSED') return;
    await setDismissed(tx, id);
    await recordAudit(tx, actor, 'report.dismiss', `UnprovenReport ${id}`, {}, instance.now());
  });
}
