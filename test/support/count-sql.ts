import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { vi } from 'vitest';

/** The statements that `work` sent, without those by which a node asks whether settings and rules have changed, or who is calling. */
export async function sqlOf(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const note = (statement: unknown) => {
    const text = typeof statement === 'string' ? statement : String((statement as { text?: unknown } | undefined)?.text ?? '');
    if (!/\b(revision|setting|token)\b/.test(text)) texts.push(text);
  };
  const server = pg.Client.prototype.query;
  const embedded = PGlite.prototype.query;
  const spies = [
    vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
      note(args[0]);
      return Reflect.apply(server, this, args);
    } as never),
    vi.spyOn(PGlite.prototype, 'query').mockImplementation(function (this: PGlite, ...args: unknown[]) {
      note(args[0]);
      return Reflect.apply(embedded, this, args);
    } as never),
  ];
  try {
    await work();
    return texts;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
