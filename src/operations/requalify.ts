/**
 * Today's rules on yesterday's failures (issue 4.5): what a failure is taken for is corrected in the ledger, and what followed from it is done
 * again, in slices that may be killed anywhere. Complaints and STOP are no failures; what a person, an import or a wish has decided stays.
 */
import { ConflictError, InvalidInputError } from '../domain/errors.ts';
import { retentionCutoffs } from '../domain/retention/retention-cutoffs.ts';
import { hasSqlState } from '../store/database.ts';
import { countPastFailures } from '../store/failure-history.ts';
import type { RequalificationFilter } from '../store/filters/requalification-filter.ts';
import { takeLease } from '../store/lease.ts';
import { insertRequalification, lastDeliveryEvent } from '../store/requalification.ts';
import { failuresOf } from './examine-failures.ts';
import type { Actor, Instance } from './instance.ts';
import { maskFilter } from './mask-filter.ts';
import { recordAudit } from './record-audit.ts';
import { requalificationName, requalificationWork } from './run-requalification.ts';
import { SLICE_LEASE_MS, type SliceOptions, startSlices } from './run-slices.ts';

export interface RequalifyInput {
  readonly filter: RequalificationFilter;
  /** Count and sample, change nothing. */
  readonly dryRun: boolean;
  /** Refused unless exactly so many failures match. */
  readonly expectedCount?: number | null | undefined;
}

/** By the statement timeout. */
const QUERY_CANCELLED = '57014';

/**
 * Takes every recorded failure that the filter finds for what the rules, the edited texts and the settings of now say it is.
 *
 * Where that is something else: the failure gets a correcting line in the ledger, the message's log and the delivery's counters follow, and
 * the address is what it would be had it been taken so at once. Entries that are DENYLISTED or ALLOWLISTED, that a person or an import has
 * decided about, or that were released or deleted since, are left alone and counted.
 *
 * A small one is done when this returns; a larger one goes on behind it and survives a restart. The same once more changes nothing. Failures
 * that retention has taken are out of reach: the time begins no earlier than what is kept.
 *
 * @returns the requalification's id
 * @throws ConflictError where another number of failures matches than was expected
 * @throws InvalidInputError for a filter that cannot be used
 */
export async function requalify(instance: Instance, input: RequalifyInput, actor: Actor, options: SliceOptions = {}): Promise<bigint> {
  const { dryRun, expectedCount: expected = null } = input;
  const filter = await maskFilter(instance, input.filter);
  const at = instance.now();
  if (expected !== null && expected < 0) {
    throw new InvalidInputError('The expected count is the number of failures that match: it cannot be negative.', 'input.expectedCount');
  }
  const asked = filter.occurredAt.from ?? null;
  if (asked === null) throw new InvalidInputError('Say from when on failures are meant.', 'input.filter.occurredAt.from');
  const kept = retentionCutoffs(await instance.settings(), at).logsBefore;
  const scope = {
    filter,
    from: new Date(Math.max(asked.getTime(), kept.getTime())),
    lastEventId: await lastDeliveryEvent(instance.database),
  };
  const matched = await countPastFailures(instance.database, await failuresOf(instance, scope)).catch((error: unknown) => {
    if (!hasSqlState(error, QUERY_CANCELLED)) throw error;
    throw new InvalidInputError(
      'There are too many failures to look through with this filter: narrow it, above all its time.',
      'input.filter',
    );
  });
  if (expected !== null && expected !== matched) {
    throw new ConflictError(`${matched} failures match, not ${expected} as expected. Nothing was changed: look at them with a dry run.`);
  }
  const id = await instance.database.transaction(async (tx) => {
    const requalification = await insertRequalification(tx, { ...scope, dryRun, actor: actor.name, matched, at });
    await takeLease(tx, requalificationName(requalification), instance.node, SLICE_LEASE_MS);
    if (!dryRun) {
      await recordAudit(tx, actor, 'qualification.requalify', `Requalification ${requalification}`, { matched, filter }, at);
    }
    return requalification;
  });
  await startSlices(instance, requalificationWork(instance, id), options);
  return id;
}
