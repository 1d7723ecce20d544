import { sizeText } from './read-body.ts';

/** A line and its number, from 1; or why it cannot be read. */
export interface Line {
  readonly number: number;
  readonly text: string | null;
  readonly problem: string | null;
}

export interface LineLimits {
  readonly lineBytes: number;
  readonly batchLines: number;
  readonly batchBytes: number;
}

const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into batches of lines. Holds no more than a batch: the next bytes are asked for when the batch is done with.
 * Empty lines are counted and left out; of a line that is too long only its number is kept.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, limits: LineLimits): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let batch: Line[] = [];
  let batchBytes = 0;
  let open: Uint8Array[] = [];
  let openBytes = 0;
  let number = 0;

  const extend = (piece: Uint8Array) => {
    openBytes += piece.length;
    if (openBytes > limits.lineBytes) open = [];
    else open.push(piece);
  };
  const finish = () => {
    number += 1;
    const line = openBytes > limits.lineBytes ? tooLong(number, limits) : decode(number, Buffer.concat(open), decoder);
    if (line.problem !== null || line.text?.trim()) batch.push(line);
    batchBytes += Math.min(openBytes, limits.lineBytes);
    open = [];
    openBytes = 0;
  };

  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      extend(chunk.subarray(from, at));
      finish();
      from = at + 1;
      if (batch.length < limits.batchLines && batchBytes < limits.batchBytes) continue;
      yield batch;
      batch = [];
      batchBytes = 0;
    }
    if (from < chunk.length) extend(chunk.subarray(from));
  }
  if (openBytes > 0) finish();
  if (batch.length > 0) yield batch;
}

const tooLong = (number: number, limits: LineLimits): Line => ({
  number,
  text: null,
  problem: `The line is longer than ${sizeText(limits.lineBytes)}.`,
});

function decode(number: number, bytes: Uint8Array, decoder: TextDecoder): Line {
  try {
    return { number, text: decoder.decode(bytes), problem: null };
  } catch {
    return { number, text: null, problem: 'The line is not valid UTF-8.' };
  }
}
