import { correctDeliveryLog, counterOfFailure } from '../domain/delivery/decide-delivery-log.ts';
import { type Meaning, sameMeaning } from '../domain/qualification/verdict.ts';
import { type FailureLine, readFailureLines, recordMeanings } from '../store/correct-failures.ts';
import type { Queryable } from '../store/database.ts';
import { lockLogs, type StoredLog } from '../store/feedback-reads.ts';
import { appendDeltas, type DeliveryLine, idText, insertDeliveryLines, type LogUpdate, updateLogs } from '../store/feedback-writes.ts';
import { DeltaSum } from './delta-sum.ts';

/** What a recorded failure is taken for from now on. */
export interface Correction extends Meaning {
  /** Its line in the ledger. */
  readonly eventId: bigint;
  readonly decidedBy: string | null;
  readonly ignored: boolean;
  /** It put the address into quarantine; null = as it was recorded. */
  readonly quarantined: boolean | null;
}

/**
 * Corrects recorded failures: a line in the ledger of messages each, the message's log where that failure decided it, the counters of the
 * delivery, and the text's last meaning. A failure that decided no log is told to nobody: its line has no status.
 *
 * The caller holds the locks of the addresses and has written to no log yet.
 *
 * @param requalificationId whose correction it is, so that it can be put back; null for what puts back
 */
export async function correctFailures(
  tx: Queryable,
  corrections: readonly Correction[],
  { requalificationId, now }: { readonly requalificationId: bigint | null; readonly now: Date },
): Promise<void> {
  if (corrections.length === 0) return;
  const lines = await readFailureLines(
    tx,
    corrections.map(({ eventId }) => eventId),
  );
  const logs = new Map((await lockLogs(tx, lines.flatMap(wantedLog))).map((log) => [log.id, log]));
  const byEvent = new Map(corrections.map((correction) => [correction.eventId, correction]));
  const deltas = new DeltaSum();
  const updates: LogUpdate[] = [];
  const written: DeliveryLine[] = [];
  for (const line of lines) {
    const given = byEvent.get(line.id);
    if (given === undefined) continue;
    const correction = { ...given, quarantined: given.quarantined ?? line.quarantined };
    const log = decidedLog(line, logs);
    const after = log && correctDeliveryLog(log.state, { ...correction, qualificationId: line.qualificationId });
    if (log && after) {
      updates.push({ ...after, id: idText(log.id) ?? '', qualificationId: idText(after.qualificationId), updatedAt: now });
      deltas.move(log, counterOfFailure(log.state), counterOfFailure(after));
    }
    countQuarantine(deltas, line, correction);
    written.push({ ...correctingLine(line, correction, log, after?.version ?? null), requalificationId: idText(requalificationId) });
  }
  await updateLogs(tx, updates);
  await recordMeanings(
    tx,
    lines.flatMap((line) => meaningOfText(line, byEvent.get(line.id))),
    now,
  );
  await insertDeliveryLines(tx, written);
  await appendDeltas(tx, deltas.list());
}

type Settled = Correction & { readonly quarantined: boolean };

function wantedLog({ newest, deliveryLogId, addressKey }: FailureLine) {
  const nothingElse = { deliveryId: null, messageId: null, sentBefore: null, sentAfter: null };
  return newest && deliveryLogId !== null ? [{ addressKey, deliveryLogId, ...nothingElse }] : [];
}

/** The log that says what this failure said; null where another result has decided it. */
function decidedLog(line: FailureLine, logs: ReadonlyMap<bigint, StoredLog>): StoredLog | null {
  const log = line.newest && line.deliveryLogId !== null ? logs.get(line.deliveryLogId) : undefined;
  if (log === undefined) return null;
  const { status, failureType: type, failureReason: reason, fault, lastEventAt, origin } = log.state;
  if (status !== 'FAILED' || type === null || reason === null || fault === null) return null;
  const same = sameMeaning({ type, reason, fault }, { type: line.failureType, reason: line.failureReason, fault: line.fault });
  return same && origin === line.origin && lastEventAt?.getTime() === line.occurredAt.getTime() ? log : null;
}

function countQuarantine(deltas: DeltaSum, { deliveryId, run, quarantined }: FailureLine, correction: Settled): void {
  if (deliveryId === null || run === null || quarantined === correction.quarantined) return;
  deltas.add('DELIVERY', deliveryId, run, 'newQuarantines', correction.quarantined ? 1 : -1);
}

function correctingLine(line: FailureLine, correction: Settled, log: StoredLog | null, version: number | null): DeliveryLine {
  const { id: _id, newest: _newest, firstId, deliveryLogId, deliveryId, profileId, inboundEventId, qualificationId, ...same } = line;
  const { type, reason, fault, decidedBy, ignored, quarantined } = correction;
  const status = log?.state.status ?? null;
  return {
    ...same,
    deliveryLogId: idText(deliveryLogId),
    deliveryId: idText(deliveryId),
    profileId: idText(profileId),
    inboundEventId: idText(inboundEventId),
    qualificationId: idText(qualificationId),
    previousStatus: status,
    previousFailureType: log?.state.failureType ?? null,
    previousFailureReason: log?.state.failureReason ?? null,
    previousFault: log?.state.fault ?? null,
    status,
    failureType: type,
    failureReason: reason,
    fault,
    decidedBy,
    ignored,
    quarantined,
    version,
    correctsId: idText(firstId) ?? '',
  };
}

function meaningOfText({ qualificationId }: FailureLine, correction: Correction | undefined) {
  if (qualificationId === null || correction === undefined) return [];
  const { type, reason, fault } = correction;
  return [{ qualificationId, type, reason, fault }];
}
