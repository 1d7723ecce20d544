import { readConfig } from '../config.ts';
import { migrate } from '../store/migrate.ts';
import { openDatabase } from '../store/open-database.ts';

/** Brings the database to this version. A server does it by itself at its start; this is for those who want it done before. */
export async function runMigrate(): Promise<void> {
  const open = await openDatabase(readConfig(process.env));
  try {
    const applied = await migrate(open.database);
    process.stdout.write(applied.length === 0 ? 'nothing to migrate\n' : `migrated: ${applied.join(', ')}\n`);
  } finally {
    await open.close();
  }
}
