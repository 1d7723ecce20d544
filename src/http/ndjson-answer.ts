import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';
import { HttpError } from './http-error.ts';

export const NDJSON = 'application/x-ndjson';

const MIB = 1024 * 1024;
/**
 * Lines that may wait in memory for a client that sends everything before it reads the first answer, as simple clients do. Beyond, no
 * more is read until it reads.
 */
const UNREAD_MAX = 16 * MIB;

/** An answer of any length, written line by line while the body of the request is still coming in. */
export class NdjsonAnswer {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** @param lines each with its line end */
  async write(lines: string): Promise<void> {
    const response = this.#response;
    this.#begin();
    if (!response.write(lines) && response.writableLength > UNREAD_MAX)
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
    if (response.destroyed) throw new HttpError(400, 'BAD_USER_INPUT', 'The client went away.');
  }

  end(): void {
    this.#begin();
    this.#response.end();
  }

  /** Late, so that a fault before the first line is answered with its status. */
  #begin(): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, { 'Content-Type': `${NDJSON}; charset=utf-8` });
  }
}

/**
 * Reads a body of any length and answers it line by line.
 *
 * @param idleMs who sends nothing, or reads nothing, for this long is gone
 * @throws HttpError 400 where the body ended too early
 */
export async function answerAsItComes(
  { request, response }: Exchange,
  idleMs: number,
  work: (body: AsyncIterable<Buffer>, answer: NdjsonAnswer) => Promise<void>,
): Promise<void> {
  const cut = () => void request.socket.destroy();
  request.socket.setTimeout(idleMs, cut);
  const answer = new NdjsonAnswer(response);
  try {
    // Kept open where the work ends early: what it says goes out on the same connection.
    await work(request.iterator({ destroyOnReturn: false }), answer);
  } catch (error) {
    if (request.destroyed && !request.complete)
      throw new HttpError(400, 'BAD_USER_INPUT', 'The body ended too early.', { Connection: 'close' });
    throw error;
  } finally {
    // With its listener: the next request on this connection brings its own.
    request.socket.setTimeout(0, cut);
  }
  answer.end();
}
