/** Longer documents are rare and would fill the memory: they are parsed each time. */
const LONGEST_TEXT = 20_000;
const MOST_DOCUMENTS = 500;

/** What is known of a document by its text; the least recently used goes first. */
export class DocumentCache<T> {
  readonly #held = new Map<string, T>();

  get(text: string): T | undefined {
    const value = this.#held.get(text);
    if (value === undefined) return undefined;
    this.#held.delete(text);
    this.#held.set(text, value);
    return value;
  }

  set(text: string, value: T): void {
    if (text.length > LONGEST_TEXT) return;
    this.#held.set(text, value);
    if (this.#held.size <= MOST_DOCUMENTS) return;
    for (const oldest of this.#held.keys()) {
      this.#held.delete(oldest);
      return;
    }
  }
}
