import type { Actor, Instance } from './instance.ts';
import { type ConsentRequest, recordConsent } from './record-consents.ts';

/**
 * Puts a profile on the denylist, for all channels or for some: nothing more is sent to any of its addresses there (SUP-2, R1). Its addresses
 * are not quarantined: other profiles that hold them are still written to.
 *
 * @returns the profile's id
 * @throws NotFoundError, InvalidInputError with the field
 */
export function optOut(instance: Instance, request: ConsentRequest, actor: Actor): Promise<bigint> {
  return recordConsent(instance, { ...request, optedOut: true }, actor);
}
