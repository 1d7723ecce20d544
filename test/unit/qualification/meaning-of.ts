import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';

const book = defaultRuleBook();

/** What a reply means by the shipped rules, as `HARD USER_UNKNOWN`. */
export function meaningOf(text: string): string {
  const { type, reason } = qualify({ channel: 'EMAIL', origin: 'SYNC', text }, book).verdict;
  return `${type} ${reason}`;
}

/** Texts under their meaning. */
export type Wordings = Readonly<Record<string, readonly string[]>>;

/** Each text with its meaning: the rows of a table test. */
export function eachWording(wordings: Wordings): (readonly [text: string, meaning: string])[] {
  return Object.entries(wordings).flatMap(([meaning, texts]) => texts.map((text) => [text, meaning] as const));
}
