import type { FailureReason, FailureType, Fault } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from '../store/database.ts';
import { bumpRevision } from '../store/revision.ts';
import { checkedRule, checkPosition, withUniqueName } from './check-rule-input.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { FIRST_BUILT_IN_POSITION } from './rule-books.ts';

export interface QualificationRuleInput {
  readonly name: string;
  /** Absent: after the other rules of users. */
  readonly position?: number | null | undefined;
  readonly patterns?: readonly string[] | null | undefined;
  readonly regex?: string | null | undefined;
  readonly type: FailureType;
  readonly reason: FailureReason;
  /** Absent: that of the reason. */
  readonly fault?: Fault | null | undefined;
  readonly active?: boolean | null | undefined;
  readonly shadow?: boolean | null | undefined;
}

/** A rule at the very last position leaves no room behind it: the next ones share it and follow by age. */
const LAST_POSITION = FIRST_BUILT_IN_POSITION - 1;

/**
 * Adds a user's rule (QUA-6, QUA-8): it is tried before the shipped ones, on all nodes within a second. A shadow rule matches and counts
 * and decides nothing.
 *
 * @returns the rule's id
 * @throws InvalidInputError, ConflictError where the name is taken
 */
export async function createQualificationRule(instance: Instance, input: QualificationRuleInput, actor: Actor): Promise<bigint> {
  const name = input.name.trim();
  const { type, reason } = input;
  const draft = { name, patterns: input.patterns ?? [], regex: input.regex ?? null, type, reason };
  const fault = checkedRule(input.fault == null ? draft : { ...draft, fault: input.fault });
  if (input.position != null) checkPosition(input.position, false);
  const rule = { ...draft, fault, position: input.position ?? null, active: input.active ?? true, shadow: input.shadow ?? false };
  const now = instance.now();
  return withUniqueName(name, () =>
    instance.database.transaction(async (tx) => {
      const id = await insertRule(tx, rule, now);
      await recordAudit(tx, actor, 'qualificationRule.create', `QualificationRule ${id}`, rule, now);
      await bumpRevision(tx, 'rules');
      return id;
    }),
  );
}

async function insertRule(tx: Queryable, rule: object, now: Date): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO qualification_rule (name, position, patterns, regex, type, reason, fault, active, shadow, origin, created_at, updated_at)
    SELECT r.name, coalesce(r.position, (SELECT coalesce(max(q.position) + 1, 0) FROM qualification_rule q WHERE q.position < ${LAST_POSITION})),
      r.patterns, r.regex, r.type, r.reason, r.fault, r.active, r.shadow, 'USER', ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${rows([rule])}::jsonb) AS r(name text, position int, patterns text[], regex text, type "FailureType",
      reason "FailureReason", fault "Fault", active boolean, shadow boolean)
    RETURNING id`);
  if (row === undefined) throw new Error('the new rule has no id');
  return row.id;
}
