/**
 * Time in the roll-up of results: slots of ten minutes, counted from 1970, so that a day (UTC) has 144 and begins where slot % 144 = 0.
 *
 * A result belongs to the slot in which it happened (`occurredAt`), not to that in which it was told: a mailbox of last week's bounces that is taken
 * in today is no jump of today, and the delivered messages that it is measured against lie in the same slots.
 */
const SLOT_MS = 600_000;

export const SLOTS_A_DAY = 144;

/** The slot that an instant lies in. */
export function slotOf(instant: Date): number {
  return Math.floor(instant.getTime() / SLOT_MS);
}

/** The first slot that begins at the instant or after it. */
export function slotFrom(instant: Date): number {
  return Math.ceil(instant.getTime() / SLOT_MS);
}

export function startOfSlot(slot: number): Date {
  return new Date(slot * SLOT_MS);
}

/** First slot of the day (UTC). */
export function dayOfSlot(slot: number): number {
  return slot - (slot % SLOTS_A_DAY);
}

/**
 * Slots before this one are folded into their days: the present, which may reach back a day, and where results are told late a day more, never needs
 * them one by one.
 */
export function foldedBefore(now: Date): number {
  return dayOfSlot(slotOf(now)) - 2 * SLOTS_A_DAY;
}
