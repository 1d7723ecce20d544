import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { findHolder, isHeldLock, type LockFile, takeLock } from './directory-lock.ts';

/** The data directory cannot be opened; the message is for the person at the terminal. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

export interface DataDirectory {
  /** Where PGlite keeps its files. */
  readonly database: string;
  /** Tells other commands on this machine where the server listens and how to sign in; readable by the owner only. */
  announce(server: { url: string; secret: string }): Promise<void>;
  release(): Promise<void>;
}

const lockPath = (folder: string) => join(folder, 'lazaret.lock');

/**
 * Takes the data directory for this process. Two processes on one PGlite directory lose rows without a word, so the lock comes first.
 *
 * @throws DataDirectoryError where another process holds it, or another version of PGlite made it
 */
export async function takeDataDirectory(folder: string): Promise<DataDirectory> {
  await mkdir(folder, { recursive: true });
  const lock = await takeLock(lockPath(folder));
  if (lock === 'BUSY') throw new DataDirectoryError(`${folder} was taken by another process at the same moment; try again`);
  if (!isHeldLock(lock)) {
    throw new DataDirectoryError(`${folder} is in use by ${processOf(lock)}; end it first, or set LAZARET_DATA_DIR to another folder`);
  }
  try {
    await assertSameEngine(folder);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return { database: join(folder, 'postgres'), ...lock };
}

/** Who holds the directory now, if that process lives. */
export function readLock(folder: string): Promise<LockFile | null> {
  return findHolder(lockPath(folder));
}

function processOf({ pid, place }: LockFile): string {
  return place === undefined || place.host === hostname() ? `process ${pid}` : `process ${pid} on ${place.host}`;
}

const engineVersion = readEngineVersion();

function readEngineVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  return (JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8')) as { version: string }).version;
}

/** PGlite 0.5 is PostgreSQL 18, 0.4 is 17: one does not open the other's files. The patch number may differ. */
async function assertSameEngine(folder: string): Promise<void> {
  const path = join(folder, 'pglite-version');
  const made = (await readFile(path, 'utf8').catch(() => engineVersion)).trim();
  const line = (version: string) => version.split('.').slice(0, 2).join('.');
  if (line(made) !== line(engineVersion)) {
    throw new DataDirectoryError(
      `${folder} was made by PGlite ${made} and this is ${engineVersion}; export with the version that made it, or name another LAZARET_DATA_DIR`,
    );
  }
  await writeFile(path, `${engineVersion}\n`);
}
