/** The line that begins a message of an mbox file: `From ann@example.com Tue May 12 10:00:00 2026`. */
const FROM_LINE = /^From \S{1,320} .{0,40}\d\d:\d\d.{0,40}\r?$/;
const FROM_LINE_MAX = 512;
/** With the empty line before it. */
const CUT_MAX = FROM_LINE_MAX + 4;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Does the text begin like an mbox file? */
export function isMbox(start: Uint8Array): boolean {
  return isFromLine(Buffer.from(start.buffer, start.byteOffset, start.length), 0);
}

/**
 * Cuts a stream into messages: an mbox file into its own (each begins with a `From ` line after an empty line), anything else is one. Holds no
 * more than one message; of one that is longer than `most` bytes the beginning.
 */
export async function* splitMessages(chunks: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Buffer> {
  let open: Buffer[] = [];
  let openBytes = 0;
  let ahead: Buffer = Buffer.alloc(0);
  let mbox: boolean | undefined;

  const keep = (piece: Buffer) => {
    const kept = piece.subarray(0, Math.max(0, most - openBytes));
    if (kept.length > 0) open.push(kept);
    openBytes += kept.length;
  };
  const take = () => {
    const message = Buffer.concat(open);
    open = [];
    openBytes = 0;
    return message;
  };

  for await (const chunk of chunks) {
    ahead = ahead.length === 0 ? Buffer.from(chunk) : Buffer.concat([ahead, chunk]);
    if (mbox === undefined && ahead.length < FROM_LINE_MAX) continue;
    mbox ??= isMbox(ahead);
    for (let at = mbox ? nextMessage(ahead) : -1; at !== -1; at = nextMessage(ahead)) {
      keep(ahead.subarray(0, at));
      yield take();
      ahead = ahead.subarray(at);
    }
    // A `From ` line may be cut in two by the end of the chunk.
    const rest = mbox ? CUT_MAX : 0;
    if (ahead.length > rest) {
      keep(ahead.subarray(0, ahead.length - rest));
      ahead = ahead.subarray(ahead.length - rest);
    }
  }
  if (mbox ?? isMbox(ahead)) {
    for (let at = nextMessage(ahead); at !== -1; at = nextMessage(ahead)) {
      keep(ahead.subarray(0, at));
      yield take();
      ahead = ahead.subarray(at);
    }
  }
  keep(ahead);
  if (openBytes > 0) yield take();
}

/** Where the next message begins, if its whole first line is there. */
function nextMessage(text: Buffer): number {
  for (let end = text.indexOf('\nFrom '); end !== -1; end = text.indexOf('\nFrom ', end + 1)) {
    const before = text[end - 1] === RETURN ? end - 2 : end - 1;
    if (before >= 0 && text[before] === NEWLINE && isFromLine(text, end + 1)) return end + 1;
  }
  return -1;
}

function isFromLine(text: Buffer, at: number): boolean {
  const line = text.subarray(at, at + FROM_LINE_MAX);
  const end = line.indexOf(NEWLINE);
  return end !== -1 && FROM_LINE.test(line.subarray(0, end).toString('latin1'));
}
