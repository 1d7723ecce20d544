/** What a look at something that goes on found. */
export interface ProgressLook<T> {
  readonly value: T;
  /** Two looks with the same fingerprint are the same to the subscriber. */
  readonly fingerprint: string;
  /** Nothing will change any more. */
  readonly isFinal: boolean;
}

/** At most four updates a second. */
const LOOK_MS = 250;

/**
 * The progress of one piece of work: first as it is now, then whenever a look finds it changed; ends after its final state, or when the
 * work is gone (null).
 */
export class ProgressStream<T> implements AsyncIterableIterator<T> {
  readonly #look: () => Promise<ProgressLook<T> | null>;
  readonly #intervalMs: number;
  #shown: string | undefined;
  #ended = false;
  #closed = false;
  #stopWaiting: (() => void) | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(look: () => Promise<ProgressLook<T> | null>, intervalMs = LOOK_MS) {
    this.#look = look;
    this.#intervalMs = intervalMs;
  }

  next(): Promise<IteratorResult<T>> {
    const result = this.#queue.then(() => this.#pull());
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #pull(): Promise<IteratorResult<T>> {
    if (this.#shown !== undefined) await this.#wait();
    while (!this.#closed && !this.#ended) {
      const look = await this.#look();
      if (!look) break;
      this.#ended = look.isFinal;
      if (look.fingerprint !== this.#shown && !this.#closed) {
        this.#shown = look.fingerprint;
        return { done: false, value: look.value };
      }
      await this.#wait();
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<T>> {
    this.#closed = true;
    this.#stopWaiting?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wait(): Promise<void> {
    if (this.#closed || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#intervalMs);
      this.#stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
