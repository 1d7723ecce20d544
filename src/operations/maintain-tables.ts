import { listDueTables, maintainsItself, maintainTable } from '../store/maintain-tables.ts';
import type { CleanupTask } from './cleanup-task.ts';

/**
 * Sees to the tables where the database does not do so itself: without figures about its tables it reads whole logs for a few rows, and without
 * the room of deleted rows it grows for ever. Table by table, so that others get their turn.
 */
export const maintainTables: CleanupTask = {
  name: 'tables',
  async run({ instance: { database }, keepOn }) {
    if (await maintainsItself(database)) return 0;
    for (const table of await listDueTables(database)) {
      await keepOn();
      await maintainTable(database, table);
    }
    return 0;
  },
};
