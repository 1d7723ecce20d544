import { createReadStream, readFileSync, statSync } from 'node:fs';
import { explainFileError, type InputFile, STDIN } from './input-files.ts';
import { isMbox, splitMessages } from './split-mbox.ts';

/** What of a message is read; a bounce says what it has to say at its beginning. The API's limit for one raw message is the same. */
export const MESSAGE_MAX = 32 * 1024 * 1024;
/** What is read at once; larger files are read piece by piece. */
const SMALL = 1024 * 1024;

/** One raw message (of one that is longer than MESSAGE_MAX the beginning, by one byte longer than that), or why it cannot be read. */
export interface RawMessage {
  /** Name of its file; of an mbox file with several messages with # and the number of the message. */
  readonly name: string;
  readonly raw: Uint8Array | null;
  readonly problem: string | null;
}

/** The messages of files, in the order of the files; no more than one is held at a time. */
export async function* readMessages(files: readonly InputFile[], onFile: () => void = () => undefined): AsyncGenerator<RawMessage> {
  for (const { name } of files) {
    const whole = name === STDIN ? null : readSmall(name);
    if (typeof whole === 'string') yield { name, raw: null, problem: whole };
    else if (whole !== null && isOneMessage(name, whole)) yield { name, raw: whole, problem: null };
    else yield* messagesOf(name, whole === null ? bytesOf(name) : single(whole));
    onFile();
  }
}

/**
 * A small file at once, and not in the background: the way there and back takes 0.1 ms a file (measured), five times as long as the reading.
 *
 * @returns null for a large file or a pipe; a text: why it cannot be read
 */
function readSmall(name: string): Buffer | string | null {
  try {
    const found = statSync(name);
    return found.isFile() && found.size <= SMALL ? readFileSync(name) : null;
  } catch (error) {
    return explainFileError(name, error);
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
