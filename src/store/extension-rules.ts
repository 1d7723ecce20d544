/** Rules of deliverability updates and the kept texts that they are made of. Never touches a rule of another origin (amendment A2). */
import type { ExtensionRule, KeptMeaning } from '../domain/qualification/extend-rules.ts';
import type { QualificationRuleData } from '../domain/qualification/qualification-rule.ts';
import { type Queryable, rows, sql } from './database.ts';

export type KeptRow = KeptMeaning & { readonly id: bigint };

/** The texts marked KEEP, a slice at a time in the order of their ids. */
export function readKeptMeanings(database: Queryable, after: bigint, size: number): Promise<KeptRow[]> {
  return database.query<KeptRow>(sql`
    SELECT id, channel, md5, text, first_text AS "firstText", first_address AS "firstAddress", type, reason, fault
    FROM qualification WHERE status = 'KEEP' AND id > ${after} ORDER BY id LIMIT ${size}`);
}

/** All rules but those of users. */
export function readProductRules(database: Queryable): Promise<QualificationRuleData[]> {
  return database.query<QualificationRuleData>(sql`
    SELECT name, position, patterns, regex, type, reason, fault, active, shadow, origin
    FROM qualification_rule WHERE origin <> 'USER' ORDER BY position, id`);
}

/** Adds rules of a deliverability update behind those of users. A name that is taken stays as it is. */
export async function insertExtensions(tx: Queryable, rules: readonly ExtensionRule[], position: number, now: Date): Promise<number> {
  if (rules.length === 0) return 0;
  return tx.execute(sql`
    INSERT INTO qualification_rule (name, position, patterns, regex, type, reason, fault, origin, created_at, updated_at)
    SELECT r.name, ${position}::int, r.patterns, r.regex, r.type, r.reason, r.fault, 'DELIVERABILITY_UPDATE', ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${rows(rules)}::jsonb) AS r(name text, patterns text[], regex text, type "FailureType",
      reason "FailureReason", fault "Fault")
    ON CONFLICT (name) DO NOTHING`);
}
