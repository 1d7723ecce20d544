import { pino } from 'pino';
import { type Config, readConfig } from '../config.ts';
import { endBackgroundWork } from '../operations/background-work.ts';
import type { Actor, Instance } from '../operations/instance.ts';
import { openInstance } from '../operations/open-instance.ts';
import { migrate } from '../store/migrate.ts';
import { openDatabase } from '../store/open-database.ts';
import { findRunningServer, type RunningServer } from './running-server.ts';

/** Whom ledgers and the audit trail name for what a command changes. */
export const COMMAND_LINE: Actor = { name: 'command line', tokenId: null };

/** Where a command does its work: through the server that holds the embedded database, or on the database itself. */
export type Workplace =
  | { readonly kind: 'server'; readonly server: RunningServer }
  | { readonly kind: 'instance'; readonly instance: Instance };

/** Finds the place for the work, does it, and leaves the database closed. */
export async function atWorkplace<T>(work: (place: Workplace) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  const server = config.databaseUrl === undefined ? await findRunningServer(config.dataDir) : null;
  if (server) return work({ kind: 'server', server });
  return withInstance(config, (instance) => work({ kind: 'instance', instance }));
}

/** Opens the database for one piece of work; nothing else may hold the embedded one. */
export async function withInstance<T>(config: Config, work: (instance: Instance) => Promise<T>): Promise<T> {
  const open = await openDatabase(config);
  try {
    await migrate(open.database);
    const { addressCase, addressKey } = config;
    // Commands speak for themselves; what goes wrong they say as errors.
    const log = pino({ level: 'silent' });
    const instance = await openInstance({ database: open.database, addressCase, addressKey, log });
    try {
      return await work(instance);
    } finally {
      await endBackgroundWork(instance);
    }
  } finally {
    await open.close();
  }
}
