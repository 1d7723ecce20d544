import { ConflictError, NotFoundError } from '../domain/errors.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { hasSqlState } from '../store/database.ts';
import { lockProfiles, replaceAddresses, updateProfiles } from '../store/profile-writes.ts';
import { type AddressInput, checkAddresses, checkExternalId, checkNames, replacedChannels } from './check-profile.ts';
import type { Actor, Instance } from './instance.ts';
import { guardErased } from './keep-erased-out.ts';
import { recordAudit } from './record-audit.ts';

export interface UpdateProfileInput {
  readonly id: bigint;
  readonly externalId?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly addresses?: readonly AddressInput[] | null | undefined;
  /** Channels whose addresses are replaced even if `addresses` names none of them. */
  readonly replaceChannels?: readonly Channel[] | null | undefined;
}

const UNIQUE_VIOLATION = '23505';

/**
 * Changes a profile: absent fields keep, null clears; the addresses of a channel are replaced together. A new address is shut at once
 * where the person has opted out of its channel.
 *
 * @throws NotFoundError, InvalidInputError with the field, also where a new address or external id was erased, ConflictError where the external id is taken
 */
export async function updateProfile(instance: Instance, input: UpdateProfileInput, actor: Actor): Promise<void> {
  checkExternalId(input.externalId);
  checkNames(input);
  const book = await instance.addressBook();
  const addresses = checkAddresses(book, input.addresses ?? []);
  const channels = replacedChannels(addresses, input.replaceChannels);
  const at = instance.now();
  const { id, externalId, firstName, lastName } = input;
  const work = instance.database.transaction(async (tx) => {
    const refusal = (await guardErased(tx, book, [{ externalId, addresses }]))({ externalId, addresses });
    if (refusal !== null) throw refusal;
    const [profile] = await lockProfiles(tx, { ids: [id], externalIds: [] });
    if (!profile) throw new NotFoundError('There is no profile with this id.');
    await updateProfiles(tx, [{ id, externalId, firstName, lastName }], at);
    await replaceAddresses(tx, [{ profileId: id, channels, addresses }], at);
    const fields = Object.entries({ externalId, firstName, lastName }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    await recordAudit(tx, actor, 'profile.update', `Profile ${id}`, { fields, channels }, at);
  });
  await work.catch((error: unknown) => {
    if (hasSqlState(error, UNIQUE_VIOLATION)) throw new ConflictError(`There is another profile with the external id ${externalId}.`);
    throw error;
  });
}
