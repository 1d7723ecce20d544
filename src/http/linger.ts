import type { IncomingMessage } from 'node:http';

const MOST_BYTES = 256 * 1024 * 1024;
const PATIENCE_MS = 5_000;

/**
 * Resolves when the sender has sent its body, went away, or has had patience enough. What comes is thrown away.
 *
 * A connection that is closed while its client still sends is reset, and the client never reads the answer that was on its way.
 */
export function untilSent(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (request.complete || request.destroyed) return resolve();
    let length = 0;
    const timer = setTimeout(resolve, PATIENCE_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    request.on('end', done).on('close', done).on('error', done);
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MOST_BYTES) done();
    });
  });
}
