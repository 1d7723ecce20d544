import { decideConsent } from '../domain/consent/decide-consent.ts';
import { type DomainError, InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { isAheadOfClock } from '../domain/quarantine/event-order.ts';
import type { Channel, ConsentSource } from '../domain/vocabulary.ts';
import { type ConsentRow, type LockedProfile, lockProfiles, writeConsents } from '../store/profile-writes.ts';
import { checkExternalId, checkStorable } from './check-profile.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/** What a person said about being written to. Exactly one of `profileId` and `externalId` names the person. */
export interface ConsentRequest {
  readonly profileId?: bigint | null | undefined;
  readonly externalId?: string | null | undefined;
  /** null and absent = all channels. */
  readonly channels?: readonly Channel[] | null | undefined;
  readonly source: ConsentSource;
  readonly note?: string | null | undefined;
  /** Absent = now. */
  readonly occurredAt?: Date | null | undefined;
}

export type RecordConsentItem = ConsentRequest & { readonly optedOut: boolean };

const NOTE_MAX = 2_000;

/**
 * Records opt-outs and opt-ins (SUP-2, OPT-1): flags, ledger and the copy of the flags on the addresses, under the profiles' row locks, in a
 * handful of statements for the whole batch. Items are taken in their order; a repeat changes nothing and writes nothing.
 *
 * @param items at most 1,000: the caller has checked; one that the caller could not even read is handed in as its refusal
 * @returns the profile of each item, or its refusal: NotFoundError or InvalidInputError with the field
 */
export async function recordConsents(
  instance: Instance,
  items: readonly (RecordConsentItem | InvalidInputError)[],
  actor: Actor,
): Promise<(bigint | DomainError)[]> {
  const at = instance.now();
  const checked = items.map((item) => (item instanceof InvalidInputError ? item : (refusalOf(item, at) ?? item)));
  const sound = checked.filter((item): item is RecordConsentItem => !(item instanceof InvalidInputError));
  if (sound.length === 0) return checked as DomainError[];
  return instance.database.transaction(async (tx) => {
    const profiles = await lockProfiles(tx, {
      ids: sound.flatMap(({ profileId }) => profileId ?? []),
      externalIds: sound.flatMap(({ externalId }) => externalId ?? []),
    });
    const { outcomes, changed, ledger } = decideAll(checked, profiles, at);
    if (ledger.length > 0) {
      await writeConsents(tx, changed, ledger, actor.name, at);
      const subject = changed.length === 1 ? `Profile ${changed[0]?.id}` : 'Profile';
      const detail = {
        profiles: changed.length,
        rows: ledger.length,
        ...(ledger.length === 1 ? { channel: ledger[0]?.channel, optedOut: ledger[0]?.optedOut } : {}),
      };
      await recordAudit(tx, actor, 'consent.record', subject, detail, at);
    }
    return outcomes;
  });
}

/** One consent; its refusal is thrown. */
export async function recordConsent(instance: Instance, item: RecordConsentItem, actor: Actor): Promise<bigint> {
  const [outcome] = await recordConsents(instance, [item], actor);
  if (typeof outcome !== 'bigint') throw outcome;
  return outcome;
}

function decideAll(items: readonly (RecordConsentItem | InvalidInputError)[], locked: readonly LockedProfile[], at: Date) {
  const byId = new Map(locked.map((profile) => [profile.id, profile]));
  const idOf = new Map(locked.map(({ id, externalId }) => [externalId, id]));
  const changedIds = new Set<bigint>();
  const ledger: ConsentRow[] = [];
  const outcomes = items.map((item) => {
    if (item instanceof InvalidInputError) return item;
    const id = item.profileId ?? idOf.get(item.externalId ?? null) ?? null;
    const profile = id === null ? undefined : byId.get(id);
    if (!profile) return new NotFoundError(`There is no profile with this ${typeof item.profileId === 'bigint' ? 'id' : 'external id'}.`);
    const decision = decideConsent(profile, { optedOut: item.optedOut, channels: item.channels ?? null });
    if (!decision.ok) return new InvalidInputError(decision.message, 'channels');
    byId.set(profile.id, { ...profile, ...decision.flags });
    if (decision.changes.length > 0) changedIds.add(profile.id);
    const { source, note = null } = item;
    for (const change of decision.changes)
      ledger.push({ profileId: profile.id, ...change, source, note, occurredAt: item.occurredAt ?? at });
    return profile.id;
  });
  return { outcomes, ledger, changed: [...byId.values()].filter(({ id }) => changedIds.has(id)) };
}

function refusalOf(item: RecordConsentItem, now: Date): InvalidInputError | null {
  try {
    check(item, now);
    return null;
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
}

function check(item: RecordConsentItem, now: Date): void {
  const byId = typeof item.profileId === 'bigint';
  if (byId === (typeof item.externalId === 'string')) {
    throw new InvalidInputError('Name the profile by profileId or by externalId, one of the two.', 'profileId');
  }
  checkExternalId(item.externalId);
  checkStorable('note', item.note, NOTE_MAX);
  if (item.occurredAt && isAheadOfClock(item.occurredAt, now)) {
    throw new InvalidInputError('A consent lies at most 5 minutes ahead of now.', 'occurredAt');
  }
}
