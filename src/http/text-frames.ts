/** First byte of a frame that is a whole text message (RFC 6455, 5.2). */
const WHOLE_TEXT = 0x81;
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;
const MOST_IN_7_BITS = 125;
const MOST_IN_16_BITS = 0xffff;

/** Unmasked WebSocket frames, one text message a body, each put between the same head and tail; in one piece, to be written at once. */
export function textFrames(head: Buffer, bodies: readonly Buffer[], tail: Buffer): Buffer {
  const around = head.length + tail.length;
  const size = bodies.reduce((sum, body) => sum + headerLength(around + body.length) + around + body.length, 0);
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const body of bodies) {
    at = writeHeader(frames, at, around + body.length);
    at += head.copy(frames, at);
    at += body.copy(frames, at);
    at += tail.copy(frames, at);
  }
  return frames;
}

const headerLength = (length: number): number => (length <= MOST_IN_7_BITS ? 2 : length <= MOST_IN_16_BITS ? 4 : 10);

function writeHeader(frames: Buffer, at: number, length: number): number {
  frames[at] = WHOLE_TEXT;
  if (length <= MOST_IN_7_BITS) {
    frames[at + 1] = length;
    return at + 2;
  }
  if (length <= MOST_IN_16_BITS) {
    frames[at + 1] = LENGTH_IN_16_BITS;
    return frames.writeUInt16BE(length, at + 2);
  }
  frames[at + 1] = LENGTH_IN_64_BITS;
  return frames.writeBigUInt64BE(BigInt(length), at + 2);
}
