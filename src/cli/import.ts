import { createReadStream } from 'node:fs';
import {
  IMPORT_KINDS,
  type ImportedRows,
  type ImportKind,
  type ImportRequest,
  importFile,
  type RejectedRow,
  type TakenRow,
} from '../operations/import-file.ts';
import { CommandError, EXIT } from './command-error.ts';
import { importThrough } from './import-through.ts';
import { explainFileError, type InputFile, listFiles, STDIN } from './input-files.ts';
import { atWorkplace, COMMAND_LINE, type Workplace } from './open-command.ts';
import { openProgress } from './progress.ts';
import { RejectedRows } from './rejected-rows.ts';

export interface ImportOptions {
  readonly as: string;
  readonly dryRun?: boolean;
}

/** What became of the rows of a file. */
export interface Imported extends ImportedRows {
  /** Where the rejected rows are, with the reasons; there only where there are any. */
  readonly rejectedPath: string;
}

/**
 * `lazaret import`: brings a CSV or NDJSON file into the database, batch by batch. Each batch is there as a whole or not at all; after a
 * kill the same command again brings in the rest, and what is there already stays as it is. Rejected rows go to FILE.rejected.
 *
 * @returns the exit status: refused where a row was rejected; the others are imported
 */
export async function runImport(path: string, options: ImportOptions): Promise<number> {
  kindOf(options);
  await fileOf(path);
  const imported = await atWorkplace((place) => importPath(place, path, options));
  process.stdout.write(summary(imported, options.dryRun ?? false));
  if (imported.warning !== null) process.stderr.write(`lazaret: warning: ${imported.warning}\n`);
  return imported.rejected === 0 ? EXIT.done : EXIT.refused;
}

/** Brings one file in, at a place that is open. */
export async function importPath(place: Workplace, path: string, options: ImportOptions): Promise<Imported> {
  const request: ImportRequest = {
    kind: kindOf(options),
    format: /\.(?:ndjson|jsonl|json)$/i.test(path) ? 'ndjson' : 'csv',
    dryRun: options.dryRun ?? false,
    source: path,
  };
  const file = await fileOf(path);
  const rejected = await new RejectedRows(`${path === STDIN ? 'stdin' : path}.rejected`).open();
  const progress = await openProgress('importing', file.size ?? 0);
  const bytes = readBytes(path, (by) => progress.advance(by));
  const reject = async (rows: readonly RejectedRow[]) => {
    for (const { line, reason, row } of rows) await rejected.add(line, reason, row);
  };
  try {
    const imported =
      place.kind === 'server'
        ? await importThrough(place.server, bytes, request, reject)
        : await importFile(place.instance, bytes, request, COMMAND_LINE, reject);
    return { ...imported, rejectedPath: rejected.path };
  } finally {
    progress.stop();
    await rejected.close();
  }
}

function kindOf({ as }: ImportOptions): ImportKind {
  const kind = IMPORT_KINDS.find((name) => name === as);
  if (!kind) throw new CommandError(EXIT.usage, `--as takes ${IMPORT_KINDS.join(' or ')}`);
  return kind;
}

async function fileOf(path: string): Promise<InputFile> {
  const [file, ...others] = await listFiles([path]);
  if (file?.name !== path || others.length > 0) throw new CommandError(EXIT.usage, `${path} is a folder; a file is needed`);
  return file;
}

/** @throws CommandError with what the system says of the file, as a sentence */
async function* readBytes(path: string, count: (by: number) => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of path === STDIN ? process.stdin : createReadStream(path)) {
      yield chunk;
      count(chunk.length);
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new CommandError(EXIT.refused, explainFileError(path, error));
    throw error;
  }
}

const WORDS: Readonly<Record<TakenRow, string>> = {
  WRITTEN: 'imported',
  CREATED: 'added',
  CHANGED: 'changed',
  UNCHANGED: 'as strong already',
  SOUND: 'could be imported',
};

function summary({ counts, rejected, rejectedPath }: Imported, dryRun: boolean): string {
  const parts = Object.entries(counts).map(([kind, count]) => `${count} ${WORDS[kind as TakenRow]}`);
  if (rejected > 0) parts.push(`${rejected} rejected, with the reasons in ${rejectedPath}`);
  return `${dryRun ? 'nothing was written: ' : ''}${parts.join(', ') || 'no rows'}\n`;
}
