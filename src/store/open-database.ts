import { type DataDirectory, takeDataDirectory } from './data-directory.ts';
import type { Database } from './database.ts';
import { openEmbeddedDatabase } from './embedded-database.ts';
import { openServerDatabase } from './server-database.ts';

export interface OpenDatabase {
  readonly database: Database;
  /** Of the embedded database; null on a server. */
  readonly directory: DataDirectory | null;
  close(): Promise<void>;
}

/** Opens the database that the configuration names, without migrating it. */
export async function openDatabase(config: {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly poolSize: number;
}): Promise<OpenDatabase> {
  if (config.databaseUrl !== undefined) {
    const database = await openServerDatabase(config.databaseUrl, config.poolSize);
    return { database, directory: null, close: () => database.close() };
  }
  const directory = await takeDataDirectory(config.dataDir);
  try {
    const database = await openEmbeddedDatabase({ folder: directory.database });
    return {
      database,
      directory,
      close: async () => {
        await database.close();
        await directory.release();
      },
    };
  } catch (error) {
    await directory.release();
    throw error;
  }
}
