import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/** Who sends a body slower than this is cut off. */
const BODY_PATIENCE_MS = 60_000;

/**
 * The whole body, if it is not longer than `limit`.
 *
 * @throws HttpError 413 as soon as it is known to be too long: what follows is not kept; 400 where the sender went away
 */
export async function readBody(request: IncomingMessage, limit: number, patienceMs = BODY_PATIENCE_MS): Promise<Buffer> {
  const tooLong = () => new HttpError(413, 'BAD_USER_INPUT', `The body is longer than ${sizeText(limit)}.`, { Connection: 'close' });
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong();
  const chunks: Buffer[] = [];
  let length = 0;
  const timer = setTimeout(() => request.destroy(), patienceMs);
  try {
    // Kept open where the loop ends early: the answer goes out on the same connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw tooLong();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, 'BAD_USER_INPUT', 'The body ended too early.', { Connection: 'close' });
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks, length);
}

const MIB = 1024 * 1024;
export const sizeText = (bytes: number): string => (bytes % MIB === 0 ? `${bytes / MIB} MiB` : `${bytes} bytes`);

/** @throws HttpError 415 where the request is of another type than `types` */
export function requireContentType(request: IncomingMessage, ...types: readonly string[]): void {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(type))
    throw new HttpError(415, 'BAD_USER_INPUT', `This takes Content-Type ${types.join(' or ')}.`, { Connection: 'close' });
}

/**
 * UTF-8 text of a body.
 *
 * @throws HttpError 400 where the bytes are no UTF-8: guessing would change what was said
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, 'BAD_USER_INPUT', 'The body is not valid UTF-8.');
  }
}
