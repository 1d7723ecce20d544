/** A part of all addresses. */
export type Share = Readonly<{
  known: number;
  /** In QUARANTINE or DENYLISTED. */
  shut: number;
  /** Shut over known, to four digits; 0 where none is known. */
  ratio: number;
  /** In per cent, truncated to one decimal. */
  label: string;
}>;

/** The actual share that `quarantineGrowth` projects (spec R34, MON-5), and that a provider holds against the sender (R15). */
export function shareOf({ known, shut }: Pick<Share, 'known' | 'shut'>): Share {
  const ratio = known === 0 ? 0 : shut / known;
  return { known, shut, ratio: rounded(ratio), label: percentLabel(ratio) };
}

export function rounded(ratio: number): number {
  return Number(ratio.toFixed(4));
}

/** 0.3256 is '32.5 %', 0.22 is '22 %'. */
export function percentLabel(ratio: number): string {
  // 0.22 * 1000 is 220 only within the precision of a double: without the margin it could be cut to 219.
  return `${Math.floor(ratio * 1000 + 1e-9) / 10} %`;
}
