import type { RuleBook } from '../domain/qualification/rule-book.ts';
import { type Meaning, sameMeaning } from '../domain/qualification/verdict.ts';
import { sql } from '../store/database.ts';
import { type PastFailure, type PastFailures, readPastFailures } from '../store/failure-history.ts';
import { type RequalificationFilter, requalificationCondition } from '../store/filters/requalification-filter.ts';
import {
  analyzeRequalified,
  isAtSamePlace,
  lockRequalification,
  type RequalifiedFailure,
  recordExamined,
  type StoredRequalification,
} from '../store/requalification.ts';
import type { Instance } from './instance.ts';
import { judgePast, type PastEvidence, readPastEvidence } from './past-evidence.ts';

/** Which failures a requalification looks at. */
export async function failuresOf(
  instance: Instance,
  { filter, from, lastEventId }: { filter: RequalificationFilter; from: Date; lastEventId: bigint },
): Promise<PastFailures> {
  const found = requalificationCondition(filter, await instance.addressBook());
  return { from, where: sql`e.id <= ${lastEventId} AND ${found}` };
}

/** Judges the next failures anew, the newest first, and keeps what is taken for something else. Changes nothing else. */
export async function examineSlice(instance: Instance, seen: StoredRequalification, size: number): Promise<void> {
  const { database } = instance;
  const failures = await readPastFailures(database, await failuresOf(instance, seen), seen.examinedTo, size);
  const { book } = await instance.ruleBooks.current();
  const evidence = await readPastEvidence(database, await instance.addressBook(), failures);
  const changed = failures.flatMap((failure) => {
    const known = evidence.get(failure.id);
    return (known && judge(failure, known, book)) ?? [];
  });
  const to = failures.length < size ? null : (failures.at(-1) ?? null);
  await database.transaction(async (tx) => {
    if (!isAtSamePlace(await lockRequalification(tx, seen.id), seen)) return;
    await recordExamined(tx, seen, { examined: failures.length, changed, to });
  });
  if (to === null) await analyzeRequalified(database);
}

/**
 * What the failure is taken for by the rules and the edited texts of now; null where that is what it was taken for.
 *
 * Where the codes of its report are gone, only what looks at the text alone may decide. An address on the allowlist stays ERROR_IGNORED
 * (SUP-10).
 */
function judge(failure: PastFailure, known: PastEvidence, book: RuleBook): (RequalifiedFailure & { before: Meaning }) | null {
  if (failure.reason === 'ERROR_IGNORED') return null;
  const judged = judgePast(known, book);
  if (judged === null) return null;
  const { verdict, ignored } = judged;
  const { type, reason, fault, decidedBy } = verdict;
  if (sameMeaning(failure, verdict) && failure.ignored === ignored) return null;
  const { id: eventId, addressKey } = failure;
  const before = { type: failure.type, reason: failure.reason, fault: failure.fault };
  return { eventId, addressKey, type, reason, fault, decidedBy, ignored, before };
}
