/**
 * The wish of a person: the denylist flags of a profile and the ledger they come from (spec 2.3, 3.11; contract `ConsentInput`).
 *
 * | asked | flags | ledger |
 * |---|---|---|
 * | opt out of everything | `all` is set, the channels stay | one row, channel null |
 * | opt out of channels | their flags are set | one row a channel that changes |
 * | opt in to everything | all eight are cleared | one row, channel null |
 * | opt in to channels | their flags are cleared; refused while `all` is set | one row a channel that changes |
 *
 * The flags are independent: `all` does not set the channels, and a channel opted out of before stays so while `all` comes and goes,
 * until the person opts in to everything. Channel OTHER has no flag of its own: only `all` shuts it.
 */
import { assertNever, type Channel } from '../vocabulary.ts';

export type ConsentFlags = Readonly<{
  all: boolean;
  email: boolean;
  sms: boolean;
  phone: boolean;
  directMail: boolean;
  fax: boolean;
  push: boolean;
}>;

export const NOTHING_OPTED_OUT: ConsentFlags = {
  all: false,
  email: false,
  sms: false,
  phone: false,
  directMail: false,
  fax: false,
  push: false,
};

/** One row for the ledger; channel null = all. */
export type ConsentChange = Readonly<{ channel: Channel | null; optedOut: boolean }>;

/** `channels` null = all of them. */
export type ConsentWish = Readonly<{ optedOut: boolean; channels: readonly Channel[] | null }>;

export type ConsentDecision =
  | Readonly<{ ok: true; flags: ConsentFlags; changes: readonly ConsentChange[] }>
  | Readonly<{ ok: false; message: string }>;

type ChannelFlag = Exclude<keyof ConsentFlags, 'all'>;

/**
 * The flags after an opt-out or opt-in, and the rows to append to the ledger. No rows = a repeat: nothing is to be written.
 *
 * Refuses what would be misunderstood: an empty list, the channel OTHER, and an opt-in to single channels while the person is on the
 * denylist for all of them, which would change nothing that anybody can see.
 */
export function decideConsent(flags: ConsentFlags, wish: ConsentWish): ConsentDecision {
  if (wish.channels === null) return everything(flags, wish.optedOut);
  if (wish.channels.length === 0) return refuse('Name at least one channel, or leave the channels out to mean all of them.');
  if (wish.channels.includes('OTHER'))
    return refuse('The channel OTHER has no denylist flag of its own: leave the channels out to mean all.');
  if (!wish.optedOut && flags.all) {
    return refuse('This profile has opted out of all channels: opt in to all channels first, then opt out of the ones it does not want.');
  }
  const changes = [...new Set(wish.channels)]
    .filter((channel) => flagIsSet(flags, channel) !== wish.optedOut)
    .map((channel) => ({ channel, optedOut: wish.optedOut }));
  return { ok: true, flags: changes.reduce(applyChange, flags), changes };
}

/** The flags that a profile's ledger adds up to. */
export function foldConsent(changes: readonly ConsentChange[]): ConsentFlags {
  return changes.reduce(applyChange, NOTHING_OPTED_OUT);
}

/** Must nothing be sent to this person on the channel? */
export function isOptedOut(flags: ConsentFlags, channel: Channel): boolean {
  return flags.all || flagIsSet(flags, channel);
}

/** The flag of a channel; null where only `all` covers it. */
export function consentFlagOf(channel: Channel): ChannelFlag | null {
  switch (channel) {
    case 'EMAIL':
      return 'email';
    case 'SMS':
      return 'sms';
    case 'PHONE':
      return 'phone';
    case 'DIRECT_MAIL':
      return 'directMail';
    case 'FAX':
      return 'fax';
    case 'PUSH':
      return 'push';
    case 'OTHER':
      return null;
    default:
      return assertNever(channel);
  }
}

function everything(flags: ConsentFlags, optedOut: boolean): ConsentDecision {
  const repeat = optedOut ? flags.all : !Object.values(flags).includes(true);
  const change: ConsentChange = { channel: null, optedOut };
  return repeat ? { ok: true, flags, changes: [] } : { ok: true, flags: applyChange(flags, change), changes: [change] };
}

function applyChange(flags: ConsentFlags, change: ConsentChange): ConsentFlags {
  if (change.channel === null) return change.optedOut ? { ...flags, all: true } : NOTHING_OPTED_OUT;
  const flag = consentFlagOf(change.channel);
  return flag === null ? flags : { ...flags, [flag]: change.optedOut };
}

function flagIsSet(flags: ConsentFlags, channel: Channel): boolean {
  const flag = consentFlagOf(channel);
  return flag !== null && flags[flag];
}

function refuse(message: string): ConsentDecision {
  return { ok: false, message };
}
