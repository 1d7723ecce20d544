import { EXCLUSION_CAUSES, EXCLUSION_RULES, type ExclusionRule } from '../domain/exclusion/exclusion-rules.ts';
import { join, type Queryable, raw, type Sql, sql } from './database.ts';

/** Number of a rule in SQL: its place in the list. */
export const ruleNumber = (rule: ExclusionRule): number => EXCLUSION_RULES.indexOf(rule) + 1;

/** `CASE ... END`: the number of the first of these rules that holds, null where none does. */
export function firstRuleSql(rules: readonly ExclusionRule[]): Sql {
  const whens = rules.map((rule) => sql`WHEN ${raw(rule.sqlPredicate)} THEN ${raw(String(ruleNumber(rule)))}`);
  return sql`CASE ${join(whens, ' ')} END`;
}

/** The list as rows: what an exclusion row says of the rule that made it. */
export function ruleRowsSql(): Sql {
  const tuples = EXCLUSION_RULES.map(
    (rule) =>
      sql`(${raw(String(ruleNumber(rule)))}, ${rule.cause}::text, ${rule.reason}::"FailureReason", ${rule.text}::text, ${rule.scope}::"ExclusionScope")`,
  );
  return sql`(VALUES ${join(tuples, ', ')}) AS rule (number, cause, reason, text, scope)`;
}

/** How many recipients a rule excluded; rule null = those that remain. */
export interface RuleVolume {
  readonly rule: number | null;
  readonly volume: number;
}

/** One row a cause, with volume 0: they exist from the beginning of a run (PRE-4). */
export async function insertCauses(tx: Queryable, deliveryId: bigint, run: number): Promise<void> {
  const tuples = EXCLUSION_CAUSES.map(
    ({ position, name, reason }) => sql`(${deliveryId}::bigint, ${run}::int, ${position}::int, ${name}, ${reason}::"FailureReason")`,
  );
  await tx.execute(sql`INSERT INTO exclusion_cause (delivery_id, run, position, name, reason) VALUES ${join(tuples, ', ')}`);
}

/** Adds what a slice excluded to the volumes of its causes. */
export async function addVolumes(tx: Queryable, deliveryId: bigint, run: number, volumes: readonly RuleVolume[]): Promise<void> {
  const tuples = volumes.flatMap(({ rule, volume }) => {
    const cause = rule === null ? undefined : EXCLUSION_RULES[rule - 1]?.cause;
    return cause === undefined ? [] : [sql`(${cause}::text, ${volume}::int)`];
  });
  if (tuples.length === 0) return;
  await tx.execute(sql`
    UPDATE exclusion_cause SET volume = exclusion_cause.volume + added.volume
    FROM (SELECT cause, sum(volume)::int AS volume FROM (VALUES ${join(tuples, ', ')}) AS slice (cause, volume) GROUP BY cause) AS added
    WHERE delivery_id = ${deliveryId} AND run = ${run} AND name = added.cause`);
}
