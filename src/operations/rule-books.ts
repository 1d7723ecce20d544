import { createHash } from 'node:crypto';
import { builtInRules } from '../domain/qualification/built-in-rules.ts';
import type { EditedQualification, QualificationRuleData } from '../domain/qualification/qualification-rule.ts';
import { compileRuleBook, editedKey, type RuleBook } from '../domain/qualification/rule-book.ts';
import { type Database, type Queryable, rows, sql } from '../store/database.ts';
import { bumpRevision, revisioned } from '../store/revision.ts';
import { deleteFormerShippedRules, writeShippedRules } from '../store/rule-rows.ts';

/** The rules as they are now: at most half a second old on any node (amendment A16). */
export interface RuleBooks {
  current(): Promise<CurrentRules>;
}

export interface CurrentRules {
  readonly book: RuleBook;
  /** For the counts of hits. */
  readonly ruleIdByName: ReadonlyMap<string, bigint>;
}

/** Users' rules and those of deliverability updates stand below this position, the shipped table from it on (amendment A12). */
export const FIRST_BUILT_IN_POSITION = 1_000_000;

const FINGERPRINT = 'instance.built_in_rules';

/** Keeps the compiled rules and the qualifications that people edited in memory, and compiles them again when they change. */
export function openRuleBooks(database: Database): RuleBooks {
  return { current: revisioned(database, 'rules', () => loadRules(database)) };
}

async function loadRules(database: Queryable): Promise<CurrentRules> {
  const rules = await database.query<QualificationRuleData & { id: bigint }>(sql`
    SELECT id, name, position, patterns, regex, type, reason, fault, active, shadow, origin FROM qualification_rule ORDER BY position, id`);
  const edited = await database.query<EditedQualification>(sql`
    SELECT channel, md5, type, reason, fault, status FROM qualification WHERE edited_by_user`);
  const ruleIdByName = new Map(rules.map(({ name, id }) => [name, id]));
  return { book: { ...compiledRules(rules), edited: editedMap(edited) }, ruleIdByName };
}

let last: { readonly text: string; readonly book: RuleBook } | undefined;

/** Compiling the rules takes long enough to be noticed; an edited qualification does not change them. */
function compiledRules(rules: readonly QualificationRuleData[]): RuleBook {
  const text = rows(rules);
  if (last?.text === text) return last.book;
  const compiled = compileRuleBook({ rules, edited: [] });
  if (!compiled.ok) {
    throw new Error(`these rules do not compile: ${compiled.errors.map(({ rule, message }) => `${rule}: ${message}`).join('; ')}`);
  }
  last = { text, book: compiled.book };
  return compiled.book;
}

function editedMap(edited: readonly EditedQualification[]): RuleBook['edited'] {
  return new Map(edited.map((row) => [editedKey(row.channel, row.md5), row]));
}

/** The shipped rules as rows of the table, in the order in which they are tried. */
export function shippedRules(): readonly QualificationRuleData[] {
  return builtInRules().map((rule, index) => ({ ...rule, position: FIRST_BUILT_IN_POSITION + index }));
}

/**
 * Brings the shipped rules into the table, where they differ from those of the last start. Replaces rows of its own origin only: a
 * user's rule stands, also where a shipped one has its name; `active` and `shadow` stay as a person set them (amendment A2). The order
 * of the shipped rules comes with them.
 */
export async function seedBuiltInRules(tx: Queryable, now: Date): Promise<void> {
  const shipped = shippedRules();
  const fingerprint = JSON.stringify(createHash('sha256').update(rows(shipped)).digest('hex'));
  const fresh = await tx.execute(sql`
    INSERT INTO setting (key, value) VALUES (${FINGERPRINT}, ${fingerprint}::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now() WHERE setting.value <> excluded.value`);
  if (fresh === 0) return;
  await deleteFormerShippedRules(tx, shipped);
  await writeShippedRules(tx, shipped, 'keep', now);
  await bumpRevision(tx, 'rules');
}
