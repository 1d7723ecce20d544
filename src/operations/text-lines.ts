/** One line of a text and its number, from 1. */
export interface TextLine {
  readonly number: number;
  /** Without its line end; what is not UTF-8 stands as U+FFFD. */
  readonly text: string;
  readonly end: '\r\n' | '\n';
  /** The line has bytes that are not UTF-8. */
  readonly broken: boolean;
  /** The line is longer than allowed; `text` is its beginning. */
  readonly tooLong: boolean;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** The lines of a stream of bytes, empty ones too. */
export async function* readTextLines(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<TextLine> {
  for await (const lines of readLinesByChunk(chunks, mostBytes)) yield* lines;
}

/** The same, with the lines that end in one chunk together: for millions of them. Holds no more than one chunk and one line. */
export async function* readLinesByChunk(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<TextLine[]> {
  let open: Uint8Array[] = [];
  let openBytes = 0;
  let number = 0;
  let first = true;

  const extend = (piece: Uint8Array) => {
    const room = Math.max(0, mostBytes - openBytes);
    if (room > 0) open.push(room < piece.length ? piece.subarray(0, room) : piece);
    openBytes += piece.length;
  };
  const finish = (): TextLine => {
    number += 1;
    const tooLong = openBytes > mostBytes;
    const [only] = open;
    const bytes = open.length === 1 && only ? Buffer.from(only.buffer, only.byteOffset, only.length) : Buffer.concat(open);
    open = [];
    openBytes = 0;
    return { number, ...decode(bytes), tooLong };
  };

  for await (const chunk of chunks) {
    // A byte order mark is no part of the text.
    let from = first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    first = false;
    const lines: TextLine[] = [];
    for (let at = chunk.indexOf(NEWLINE, from); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      extend(chunk.subarray(from, at));
      lines.push(finish());
      from = at + 1;
    }
    if (from < chunk.length) extend(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (openBytes > 0) yield [finish()];
}

function decode(bytes: Buffer): Pick<TextLine, 'text' | 'end' | 'broken'> {
  const returned = bytes.at(-1) === RETURN;
  const end = returned ? bytes.length - 1 : bytes.length;
  const text = bytes.toString('utf8', 0, end);
  return { text, end: returned ? '\r\n' : '\n', broken: text.includes('\u{fffd}') && !bytes.subarray(0, end).equals(Buffer.from(text)) };
}
