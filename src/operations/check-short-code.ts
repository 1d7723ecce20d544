import { canonicalShortCode } from '../domain/address/short-code.ts';
import { InvalidInputError } from '../domain/errors.ts';
import type { Channel } from '../domain/vocabulary.ts';

/**
 * The canonical short code; '' where none is given: every short code.
 *
 * @param field path of the short code in the input
 * @throws InvalidInputError on a channel other than SMS, and for a text that is no short code
 */
export function checkShortCode(channel: Channel, shortCode: string | null | undefined, field = 'shortCode'): string {
  if (shortCode === null || shortCode === undefined) return '';
  if (channel !== 'SMS') throw new InvalidInputError('Only SMS has short codes.', field);
  const result = canonicalShortCode(shortCode);
  if (!result.ok) throw new InvalidInputError(result.message, field);
  return result.canonical;
}
