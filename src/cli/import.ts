import { createReadStream } from 'node:fs';
import { CommandError, EXIT } from './command-error.ts';
import { type Columns, csvRecords, type ImportRecord, jsonRecords } from './import-records.ts';
import { PROFILE_COLUMNS, QUARANTINE_COLUMNS } from './import-rows.ts';
import { type ImportTarget, openProfileTarget, openQuarantineTarget, type RowOutcome, type WriteRows } from './import-targets.ts';
import { explainFileError, type InputFile, listFiles, STDIN } from './input-files.ts';
import { atWorkplace, type Workplace } from './open-command.ts';
import { openProgress } from './progress.ts';
import { RejectedRows } from './rejected-rows.ts';

export interface ImportOptions {
  readonly as: string;
  readonly dryRun?: boolean;
}

interface Kind {
  readonly columns: Columns;
  open(place: Workplace, dryRun: boolean, source: string): Promise<ImportTarget>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  profiles: { columns: PROFILE_COLUMNS, open: openProfileTarget },
  quarantine: { columns: QUARANTINE_COLUMNS, open: openQuarantineTarget },
};

type Counts = Map<Exclude<RowOutcome['kind'], 'REJECTED'>, number>;

/** What became of the rows of a file. */
export interface Imported {
  readonly counts: ReadonlyMap<Exclude<RowOutcome['kind'], 'REJECTED'>, number>;
  readonly rejected: number;
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
  if (!KINDS[options.as]) throw new CommandError(EXIT.usage, `--as takes ${Object.keys(KINDS).join(' or ')}`);
  await fileOf(path);
  const imported = await atWorkplace((place) => importFile(place, path, options));
  process.stdout.write(summary(imported, options.dryRun ?? false));
  return imported.rejected === 0 ? EXIT.done : EXIT.refused;
}

/** Brings one file in, at a place that is open. */
export async function importFile(place: Workplace, path: string, options: ImportOptions): Promise<Imported> {
  const kind = KINDS[options.as];
  if (!kind) throw new CommandError(EXIT.usage, `--as takes ${Object.keys(KINDS).join(' or ')}`);
  const file = await fileOf(path);
  const rejected = await new RejectedRows(`${path === STDIN ? 'stdin' : path}.rejected`).open();
  const counts: Counts = new Map();
  const target = await kind.open(place, options.dryRun ?? false, path);
  const progress = await openProgress('importing', file.size ?? 0);
  const bytes = counted(path === STDIN ? process.stdin : createReadStream(path), (by) => progress.advance(by));
  const records = isJson(path) ? jsonRecords(bytes, kind.columns) : csvRecords(bytes, kind.columns);
  try {
    await writeAll(explained(records, path), target, counts, rejected);
  } finally {
    progress.stop();
    await rejected.close();
  }
  await target.end({ ...Object.fromEntries(counts), rejected: rejected.count });
  return { counts, rejected: rejected.count, rejectedPath: rejected.path };
}

async function fileOf(path: string): Promise<InputFile> {
  const [file, ...others] = await listFiles([path]);
  if (file?.name !== path || others.length > 0) throw new CommandError(EXIT.usage, `${path} is a folder; a file is needed`);
  return file;
}

const isJson = (path: string): boolean => /\.(?:ndjson|jsonl|json)$/i.test(path);

async function* counted(bytes: AsyncIterable<Uint8Array>, count: (by: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk;
    count(chunk.length);
  }
}

/** What the system says of the file, as a sentence. */
async function* explained(records: AsyncIterable<ImportRecord[]>, path: string): AsyncGenerator<ImportRecord[]> {
  try {
    yield* records;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new CommandError(EXIT.refused, explainFileError(path, error));
    throw error;
  }
}

/** Batches are written in their order, one after the other; the next one is read and checked meanwhile. */
async function writeAll(
  records: AsyncIterable<ImportRecord[]>,
  target: ImportTarget,
  counts: Counts,
  rejected: RejectedRows,
): Promise<void> {
  let batch: ImportRecord[] = [];
  let writing: Promise<void> = Promise.resolve();
  const write = async (written: readonly ImportRecord[], rows: WriteRows) => {
    for (const [index, outcome] of (await rows()).entries()) {
      const { line, raw } = written[index] ?? { line: 0, raw: '' };
      if (outcome.kind === 'REJECTED') await rejected.add(line, outcome.reason, raw);
      else counts.set(outcome.kind, (counts.get(outcome.kind) ?? 0) + 1);
    }
  };
  const next = async () => {
    const full = batch;
    batch = [];
    const rows = await target.prepare(full);
    await writing;
    writing = write(full, rows);
    // Its fault is raised where it is waited for; until then it must not end the process.
    writing.catch(() => undefined);
  };
  try {
    for await (const some of records) {
      for (const record of some) {
        batch.push(record);
        if (batch.length >= target.batch) await next();
      }
    }
    if (batch.length > 0) await next();
  } finally {
    await writing;
  }
}

const WORDS: Readonly<Record<Exclude<RowOutcome['kind'], 'REJECTED'>, string>> = {
  WRITTEN: 'imported',
  CREATED: 'added',
  CHANGED: 'changed',
  UNCHANGED: 'as strong already',
  SOUND: 'could be imported',
};

function summary({ counts, rejected, rejectedPath }: Imported, dryRun: boolean): string {
  const parts = [...counts].map(([kind, count]) => `${count} ${WORDS[kind]}`);
  if (rejected > 0) parts.push(`${rejected} rejected, with the reasons in ${rejectedPath}`);
  return `${dryRun ? 'nothing was written: ' : ''}${parts.join(', ') || 'no rows'}\n`;
}
