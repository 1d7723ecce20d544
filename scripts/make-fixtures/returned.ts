/** Chooses, among the messages that came back for one case, the one that the case is about. */
import type { Case } from './cases.ts';

const DELAY = /^action: delayed|^subject: .*(?:delay|warning|verz)/im;

/**
 * A server that holds mail back first warns and later gives up, so several messages can come back for one case: a delay case wants the
 * warning, every other case the last message that is none.
 */
export function returnedFile(item: Case, files: readonly string[], read: (file: string) => string): string | null {
  const own = files.filter((file) => file.startsWith(`${item.id}.`)).sort();
  const wanted = own.filter((file) => DELAY.test(read(file)) === (item.kind === 'DELAY'));
  return (item.kind === 'DELAY' ? wanted[0] : wanted.at(-1)) ?? null;
}
