/** One figure: what was measured, what the same work costs at least in the same run, and the ratio of the two. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number;
  readonly ratio: number;
}

/** A file in this folder that measures something. */
export interface Bench {
  readonly name: string;
  run(): Promise<BenchResult[]>;
}

/** Sizes shrink with BENCH_SCALE (1 = as the figures are stated), but never below one. */
export function scaled(size: number): number {
  const scale = Number(process.env.BENCH_SCALE ?? '1');
  if (!(scale > 0 && scale <= 10)) throw new Error('BENCH_SCALE takes a number above 0, at most 10');
  return Math.max(1, Math.round(size * scale));
}

/** Milliseconds of a piece of work. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The middle one of several measurements: one hiccup of the machine does not decide. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
