import { decideConsent } from '../domain/consent/decide-consent.ts';
import { type DomainError, InvalidInputError, NotFoundError } from '../domain/errors.ts';
import { isAheadOfClock } from '../domain/quarantine/event-order.ts';
import { CHANNELS, type Channel, type ConsentSource } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from '../store/database.ts';
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
 * handful of statements for the whole batch. Items are taken in their order; a repeat changes nothing and writes nothing, and neither does
 * an opt-in that is older than an opt-out of the same channel (amendment A5).
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
    const optOuts = sound.some(isPastOptIn) ? await lastOptOuts(tx, profiles) : new Map<string, Date>();
    const { outcomes, changed, ledger } = decideAll(checked, profiles, optOuts, at);
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

const isPastOptIn = ({ optedOut, occurredAt }: RecordConsentItem): boolean => !optedOut && occurredAt instanceof Date;

const optOutName = (profileId: bigint, channel: Channel | null): string => `${profileId} ${channel ?? 'all'}`;

/** When each profile last opted out of each channel; read under the lock. */
async function lastOptOuts(tx: Queryable, profiles: readonly LockedProfile[]): Promise<ReadonlyMap<string, Date>> {
  const found = await tx.query<{ profileId: bigint; channel: Channel | null; at: Date }>(sql`
    SELECT profile_id AS "profileId", channel, max(occurred_at) AS at FROM consent_event
    WHERE opted_out AND profile_id IN (SELECT r.id FROM jsonb_to_recordset(${rows(profiles.map(({ id }) => ({ id })))}::jsonb) AS r(id bigint))
    GROUP BY profile_id, channel`);
  return new Map(found.map(({ profileId, channel, at }) => [optOutName(profileId, channel), at]));
}

/** An opt-in that is told late does not take back what the person said after it (amendment A5). */
function isOvertaken(item: RecordConsentItem, profileId: bigint, optOuts: ReadonlyMap<string, Date>): boolean {
  const { occurredAt } = item;
  if (item.optedOut || !occurredAt) return false;
  const channels: readonly (Channel | null)[] = item.channels ?? [null, ...CHANNELS];
  return channels.some((channel) => (optOuts.get(optOutName(profileId, channel)) ?? occurredAt) > occurredAt);
}

function decideAll(
  items: readonly (RecordConsentItem | InvalidInputError)[],
  locked: readonly LockedProfile[],
  optOuts: ReadonlyMap<string, Date>,
  at: Date,
) {
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
    if (isOvertaken(item, profile.id, optOuts)) return profile.id;
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
