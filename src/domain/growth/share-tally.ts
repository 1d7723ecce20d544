/** Addresses, and those of them that are shut. */
interface Counted {
  readonly known: number;
  readonly shut: number;
}

/** The same of one domain; null = of addresses without one. */
export interface CountedOfDomain extends Counted {
  readonly domain: string | null;
}

/** Domains that are counted side by side, and those that go on when there are more. */
const MOST_DOMAINS = 50_000;
const DOMAINS_CHOSEN = 10_000;

/**
 * Adds up what slices of addresses count, in bounded memory. Slices are in the order of the address keys, which are hashes: each is a sample of all.
 * So once there are more domains than are counted side by side, the ones that were most frequent by then go on, and no other begins: of what goes on
 * every count is exact.
 */
export class ShareTally {
  readonly #byDomain = new Map<string, Counted>();
  readonly #most: number;
  readonly #chosen: number;
  #known = 0;
  #shut = 0;
  #isChosen = false;

  constructor(most = MOST_DOMAINS, chosen = DOMAINS_CHOSEN) {
    this.#most = most;
    this.#chosen = chosen;
  }

  get total(): Counted {
    return { known: this.#known, shut: this.#shut };
  }

  /** Domains that are being counted. */
  get domains(): number {
    return this.#byDomain.size;
  }

  add(slice: readonly CountedOfDomain[]): void {
    for (const { domain, known, shut } of slice) {
      this.#known += known;
      this.#shut += shut;
      if (domain === null) continue;
      const before = this.#byDomain.get(domain);
      if (before === undefined && this.#isChosen) continue;
      this.#byDomain.set(domain, { known: (before?.known ?? 0) + known, shut: (before?.shut ?? 0) + shut });
    }
    if (this.#byDomain.size > this.#most) this.#choose();
  }

  /** The domains with the most addresses, the largest first. */
  largest(count: number): readonly (Counted & { readonly domain: string })[] {
    return [...this.#byDomain]
      .map(([domain, counted]) => ({ domain, ...counted }))
      .sort((a, b) => b.known - a.known || (a.domain < b.domain ? -1 : 1))
      .slice(0, count);
  }

  #choose(): void {
    const chosen = new Set(this.largest(this.#chosen).map(({ domain }) => domain));
    for (const domain of this.#byDomain.keys()) if (!chosen.has(domain)) this.#byDomain.delete(domain);
    this.#isChosen = true;
  }
}
