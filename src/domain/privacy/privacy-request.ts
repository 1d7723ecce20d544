/**
 * What a person may ask about their own data (spec RET-2, RET-3, amendment A8).
 *
 * | type | status, one after the other |
 * |---|---|
 * | ACCESS | NEW, PROCESSING, COMPLETE |
 * | DELETE in two steps | DELETE_CONFIRMATION_PENDING, DELETE_PENDING, DELETE_IN_PROGRESS, COMPLETE |
 * | DELETE in one step | the same without the first |
 *
 * An erasure that nobody confirms in time ends in ERROR and has erased nothing. A fault puts a request into RETRY_PENDING, where it is taken
 * up again: what was begun is never left half done.
 *
 * Whose data it is: a request by profile means that person. A request by address means the address, and the person too where exactly one
 * profile holds it; where several do, nobody can tell which of them asks, and their names are left alone. An address that another profile
 * holds as well is that person's data too: it is taken from the person who asks and stays with the other, unless the request says
 * otherwise.
 */
import type { Channel, PrivacyNamespace, PrivacyRequestStatus, PrivacyRequestType } from '../vocabulary.ts';

/** A number is the same person's on every channel that reaches it. */
const NUMBER_CHANNELS: readonly Channel[] = ['SMS', 'PHONE', 'FAX'];

const CHANNELS_OF: Readonly<Record<PrivacyNamespace, readonly Channel[]>> = {
  EMAIL: ['EMAIL'],
  PHONE: NUMBER_CHANNELS,
  MOBILE_PHONE: NUMBER_CHANNELS,
  PUSH_TOKEN: ['PUSH'],
  POSTAL_ADDRESS: ['DIRECT_MAIL'],
  OTHER: ['OTHER'],
};

/** The channels on which a value of this namespace can be an address. */
export function channelsOf(namespace: PrivacyNamespace): readonly Channel[] {
  return CHANNELS_OF[namespace];
}

/** The channels on which the same value reaches the same person: those of a number, else the channel itself. */
export function siblingChannels(channel: Channel): readonly Channel[] {
  return NUMBER_CHANNELS.includes(channel) ? NUMBER_CHANNELS : [channel];
}

/** A request as far as its confirmation goes. */
export type Confirmable = Readonly<{ type: PrivacyRequestType; status: PrivacyRequestStatus; confirmBefore: Date | null }>;

/**
 * Why an erasure cannot be confirmed or cancelled; null = it can. The last instant of the time is still in time.
 *
 * @param what `confirmed` or `cancelled`, for the sentence
 */
export function refusedConfirmation(request: Confirmable, what: 'confirmed' | 'cancelled', now: Date): string | null {
  if (request.type !== 'DELETE') return `Only an erasure is ${what}: this is a request for access.`;
  if (isLapsed(request, now)) return 'The time to confirm this erasure has passed and nothing was erased: make a new request.';
  if (request.status === 'DELETE_CONFIRMATION_PENDING') return null;
  if (request.status === 'ERROR') return 'This erasure has lapsed or was cancelled and nothing was erased: make a new request.';
  return `This erasure waits for no confirmation any more: it is ${request.status}.`;
}

/** Has nobody confirmed the erasure in time? */
export function isLapsed({ status, confirmBefore }: Confirmable, now: Date): boolean {
  return status === 'DELETE_CONFIRMATION_PENDING' && confirmBefore !== null && now.getTime() > confirmBefore.getTime();
}
