import { ConflictError, InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { refusedMeaning } from '../domain/failure/check-meaning.ts';
import { defaultFault } from '../domain/qualification/default-fault.ts';
import type { FailureReason, FailureType, Fault, QualificationStatus } from '../domain/vocabulary.ts';
import { acknowledgeTexts } from '../store/alerts.ts';
import { clearPendingOccurrences } from '../store/counter-fold.ts';
import { type Queryable, sql } from '../store/database.ts';
import { bumpRevision } from '../store/revision.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export interface UpdateQualificationInput {
  readonly id: bigint;
  /** ConflictError where the row has moved on. */
  readonly expectedVersion?: number | null | undefined;
  readonly type?: FailureType | null | undefined;
  readonly reason?: FailureReason | null | undefined;
  readonly fault?: Fault | null | undefined;
  readonly status?: QualificationStatus | null | undefined;
  readonly occurrences?: number | null | undefined;
}

interface Row {
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly status: QualificationStatus;
  readonly editedByUser: boolean;
  readonly occurrences: number;
  readonly version: number;
}

const MOST_OCCURRENCES = 100_000;

/**
 * Lets a person say what a text means (QUA-3, QUA-7, amendment A12): from then on the row decides before any rule, on all nodes within a
 * second. IGNORE: failures with this text never count. Earlier failures keep what they were taken for.
 *
 * Its alert is acknowledged with it. A new reason brings its own fault along unless the edit names one. `occurrences` alone is no judgement: the row goes on recording.
 *
 * @returns the row's id
 * @throws NotFoundError, ConflictError where the row has moved on, InvalidInputError
 */
export async function updateQualification(instance: Instance, input: UpdateQualificationInput, actor: Actor): Promise<bigint> {
  checkInput(input);
  const now = instance.now();
  await instance.database.transaction(async (tx) => {
    if (input.occurrences !== undefined) await clearPendingOccurrences(tx, input.id);
    const row = await lockRow(tx, input.id);
    if (input.expectedVersion != null && input.expectedVersion !== row.version) {
      throw new ConflictError(`The qualification has changed since: it is at version ${row.version}.`);
    }
    const next = edited(row, input);
    const refusal = refusedMeaning(next.type, next.reason);
    if (refusal !== null) throw new InvalidInputError(refusal, input.reason == null ? 'type' : 'reason');
    await tx.execute(sql`
      UPDATE qualification SET type = ${next.type}::"FailureType", reason = ${next.reason}::"FailureReason", fault = ${next.fault}::"Fault",
        status = ${next.status}::"QualificationStatus", edited_by_user = ${next.editedByUser}, occurrences = ${next.occurrences},
        version = version + 1, updated_at = ${now}
      WHERE id = ${input.id}`);
    if (isJudged(input)) await acknowledgeTexts(tx, [input.id], actor.name, now);
    const { id, expectedVersion: _expected, ...detail } = input;
    await recordAudit(tx, actor, 'qualification.update', `MessageQualification ${id}`, detail, now);
    await bumpRevision(tx, 'rules');
  });
  return input.id;
}

function checkInput(input: UpdateQualificationInput): void {
  for (const field of ['type', 'reason', 'fault', 'status', 'occurrences'] as const) {
    if (input[field] === null) throw new InvalidInputError('This cannot be empty: leave the field out to keep it.', field);
  }
  const { occurrences } = input;
  if (occurrences != null && (!Number.isInteger(occurrences) || occurrences < 0 || occurrences > MOST_OCCURRENCES)) {
    throw new InvalidInputError('The number of occurrences is a whole number from 0 to 100,000.', 'occurrences');
  }
}

async function lockRow(tx: Queryable, id: bigint): Promise<Row> {
  const [row] = await tx.query<Row>(sql`
    SELECT type, reason, fault, status, edited_by_user AS "editedByUser", occurrences, version
    FROM qualification WHERE id = ${id} FOR UPDATE`);
  if (row === undefined) throw new NotFoundError('There is no such qualification.');
  return row;
}

function isJudged({ type, reason, fault, status }: UpdateQualificationInput): boolean {
  return [type, reason, fault, status].some((field) => field != null);
}

function edited(row: Row, input: UpdateQualificationInput): Row {
  const reason = input.reason ?? row.reason;
  return {
    type: input.type ?? row.type,
    reason,
    fault: input.fault ?? (reason === row.reason ? row.fault : defaultFault(reason)),
    status: input.status ?? row.status,
    editedByUser: row.editedByUser || isJudged(input),
    occurrences: input.occurrences ?? row.occurrences,
    version: row.version,
  };
}
