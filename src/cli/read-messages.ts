import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { explainFileError, type InputFile, STDIN } from './input-files.ts';
import { isMbox, splitMessages } from './split-mbox.ts';

/** What of a message is read; a bounce says what it has to say at its beginning. The API's limit for one raw message is the same. */
export const MESSAGE_MAX = 32 * 1024 * 1024;
/** Files that are read while another one is worked on: a disk or network that answers slowly is not waited for each time. */
const AHEAD = 8;
/** What is read at once and held ahead; larger files are read when it is their turn. */
const SMALL = 1024 * 1024;

/** One raw message (of one that is longer than MESSAGE_MAX the beginning, by one byte longer than that), or why it cannot be read. */
export interface RawMessage {
  /** Name of its file; of an mbox file with several messages with # and the number of the message. */
  readonly name: string;
  readonly raw: Uint8Array | null;
  readonly problem: string | null;
}

/** The messages of files, in the order of the files; no more than a few are held at a time. */
export async function* readMessages(files: readonly InputFile[], onFile: () => void = () => undefined): AsyncGenerator<RawMessage> {
  const ahead = new Map<number, Promise<FileStart>>();
  for (const [index, file] of files.entries()) {
    for (let next = index; next < Math.min(index + AHEAD, files.length); next += 1) {
      const wanted = files[next];
      if (wanted && wanted.name !== STDIN && !ahead.has(next)) ahead.set(next, readStart(wanted.name));
    }
    const start = await ahead.get(index);
    ahead.delete(index);
    if (start?.kind === 'whole' && isOneMessage(file.name, start.bytes)) yield { name: file.name, raw: start.bytes, problem: null };
    else if (start?.kind === 'problem') yield { name: file.name, raw: null, problem: start.problem };
    else yield* messagesOf(file.name, start?.kind === 'whole' ? single(start.bytes) : bytesOf(file.name));
    onFile();
  }
}

type FileStart =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'large' }
  | { readonly kind: 'problem'; readonly problem: string };

async function readStart(name: string): Promise<FileStart> {
  try {
    await using file = await open(name);
    const found = await file.stat();
    if (!found.isFile() || found.size > SMALL) return { kind: 'large' };
    return { kind: 'whole', bytes: await file.readFile() };
  } catch (error) {
    return { kind: 'problem', problem: explainFileError(name, error) };
  }
}

/** In a file of a single message by its name a `From ` line further down belongs to what was returned. */
function isOneMessage(name: string, bytes: Uint8Array): boolean {
  return name.endsWith('.eml') || !isMbox(bytes);
}

async function* single(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function bytesOf(name: string): AsyncIterable<Uint8Array> {
  return name === STDIN ? process.stdin : createReadStream(name);
}

/** A message gets its number once there is a second one. */
async function* messagesOf(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<RawMessage> {
  let number = 0;
  let held: Buffer | null = null;
  try {
    for await (const raw of splitMessages(bytes, MESSAGE_MAX + 1)) {
      if (held) {
        number += 1;
        yield { name: `${name}#${number}`, raw: held, problem: null };
      }
      held = raw;
    }
  } catch (error) {
    yield { name, raw: null, problem: explainFileError(name, error) };
    return;
  }
  yield { name: number === 0 ? name : `${name}#${number + 1}`, raw: held ?? Buffer.alloc(0), problem: null };
}
