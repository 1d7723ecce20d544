import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataDirectoryError, readLock, takeDataDirectory } from '../../src/store/data-directory.ts';

let folder: string;
const lock = () => join(folder, 'lazaret.lock');
const lockOf = (pid: number) => JSON.stringify({ pid, startedAt: '2025-01-01T00:00:00Z' });
/** Above the largest process id of any system that this runs on. */
const DEAD = 2 ** 30;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a directory that a living process holds is refused, and its lock stays', async () => {
  await writeFile(lock(), lockOf(process.ppid));
  await expect(takeDataDirectory(folder)).rejects.toThrow(`in use by process ${process.ppid}`);
  expect(await readFile(lock(), 'utf8')).toBe(lockOf(process.ppid));
});

test('a lock that is being written is no lock of a dead process', async () => {
  await writeFile(lock(), '');
  await expect(takeDataDirectory(folder)).rejects.toThrow(DataDirectoryError);
  expect(await readFile(lock(), 'utf8')).toBe('');
});

test.each([
  ['of a dead process', lockOf(DEAD)],
  ['that a kill left half written', '{"pid":'],
])('a lock %s is taken over', async (_whose, text) => {
  await writeFile(lock(), text);
  await utimes(lock(), new Date('2025-01-01'), new Date('2025-01-01'));
  const directory = await takeDataDirectory(folder);
  expect(JSON.parse(await readFile(lock(), 'utf8'))).toMatchObject({ pid: process.pid });
  await directory.announce({ url: 'http://127.0.0.1:4000', secret: 'lzt_x' });
  expect(JSON.parse(await readFile(lock(), 'utf8'))).toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:4000' });
  // Nobody else: to the process that holds it, the lock is its own.
  expect(await readLock(folder)).toBeNull();
  await directory.release();
  expect((await readdir(folder)).filter((name) => name.startsWith('lazaret.lock'))).toEqual([]);
});
