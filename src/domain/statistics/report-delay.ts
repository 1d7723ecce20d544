/**
 * How late delivered messages are told. Many senders tell a failure at once and the delivered messages of the same hour in a file at night: until then
 * the share of failures looks like an outage. So a slot of results is judged when nine of ten of the domain's delivered messages are usually told.
 *
 * | nine of ten are told within | a slot is judged after |
 * |---|---|
 * | 2 minutes | at once, while it fills |
 * | 10 minutes, 1, 2, 4, 8, 24 hours | that time |
 *
 * What is told later than a day is taken for history that somebody brings in, and says nothing of how results are told. With fewer than a hundred
 * delivered messages nothing is known, and a slot is judged at once.
 */

const MINUTE_MS = 60_000;

/** Classes of delay: told within so many minutes of the delivery, and the slots (ten minutes) that a place of that class is waited for. */
export const DELAY_CLASSES = [
  { minutes: 2, slots: 0 },
  { minutes: 10, slots: 1 },
  { minutes: 60, slots: 6 },
  { minutes: 120, slots: 12 },
  { minutes: 240, slots: 24 },
  { minutes: 480, slots: 48 },
  { minutes: 1_440, slots: 144 },
] as const;

/** With fewer delivered messages nothing is known of a place. */
export const DELAY_MINIMUM = 100;
/** Percent of the delivered messages that are waited for. */
export const DELAY_PERCENT = 90;
/** Beyond so many the older ones fade, down to half of it: a sender that begins to tell at once is known as such some thousand messages later. */
export const DELAY_MEMORY = 2_000;

/** The place in `DELAY_CLASSES` of a delivered message; null = told so late that it says nothing. */
export function delayClass(occurredAt: Date, toldAt: Date): number | null {
  const late = toldAt.getTime() - occurredAt.getTime();
  const found = DELAY_CLASSES.findIndex(({ minutes }) => late <= minutes * MINUTE_MS);
  return found < 0 ? null : found;
}

/** Slots after which a slot of results is judged. @param told delivered messages by class */
export function settleSlots(told: readonly number[]): number {
  const total = told.reduce((sum, amount) => sum + amount, 0);
  if (total < DELAY_MINIMUM) return 0;
  let upTo = 0;
  for (const [index, { slots }] of DELAY_CLASSES.entries()) {
    upTo += told[index] ?? 0;
    if (upTo * 100 >= total * DELAY_PERCENT) return slots;
  }
  return 0;
}
