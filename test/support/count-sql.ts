import { PGlite, type Transaction } from '@electric-sql/pglite';
import pg from 'pg';
import { vi } from 'vitest';

/** Asked by every node at any time: whether settings and rules have changed, who is calling, and how old the horizon of the feed is. */
const HOUSEKEEPING = /\b(revision|setting|token|pg_snapshot_xmin)\b|^(BEGIN|COMMIT|ROLLBACK)/;

/** The statements that `work` sent, on either engine, without those of the housekeeping. */
export async function sqlOf(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const note = (statement: unknown) => {
    const text = typeof statement === 'string' ? statement : String((statement as { text?: unknown } | undefined)?.text ?? '');
    if (!HOUSEKEEPING.test(text)) texts.push(text);
  };
  const spies = [onServer(note), ...onEmbedded(note)];
  try {
    await work();
    return texts;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The same of work that changes nothing, seen three times: what another file's app does meanwhile in the background is in some of them only. */
export async function readingSqlOf(work: () => Promise<unknown>): Promise<string[]> {
  const seen = [await sqlOf(work), await sqlOf(work), await sqlOf(work)];
  return seen.reduce((fewest, texts) => (texts.length < fewest.length ? texts : fewest));
}

function onServer(note: (statement: unknown) => void) {
  const query = pg.Client.prototype.query;
  return vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    note(args[0]);
    return Reflect.apply(query, this, args);
  } as never);
}

function onEmbedded(note: (statement: unknown) => void) {
  const { query, transaction } = PGlite.prototype;
  return [
    vi.spyOn(PGlite.prototype, 'query').mockImplementation(function (this: PGlite, ...args: unknown[]) {
      note(args[0]);
      return Reflect.apply(query, this, args);
    } as never),
    vi.spyOn(PGlite.prototype, 'transaction').mockImplementation(function (this: PGlite, work: (tx: Transaction) => Promise<unknown>) {
      return Reflect.apply(transaction, this, [(tx: Transaction) => work(noted(tx, note))]);
    } as never),
  ];
}

function noted(tx: Transaction, note: (statement: unknown) => void): Transaction {
  const query = tx.query.bind(tx) as (...args: unknown[]) => unknown;
  return Object.assign(tx, {
    query: (...args: unknown[]) => {
      note(args[0]);
      return query(...args);
    },
  });
}
