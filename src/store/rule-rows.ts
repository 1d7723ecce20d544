/** The rows of qualification rules, by where they come from. What ships with the product never takes the place of a user's rule (amendment A2). */
import type { QualificationRuleData } from '../domain/qualification/qualification-rule.ts';
import { type Queryable, rows, sql } from './database.ts';

/**
 * Writes shipped rules as they ship; a name that a rule of another origin has stays with that one.
 *
 * @param flags `keep`: `active` and `shadow` stay as a person set them; `reset`: they are as shipped again
 */
export async function writeShippedRules(
  tx: Queryable,
  shipped: readonly QualificationRuleData[],
  flags: 'keep' | 'reset',
  now: Date,
): Promise<void> {
  if (shipped.length === 0) return;
  const reset = flags === 'reset';
  await tx.execute(sql`
    INSERT INTO qualification_rule AS rule (name, position, patterns, regex, type, reason, fault, active, shadow, origin, created_at, updated_at)
    SELECT r.name, r.position, r.patterns, r.regex, r.type, r.reason, r.fault, r.active, r.shadow, 'BUILT_IN', ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${rows(shipped)}::jsonb) AS r(name text, position int, patterns text[], regex text, type "FailureType",
      reason "FailureReason", fault "Fault", active boolean, shadow boolean)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position, patterns = excluded.patterns, regex = excluded.regex,
      type = excluded.type, reason = excluded.reason, fault = excluded.fault,
      active = CASE WHEN ${reset} THEN excluded.active ELSE rule.active END,
      shadow = CASE WHEN ${reset} THEN excluded.shadow ELSE rule.shadow END,
      version = rule.version + 1, updated_at = excluded.updated_at
    WHERE rule.origin = 'BUILT_IN'`);
}

/** Deletes shipped rules of other versions that this one no longer has. */
export async function deleteFormerShippedRules(tx: Queryable, shipped: readonly QualificationRuleData[]): Promise<void> {
  const names = rows(shipped.map(({ name }) => ({ name })));
  await tx.execute(sql`
    DELETE FROM qualification_rule
    WHERE origin = 'BUILT_IN' AND name NOT IN (SELECT r.name FROM jsonb_to_recordset(${names}::jsonb) AS r(name text))`);
}

/** All rules in the order of their ids, locked until the transaction ends. */
export function lockRules(tx: Queryable): Promise<QualificationRuleData[]> {
  return tx.query<QualificationRuleData>(sql`
    SELECT name, position, patterns, regex, type, reason, fault, active, shadow, origin FROM qualification_rule ORDER BY id FOR UPDATE`);
}

/** Deletes rules of that origin by their names. */
export async function deleteRulesOf(tx: Queryable, origin: 'USER' | 'DELIVERABILITY_UPDATE', names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0;
  return tx.execute(sql`
    DELETE FROM qualification_rule WHERE origin = ${origin}::"RuleOrigin"
      AND name IN (SELECT r.name FROM jsonb_to_recordset(${rows(names.map((name) => ({ name })))}::jsonb) AS r(name text))`);
}
