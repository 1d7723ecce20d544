import { type ConsentFlags, decideConsent, isOptedOut, NOTHING_OPTED_OUT } from '../domain/consent/decide-consent.ts';
import { type DomainError, InvalidInputError } from '../domain/errors.ts';
import type { Channel } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import { insertNewAddresses } from '../store/profile-import.ts';
import {
  type ConsentRow,
  type HeldAddress,
  insertProfiles,
  type LockedProfile,
  lockProfiles,
  replaceAddresses,
  updateProfiles,
  writeConsents,
} from '../store/profile-writes.ts';
import { checkAddresses, checkExternalId, checkNames, replacedChannels } from './check-profile.ts';
import type { Actor, AddressBook, Instance } from './instance.ts';
import { guardErased, readGuard } from './keep-erased-out.ts';
import type { UpsertProfileInput } from './upsert-profiles.ts';

/** A profile of an import, with what the person has opted out of. */
export interface ImportProfileInput extends UpsertProfileInput {
  /** null = every channel; absent = the row says nothing of it. An import never opts anybody in. */
  readonly optedOut?: readonly Channel[] | null | undefined;
}

/** A row that may be written. */
export interface CheckedProfile {
  readonly externalId: string;
  readonly firstName: string | null | undefined;
  readonly lastName: string | null | undefined;
  readonly channels: readonly Channel[];
  readonly addresses: readonly HeldAddress[];
  readonly optedOut: readonly Channel[] | null | undefined;
}

interface Placed {
  readonly place: number;
  readonly profile: CheckedProfile;
}

/**
 * Brings the rows of an import to the form in which they are written, or says of each what is wrong with it. Apart from the writing, because
 * keys and canonical forms are most of the work of an import and can be made while the rows before are being written.
 */
export function checkProfiles(items: readonly ImportProfileInput[], book: AddressBook): (CheckedProfile | InvalidInputError)[] {
  return items.map((item) => checkProfile(item, book));
}

/**
 * Creates or updates profiles by their external ids, with addresses and opt-outs in one transaction: nobody can be written to between the two.
 * Like `upsertProfiles` followed by `recordConsents`, but cheap where most profiles are new. A refused row is answered in its place and stops
 * no other; a repeat changes nothing. The caller writes the one line of the audit trail for the whole import.
 *
 * @param rows a few thousand at most: one transaction each time an external id repeats
 * @returns the profile of each row, or its refusal
 */
export async function importProfiles(
  instance: Instance,
  rows: readonly (CheckedProfile | InvalidInputError)[],
  actor: Actor,
): Promise<(bigint | DomainError)[]> {
  const book = await instance.addressBook();
  const outcomes: (bigint | DomainError | undefined)[] = [];
  let waiting: Placed[] = [];
  for (const [place, profile] of rows.entries()) {
    if (profile instanceof InvalidInputError) outcomes[place] = profile;
    else waiting.push({ place, profile });
  }
  while (waiting.length > 0) {
    const { firsts, repeats } = splitRepeats(waiting);
    const written = await instance.database.transaction((tx) => writeAllowed(tx, book, firsts, actor, instance.now()));
    for (const [index, { place }] of firsts.entries()) outcomes[place] = written[index];
    waiting = repeats;
  }
  return outcomes.map((outcome) => {
    if (outcome === undefined) throw new Error('a profile of the import was not written');
    return outcome;
  });
}

/** Which of the rows an import would refuse, without writing any. */
export async function tryProfiles(
  instance: Instance,
  rows: readonly (CheckedProfile | InvalidInputError)[],
): Promise<(CheckedProfile | InvalidInputError)[]> {
  const sound = rows.filter((row): row is CheckedProfile => !(row instanceof InvalidInputError));
  const guard = await readGuard(instance.database, await instance.addressBook(), sound);
  return rows.map((row) => (row instanceof InvalidInputError ? row : (guard(row) ?? row)));
}

function checkProfile(item: ImportProfileInput, book: AddressBook): CheckedProfile | InvalidInputError {
  try {
    checkExternalId(item.externalId);
    checkNames(item);
    const addresses = checkAddresses(book, item.addresses ?? []);
    const { externalId, firstName, lastName, optedOut } = item;
    if (optedOut !== undefined) {
      const wish = decideConsent(NOTHING_OPTED_OUT, { optedOut: true, channels: optedOut });
      if (!wish.ok) return new InvalidInputError(wish.message, 'optedOut');
    }
    return { externalId, firstName, lastName, channels: replacedChannels(addresses, item.replaceChannels), addresses, optedOut };
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
}

/** Rows of one profile are taken in their order, one transaction after the other. */
function splitRepeats(rows: readonly Placed[]): { firsts: Placed[]; repeats: Placed[] } {
  const seen = new Set<string>();
  const firsts: Placed[] = [];
  const repeats: Placed[] = [];
  for (const row of rows) {
    (seen.has(row.profile.externalId) ? repeats : firsts).push(row);
    seen.add(row.profile.externalId);
  }
  return { firsts, repeats };
}

/** Of people who were erased nothing is written: each is refused in its place. */
async function writeAllowed(tx: Queryable, book: AddressBook, placed: readonly Placed[], actor: Actor, at: Date) {
  const profiles = placed.map(({ profile }) => profile);
  const guard = await guardErased(tx, book, profiles);
  const refusals = profiles.map((profile) => guard(profile));
  const allowed = profiles.filter((_profile, index) => refusals[index] === null);
  const ids = allowed.length === 0 ? new Map<string, bigint>() : await writeProfiles(tx, allowed, actor, at);
  return profiles.map(({ externalId }, index) => refusals[index] ?? ids.get(externalId));
}

async function writeProfiles(
  tx: Queryable,
  profiles: readonly CheckedProfile[],
  actor: Actor,
  at: Date,
): Promise<ReadonlyMap<string, bigint>> {
  const created = await insertProfiles(
    tx,
    profiles.map(({ externalId, firstName = null, lastName = null }) => ({ externalId, firstName, lastName })),
    at,
  );
  const ids = new Map(created.map(({ id, externalId }) => [externalId ?? '', id]));
  const isNew = new Set(ids.keys());
  const known = profiles.filter(({ externalId }) => !isNew.has(externalId));
  const locked = known.length === 0 ? [] : await updateKnown(tx, known, at);
  for (const { id, externalId } of locked) ids.set(externalId ?? '', id);
  await insertNewAddresses(
    tx,
    profiles
      .filter(({ externalId }) => isNew.has(externalId))
      .flatMap((profile) => newAddresses(profile, ids.get(profile.externalId) ?? 0n)),
    at,
  );
  await recordOptOuts(tx, profiles, ids, locked, actor, at);
  return ids;
}

async function updateKnown(tx: Queryable, known: readonly CheckedProfile[], at: Date): Promise<LockedProfile[]> {
  const locked = await lockProfiles(tx, { ids: [], externalIds: known.map(({ externalId }) => externalId) });
  const byExternalId = new Map(known.map((profile) => [profile.externalId, profile]));
  const changes = locked.flatMap(({ id, externalId }) => {
    const profile = byExternalId.get(externalId ?? '');
    return profile === undefined ? [] : [{ id, profile }];
  });
  await updateProfiles(
    tx,
    changes.map(({ id, profile: { firstName, lastName } }) => ({ id, firstName, lastName })),
    at,
  );
  await replaceAddresses(
    tx,
    changes.map(({ id, profile: { channels, addresses } }) => ({ profileId: id, channels, addresses })),
    at,
  );
  return locked;
}

function newAddresses({ addresses, optedOut }: CheckedProfile, profileId: bigint) {
  const flags = optedOut === undefined ? NOTHING_OPTED_OUT : flagsAfter(NOTHING_OPTED_OUT, optedOut).flags;
  return addresses.map((address) => ({ profileId, ...address, optedOut: isOptedOut(flags, address.channel) }));
}

function flagsAfter(flags: ConsentFlags, channels: readonly Channel[] | null) {
  const decision = decideConsent(flags, { optedOut: true, channels });
  if (!decision.ok) throw new InvalidInputError(decision.message, 'optedOut');
  return decision;
}

async function recordOptOuts(
  tx: Queryable,
  profiles: readonly CheckedProfile[],
  ids: ReadonlyMap<string, bigint>,
  locked: readonly LockedProfile[],
  actor: Actor,
  at: Date,
): Promise<void> {
  const byExternalId = new Map(locked.map((profile) => [profile.externalId, profile]));
  const changed: LockedProfile[] = [];
  const ledger: ConsentRow[] = [];
  for (const { externalId, optedOut } of profiles) {
    const id = ids.get(externalId);
    if (optedOut === undefined || id === undefined) continue;
    const { flags, changes } = flagsAfter(byExternalId.get(externalId) ?? NOTHING_OPTED_OUT, optedOut);
    if (changes.length === 0) continue;
    changed.push({ id, externalId, ...flags });
    for (const change of changes) ledger.push({ profileId: id, ...change, source: 'IMPORT', note: null, occurredAt: at });
  }
  if (ledger.length > 0) await writeConsents(tx, changed, ledger, actor.name, at);
}
