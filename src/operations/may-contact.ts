import { setImmediate } from 'node:timers/promises';
import { InvalidInputError } from '../domain/errors.ts';
import { type ContactBlockFacts, type ContactFacts, decideContact } from '../domain/exclusion/decide-contact.ts';
import type { QuarantinePolicy } from '../domain/quarantine/quarantine-state.ts';
import { quarantinePolicy } from '../domain/settings/settings.ts';
import { CHANNELS, type Channel } from '../domain/vocabulary.ts';
import { type AskedAddress, type AskedPerson, type FoundFacts, readAddressFacts, readPersons } from '../store/contact-facts.ts';
import { checkShortCode } from './check-short-code.ts';
import { cleanupSchedule } from './cleanup-schedule.ts';
import { firstRunsFrom } from './daily-schedule.ts';
import type { AddressBook, Instance } from './instance.ts';

export const CONTACT_CHECKS_MAX = 10_000;

/** Addresses in one statement, */
const SLICE = 2_500;
/** and statements at a time: while the database looks up the one, the keys of the next are made. */
const AT_A_TIME = 2;

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
  const policies = new Map(CHANNELS.map((channel) => [channel, quarantinePolicy(settings, channel)]));
  const opensAt = firstRunsFrom(cleanupSchedule(settings), instance.now());
  const slices: Promise<ContactDecision[]>[] = [];
  for (let first = 0; first < checks.length; first += SLICE) {
    const slice = decideSlice(instance, { book, policies, opensAt, first, checks: checks.slice(first, first + SLICE) });
    slices.push(slice);
    // Told where it is awaited, which may be after this one has failed.
    slice.catch(() => undefined);
    await setImmediate();
    await slices.at(-AT_A_TIME);
  }
  const decided: ContactDecision[] = [];
  for (const slice of slices) decided.push(...(await slice));
  return decided;
}

interface ContactSlice {
  readonly book: AddressBook;
  readonly policies: ReadonlyMap<Channel, QuarantinePolicy>;
  /** When something opens that is due from an instant on: it is the cleanup that opens it (R163). */
  readonly opensAt: (due: Date) => Date;
  /** Place of the first check in the whole question. */
  readonly first: number;
  readonly checks: readonly ContactCheck[];
}

async function decideSlice({ database }: Instance, slice: ContactSlice): Promise<ContactDecision[]> {
  const { book, policies, opensAt, first, checks } = slice;
  const asked = checks.map((check, place) => askedAddress(book, check, `input.${first + place}`));
  const found = await readAddressFacts(database, asked);
  const persons = await readPersons(database, askedPersons(checks, found));
  const facts: KnownFacts[] = checks.map(() => NOTHING_KNOWN);
  for (const { at, entry, erasedAt } of found) {
    const known = facts[at - 1] ?? NOTHING_KNOWN;
    facts[at - 1] = { ...known, erasedAt, entries: entry === null ? known.entries : [...known.entries, entry] };
  }
  for (const { place, profileId, optedOut, since } of persons) {
    if (optedOut === null) throw new InvalidInputError('There is no profile with this id.', `input.${first + place}.profileId`);
    facts[place] = { ...(facts[place] ?? NOTHING_KNOWN), holders: [{ profileId, optedOut, optedOutSince: since }] };
  }
  return checks.map(({ channel, address }, place) => {
    const policy = policies.get(channel);
    if (policy === undefined) throw new Error(`no policy is known for ${channel}`);
    const shut = decideContact({ address, domainListed: false, addressListed: false, ...(facts[place] ?? NOTHING_KNOWN) }, policy);
    const blocks = shut.map((block) => (block.until === null ? block : { ...block, until: opensAt(block.until) }));
    return { channel, address, allowed: blocks.length === 0, blocks };
  });
}

type KnownFacts = Pick<ContactFacts, 'holders' | 'entries' | 'erasedAt'>;

const NOTHING_KNOWN: KnownFacts = { holders: [], entries: [], erasedAt: null };

function askedAddress(book: AddressBook, { channel, address, shortCode }: ContactCheck, field: string): AskedAddress {
  const canonical = book.canonical(channel, address);
  if (!canonical.ok) throw new InvalidInputError(canonical.message, `${field}.address`);
  return { addressKey: book.key(channel, canonical.canonical), shortCode: checkShortCode(channel, shortCode, `${field}.shortCode`) };
}

/** Whose wish is asked: the profile that was named; where none was, the one that stands for the holders who have all opted out. */
function askedPersons(checks: readonly ContactCheck[], found: readonly FoundFacts[]): AskedPerson[] {
  const persons = new Map<number, AskedPerson>();
  for (const { at, deniedHolder } of found) {
    const place = at - 1;
    if (deniedHolder !== null) persons.set(place, { place, profileId: deniedHolder, channel: checks[place]?.channel ?? 'OTHER' });
  }
  for (const [place, { profileId, channel }] of checks.entries()) if (profileId != null) persons.set(place, { place, profileId, channel });
  return [...persons.values()];
}
