import { ConflictError } from '../domain/errors.ts';
import { insertProfiles, replaceAddresses } from '../store/profile-writes.ts';
import { type AddressInput, checkAddresses, checkExternalId, checkNames, replacedChannels } from './check-profile.ts';
import type { Actor, Instance } from './instance.ts';
import { guardErased } from './keep-erased-out.ts';
import { recordAudit } from './record-audit.ts';

export interface CreateProfileInput {
  readonly externalId?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly addresses: readonly AddressInput[];
}

/**
 * Creates a profile that has opted out of nothing, with its addresses. Other profiles may hold the same addresses.
 *
 * @returns the profile's id
 * @throws InvalidInputError with the field, also where the address or external id was erased; ConflictError where the external id is taken
 */
export async function createProfile(instance: Instance, input: CreateProfileInput, actor: Actor): Promise<bigint> {
  const { externalId = null, firstName = null, lastName = null } = input;
  checkExternalId(externalId);
  checkNames(input);
  const book = await instance.addressBook();
  const addresses = checkAddresses(book, input.addresses);
  const at = instance.now();
  return instance.database.transaction(async (tx) => {
    const refusal = (await guardErased(tx, book, [{ externalId, addresses }]))({ externalId, addresses });
    if (refusal !== null) throw refusal;
    const [profile] = await insertProfiles(tx, [{ externalId, firstName, lastName }], at);
    if (!profile) throw new ConflictError(`There is a profile with the external id ${externalId} already.`);
    await replaceAddresses(tx, [{ profileId: profile.id, channels: replacedChannels(addresses, []), addresses }], at);
    await recordAudit(tx, actor, 'profile.create', `Profile ${profile.id}`, { externalId, addresses: addresses.length }, at);
    return profile.id;
  });
}
