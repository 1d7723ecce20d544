import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** The data directory cannot be opened; the message is for the person at the terminal. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

const LockFile = z.object({ pid: z.number().int(), startedAt: z.string(), url: z.string().optional(), secret: z.string().optional() });
export type LockFile = z.infer<typeof LockFile>;

export interface DataDirectory {
  /** Where PGlite keeps its files. */
  readonly database: string;
  /** Tells other commands on this machine where the server listens and how to sign in; readable by the owner only. */
  announce(server: { url: string; secret: string }): Promise<void>;
  release(): Promise<void>;
}

const lockPath = (folder: string) => join(folder, 'lazaret.lock');
const besideLock = (folder: string) => `${lockPath(folder)}.${randomUUID()}`;
/** A lock that cannot be read and is younger than this is being written. */
const WRITING_MS = 5_000;

/**
 * Takes the data directory for this process. Two processes on one PGlite directory lose rows without a word, so the lock comes first.
 *
 * @throws DataDirectoryError where another process holds it, or another version of PGlite made it
 */
export async function takeDataDirectory(folder: string): Promise<DataDirectory> {
  await mkdir(folder, { recursive: true });
  await takeLock(folder);
  try {
    await assertSameEngine(folder);
  } catch (error) {
    await rm(lockPath(folder), { force: true });
    throw error;
  }
  return {
    database: join(folder, 'postgres'),
    announce: async (server) => {
      const written = besideLock(folder);
      await writeFile(written, JSON.stringify({ ...lockOfThisProcess(), ...server }), { mode: 0o600 });
      await rename(written, lockPath(folder));
    },
    release: () => rm(lockPath(folder), { force: true }),
  };
}

/** Who holds the directory now, if that process lives. */
export async function readLock(folder: string): Promise<LockFile | null> {
  const lock = await readLockFile(lockPath(folder));
  return lock !== null && isAlive(lock) ? lock : null;
}

async function readLockFile(path: string): Promise<LockFile | null> {
  const lock = LockFile.safeParse(parseJson(await readFile(path, 'utf8').catch(() => '')));
  return lock.success ? lock.data : null;
}

const lockOfThisProcess = (): LockFile => ({ pid: process.pid, startedAt: new Date().toISOString() });

async function takeLock(folder: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      await writeFile(lockPath(folder), JSON.stringify(lockOfThisProcess()), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readLock(folder);
    if (holder) {
      throw new DataDirectoryError(`${folder} is in use by process ${holder.pid}; end it first, or set LAZARET_DATA_DIR to another folder`);
    }
    if (await isBeingWritten(lockPath(folder))) break;
    await removeLeftLock(folder);
  }
  throw new DataDirectoryError(`${folder} was taken by another process at the same moment; try again`);
}

async function isBeingWritten(path: string): Promise<boolean> {
  if ((await readLockFile(path)) !== null) return false;
  const file = await stat(path).catch(() => null);
  return file !== null && Math.abs(Date.now() - file.mtimeMs) < WRITING_MS;
}

/** Takes the lock of a dead process away. What was moved is looked at again: another process may have been faster, and then it is its lock. */
async function removeLeftLock(folder: string): Promise<void> {
  const aside = besideLock(folder);
  try {
    await rename(lockPath(folder), aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readLockFile(aside);
  if ((moved !== null && isAlive(moved)) || (await isBeingWritten(aside))) await rename(aside, lockPath(folder));
  else await rm(aside, { force: true });
}

/** In a container every main process has the same id, so a lock with our own id was left by the one before us. */
function isAlive(lock: LockFile): boolean {
  if (lock.pid === process.pid) return false;
  try {
    process.kill(lock.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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
