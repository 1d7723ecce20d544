import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normalizeText } from '../../../src/domain/qualification/normalize-text.ts';
import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';

// Real replies that may not be shipped; their folder is named by LAZARET_CORPUS or stands beside the project.
const CORPUS = process.env.LAZARET_CORPUS ?? join(import.meta.dirname, '../../../../shared/corpus');
const REPLIES = join(CORPUS, 'replies.jsonl');

interface Label {
  readonly type: string;
  readonly reason: string;
}

interface Reply extends Label {
  readonly reply: string;
  readonly accept: readonly Label[];
}

function linesOf<Line>(path: string): readonly Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

describe.skipIf(!existsSync(REPLIES))('real replies', () => {
  const book = defaultRuleBook();
  const judged = existsSync(REPLIES)
    ? linesOf<Reply>(REPLIES).map((label) => ({
        label,
        verdict: qualify({ channel: 'EMAIL', origin: 'SYNC', text: label.reply }, book).verdict,
      }))
    : [];
  const share = (good: (one: (typeof judged)[number]) => boolean) => judged.filter(good).length / judged.length;

  it('at least 98 of 100 have the right type', () => {
    expect(share(({ label, verdict }) => verdict.type === label.type)).toBeGreaterThanOrEqual(0.98);
  });

  it('at least 97 of 100 have the right type and reason', () => {
    expect(share(({ label, verdict }) => verdict.type === label.type && verdict.reason === label.reason)).toBeGreaterThanOrEqual(0.97);
  });

  it('none suppresses a living address', () => {
    const falseHard = judged.filter(({ label, verdict }) => verdict.type === 'HARD' && !label.accept.some(({ type }) => type === 'HARD'));
    expect(falseHard.map(({ verdict }) => verdict.decidedBy)).toEqual([]);
  });

  it('normalising is idempotent on all of them', () => {
    for (const { verdict } of judged) expect(normalizeText(verdict.normalizedText)).toBe(verdict.normalizedText);
  });
});
