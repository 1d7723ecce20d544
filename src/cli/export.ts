import { exportRows } from '../operations/export-rows.ts';
import { CommandError, EXIT } from './command-error.ts';
import { csvLine } from './csv-line.ts';
import { EXPORT_LISTS, type ExportList } from './export-lists.ts';
import { atWorkplace, type Workplace } from './open-command.ts';
import { Output } from './output.ts';
import type { RunningServer } from './running-server.ts';

export interface ExportOptions {
  /** JSON of the API's filter. */
  readonly filter?: string;
  readonly format: string;
}

type Row = Readonly<Record<string, unknown>>;

const FORMATS = ['csv', 'ndjson'];
const API_PAGE = 100;

/**
 * `lazaret export`: writes a list to standard output, oldest first, in flat memory. Values are written as they are: a program that takes a
 * value that begins with = for a formula has to be told that they are texts.
 *
 * @returns the exit status
 */
export async function runExport(what: string, { filter, format }: ExportOptions): Promise<number> {
  const list = EXPORT_LISTS[what];
  if (!list) throw new CommandError(EXIT.usage, `there is no list ${JSON.stringify(what)}: one of ${Object.keys(EXPORT_LISTS).join(', ')}`);
  if (!FORMATS.includes(format)) throw new CommandError(EXIT.usage, `--format takes ${FORMATS.join(' or ')}`);
  const wanted = parseFilter(filter);
  // Checked before anything is opened, also where the server will check it again.
  list.request(wanted);
  const output = new Output();
  await atWorkplace(async (place) => {
    for await (const lines of exportLines(place, list, wanted, format)) {
      for (const line of lines) await output.line(line);
      if (output.closed) break;
    }
    await output.flush();
  });
  return EXIT.done;
}

/** The lines of an export, a slice at a time: with `csv` the first names the columns. */
export async function* exportLines(place: Workplace, list: ExportList, filter: unknown, format: string): AsyncGenerator<readonly string[]> {
  if (format === 'csv') yield [list.columns.join(',')];
  for await (const rows of rowsOf(place, list, filter)) yield rows.map((row) => (format === 'csv' ? csvOf(row, list) : jsonOf(row, list)));
}

function parseFilter(text: string | undefined): unknown {
  try {
    return text === undefined ? {} : JSON.parse(text);
  } catch {
    throw new CommandError(EXIT.usage, `--filter takes a JSON object, such as '{"status":["QUARANTINE"]}'`);
  }
}

async function* rowsOf(place: Workplace, list: ExportList, filter: unknown): AsyncGenerator<readonly Row[]> {
  if (place.kind === 'server') return yield* rowsThrough(place.server, list, filter);
  for await (const rows of exportRows(place.instance, list.request(filter))) yield rows.map(withGlobalIds);
}

/** Ids as the API gives them out, so that they can be given back to it. */
function withGlobalIds(row: Row): Row {
  const encode = (type: string, id: unknown) => (typeof id === 'bigint' ? Buffer.from(`${type}:${id}`).toString('base64url') : null);
  return { ...row, delivery_id: encode('Delivery', row.delivery_id), profile_id: encode('Profile', row.profile_id) };
}

interface Page {
  readonly edges: readonly { readonly node: object }[];
  readonly pageInfo: { readonly hasPreviousPage: boolean; readonly startCursor: string | null };
}

/** Lists of the API begin with the newest row: they are read from their end. */
async function* rowsThrough(server: RunningServer, { api, rowOf }: ExportList, filter: unknown): AsyncGenerator<readonly Row[]> {
  const query = `query ($filter: ${api.filterType}, $before: String) {
    list: ${api.field}(filter: $filter, last: ${API_PAGE}, before: $before) { edges { node { ${api.selection} } } pageInfo { hasPreviousPage startCursor } }
  }`;
  for (let before: string | null = null; ; ) {
    const { list }: { list: Page } = await server.graphql<{ list: Page }>(query, { filter, before });
    yield list.edges.map(({ node }) => rowOf(node)).reverse();
    before = list.pageInfo.startCursor;
    if (!list.pageInfo.hasPreviousPage || before === null) return;
  }
}

function csvOf(row: Row, { columns }: ExportList): string {
  return csvLine(
    columns.map((column) => {
      const value = row[column] ?? null;
      if (value === null) return null;
      return value instanceof Date ? value.toISOString() : String(value);
    }),
  );
}

/** An empty text of the database and an absent value of the API are both null. */
function jsonOf(row: Row, { columns }: ExportList): string {
  return JSON.stringify(Object.fromEntries(columns.map((column) => [column, row[column] === '' ? null : (row[column] ?? null)])));
}
