import type { Instance } from '../../src/operations/instance.ts';
import { type Database, type Queryable, type Sql, sql } from '../../src/store/database.ts';

/** Tables that grow for ever, or hold a row for each address. */
const LARGE = [
  'profile',
  'address',
  'consent_event',
  'quarantine_entry',
  'quarantine_event',
  'delivery_log',
  'delivery_event',
  'exclusion_log',
  'inbound_event',
  'audit_entry',
  'domain_result',
  'requalified_failure',
];

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

export interface Explained {
  readonly database: Database;
  /** Statements that read a large table from end to end, with the table's name before them. */
  readonly fullScans: string[];
  /** All statements that were explained. */
  readonly statements: string[];
  /** The most rows of large tables that one reading statement looked at, and that statement: an index can be read from end to end too. */
  readonly worst: { rows: number; statement: string };
}

/**
 * The same database; what is run on it is explained first, and what only reads is measured.
 *
 * @param measures false: plans only, for work that reads a lot and should
 */
export function explaining(database: Database, measures = true): Explained {
  const explained: Explained = { database, fullScans: [], statements: [], worst: { rows: 0, statement: '' } };
  const wrap = (on: Queryable): Queryable => ({
    query: async (statement) => {
      await explain(on, statement, { explained, measures });
      return on.query(statement);
    },
    execute: async (statement) => {
      await explain(on, statement, { explained, measures });
      return on.execute(statement);
    },
  });
  const transaction: Database['transaction'] = (work) => database.transaction((tx) => work(wrap(tx)));
  return Object.assign(explained, { database: { ...database, ...wrap(database), transaction } });
}

async function explain(on: Queryable, statement: Sql, { explained, measures }: { explained: Explained; measures: boolean }): Promise<void> {
  if (/^\s*(SET|ANALYZE|VACUUM)\b/.test(statement.text)) return;
  const measured = measures && !/\b(INSERT|UPDATE|DELETE)\b/.test(statement.text.replaceAll(/FOR (NO KEY )?UPDATE/g, ''));
  const [row] = await on.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
    measured ? sql`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${statement}` : sql`EXPLAIN (FORMAT JSON) ${statement}`,
  );
  const plan = row?.['QUERY PLAN'][0]?.Plan;
  if (!plan) throw new Error('the statement was not explained');
  const nodes = onLargeTables(plan);
  explained.statements.push(statement.text);
  for (const node of nodes) {
    // An empty table is read from end to end too.
    if (node['Node Type'].includes('Seq Scan') && (!measured || rowsRead(node) > 0))
      explained.fullScans.push(`${node['Relation Name']}: ${statement.text.trim().slice(0, 300)}`);
  }
  const rows = nodes.reduce((sum, node) => sum + rowsRead(node), 0);
  if (rows > explained.worst.rows) Object.assign(explained.worst, { rows, statement: statement.text.trim() });
}

function onLargeTables(plan: Plan): Plan[] {
  return [...(LARGE.includes(plan['Relation Name'] ?? '') ? [plan] : []), ...(plan.Plans ?? []).flatMap(onLargeTables)];
}

function rowsRead(plan: Plan): number {
  return ((plan['Actual Rows'] ?? 0) + (plan['Rows Removed by Filter'] ?? 0)) * (plan['Actual Loops'] ?? 0);
}

/** The instance with every statement explained. */
export function explainedInstance(instance: Instance): { on: Instance; fullScans: string[]; statements: string[] } {
  const { database, fullScans, statements } = explaining(instance.database);
  return { on: { ...instance, database }, fullScans, statements };
}
