import { countErasable } from '../store/erase-slices.ts';
import type { SharedAddress } from '../store/privacy-requests.ts';
import { findSubject, nameSubject, type PrivacySubjectInput } from './find-privacy-subject.ts';
import type { Instance } from './instance.ts';

export interface ErasurePreview {
  /** The person whose profile would go; null = none is known, or several hold the address and their names stay. */
  readonly profileId: bigint | null;
  /** How many addresses would be erased everywhere and shut. */
  readonly addresses: number;
  readonly shared: readonly SharedAddress[];
  /** Rows by table. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * What an erasure would touch now, without touching it.
 *
 * @throws InvalidInputError with the field, NotFoundError where there is no such profile
 */
export async function previewErasure(instance: Instance, input: PrivacySubjectInput, eraseShared: boolean): Promise<ErasurePreview> {
  const { database } = instance;
  const book = await instance.addressBook();
  const named = await nameSubject(database, book, input);
  const { person, addresses, alsoHeld } = await findSubject(database, book, named, eraseShared);
  const profileId = person === null ? null : BigInt(person.id);
  const counts = await countErasable(
    database,
    addresses.map(({ addressKey }) => addressKey),
    profileId,
  );
  return { profileId, addresses: addresses.length, shared: alsoHeld, counts };
}
