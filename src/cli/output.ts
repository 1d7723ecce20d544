import type { Writable } from 'node:stream';
import { drained } from './drained.ts';

/** Gathered before they are handed to the system: one call a line would take longer than what the line says. */
const GATHERED = 64 * 1024;

/** Lines for standard output. Waits where nobody reads them; ends quietly where the reader has gone, as `head` does. */
export class Output {
  readonly #stream: Writable;
  #gathered: string[] = [];
  #size = 0;
  #closed = false;

  constructor(stream: Writable = process.stdout) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#closed = true;
    });
  }

  /** The reader has gone: nothing more needs to be written. */
  get closed(): boolean {
    return this.#closed;
  }

  line(text: string): Promise<void> {
    return this.text(`${text}\n`);
  }

  /** Whole lines. */
  async text(lines: string): Promise<void> {
    this.#gathered.push(lines);
    this.#size += lines.length;
    if (this.#size >= GATHERED) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#gathered.join('');
    this.#gathered = [];
    this.#size = 0;
    if (text === '' || this.#closed) return;
    if (!this.#stream.write(text) && !this.#stream.destroyed) await drained(this.#stream);
  }
}
