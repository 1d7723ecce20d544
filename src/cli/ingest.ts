import { DomainError } from '../domain/errors.ts';
import type { AddressStatus, MessageKind } from '../domain/vocabulary.ts';
import type { Door } from '../operations/feedback-item.ts';
import { ingestMessage } from '../operations/ingest-message.ts';
import { EXIT } from './command-error.ts';
import { type InputFile, listFiles } from './input-files.ts';
import { atWorkplace, COMMAND_LINE, type Workplace } from './open-command.ts';
import { openProgress } from './progress.ts';
import { MESSAGE_MAX, readMessages } from './read-messages.ts';
import type { RunningServer } from './running-server.ts';

/** Who works at the machine's terminal has shown who they are. */
const TERMINAL: Door = { name: 'command line', authenticated: true, actor: COMMAND_LINE };

/** What of the answer to one message the summary needs; the API and the operation give it alike. */
interface Ingested {
  readonly kind: MessageKind;
  readonly duplicate: boolean;
  readonly recipients: readonly { readonly addressStatus: AddressStatus | null }[];
}

/** What was taken in. */
export interface IngestTally {
  readonly kinds: Map<string, number>;
  readonly statuses: Map<string, number>;
  messages: number;
  duplicates: number;
  rejected: number;
}

/**
 * `lazaret ingest`: takes raw messages into the database. Safe to repeat: a message that was taken in before changes nothing.
 *
 * @returns the exit status: refused where a message could not be taken in; the others are
 */
export async function runIngest(paths: readonly string[]): Promise<number> {
  const files = await listFiles(paths);
  const tally = await atWorkplace((place) => ingestFiles(place, files));
  process.stdout.write(`${ingestSummary(tally)}\n`);
  return tally.rejected === 0 ? EXIT.done : EXIT.refused;
}

/** Takes in the messages of files, at a place that is open. */
export async function ingestFiles(place: Workplace, files: readonly InputFile[]): Promise<IngestTally> {
  const tally: IngestTally = { kinds: new Map(), statuses: new Map(), messages: 0, duplicates: 0, rejected: 0 };
  const progress = await openProgress('taking in', files.length);
  for await (const { name, raw, problem } of readMessages(files, () => progress.advance())) {
    const answer = problem ?? (await take(place, raw ?? Buffer.alloc(0)));
    if (typeof answer === 'string') reject(tally, name, answer);
    else count(tally, answer);
  }
  progress.stop();
  return tally;
}

/** @returns what was read in the message, or why it is refused */
async function take(place: Workplace, raw: Uint8Array): Promise<Ingested | string> {
  if (raw.length > MESSAGE_MAX) return `it is larger than ${MESSAGE_MAX / 1024 / 1024} MiB`;
  if (place.kind === 'server') return takeThrough(place.server, raw);
  try {
    return await ingestMessage(place.instance, raw, TERMINAL);
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
}

async function takeThrough(server: RunningServer, raw: Uint8Array): Promise<Ingested | string> {
  const response = await server.fetch('/ingest/message', {
    method: 'POST',
    body: raw as Uint8Array<ArrayBuffer>,
    headers: { 'Content-Type': 'message/rfc822' },
  });
  const answer = (await response.json()) as Ingested & { error?: { message: string } };
  return response.ok ? answer : (answer.error?.message ?? `the server answered ${response.status}`);
}

function reject(tally: IngestTally, name: string, problem: string): void {
  tally.rejected += 1;
  process.stderr.write(`lazaret: ${problem.startsWith(name) ? problem : `${name}: ${problem}`}\n`);
}

function count(tally: IngestTally, { kind, duplicate, recipients }: Ingested): void {
  tally.messages += 1;
  if (duplicate) tally.duplicates += 1;
  addTo(tally.kinds, kind);
  for (const { addressStatus } of recipients) if (addressStatus !== null) addTo(tally.statuses, addressStatus);
}

const addTo = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

const parts = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${times} ${name}`)
    .join(', ');

/** The same in words. */
export function ingestSummary({ kinds, statuses, messages, duplicates, rejected }: IngestTally): string {
  const known = duplicates === 0 ? '' : `, ${duplicates} of them taken in before`;
  const lines = [`${messages} message${messages === 1 ? '' : 's'}${known}${kinds.size === 0 ? '' : `: ${parts(kinds)}`}`];
  if (statuses.size > 0) lines.push(`their addresses: ${parts(statuses)}`);
  if (rejected > 0) lines.push(`${rejected} rejected`);
  return lines.join('\n');
}
