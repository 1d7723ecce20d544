import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataDirectoryError, readLock, takeDataDirectory } from '../../src/store/data-directory.ts';

let folder: string;
const lock = () => join(folder, 'lazaret.lock');
const lockOf = (pid: number) => JSON.stringify({ pid, startedAt: '2025-01-01T00:00:00Z' });
/** Above the largest process id of any system that this runs on. */
const DEAD = 2 ** 30;

const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

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

test('a directory that this process holds already is refused, and stays its own', async () => {
  const directory = await takeDataDirectory(folder);
  await expect(takeDataDirectory(folder)).rejects.toThrow(`in use by process ${process.pid}`);
  await directory.release();
  await (await takeDataDirectory(folder)).release();
});

/** Another process that holds the directory. */
async function holder(busy = ''): Promise<ChildProcess & { said: () => string }> {
  const script = join(import.meta.dirname, '../support/hold-directory.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, busy], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  await once(child.stdout, 'data');
  return Object.assign(child, { said: () => said });
}

const writtenLock = async () => JSON.parse(await readFile(lock(), 'utf8'));
const touch = (ageMs = 0) => utimes(lock(), new Date(), new Date(Date.now() - ageMs));
/** The lock of a live process, with something changed, as somebody else would have written it. */
async function forge(change: { pid?: number; place?: object }): Promise<void> {
  const child = await holder();
  const { place, ...found } = await writtenLock();
  child.kill('SIGKILL');
  await once(child, 'exit');
  await writeFile(lock(), JSON.stringify({ ...found, ...change, place: { ...place, ...change.place } }));
}

describe('the lock of a holder', () => {
  test('that was killed does not hold up the next start', async () => {
    const child = await holder();
    await expect(takeDataDirectory(folder)).rejects.toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killedAt = performance.now();
    await (await takeDataDirectory(folder)).release();
    expect(performance.now() - killedAt).toBeLessThan(1_000);
  });

  test.runIf(process.platform === 'linux')('whose process id belongs to another process now is taken over at once', async () => {
    await forge({ pid: process.ppid });
    const startedAt = performance.now();
    await (await takeDataDirectory(folder)).release();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test.each([
    ['in another container, with our process id', { pid: process.pid, place: { processes: 'pid:[1]' } }, 0],
    ['on another machine, with another clock', { pid: process.pid, place: { host: 'other', boot: 'other' } }, 3_600_000],
  ])('%s is refused while its time moves, and taken over when it has stood still', async (_where, change, clockMs) => {
    await forge(change);
    const beating = setInterval(() => void touch(clockMs), 1_000);
    await touch(clockMs);
    await expect(takeDataDirectory(folder)).rejects.toThrow(DataDirectoryError);
    clearInterval(beating);
    await (await takeDataDirectory(folder)).release();
  });

  test('moves on while its process is busy, so that nobody takes it for dead', async () => {
    await holder('busy');
    const { mtimeMs } = await stat(lock());
    await expect.poll(async () => (await stat(lock())).mtimeMs).toBeGreaterThan(mtimeMs);
  });

  test('that finds another in its place ends its process before it can write', async () => {
    const child = await holder('busy');
    await writeFile(lock(), JSON.stringify({ ...(await writtenLock()), mark: 'another' }));
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(child.said()).toContain('another process has taken');
  });
});
