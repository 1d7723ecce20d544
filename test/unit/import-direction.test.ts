import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../../src');

/** What each room of the house may import, besides itself and packages. `generated` is Prisma's and Pothos' own code. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  reports: ['domain'],
  store: ['domain', 'generated'],
  operations: ['domain', 'reports', 'store'],
  live: ['domain', 'store', 'operations'],
  jobs: ['domain', 'operations'],
  inbound: ['domain', 'reports', 'operations'],
  outbound: ['domain', 'operations'],
  graphql: ['domain', 'store', 'operations', 'live', 'generated'],
  http: ['domain', 'operations', 'graphql', 'live', 'inbound'],
  cli: ['domain', 'reports', 'store', 'operations', 'http', 'live', 'jobs'],
};
/** The composition root and the configuration stand beside the rooms. */
const ROOT_FILES = ['main.ts', 'app.ts', 'config.ts'];

const files = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => !path.includes('/generated/'));

const roomOf = (path: string) => relative(src, path).split('/')[0] ?? '';
const importsOf = (path: string) =>
  [
    ...readFileSync(path, 'utf8').matchAll(
      /^(?:import|export)\b[^;'"]*?from\s+['"](\.[^'"]+)['"]|^import\s+['"](\.[^'"]+)['"]|import\(['"](\.[^'"]+)['"]\)/gm,
    ),
  ].map((match) => resolve(dirname(path), match[1] ?? match[2] ?? match[3] ?? ''));

test('imports go in the direction that the architecture draws', () => {
  const wrong: string[] = [];
  for (const path of files) {
    const room = roomOf(path);
    if (ROOT_FILES.includes(room)) continue;
    for (const target of importsOf(path)) {
      const other = roomOf(target);
      const allowed = other === room || MAY_IMPORT[room]?.includes(other) || (room === 'cli' && ROOT_FILES.includes(other));
      if (!allowed) wrong.push(`${relative(src, path)} imports ${relative(src, target)}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('the check above reads the whole house', () => {
  expect(files.length).toBeGreaterThan(60);
  for (const room of ['domain', 'reports', 'store', 'operations', 'graphql', 'http', 'cli']) {
    expect(files.filter((path) => roomOf(path) === room).length, room).toBeGreaterThan(3);
  }
});

test('only the configuration and the command line read the environment', () => {
  const readers = files.filter((path) => /process\.env/.test(readFileSync(path, 'utf8'))).map((path) => relative(src, path));
  expect(readers.filter((path) => !ROOT_FILES.includes(path) && !path.startsWith('cli/'))).toEqual([]);
});

test('nobody but the store and the schema builder imports generated code', () => {
  const users = files.filter((path) => importsOf(path).some((target) => roomOf(target) === 'generated')).map(roomOf);
  expect([...new Set(users)].filter((room) => !['store', 'graphql'].includes(room))).toEqual([]);
});
