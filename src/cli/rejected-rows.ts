import { createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { CommandError, EXIT } from './command-error.ts';
import { csvLine } from './csv-line.ts';
import { drained } from './drained.ts';
import { explainFileError } from './input-files.ts';

/** The rows that an import left out, as CSV: line, reason, row. The file is there only where there is such a row. */
export class RejectedRows {
  readonly path: string;
  #stream: WriteStream | undefined;
  #failed: unknown;
  count = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Takes away what an earlier import left behind. */
  async open(): Promise<this> {
    await rm(this.path, { force: true });
    return this;
  }

  async add(line: number, reason: string, raw: string): Promise<void> {
    this.count += 1;
    this.#stream ??= this.#begin();
    if (!this.#stream.write(`${csvLine([String(line), reason, raw])}\n`) && !this.#stream.destroyed) await drained(this.#stream);
    this.#check();
  }

  async close(): Promise<void> {
    const stream = this.#stream;
    if (!stream) return;
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.end();
    });
    this.#check();
  }

  #begin(): WriteStream {
    const stream = createWriteStream(this.path);
    stream.on('error', (error) => {
      this.#failed = error;
    });
    stream.write('line,reason,row\n');
    return stream;
  }

  #check(): void {
    if (this.#failed) throw new CommandError(EXIT.refused, explainFileError(this.path, this.#failed));
  }
}
