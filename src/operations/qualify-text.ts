import { qualify } from '../domain/qualification/qualify.ts';
import type { Verdict } from '../domain/qualification/verdict.ts';
import type { Channel, EventOrigin } from '../domain/vocabulary.ts';
import { cleanText } from './check-delivery-result.ts';
import type { Instance } from './instance.ts';

export interface QualifyTextInput {
  readonly channel?: Channel | null | undefined;
  readonly text: string;
  /** Taken out of the normalised text. */
  readonly recipient?: string | null | undefined;
  readonly origin?: EventOrigin | null | undefined;
}

/** Says what a text would be taken to mean right now. Records nothing: no row, no occurrence, no hit. */
export async function qualifyText(instance: Instance, input: QualifyTextInput): Promise<Verdict> {
  const { book } = await instance.ruleBooks.current();
  const { channel, text, recipient, origin } = input;
  const evidence = { channel: channel ?? 'EMAIL', text: cleanText(text), origin: origin ?? 'SYNC' } as const;
  return qualify(recipient == null ? evidence : { ...evidence, recipient }, book).verdict;
}
