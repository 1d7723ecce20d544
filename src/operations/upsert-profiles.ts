import { type DomainError, InvalidInputError } from '../domain/errors.ts';
import type { Channel } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import { type HeldAddress, insertProfiles, lockProfiles, replaceAddresses, updateProfiles } from '../store/profile-writes.ts';
import { type AddressInput, checkAddresses, checkExternalId, checkNames, replacedChannels } from './check-profile.ts';
import type { Actor, AddressBook, Instance } from './instance.ts';
import { guardErased } from './keep-erased-out.ts';
import { recordAudit } from './record-audit.ts';

export interface UpsertProfileInput {
  readonly externalId: string;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly addresses?: readonly AddressInput[] | null | undefined;
  readonly replaceChannels?: readonly Channel[] | null | undefined;
}

type CheckedItem = Omit<UpsertProfileInput, 'addresses'> & { readonly addresses: readonly HeldAddress[] };

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
  const checked = items.map((item) => check(item, book));
  const sound = checked.filter((item): item is CheckedItem => !(item instanceof InvalidInputError));
  if (sound.length === 0) return checked as InvalidInputError[];
  return instance.database.transaction(async (tx) => {
    const guard = await guardErased(tx, book, sound);
    const merged = new Map<string, MergedProfile>();
    const taken = checked.map((item) => (item instanceof InvalidInputError ? item : (guard(item) ?? merge(merged, item))));
    const ids = merged.size === 0 ? new Map<string, bigint>() : await write(tx, [...merged.values()], actor, instance.now());
    return taken.map((item) => {
      const outcome = item instanceof InvalidInputError ? item : ids.get(item.externalId);
      if (outcome === undefined) throw new Error('a profile of the batch was not written');
      return outcome;
    });
  });
}

function check(item: UpsertProfileInput, book: AddressBook): CheckedItem | InvalidInputError {
  try {
    checkExternalId(item.externalId);
    checkNames(item);
    return { ...item, addresses: checkAddresses(book, item.addresses ?? []) };
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
}

function merge(merged: Map<string, MergedProfile>, item: CheckedItem): MergedProfile {
  const { addresses } = item;
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
  return profile;
}

async function write(tx: Queryable, profiles: readonly MergedProfile[], actor: Actor, at: Date): Promise<ReadonlyMap<string, bigint>> {
  const externalIds = profiles.map(({ externalId }) => externalId);
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
}
