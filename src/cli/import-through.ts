import type { ImportedRows, ImportRequest, RejectedRow } from '../operations/import-file.ts';
import { readTextLines } from '../operations/text-lines.ts';
import { CommandError, EXIT } from './command-error.ts';
import type { RunningServer } from './running-server.ts';

/** A rejected row holds at most a record of the file, and JSON may write each of its bytes in six. */
const LINE_MAX_BYTES = 16 * 1024 * 1024;
/** Rejected rows that are handed on together. */
const ROWS = 1_000;

const CONTENT_TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;

/**
 * Brings a file in through the server that holds the embedded database: the same import, by its route.
 *
 * @throws CommandError with what the server refuses; where it broke off, the same command again brings in the rest
 */
export async function importThrough(
  server: RunningServer,
  bytes: AsyncIterable<Uint8Array>,
  { kind, format, dryRun, source }: ImportRequest,
  reject: (rows: readonly RejectedRow[]) => Promise<void>,
): Promise<ImportedRows> {
  const path = `/import/${kind}?${new URLSearchParams({ source, dryRun: String(dryRun) })}`;
  const { status, body, sent } = await server.send(path, CONTENT_TYPES[format], bytes);
  if (status !== 200) throw await refusal(status, body);
  try {
    return await readAnswer(body, reject);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const unsent: unknown = await sent.catch((reason: unknown) => reason);
    throw unsent instanceof CommandError ? unsent : brokenOff();
  }
}

/** A line for each row that was left out; the last one says what became of the others. */
async function readAnswer(body: AsyncIterable<Uint8Array>, reject: (rows: readonly RejectedRow[]) => Promise<void>): Promise<ImportedRows> {
  let waiting: RejectedRow[] = [];
  for await (const { text } of readTextLines(body, LINE_MAX_BYTES)) {
    const said = JSON.parse(text) as RejectedRow | ImportedRows;
    const isRow = 'line' in said;
    if (isRow) waiting.push(said);
    if (isRow && waiting.length < ROWS) continue;
    await reject(waiting);
    waiting = [];
    if (!isRow) return said;
  }
  throw brokenOff();
}

async function refusal(status: number, body: AsyncIterable<Uint8Array>): Promise<CommandError> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const { error } = JSON.parse(Buffer.concat(chunks).toString()) as { error?: { message: string } };
  return new CommandError(EXIT.refused, error?.message ?? `the server answered ${status}`);
}

function brokenOff(): CommandError {
  return new CommandError(EXIT.unreachable, 'the server broke the import off; the same command again brings in the rest');
}
