import type { Actor, Instance } from './instance.ts';
import { type ConsentRequest, recordConsent } from './record-consents.ts';

/**
 * Takes a profile off the denylist. Without channels everything is cleared; with channels it is refused while the profile has opted out of
 * all of them.
 *
 * @returns the profile's id
 * @throws NotFoundError, InvalidInputError with the field
 */
export function optIn(instance: Instance, request: ConsentRequest, actor: Actor): Promise<bigint> {
  return recordConsent(instance, { ...request, optedOut: false }, actor);
}
