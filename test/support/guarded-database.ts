import { AsyncLocalStorage } from 'node:async_hooks';
import type { Instance } from '../../src/operations/instance.ts';
import type { Database } from '../../src/store/database.ts';

interface UnderWay {
  readonly on: object;
  open: boolean;
}

const underWay = new AsyncLocalStorage<UnderWay>();

/**
 * The same database, which refuses a statement beside the transaction that the caller is in. On one connection, as the embedded database has, it
 * would wait for its own end and hold up everybody for ever.
 */
export function guarded(database: Database): Database {
  const on = {};
  const check = () => {
    const current = underWay.getStore();
    if (current?.on === on && current.open) throw new Error('a statement beside the transaction that is under way waits for ever');
  };
  return {
    ...database,
    query: async (statement) => {
      check();
      return database.query(statement);
    },
    execute: async (statement) => {
      check();
      return database.execute(statement);
    },
    transaction: async (work) => {
      check();
      const current: UnderWay = { on, open: true };
      return database
        .transaction((tx) => underWay.run(current, () => work(tx)))
        .finally(() => {
          current.open = false;
        });
    },
  };
}

/** What a node holds in memory is read again now and then, so it may not be asked for in a transaction, however fresh it happens to be. */
export function guardedInstance(instance: Instance): Instance {
  const outside =
    <T>(read: () => Promise<T>) =>
    async () => {
      if (underWay.getStore()?.open)
        throw new Error('what is held in memory is asked for in a transaction: when it is due, that waits for ever');
      return read();
    };
  return {
    ...instance,
    settings: outside(instance.settings),
    addressBook: outside(instance.addressBook),
    openIncidents: outside(instance.openIncidents),
    ruleBooks: { current: outside(instance.ruleBooks.current) },
  };
}
