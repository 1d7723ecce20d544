import { setImmediate } from 'node:timers/promises';
import { type DomainError, InvalidInputError } from '../domain/errors.ts';
import { assessImport, endImport, type ImportReport, tallyAddresses } from './end-import.ts';
import { type CheckedProfile, checkProfiles, importProfiles, tryProfiles } from './import-profiles.ts';
import { checkQuarantine, importQuarantine } from './import-quarantine.ts';
import { type Cells, type Columns, csvRecords, type ImportRecord, jsonRecords } from './import-records.ts';
import { PROFILE_COLUMNS, profileOf, QUARANTINE_COLUMNS, quarantineOf } from './import-rows.ts';
import type { Actor, Instance } from './instance.ts';
import { recordImport } from './record-import.ts';

/** What can be imported. */
export const IMPORT_KINDS = ['profiles', 'quarantine'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

export interface ImportRequest {
  readonly kind: ImportKind;
  /** CSV with a header, or one JSON object a line. */
  readonly format: 'csv' | 'ndjson';
  /** Checks and writes nothing. */
  readonly dryRun: boolean;
  /** Where the rows come from, for the audit trail. */
  readonly source: string;
}

/** What became of a row that was taken. SOUND = it would be taken: a dry run. */
export type TakenRow = 'WRITTEN' | 'CREATED' | 'CHANGED' | 'UNCHANGED' | 'SOUND';

/** A row that was left out. */
export interface RejectedRow {
  /** Of the file, from 1. */
  readonly line: number;
  readonly reason: string;
  /** As it stands in the file. */
  readonly row: string;
}

/** What became of the rows of a file. */
export interface ImportedRows {
  readonly counts: Readonly<Partial<Record<TakenRow, number>>>;
  readonly rejected: number;
  /** What should be looked at before anybody is written to; null = nothing. */
  readonly warning: string | null;
}

/** What is written in well under a second; the embedded database is slower, and has one connection for all. */
const BATCH = { server: 4_000, embedded: 1_000 } as const;
/** Rows that are read and checked at a stretch. */
const TURN = 100;

/**
 * Brings a file in, batch by batch, in flat memory. Each batch is there as a whole or not at all; where the import ended early, the same
 * file again brings in the rest, and what is there already stays as it is. A row that is rejected stops no other.
 *
 * @param reject told of each row that is left out, in their order, before the next batch is written
 * @throws InvalidInputError where the header of the file cannot be used
 */
export async function importFile(
  instance: Instance,
  bytes: AsyncIterable<Uint8Array>,
  request: ImportRequest,
  actor: Actor,
  reject: (rows: readonly RejectedRow[]) => Promise<void>,
): Promise<ImportedRows> {
  const { kind, format, dryRun, source } = request;
  const { columns, prepare, end } = await openKind(instance, request, actor);
  const records = format === 'csv' ? csvRecords(bytes, columns) : jsonRecords(bytes, columns);
  if (!dryRun) await recordImport(instance, kind, 'begin', { file: source }, actor);
  const done = new Outcomes(reject);
  await writeAll(records, { size: BATCH[instance.database.engine], prepare }, done);
  const { counts, rejected } = done;
  const report = await end({ ...counts, rejected });
  return { counts, rejected, warning: report?.warning ?? null };
}

type Outcome = { readonly kind: TakenRow } | { readonly kind: 'REJECTED'; readonly reason: string };

/** Rows that are read and checked. Called once, when all rows before them are written. @returns the outcome of each, in their order */
type WriteRows = () => Promise<Outcome[]>;

/** Reads and checks a batch; writes nothing yet. Lets others work in between: what is being written meanwhile has several statements. */
type PrepareRows = (records: readonly ImportRecord[]) => Promise<WriteRows>;

/** What an import of that kind is made of. */
interface OpenKind {
  readonly columns: Columns;
  readonly prepare: PrepareRows;
  /** All is written: `counts` goes into the audit trail. @returns what is to be said of the whole, where there is anything */
  end(counts: object): Promise<ImportReport | null>;
}

function openKind(instance: Instance, request: ImportRequest, actor: Actor): Promise<OpenKind> {
  return request.kind === 'profiles' ? openProfiles(instance, request, actor) : openQuarantine(instance, request, actor);
}

async function openProfiles(instance: Instance, { dryRun, source }: ImportRequest, actor: Actor): Promise<OpenKind> {
  const book = await instance.addressBook();
  const tally = { addresses: 0, inQuarantine: 0 };
  let tallying: Promise<void> = Promise.resolve();
  const count = async (taken: readonly CheckedProfile[]) => {
    const { addresses, inQuarantine } = await tallyAddresses(instance, taken);
    tally.addresses += addresses;
    tally.inQuarantine += inQuarantine;
  };
  const check = (items: Parameters<typeof checkProfiles>[0]) => checkProfiles(items, book);
  const write = async (rows: ReturnType<typeof check>) => {
    const outcomes = dryRun ? await dry(await tryProfiles(instance, rows)) : await importProfiles(instance, rows, actor);
    await tallying;
    // Beside the writing of the next batch; at most one batch behind.
    tallying = count(rows.filter((_row, index) => !(outcomes[index] instanceof Error)) as CheckedProfile[]);
    // Its fault is raised where it is waited for.
    tallying.catch(() => undefined);
    return outcomes;
  };
  return {
    columns: PROFILE_COLUMNS,
    prepare: batches({ read: profileOf, check, write }),
    end: async (counts) => {
      await tallying;
      return dryRun ? assessImport(instance, tally) : endImport(instance, { source, counts, ...tally }, actor);
    },
  };
}

async function openQuarantine(instance: Instance, { kind, dryRun, source }: ImportRequest, actor: Actor): Promise<OpenKind> {
  const book = await instance.addressBook();
  const check = (items: Parameters<typeof checkQuarantine>[0]) => checkQuarantine(items, book, instance.now());
  const write = (rows: ReturnType<typeof check>) => importQuarantine(instance, rows, actor);
  return {
    columns: QUARANTINE_COLUMNS,
    prepare: batches({ read: quarantineOf, check, write: dryRun ? dry : write }),
    end: async (counts) => {
      if (!dryRun) await recordImport(instance, kind, 'end', { file: source, ...counts }, actor);
      return null;
    },
  };
}

const dry = async (checked: readonly object[]): Promise<Written> =>
  checked.map((row) => (row instanceof InvalidInputError ? row : 'SOUND'));

/** Of each row: the id of what was written, what became of it, or its refusal. */
type Written = readonly (bigint | TakenRow | DomainError)[];

interface Steps<Item, Checked> {
  /** @returns a text: why the row is refused */
  read(cells: Cells): Item | string;
  check(items: readonly Item[]): Checked[];
  /** The outcome of each, in their order. */
  write(checked: Checked[]): Promise<Written>;
}

/** Reads the rows, hands on those that can be read, and puts the outcomes in their places. */
function batches<Item, Checked>(steps: Steps<Item, Checked>): PrepareRows {
  return async (records) => {
    const outcomes: Outcome[] = [];
    const checked: Checked[] = [];
    const places: number[] = [];
    for (let from = 0; from < records.length; from += TURN) {
      const items: Item[] = [];
      for (const [index, { cells, problem }] of records.slice(from, from + TURN).entries()) {
        const item = cells === null ? (problem ?? '') : steps.read(cells);
        if (typeof item === 'string') outcomes[from + index] = { kind: 'REJECTED', reason: item };
        else {
          items.push(item);
          places.push(from + index);
        }
      }
      checked.push(...steps.check(items));
      await setImmediate();
    }
    return async () => {
      const written = checked.length === 0 ? [] : await steps.write(checked);
      for (const [index, place] of places.entries()) outcomes[place] = outcomeOf(written[index]);
      return outcomes;
    };
  };
}

function outcomeOf(written: Written[number] | undefined): Outcome {
  if (typeof written === 'bigint') return { kind: 'WRITTEN' };
  if (typeof written === 'string') return { kind: written };
  if (written === undefined) throw new Error('a row of the import was not answered');
  return { kind: 'REJECTED', reason: written.message };
}

/** What became of the rows so far. */
class Outcomes {
  readonly counts: Partial<Record<TakenRow, number>> = {};
  rejected = 0;
  readonly #reject: (rows: readonly RejectedRow[]) => Promise<void>;

  constructor(reject: (rows: readonly RejectedRow[]) => Promise<void>) {
    this.#reject = reject;
  }

  async add(records: readonly ImportRecord[], outcomes: readonly Outcome[]): Promise<void> {
    const rejected: RejectedRow[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const { line, raw } = records[index] ?? { line: 0, raw: '' };
      if (outcome.kind === 'REJECTED') rejected.push({ line, reason: outcome.reason, row: raw });
      else this.counts[outcome.kind] = (this.counts[outcome.kind] ?? 0) + 1;
    }
    this.rejected += rejected.length;
    if (rejected.length > 0) await this.#reject(rejected);
  }
}

/** Batches are written in their order, one after the other; the next one is read and checked meanwhile. */
async function writeAll(
  records: AsyncIterable<ImportRecord[]>,
  { size, prepare }: { size: number; prepare: PrepareRows },
  done: Outcomes,
): Promise<void> {
  let batch: ImportRecord[] = [];
  let writing: Promise<void> = Promise.resolve();
  const write = async (written: readonly ImportRecord[], rows: WriteRows) => done.add(written, await rows());
  const next = async () => {
    const full = batch;
    batch = [];
    const rows = await prepare(full);
    await writing;
    writing = write(full, rows);
    // Its fault is raised where it is waited for; until then it must not end the process.
    writing.catch(() => undefined);
  };
  try {
    for await (const some of records) {
      for (const record of some) {
        batch.push(record);
        if (batch.length >= size) await next();
      }
    }
    if (batch.length > 0) await next();
  } finally {
    await writing;
  }
}
