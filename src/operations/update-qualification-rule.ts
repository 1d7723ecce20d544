import { ConflictError, InvalidInputError, NotFoundError } from '../domain/errors.ts';
import type { FailureReason, FailureType, Fault, RuleOrigin } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from '../store/database.ts';
import { bumpRevision } from '../store/revision.ts';
import { checkedRule, checkPosition, withUniqueName } from './check-rule-input.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/** An absent field keeps; null clears the regular expression, the strings and the fault. */
export interface UpdateQualificationRuleInput {
  readonly id: bigint;
  readonly expectedVersion?: number | null | undefined;
  readonly name?: string | null | undefined;
  readonly position?: number | null | undefined;
  readonly patterns?: readonly string[] | null | undefined;
  readonly regex?: string | null | undefined;
  readonly type?: FailureType | null | undefined;
  readonly reason?: FailureReason | null | undefined;
  /** null: that of the reason. */
  readonly fault?: Fault | null | undefined;
  readonly active?: boolean | null | undefined;
  readonly shadow?: boolean | null | undefined;
}

interface Rule {
  readonly name: string;
  readonly position: number;
  readonly patterns: readonly string[];
  readonly regex: string | null;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly active: boolean;
  readonly shadow: boolean;
}

interface StoredRule extends Rule {
  readonly origin: RuleOrigin;
  readonly version: number;
}

/** Of a rule that comes with the product, or with its updates, the next update would undo the rest (amendment A2). */
const FIXED = ['name', 'patterns', 'regex', 'type', 'reason', 'fault'] as const;
const NOT_EMPTY = ['name', 'position', 'type', 'reason', 'active', 'shadow'] as const;

/**
 * Changes a rule; takes effect on all nodes within a second. Of rules that no user made, only `active`, `shadow` and `position` change:
 * to decide otherwise than they do, a user's rule before them is the way.
 *
 * @returns the rule's id
 * @throws NotFoundError, ConflictError where the rule has moved on or the name is taken, InvalidInputError
 */
export async function updateQualificationRule(instance: Instance, input: UpdateQualificationRuleInput, actor: Actor): Promise<bigint> {
  for (const field of NOT_EMPTY) {
    if (input[field] === null) throw new InvalidInputError('This cannot be empty: leave the field out to keep it.', field);
  }
  const now = instance.now();
  await withUniqueName(input.name?.trim() ?? '', () =>
    instance.database.transaction(async (tx) => {
      const rule = await lockRule(tx, input.id);
      if (input.expectedVersion != null && input.expectedVersion !== rule.version) {
        throw new ConflictError(`The rule has changed since: it is at version ${rule.version}.`);
      }
      await writeRule(tx, input.id, changed(rule, input), now);
      const { id, expectedVersion: _expected, ...detail } = input;
      await recordAudit(tx, actor, 'qualificationRule.update', `QualificationRule ${id}`, detail, now);
      await bumpRevision(tx, 'rules');
    }),
  );
  return input.id;
}

async function lockRule(tx: Queryable, id: bigint): Promise<StoredRule> {
  const [rule] = await tx.query<StoredRule>(sql`
    SELECT name, position, patterns, regex, type, reason, fault, active, shadow, origin, version
    FROM qualification_rule WHERE id = ${id} FOR UPDATE`);
  if (rule === undefined) throw new NotFoundError('There is no such rule.');
  return rule;
}

function changed(rule: StoredRule, input: UpdateQualificationRuleInput): Rule {
  const isOwn = rule.origin === 'USER';
  const fixed = isOwn ? undefined : FIXED.find((field) => input[field] !== undefined);
  if (fixed !== undefined) {
    throw new InvalidInputError(
      'A rule that comes with the product keeps its content: switch it off, or make a rule of your own, which is tried before it.',
      fixed,
    );
  }
  if (input.position != null) checkPosition(input.position, !isOwn);
  const reason = input.reason ?? rule.reason;
  const draft = {
    name: input.name?.trim() ?? rule.name,
    patterns: input.patterns === undefined ? rule.patterns : (input.patterns ?? []),
    regex: input.regex === undefined ? rule.regex : input.regex,
    type: input.type ?? rule.type,
    reason,
  };
  const fault = input.fault ?? (input.fault === undefined && reason === rule.reason ? rule.fault : undefined);
  const checked = isOwn ? checkedRule(fault === undefined ? draft : { ...draft, fault }) : rule.fault;
  const { position, active, shadow } = input;
  return {
    ...draft,
    fault: checked,
    position: position ?? rule.position,
    active: active ?? rule.active,
    shadow: shadow ?? rule.shadow,
  };
}

async function writeRule(tx: Queryable, id: bigint, rule: Rule, now: Date): Promise<void> {
  await tx.execute(sql`
    UPDATE qualification_rule AS q SET name = r.name, position = r.position, patterns = r.patterns, regex = r.regex, type = r.type,
      reason = r.reason, fault = r.fault, active = r.active, shadow = r.shadow, version = q.version + 1, updated_at = ${now}::timestamptz
    FROM jsonb_to_recordset(${rows([rule])}::jsonb) AS r(name text, position int, patterns text[], regex text, type "FailureType",
      reason "FailureReason", fault "Fault", active boolean, shadow boolean)
    WHERE q.id = ${id}::bigint`);
}
