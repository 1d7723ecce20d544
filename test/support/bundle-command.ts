import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/** Bundles the command line from the source as it is now, beside the packages that it needs. @returns its file; the folder is to be removed */
export async function bundleCommand(): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = `node_modules/.cache/lazaret-${process.pid}`;
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs'), folder]);
  return { file: join(root, folder, 'cli.js'), remove: () => rm(join(root, folder), { recursive: true, force: true }) };
}
