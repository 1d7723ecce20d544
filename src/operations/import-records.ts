import { parse } from 'csv-parse/sync';
import { InvalidInputError } from '../domain/errors.ts';
import { readLinesByChunk, type TextLine } from './text-lines.ts';

/** The value of a column: a text, or several of NDJSON. Absent = the column is not in the file, or the key not in the object. */
export type Cell = string | readonly string[];
export type Cells = Readonly<Record<string, Cell | undefined>>;

/** One record of an import file: its cells by column, or why it cannot be read. */
export interface ImportRecord {
  /** Of the file, from 1; of a record of several lines the first one. */
  readonly line: number;
  /** As it stands in the file. */
  readonly raw: string;
  readonly cells: Cells | null;
  readonly problem: string | null;
}

export interface Columns {
  readonly known: readonly string[];
  readonly required: readonly string[];
}

const LINE_MAX_BYTES = 1024 * 1024;
/** A quote that is not closed within so many lines was not meant to be one: only its own line is rejected. */
const QUOTED_LINES_MAX = 200;

type Cut = Omit<TextLine, 'number' | 'end'> & { readonly line: number };

/**
 * The records of a CSV file (RFC 4180, with a header, UTF-8), those of one chunk together, in no more memory than a chunk and a record take.
 * A record that cannot be read is told of in its place and stops no other.
 *
 * @throws InvalidInputError where the header is missing, or names a column that there is not
 */
export async function* csvRecords(bytes: AsyncIterable<Uint8Array>, columns: Columns): AsyncGenerator<ImportRecord[]> {
  let header: readonly string[] | null = null;
  for await (const cuts of cutRecords(readLinesByChunk(bytes, LINE_MAX_BYTES))) {
    const records: ImportRecord[] = [];
    for (const cut of cuts) {
      if (cut.text === '') continue;
      if (header === null) header = readHeader(cut, columns);
      else records.push(readRecord(cut, header));
    }
    yield records;
  }
  if (header === null) throw new InvalidInputError(`the file is empty; its first line names the columns: ${columns.known.join(',')}`);
}

/** The records of an NDJSON file: one object a line, with the columns as keys; several values as a list. */
export async function* jsonRecords(bytes: AsyncIterable<Uint8Array>, columns: Columns): AsyncGenerator<ImportRecord[]> {
  for await (const lines of readLinesByChunk(bytes, LINE_MAX_BYTES)) {
    yield lines.filter(({ text, tooLong }) => text.trim() !== '' || tooLong).map((line) => readObject(line, columns));
  }
}

function readObject({ number, text, broken, tooLong }: TextLine, columns: Columns): ImportRecord {
  const read = unreadable({ broken, tooLong }) ?? cellsOfJson(text, columns);
  const known = typeof read === 'string' ? { cells: null, problem: read } : { cells: read, problem: null };
  return { line: number, raw: text, ...known };
}

/** Lines, put together where a quote is open at the end of one. */
async function* cutRecords(chunks: AsyncIterable<readonly TextLine[]>): AsyncGenerator<Cut[]> {
  const open = new OpenRecord();
  for await (const lines of chunks) {
    const cuts: Cut[] = [];
    for (const line of lines) {
      if (open.isEmpty && !hasOddQuotes(line.text)) cuts.push(cutOf(line));
      else if (open.add(line)) cuts.push(together(open.take()));
      else if (open.isTooLong) cuts.push(...separately(open.take()));
    }
    yield cuts;
  }
  yield [...separately(open.take())];
}

const cutOf = ({ number, text, broken, tooLong }: TextLine): Cut => ({ line: number, text, broken, tooLong });

/** Lines with a quote that is not closed yet. */
class OpenRecord {
  #lines: TextLine[] = [];
  #bytes = 0;
  #inQuotes = false;

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  get isTooLong(): boolean {
    return this.#lines.length >= QUOTED_LINES_MAX || this.#bytes > LINE_MAX_BYTES;
  }

  /** @returns is the record complete? */
  add(line: TextLine): boolean {
    this.#lines.push(line);
    this.#bytes += line.text.length;
    if (hasOddQuotes(line.text)) this.#inQuotes = !this.#inQuotes;
    return !this.#inQuotes;
  }

  take(): TextLine[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    this.#inQuotes = false;
    return lines;
  }
}

function together(lines: readonly TextLine[]): Cut {
  return {
    line: lines[0]?.number ?? 0,
    text: lines.map(({ text, end }, index) => (index < lines.length - 1 ? text + end : text)).join(''),
    broken: lines.some(({ broken }) => broken),
    tooLong: lines.some(({ tooLong }) => tooLong),
  };
}

/** The first line holds a quote that nothing closes; the others may be records of their own. */
function* separately([first, ...others]: readonly TextLine[]): Generator<Cut> {
  if (first) yield cutOf(first);
  const open = new OpenRecord();
  for (const line of others) if (open.add(line)) yield together(open.take());
  for (const line of open.take()) yield cutOf(line);
}

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

function readHeader({ text, broken, tooLong }: Cut, { known, required }: Columns): readonly string[] {
  const fields = broken || tooLong ? null : fieldsOf(text);
  if (typeof fields === 'string' || fields === null) throw new InvalidInputError('the first line cannot be read; it names the columns');
  const names = fields.map((field) => field.trim().toLowerCase());
  const wrong = names.find((name) => !known.includes(name));
  const hint = `the columns are ${known.join(',')}`;
  if (wrong !== undefined) throw new InvalidInputError(`there is no column ${JSON.stringify(wrong.slice(0, 60))}; ${hint}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidInputError(`the column ${twice} is there twice`);
  const missing = required.find((name) => !names.includes(name));
  if (missing !== undefined) throw new InvalidInputError(`the column ${missing} is missing; ${hint}`);
  return names;
}

function readRecord(cut: Cut, header: readonly string[]): ImportRecord {
  const place = { line: cut.line, raw: cut.text };
  const fields = unreadable(cut) ?? fieldsOf(cut.text);
  if (typeof fields === 'string') return { ...place, cells: null, problem: fields };
  if (fields.length !== header.length) {
    return { ...place, cells: null, problem: `The row has ${fields.length} columns; the first line names ${header.length}.` };
  }
  const cells: Record<string, string> = {};
  for (let index = 0; index < header.length; index += 1) cells[header[index] ?? ''] = fields[index] ?? '';
  return { ...place, cells, problem: null };
}

function unreadable({ broken, tooLong }: { broken: boolean; tooLong: boolean }): string | null {
  if (tooLong) return `The line is longer than ${LINE_MAX_BYTES / 1024 / 1024} MiB.`;
  return broken ? 'The line is not valid UTF-8.' : null;
}

/** @returns a text: what is wrong with the quotes */
function fieldsOf(text: string): string[] | string {
  if (!text.includes('"')) return text.split(',');
  try {
    const [record] = parse(text, { relax_column_count: true });
    return record ?? [];
  } catch {
    return 'A quote stands where none may, or is not closed: a value with quotes or commas stands in quotes, its own quotes doubled.';
  }
}

/** @returns a text: why it is no record */
function cellsOfJson(text: string, { known }: Columns): Cells | string {
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    return 'The line is not valid JSON.';
  }
  if (!(object instanceof Object) || Array.isArray(object)) return 'The line is not a JSON object.';
  const cells: Record<string, Cell> = {};
  for (const [key, value] of Object.entries(object)) {
    if (!known.includes(key)) return `There is no column ${JSON.stringify(key.slice(0, 60))}; the columns are ${known.join(',')}.`;
    const cell = cellOf(value);
    if (cell === null) return `The column ${key} takes a text, a number, true, false or a list of texts.`;
    cells[key] = cell;
  }
  return cells;
}

function cellOf(value: unknown): Cell | null {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : null;
}
