import { InvalidInputError } from '../domain/errors.ts';
import { type ContactBlockFacts, type ContactEntry, type ContactHolder, decideContact } from '../domain/exclusion/decide-contact.ts';
import { quarantinePolicy } from '../domain/settings/settings.ts';
import { CHANNELS, type Channel } from '../domain/vocabulary.ts';
import { type AskedAddress, readContactEntries, readDeniedHolders, readPersons } from '../store/contact-facts.ts';
import { readErasedKeys } from '../store/erased-keys.ts';
import { checkShortCode } from './check-short-code.ts';
import type { AddressBook, Instance } from './instance.ts';

export const CONTACT_CHECKS_MAX = 10_000;

export interface ContactCheck {
  readonly channel: Channel;
  readonly address: string;
  /** Absent: the person's gate is asked where every profile that holds the address is on the denylist. */
  readonly profileId?: bigint | null;
  readonly shortCode?: string | null;
}

export interface ContactDecision {
  readonly channel: Channel;
  /** As it was asked. */
  readonly address: string;
  readonly allowed: boolean;
  /** Every gate that is shut; the first is the one that preparation would log. */
  readonly blocks: readonly ContactBlockFacts[];
}

/**
 * May these addresses be written to? Decides by the same list of rules as message preparation, in a fixed number of statements, and changes nothing.
 *
 * Fails as a whole: an address that is none, a profile that does not exist or a list that cannot be read is an error for all of them, never a
 * permission.
 *
 * @throws InvalidInputError with the item in `field`, such as `input.3.profileId`
 */
export async function mayContact(instance: Instance, checks: readonly ContactCheck[]): Promise<ContactDecision[]> {
  if (checks.length === 0) throw new InvalidInputError('Ask about at least one address.', 'input');
  if (checks.length > CONTACT_CHECKS_MAX) {
    throw new InvalidInputError(`At most ${CONTACT_CHECKS_MAX.toLocaleString('en')} addresses can be asked about at a time.`, 'input');
  }
  const book = await instance.addressBook();
  const settings = await instance.settings();
  const asked = checks.map((check, place) => askedAddress(book, check, place));
  // Side by side; where one of them fails, there is no answer.
  const [entries, holders, erased] = await Promise.all([
    entriesByPlace(instance, asked),
    holdersByPlace(instance, checks, asked),
    readErasedKeys(instance.database, new Set(asked.map(({ addressKey }) => addressKey))),
  ]);
  const policies = new Map(CHANNELS.map((channel) => [channel, quarantinePolicy(settings, channel)]));
  return checks.map(({ channel, address }, place) => {
    const facts = {
      address,
      holders: holders.get(place) ?? NONE,
      entries: entries.get(place) ?? NONE,
      erasedAt: erased.get(asked[place]?.addressKey ?? '') ?? null,
      domainListed: false,
      addressListed: false,
    };
    const blocks = decideContact(facts, policies.get(channel) ?? quarantinePolicy(settings, channel));
    return { channel, address, allowed: blocks.length === 0, blocks };
  });
}

const NONE: readonly never[] = [];

function askedAddress(book: AddressBook, check: ContactCheck, place: number): AskedAddress {
  const { channel, address } = check;
  const canonical = book.canonical(channel, address);
  if (!canonical.ok) throw new InvalidInputError(canonical.message, `input.${place}.address`);
  const shortCode = checkShortCode(channel, check.shortCode, `input.${place}.shortCode`);
  return { place, addressKey: book.key(channel, canonical.canonical), shortCode };
}

async function entriesByPlace(instance: Instance, asked: readonly AskedAddress[]): Promise<Map<number, ContactEntry[]>> {
  const byPlace = new Map<number, ContactEntry[]>();
  for (const { place, entry } of await readContactEntries(instance.database, asked)) {
    const known = byPlace.get(place);
    if (known) known.push(entry);
    else byPlace.set(place, [entry]);
  }
  return byPlace;
}

async function holdersByPlace(
  { database }: Instance,
  checks: readonly ContactCheck[],
  asked: readonly AskedAddress[],
): Promise<Map<number, ContactHolder[]>> {
  const profileOf = (place: number) => checks[place]?.profileId ?? null;
  const anonymous = asked.filter(({ place }) => profileOf(place) === null);
  const persons = checks.flatMap(({ profileId, channel }, place) => (profileId == null ? [] : [{ place, profileId, channel }]));
  if (anonymous.length > 0) {
    for (const { place, profileId } of await readDeniedHolders(database, anonymous)) {
      persons.push({ place, profileId, channel: checks[place]?.channel ?? 'OTHER' });
    }
  }
  const holders = new Map<number, ContactHolder[]>();
  if (persons.length === 0) return holders;
  for (const { place, profileId, optedOut, since } of await readPersons(database, persons)) {
    if (optedOut === null) throw new InvalidInputError('There is no profile with this id.', `input.${place}.profileId`);
    holders.set(place, [{ profileId, optedOut, optedOutSince: since }]);
  }
  return holders;
}
