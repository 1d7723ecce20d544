/**
 * The lock file of the data directory: who holds it, and is that process still there?
 *
 * A process id alone tells too little. In two containers that share the folder both are process 1, and after a restart an id belongs to
 * somebody else. So the file also says where its process runs, and its time is set anew every second by a thread that no work of the
 * database can hold up.
 *
 * | the holder | is known to be gone |
 * |---|---|
 * | ran under this kernel, among the processes that we can see | at once: the process id is free, or its process began at another time |
 * | ran in another container, on another machine, before a restart of this one | when the time of the file has stood still for 5 s |
 *
 * A holder that was only asleep (a paused container) finds another lock in its place when it wakes, and ends at once.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

const Place = z.object({
  host: z.string(),
  /** Of one run of a kernel; null where the system does not tell. */
  boot: z.string().nullable(),
  /** The processes that can be seen: a container sees its own. */
  processes: z.string().nullable(),
  /** When the process began, in the system's own count. */
  began: z.string().nullable(),
});

const LockFile = z.object({
  pid: z.number().int(),
  startedAt: z.string(),
  url: z.string().optional(),
  secret: z.string().optional(),
  /** Absent in a file of an earlier version, whose time stands still. */
  mark: z.string().optional(),
  place: Place.optional(),
});
export type LockFile = z.infer<typeof LockFile>;

const BEAT_MS = 1_000;
/** A holder that was silent for this long is gone. */
const SILENT_MS = 5_000;
const LOOK_MS = 200;
/** A lock that cannot be read and is younger than this is being written. */
const WRITING_MS = 5_000;

/** The locks that this process holds. */
const held = new Set<string>();

/** A lock that was taken. */
export interface HeldLock {
  /** Tells the others where the server listens and how to sign in. */
  announce(server: { url: string; secret: string }): Promise<void>;
  release(): Promise<void>;
}

/** What an attempt to take the lock ended with: the lock, or who is in the way; BUSY = another process is taking it right now. */
export type Taken = HeldLock | LockFile | 'BUSY';

export const isHeldLock = (taken: Taken): taken is HeldLock => typeof taken === 'object' && 'release' in taken;

/** Takes the lock, and takes a lock away that a dead process left behind. */
export async function takeLock(path: string): Promise<Taken> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const made = await makeLock(path);
    if (made) return made;
    const left = await readLockFile(path);
    if (left !== null && (isOurs(left) || (await isHeld(path, left)))) return left;
    if (left === null && (await isBeingWritten(path))) return 'BUSY';
    await removeLeftLock(path, left);
  }
  return 'BUSY';
}

/** The lock, where another living process holds it. */
export async function findHolder(path: string): Promise<LockFile | null> {
  const lock = await readLockFile(path);
  return lock !== null && !isOurs(lock) && (await isHeld(path, lock)) ? lock : null;
}

const isOurs = ({ mark }: LockFile): boolean => mark !== undefined && held.has(mark);

async function makeLock(path: string): Promise<HeldLock | null> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return null;
    throw error;
  });
  if (file === null) return null;
  const mark = randomUUID();
  const lock: LockFile = { pid: process.pid, startedAt: new Date().toISOString(), mark, place: here };
  await file.write(JSON.stringify(lock), 0);
  held.add(mark);
  return keepLock(path, file, { ...lock, mark });
}

function keepLock(path: string, file: FileHandle, lock: LockFile & { mark: string }): HeldLock {
  const beat = new Worker(BEAT, { eval: true, workerData: { fd: file.fd, path, mark: lock.mark, everyMs: BEAT_MS } });
  beat.unref();
  return {
    // In its place and longer than before: who reads meanwhile finds the old text or the new one.
    announce: async (server) => void (await file.write(JSON.stringify({ ...lock, ...server }), 0)),
    release: async () => {
      await beat.terminate();
      await file.close();
      held.delete(lock.mark);
      if ((await readLockFile(path))?.mark === lock.mark) await rm(path, { force: true });
    },
  };
}

/**
 * Sets the time of the file; a thread of its own, as the embedded database may be at work for long. Where the file is another process's now,
 * this process was taken for dead while it slept: to write on would lose rows, so it ends before anything else is done.
 */
const BEAT = `
const { readFileSync, futimesSync, writeSync } = require('node:fs');
const { fd, path, mark, everyMs } = require('node:worker_threads').workerData;
const markOfFile = () => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).mark;
  } catch {
    return mark;
  }
};
setInterval(() => {
  if (markOfFile() !== mark) {
    writeSync(2, 'lazaret: another process has taken ' + path + ' while this one stood still; this one ends\\n');
    process.kill(process.pid, 'SIGKILL');
  }
  try {
    futimesSync(fd, new Date(), new Date());
  } catch {}
}, everyMs);
`;

async function readLockFile(path: string): Promise<LockFile | null> {
  const lock = LockFile.safeParse(parseJson(await readFile(path, 'utf8').catch(() => '')));
  return lock.success ? lock.data : null;
}

async function isHeld(path: string, lock: LockFile): Promise<boolean> {
  if (lock.mark === undefined || lock.place === undefined) return lock.pid !== process.pid && isAlive(lock.pid);
  if (isSeen(lock.place) && !isSameProcess(lock.pid, lock.place)) return false;
  if (isSeen(lock.place) && lock.place.began !== null) return true;
  return isBeating(path, hasOurClock(lock.place));
}

/** Does its process run among those that we can see? */
function isSeen({ host, boot, processes }: z.infer<typeof Place>): boolean {
  return boot === here.boot && processes === here.processes && (boot !== null || host === here.host);
}

/** Under one kernel there is one clock. */
function hasOurClock({ host, boot }: z.infer<typeof Place>): boolean {
  return boot === here.boot && (boot !== null || host === here.host);
}

/** False where the process is gone, or another one has its id now. */
function isSameProcess(pid: number, { began }: z.infer<typeof Place>): boolean {
  return isAlive(pid) && (began === null || beginningOf(pid) === began);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Looks until the time of the file moves, or has stood still for long enough. */
async function isBeating(path: string, ourClock: boolean): Promise<boolean> {
  const first = await timeOf(path);
  if (first === null || (ourClock && Date.now() - first > SILENT_MS)) return false;
  const until = performance.now() + SILENT_MS;
  while (performance.now() < until) {
    await pause(LOOK_MS);
    if ((await timeOf(path)) !== first) return true;
  }
  return false;
}

/** Opened first: a network file system then asks its server instead of its memory. */
async function timeOf(path: string): Promise<number | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
  }
}

async function isBeingWritten(path: string): Promise<boolean> {
  if ((await readLockFile(path)) !== null) return false;
  const time = await timeOf(path);
  return time !== null && Math.abs(Date.now() - time) < WRITING_MS;
}

/** Takes the lock of a dead process away. What was moved is looked at again: another process may have been faster, and then it is its lock. */
async function removeLeftLock(path: string, left: LockFile | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readLockFile(aside);
  const isAnother = moved?.mark !== left?.mark || moved?.startedAt !== left?.startedAt;
  if (isAnother || (await isBeingWritten(aside))) await rename(aside, path);
  else await rm(aside, { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const here: z.infer<typeof Place> = {
  host: hostname(),
  boot: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  processes: orNull(() => readlinkSync('/proc/self/ns/pid')),
  began: beginningOf(process.pid),
};

/** Linux: the 22nd field; the name before it may hold spaces and brackets. Null also of a dead process that nobody has taken note of. */
function beginningOf(pid: number): string | null {
  return orNull(() => {
    const [, state = '', ...rest] = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/s, '').split(' ');
    return /[ZX]/.test(state) ? null : (rest[18] ?? null);
  });
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
