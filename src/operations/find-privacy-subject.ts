import { InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { channelsOf, siblingChannels } from '../domain/privacy/privacy-request.ts';
import type { PrivacyNamespace } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import type { SharedAddress } from '../store/privacy-requests.ts';
import {
  countHolders,
  type FoundAddress,
  findPersonId,
  onlyHolder,
  readOriginals,
  readPerson,
  readPersonAddresses,
} from '../store/privacy-subject.ts';
import type { AddressBook } from './instance.ts';

/** Whose data is asked for: an address, or a profile by one of its ids. */
export interface PrivacySubjectInput {
  readonly namespace?: PrivacyNamespace | null | undefined;
  readonly value?: string | null | undefined;
  readonly profileId?: bigint | null | undefined;
  readonly externalId?: string | null | undefined;
}

/** What was asked for, in the form in which it is kept. */
export interface NamedSubject {
  readonly namespace: PrivacyNamespace | null;
  readonly value: string | null;
  readonly addresses: readonly FoundAddress[];
  readonly profileId: bigint | null;
}

/** What is theirs. Kept as JSON while a request is at work. */
export interface PrivacySubject {
  readonly person: {
    readonly id: string;
    readonly externalId: string | null;
    readonly firstName: string | null;
    readonly lastName: string | null;
  } | null;
  /** Theirs alone, or asked for: all that is known of them is meant. */
  readonly addresses: readonly FoundAddress[];
  /** Other profiles hold them too: only what is known of this person is meant. */
  readonly shared: readonly FoundAddress[];
  /** For people: what other profiles hold too. */
  readonly alsoHeld: readonly SharedAddress[];
}

const NAME_ONE = 'Name the person by namespace and value, by profileId, or by externalId: one of the three.';

/**
 * Brings the subject of a request to its canonical form.
 *
 * @throws InvalidInputError with the field, NotFoundError where there is no such profile
 */
export async function nameSubject(database: Queryable, book: AddressBook, input: PrivacySubjectInput): Promise<NamedSubject> {
  const { namespace = null, value = null, profileId = null, externalId = null } = input;
  const byAddress = namespace !== null || value !== null;
  if ([byAddress, profileId !== null, externalId !== null].filter(Boolean).length !== 1) throw new InvalidInputError(NAME_ONE, 'subject');
  if (!byAddress) return { namespace: null, value: null, addresses: [], profileId: await existing(database, profileId, externalId) };
  if (namespace === null || value === null)
    throw new InvalidInputError(NAME_ONE, namespace === null ? 'subject.namespace' : 'subject.value');
  const addresses = channelsOf(namespace).map((channel) => {
    const canonical = book.canonical(channel, value);
    if (!canonical.ok) throw new InvalidInputError(canonical.message, 'subject.value');
    return { channel, value: canonical.canonical, addressKey: book.key(channel, canonical.canonical), originals: [canonical.original] };
  });
  return { namespace, value: addresses[0]?.value ?? null, addresses, profileId: null };
}

async function existing(database: Queryable, profileId: bigint | null, externalId: string | null): Promise<bigint> {
  const id = profileId ?? (externalId === null ? null : await findPersonId(database, externalId));
  const person = id === null ? null : await readPerson(database, id);
  if (person === null) throw new NotFoundError(`There is no profile with this ${profileId === null ? 'external id' : 'id'}.`);
  return person.id;
}

/**
 * What belongs to the subject now (domain/privacy): the person, where one is named or alone holds the address, and which addresses other
 * profiles hold too. In a transaction that erases: under the lock of erasures, so that it stays true.
 *
 * @param eraseShared also what others hold is meant
 */
export async function findSubject(
  database: Queryable,
  book: AddressBook,
  named: NamedSubject,
  eraseShared: boolean,
): Promise<PrivacySubject> {
  const askedKeys = named.addresses.map(({ addressKey }) => addressKey);
  const personId = named.profileId ?? (askedKeys.length === 0 ? null : await onlyHolder(database, askedKeys));
  const person = personId === null ? null : await readPerson(database, personId);
  const own = personId === null ? [] : onAllChannels(await readPersonAddresses(database, personId), book);
  const originals = await readOriginals(database, askedKeys);
  const asked = named.addresses.map((address) => ({
    ...address,
    originals: [...new Set([...address.originals, ...(originals.get(address.addressKey) ?? [])])],
  }));
  const all = [...asked, ...own.filter(({ addressKey }) => !askedKeys.includes(addressKey))];
  const holders = await countHolders(
    database,
    all.map(({ addressKey }) => addressKey),
    personId,
  );
  const isKept = ({ addressKey }: FoundAddress) => !eraseShared && holders.has(addressKey) && !askedKeys.includes(addressKey);
  return {
    person: person && { ...person, id: person.id.toString() },
    addresses: all.filter((address) => !isKept(address)),
    shared: all.filter(isKept),
    alsoHeld: all
      .filter(({ addressKey }) => holders.has(addressKey))
      .map((address) => ({
        channel: address.channel,
        address: address.value,
        holders: holders.get(address.addressKey) ?? 0,
        kept: isKept(address),
      })),
  };
}

/** A number is the person's on every channel that reaches it, also where only the quarantine list knows of it. */
function onAllChannels(addresses: readonly FoundAddress[], book: AddressBook): FoundAddress[] {
  const byKey = new Map(addresses.map((address) => [address.addressKey, address]));
  for (const { channel, value, originals } of addresses) {
    for (const sibling of siblingChannels(channel)) {
      const addressKey = book.key(sibling, value);
      if (!byKey.has(addressKey)) byKey.set(addressKey, { channel: sibling, value, addressKey, originals });
    }
  }
  return [...byKey.values()];
}
