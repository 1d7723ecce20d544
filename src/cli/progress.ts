import type { Writable } from 'node:stream';

/** What a long command says of itself while it works. */
export interface Progress {
  /** So many more are done. */
  advance(by?: number): void;
  stop(): void;
}

const SILENT: Progress = { advance: () => undefined, stop: () => undefined };

/** A bar on standard error where that is a terminal; nothing elsewhere, so that logs stay readable. */
export async function openProgress(
  what: string,
  total: number,
  terminal: Writable & { isTTY?: boolean } = process.stderr,
): Promise<Progress> {
  if (terminal.isTTY !== true || total === 0) return SILENT;
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({
    stream: terminal as NodeJS.WritableStream,
    format: `${what} [{bar}] {percentage}%  {value} of {total}  {eta_formatted} left`,
    clearOnComplete: true,
    hideCursor: true,
    etaBuffer: 1_000,
    fps: 5,
  });
  bar.start(total, 0);
  return { advance: (by = 1) => bar.increment(by), stop: () => bar.stop() };
}
