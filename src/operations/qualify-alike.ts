import { InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { refusedMeaning } from '../domain/failure/check-meaning.ts';
import { defaultFault } from '../domain/qualification/default-fault.ts';
import { indexKnownTexts, scoreKnownTexts } from '../domain/qualification/suggest-verdict.ts';
import type { Channel, FailureReason, FailureType, Fault, QualificationStatus } from '../domain/vocabulary.ts';
import { acknowledgeTexts } from '../store/alerts.ts';
import { type Queryable, sql } from '../store/database.ts';
import { bumpRevision } from '../store/revision.ts';
import { type OpenText, readOpenTexts } from '../store/unqualified-texts.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export interface QualifyAlikeInput {
  readonly id: bigint;
  readonly type: FailureType;
  readonly reason: FailureReason;
  /** Absent: that of the reason. */
  readonly fault?: Fault | null | undefined;
  readonly status: QualificationStatus;
  /** 0 to 1; absent: 0.8. */
  readonly minScore?: number | null | undefined;
  /** Says what it would set, and sets nothing. */
  readonly dryRun: boolean;
}

export interface QualifiedAlike {
  /** Rows that were set, or would be; the row itself is one of them. */
  readonly changed: number;
  /** More are alike than one call sets: call again. */
  readonly more: boolean;
  /** Normalised texts of the first of them, the nearest first. */
  readonly texts: readonly string[];
}

/** Rows in one transaction. */
const MOST_ROWS = 1_000;
/** Texts that are compared, the newest first. */
const MOST_COMPARED = 20_000;
const SHOWN = 20;
const USUAL_SCORE = 0.8;

/**
 * Qualifies a text and all that are like it (issue 4.6): texts to qualify of the same channel that no person has touched, that are taken for
 * the same as this one now, and whose words are as near as `minScore` asks. A text that a rule takes for something else is not alike,
 * however near its words are. All or nothing, in one transaction.
 *
 * @throws NotFoundError, InvalidInputError
 */
export async function qualifyAlike(instance: Instance, input: QualifyAlikeInput, actor: Actor): Promise<QualifiedAlike> {
  const refusal = refusedMeaning(input.type, input.reason);
  if (refusal !== null) throw new InvalidInputError(refusal, 'reason');
  if (input.status === 'TO_QUALIFY') throw new InvalidInputError('Whoever qualifies a text says KEEP or IGNORE.', 'status');
  const minScore = input.minScore ?? USUAL_SCORE;
  if (!(minScore > 0 && minScore <= 1)) throw new InvalidInputError('The score is a number above 0 and up to 1.', 'minScore');
  const now = instance.now();
  return instance.database.transaction(async (tx) => {
    const { row, others, more } = await findAlike(tx, input.id, minScore);
    const all = [row, ...others];
    const answer = { changed: all.length, more, texts: all.slice(0, SHOWN).map(({ text }) => text) };
    if (input.dryRun) return answer;
    const { id, type, reason, status } = input;
    const meaning = { type, reason, fault: input.fault ?? defaultFault(reason), status };
    const ids = all.map((one) => one.id);
    const changed = await tx.execute(sql`
      UPDATE qualification SET type = ${type}::"FailureType", reason = ${reason}::"FailureReason", fault = ${meaning.fault}::"Fault",
        status = ${status}::"QualificationStatus", edited_by_user = true, version = version + 1, updated_at = ${now}::timestamptz
      WHERE id = ANY(${`{${ids.join(',')}}`}::bigint[])`);
    await acknowledgeTexts(tx, ids, actor.name, now);
    await recordAudit(tx, actor, 'qualification.qualifyAlike', `MessageQualification ${id}`, { ...meaning, minScore, changed, ids }, now);
    await bumpRevision(tx, 'rules');
    return { ...answer, changed };
  });
}

interface Row extends OpenText {
  readonly channel: Channel;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
}

/** The rows found are locked in the order of their ids; one that was qualified meanwhile is left out. */
async function findAlike(tx: Queryable, id: bigint, minScore: number): Promise<{ row: Row; others: readonly OpenText[]; more: boolean }> {
  const [row] = await tx.query<Row>(sql`SELECT id, text, channel, type, reason, fault FROM qualification WHERE id = ${id}`);
  if (row === undefined) throw new NotFoundError('There is no such qualification.');
  const open = (await readOpenTexts(tx, row, MOST_COMPARED)).filter((other) => other.id !== id);
  const index = indexKnownTexts(open.map(({ text }) => ({ text, meaning: row })));
  const near = [...scoreKnownTexts(row.text, index)].filter(([, score]) => score >= minScore).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const chosen = near.slice(0, MOST_ROWS - 1).flatMap(([place]) => open[place] ?? []);
  const ids = [id, ...chosen.map((other) => other.id)];
  const locked = await tx.query<{ id: bigint; open: boolean }>(sql`
    SELECT id, status = 'TO_QUALIFY' AND NOT edited_by_user AS open FROM qualification
    WHERE id = ANY(${`{${ids.join(',')}}`}::bigint[]) ORDER BY id FOR UPDATE`);
  const stillOpen = new Set(locked.flatMap((one) => (one.open ? [one.id] : [])));
  return { row, others: chosen.filter((other) => stillOpen.has(other.id)), more: near.length > chosen.length };
}
