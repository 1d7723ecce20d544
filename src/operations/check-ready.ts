import { isMigrated } from '../store/migrate.ts';
import type { Instance } from './instance.ts';

export type Readiness = Readonly<{ ready: true } | { ready: false; reason: string }>;

const PATIENCE_MS = 3_000;

/** Can this node work: does the database answer, and does it hold every migration of this version? */
export async function checkReady(instance: Instance): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), PATIENCE_MS);
  });
  try {
    const migrated = await Promise.race([isMigrated(instance.database), late]);
    return migrated ? { ready: true } : { ready: false, reason: 'the database is not migrated to this version' };
  } catch (error) {
    instance.log.warn({ err: error }, 'not ready');
    return { ready: false, reason: 'the database does not answer' };
  } finally {
    clearTimeout(timer);
  }
}
