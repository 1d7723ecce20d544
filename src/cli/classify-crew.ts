import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { RuleBook } from '../domain/qualification/rule-book.ts';
import { type ClassifiedBatch, classifyBatch } from './classify-batch.ts';
import { pack } from './packed-batch.ts';
import type { RawMessage } from './read-messages.ts';

/** One thread works on a batch and has the next one at hand. */
const BATCHES_A_WORKER = 2;
/** Batches whose answers are not printed yet: what memory is bounded by. */
const MOST_WAITING = 64;
const MOST_WORKERS = 7;
/** Larger batches stay here: so many bytes are at most on their way to one thread. */
const MOST_BYTES = 2 * 1024 * 1024;

/** Beside the bundle's folder of chunks. null: from sources that are not bundled, in TypeScript, Node starts no thread. */
const WORKER_FILE = import.meta.url.endsWith('.ts') ? null : new URL('../classify-worker.js', import.meta.url);

/** A batch in the order of the input; its answer once there is one. */
interface Slot {
  answer: ClassifiedBatch | null;
  readonly settled: Promise<void>;
}

interface Helper {
  readonly worker: Worker;
  ready: boolean;
  /** Whose answers it owes, in their order. */
  readonly owed: { resolve: (answer: ClassifiedBatch) => void; reject: (fault: Error) => void }[];
}

/**
 * All cores of the machine for one stream of messages. Answers come out in the order in which the batches went in; what the threads have no room for
 * is done here, so that nobody waits while they start, and a machine of one core does everything here.
 */
export class ClassifyCrew {
  readonly #book: RuleBook;
  readonly #json: boolean;
  readonly #slots: Slot[] = [];
  #fault: Error | null = null;
  #helpers: Helper[] = [];

  constructor(book: RuleBook, json: boolean) {
    this.#book = book;
    this.#json = json;
  }

  /** Starting a thread costs as much as some hundred messages: only where there are many. */
  start(): void {
    const workers = WORKER_FILE === null ? 0 : Math.min(availableParallelism() - 1, MOST_WORKERS);
    if (this.#helpers.length === 0) this.#helpers = Array.from({ length: workers }, () => this.#startHelper());
  }

  /**
   * @returns the answers that may be printed by now
   * @throws what ended a thread
   */
  async classify(messages: readonly RawMessage[]): Promise<ClassifiedBatch[]> {
    if (this.#fault) throw this.#fault;
    const size = messages.reduce((sum, { raw }) => sum + (raw?.length ?? 0), 0);
    const helper = size > MOST_BYTES ? undefined : this.#helpers.find(({ ready, owed }) => ready && owed.length < BATCHES_A_WORKER);
    if (helper) this.#slots.push(this.#handTo(helper, messages));
    else this.#slots.push({ answer: classifyBatch(messages, this.#book, this.#json), settled: Promise.resolve() });
    // Answers of the threads arrive between two turns of the event loop.
    await setImmediate();
    if (this.#slots.length >= MOST_WAITING) await this.#slots[0]?.settled;
    return this.#takeAnswered();
  }

  /** @returns the answers that are left */
  async end(): Promise<ClassifiedBatch[]> {
    if (this.#fault) throw this.#fault;
    await Promise.all(this.#slots.map(({ settled }) => settled));
    return this.#takeAnswered();
  }

  async close(): Promise<void> {
    await Promise.all(this.#helpers.splice(0).map(({ worker }) => worker.terminate()));
  }

  #takeAnswered(): ClassifiedBatch[] {
    const answers: ClassifiedBatch[] = [];
    for (let answer = this.#slots[0]?.answer; answer; answer = this.#slots[0]?.answer) {
      answers.push(answer);
      this.#slots.shift();
    }
    return answers;
  }

  #handTo({ worker, owed }: Helper, messages: readonly RawMessage[]): Slot {
    const packed = pack(messages);
    const answered = new Promise<ClassifiedBatch>((resolve, reject) => owed.push({ resolve, reject }));
    const slot: Slot = {
      answer: null,
      settled: answered.then((answer) => {
        slot.answer = answer;
      }),
    };
    // Its fault is raised where it is waited for; until then it must not end the process.
    slot.settled.catch(() => undefined);
    worker.postMessage({ packed, json: this.#json }, [packed.bytes.buffer]);
    return slot;
  }

  #startHelper(): Helper {
    const helper: Helper = { worker: new Worker(WORKER_FILE ?? ''), ready: false, owed: [] };
    helper.worker.on('message', (message: 'ready' | ClassifiedBatch) => {
      if (message === 'ready') helper.ready = true;
      else helper.owed.shift()?.resolve(message);
    });
    helper.worker.on('error', (fault) => {
      helper.ready = false;
      this.#fault = fault;
      for (const { reject } of helper.owed.splice(0)) reject(fault);
    });
    return helper;
  }
}
