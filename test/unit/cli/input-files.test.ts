import { linkSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles } from '../../../src/cli/input-files.ts';

/** Of a path, in bytes. */
const LONGEST_PATH = 4096;

test('a folder within a folder that cannot be opened stands in its place, and those around it are listed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-'));
  // No mode keeps root out of a folder; a path that is too long keeps out everybody.
  let deep = join(folder, 'mail/m');
  while (deep.length + 201 < LONGEST_PATH - 1) deep = join(deep, 'd'.repeat(200));
  await mkdir(deep, { recursive: true });
  const long = join(folder, 'mail', 'm'.repeat(250));
  await rename(join(folder, 'mail/m'), long);
  for (const name of ['a.eml', 'z.eml']) await writeFile(join(folder, 'mail', name), '');
  try {
    const names = (await listFiles([join(folder, 'mail')])).map(({ name }) => name.slice(join(folder, 'mail').length + 1));
    expect(names.map((name) => name.slice(0, 5))).toEqual(['a.eml', 'mmmmm', 'z.eml']);
    await expect(listFiles([join(folder, 'mail', names[1] ?? '')])).rejects.toThrow('cannot be used');
  } finally {
    await rename(long, join(folder, 'mail/m'));
    await rm(folder, { recursive: true });
  }
});

test('a folder holds more files than a call takes arguments', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-'));
  const within = join(folder, 'new');
  await mkdir(within);
  // Names of three files: links are made faster, and a file takes no more than some 65,000.
  for (const first of ['a', 'b', 'c']) {
    await writeFile(join(within, first), '');
    for (let i = 1; i < 50_000; i++) linkSync(join(within, first), join(within, first + i));
  }
  try {
    expect(await listFiles([folder])).toHaveLength(150_000);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
