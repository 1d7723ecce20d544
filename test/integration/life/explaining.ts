import { type Database, type Queryable, sql } from '../../../src/store/database.ts';

/** Tables that grow for ever, or hold a row for each address. */
const LARGE = ['quarantine_entry', 'quarantine_event', 'delivery_log', 'delivery_event', 'exclusion_log', 'inbound_event', 'audit_entry'];

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

export interface Explained {
  readonly database: Database;
  /** Statements that read a large table from end to end, with the table's name before them. */
  readonly fullScans: string[];
  /** All statements that were explained. */
  readonly statements: string[];
}

/** The same database; what is run on it is explained first. */
export function explaining(database: Database): Explained {
  const fullScans: string[] = [];
  const statements: string[] = [];
  const wrap = (on: Queryable): Queryable => {
    const explain = async (statement: Parameters<Queryable['query']>[0]) => {
      const [row] = await on.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(sql`EXPLAIN (FORMAT JSON) ${statement}`);
      const plan = row?.['QUERY PLAN'][0]?.Plan;
      if (!plan) throw new Error('the statement was not explained');
      statements.push(statement.text);
      for (const table of scanned(plan)) fullScans.push(`${table}: ${statement.text.trim().slice(0, 200)}`);
    };
    return {
      query: async (statement) => {
        await explain(statement);
        return on.query(statement);
      },
      execute: async (statement) => {
        await explain(statement);
        return on.execute(statement);
      },
    };
  };
  return {
    fullScans,
    statements,
    database: { ...database, ...wrap(database), transaction: (work) => database.transaction((tx) => work(wrap(tx))) },
  };
}

function scanned(plan: Plan): string[] {
  const own = plan['Node Type'].includes('Seq Scan') && LARGE.includes(plan['Relation Name'] ?? '') ? [plan['Relation Name'] ?? ''] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scanned)];
}
