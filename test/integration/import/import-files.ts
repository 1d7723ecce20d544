import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Imported, importPath } from '../../../src/cli/import.ts';
import type { Workplace } from '../../../src/cli/open-command.ts';
import { findRunningServer } from '../../../src/cli/running-server.ts';
import type { TestApp } from '../../support/test-app.ts';

/** A folder of a test's own. */
export async function scratchFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-import-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Brings a text in and reads what was rejected: lines and reasons. */
export async function importText(
  place: Workplace,
  file: string,
  text: string | Buffer,
  as: string,
  dryRun = false,
): Promise<{ counts: Record<string, number>; rejected: [line: number, reason: string][] }> {
  return (await importWithWarning(place, file, text, as, dryRun)).outcome;
}

/** The same, with what the import warns of. */
export async function importWithWarning(place: Workplace, file: string, text: string | Buffer, as: string, dryRun = false) {
  await writeFile(file, text);
  const imported: Imported = await importPath(place, file, { as, dryRun });
  const lines = imported.rejected === 0 ? [] : (await readFile(imported.rejectedPath, 'utf8')).trimEnd().split('\n').slice(1);
  const rejected = lines.map((line): [number, string] => {
    const [, number = '', quoted, plain] = /^(\d+),(?:"((?:[^"]|"")*)"|([^,]*)),/.exec(line) ?? [];
    return [Number(number), quoted?.replaceAll('""', '"') ?? plain ?? ''];
  });
  return { outcome: { counts: imported.counts, rejected }, warning: imported.warning };
}

/** A data directory that says: the app is the server that holds me. The holder must be another process than the one that asks. */
export async function announceApp(app: TestApp, folder: string, holder: number): Promise<string> {
  const dataDir = join(folder, `data-${holder}`);
  await mkdir(dataDir, { recursive: true });
  const lock = { pid: holder, startedAt: new Date().toISOString(), url: app.url, secret: app.adminToken };
  await writeFile(join(dataDir, 'lazaret.lock'), JSON.stringify(lock));
  return dataDir;
}

/** The app as commands of this process reach it. */
export async function placeOfServer(app: TestApp, folder: string): Promise<Workplace> {
  const server = await findRunningServer(await announceApp(app, folder, process.ppid));
  if (!server) throw new Error('the server was not found');
  return { kind: 'server', server };
}
