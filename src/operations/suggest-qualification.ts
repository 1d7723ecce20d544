import { BUILT_IN_RULES } from '../domain/qualification/built-in-rules.ts';
import { normalizeText } from '../domain/qualification/normalize-text.ts';
import {
  indexKnownTexts,
  type KnownText,
  type Suggestion,
  type SuggestionIndex,
  suggestVerdict,
} from '../domain/qualification/suggest-verdict.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { readKeptTexts } from '../store/unqualified-texts.ts';
import type { Instance } from './instance.ts';
import type { CurrentRules } from './rule-books.ts';

/** The newest ones: a text is compared with so many that people marked KEEP, besides the examples of the shipped rules. */
const MOST_KEPT = 2_000;

type Indexes = ReadonlyMap<Channel, SuggestionIndex>;

/** Marking a text KEEP makes new rules, so what is known lives as long as they do. */
const known = new WeakMap<CurrentRules, Promise<Indexes>>();

/**
 * Suggests what a text means that nobody has qualified (issue 4.6): the meaning of the nearest known text of its channel, with the score.
 * Known are the texts that people marked KEEP and the examples of the shipped rules. Null where nothing is near.
 *
 * @param text normalised
 */
export async function suggestQualification(instance: Instance, channel: Channel, text: string): Promise<Suggestion | null> {
  const rules = await instance.ruleBooks.current();
  const reading = known.get(rules) ?? readKnown(instance);
  known.set(rules, reading);
  reading.catch(() => known.delete(rules));
  const index = (await reading).get(channel);
  return index === undefined ? null : suggestVerdict(text, index);
}

async function readKnown({ database }: Instance): Promise<Indexes> {
  const byChannel = new Map<Channel, KnownText[]>();
  const add = (channel: Channel, entry: KnownText) => {
    const texts = byChannel.get(channel);
    if (texts === undefined) byChannel.set(channel, [entry]);
    else texts.push(entry);
  };
  for (const { channel, text, type, reason, fault } of await readKeptTexts(database, MOST_KEPT)) {
    add(channel, { text, meaning: { type, reason, fault } });
  }
  for (const { channel, type, reason, fault, examples } of BUILT_IN_RULES) {
    for (const example of examples) add(channel ?? 'EMAIL', { text: normalizeText(example), meaning: { type, reason, fault } });
  }
  return new Map([...byChannel].map(([channel, texts]) => [channel, indexKnownTexts(texts)]));
}
