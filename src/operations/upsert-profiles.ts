import { type DomainError, InvalidInputError } from '../domain/errors.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { type HeldAddress, insertProfiles, lockProfiles, replaceAddresses, updateProfiles } from '../store/profile-writes.ts';
import { type AddressInput, checkAddresses, checkExternalId, checkNames, replacedChannels } from './check-profile.ts';
import type { Actor, AddressBook, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export interface UpsertProfileInput {
  readonly externalId: string;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly addresses?: readonly AddressInput[] | null | undefined;
  readonly replaceChannels?: readonly Channel[] | null | undefined;
}

/** What all items of one external id come to, taken in their order. */
interface MergedProfile {
  readonly externalId: string;
  firstName?: string | null;
  lastName?: string | null;
  readonly byChannel: Map<Channel, readonly HeldAddress[]>;
}

/**
 * Creates or updates profiles by their external ids: a handful of statements for the whole batch. A bad item is answered in its place and
 * stops no other; several items of one profile are taken in their order.
 *
 * @param items at most 1,000: the caller has checked
 * @returns the profile of each item, or its refusal
 */
export async function upsertProfiles(
  instance: Instance,
  items: readonly UpsertProfileInput[],
  actor: Actor,
): Promise<(bigint | DomainError)[]> {
  const book = await instance.addressBook();
  const merged = new Map<string, MergedProfile>();
  const refusals = items.map((item) => merge(merged, item, book));
  const ids = merged.size === 0 ? new Map<string, bigint>() : await write(instance, [...merged.values()], actor);
  return items.map(({ externalId }, index) => {
    const outcome = refusals[index] ?? ids.get(externalId);
    if (outcome === undefined) throw new Error('a profile of the batch was not written');
    return outcome;
  });
}

function merge(merged: Map<string, MergedProfile>, item: UpsertProfileInput, book: AddressBook): InvalidInputError | null {
  try {
    checkExternalId(item.externalId);
    checkNames(item);
    const addresses = checkAddresses(book, item.addresses ?? []);
    const profile: MergedProfile = merged.get(item.externalId) ?? { externalId: item.externalId, byChannel: new Map() };
    if (item.firstName !== undefined) profile.firstName = item.firstName;
    if (item.lastName !== undefined) profile.lastName = item.lastName;
    for (const channel of replacedChannels(addresses, item.replaceChannels)) {
      profile.byChannel.set(
        channel,
        addresses.filter((address) => address.channel === channel),
      );
    }
    merged.set(item.externalId, profile);
    return null;
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
}

async function write(instance: Instance, profiles: readonly MergedProfile[], actor: Actor): Promise<ReadonlyMap<string, bigint>> {
  const at = instance.now();
  const externalIds = profiles.map(({ externalId }) => externalId);
  return instance.database.transaction(async (tx) => {
    const news = externalIds.map((externalId) => ({ externalId, firstName: null, lastName: null }));
    const created = await insertProfiles(tx, news, at);
    const locked = await lockProfiles(tx, { ids: [], externalIds });
    const ids = new Map(locked.map(({ id, externalId }) => [externalId ?? '', id]));
    const written = profiles.flatMap((profile) => {
      const id = ids.get(profile.externalId);
      return id === undefined ? [] : [{ id, ...profile }];
    });
    await updateProfiles(
      tx,
      written.map(({ id, firstName, lastName }) => ({ id, firstName, lastName })),
      at,
    );
    const replacements = written.map(({ id, byChannel }) => ({
      profileId: id,
      channels: [...byChannel.keys()],
      addresses: [...byChannel.values()].flat(),
    }));
    await replaceAddresses(tx, replacements, at);
    await recordAudit(tx, actor, 'profile.upsert', 'Profile', { profiles: written.length, created: created.length }, at);
    return ids;
  });
}
