/**
 * How far ahead of our clock a report may date its event, and how much older than its message it may seem: other people's clocks are never
 * quite right (amendment A5).
 */
export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

/** Does an event claim to have happened later than a clock that is a little wrong explains? Such a report is refused. */
export function isAheadOfClock(occurredAt: Date, now: Date): boolean {
  return !(occurredAt.getTime() <= now.getTime() + CLOCK_TOLERANCE_MS);
}

export type OrderedEvent = Readonly<{ addressKey: string; occurredAt: Date; index: number }>;

/**
 * Order in which the events of one batch take effect (A5): by address, then by the time they happened, then as they were given. So five
 * soft errors a day apart in one call count to five whichever way they are listed, and two writers take their locks in one order.
 */
export function compareInBatch(a: OrderedEvent, b: OrderedEvent): number {
  if (a.addressKey !== b.addressKey) return a.addressKey < b.addressKey ? -1 : 1;
  return a.occurredAt.getTime() - b.occurredAt.getTime() || a.index - b.index;
}
