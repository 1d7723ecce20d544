import { Cron } from 'croner';
import { ShareTally } from '../domain/growth/share-tally.ts';
import {
  countShares,
  FIRST_KEY,
  firstKnownAt,
  insertShare,
  LAST_KEY,
  type StoredShare,
  shareSliceEnd,
  storedShareMonths,
} from '../store/quarantine-share.ts';
import type { CleanupContext, CleanupTask } from './cleanup-task.ts';

/** Ten years back; nobody looks further. */
const MONTHS_MAX = 120;
/** A database that is older than its roll-up is caught up with in a few nights, the newest months first. */
const MONTHS_A_RUN = 12;
const DOMAINS_KEPT = 100;

interface MonthEnd {
  /** `2026-10` */
  readonly month: string;
  /** The first instant of the next month, in the time zone of the instance. */
  readonly endedAt: Date;
}

/**
 * Writes down what share of the known addresses was shut at the end of each month that is over (R34, MON-5), as the ledger tells it: so months
 * before this job existed are there too. An address that has left its profile since is not known any more in a month that is written down late.
 *
 * Reads all addresses once a month, slice by slice; a run that is broken off begins its month anew.
 */
export const recordShares: CleanupTask = {
  name: 'quarantineShares',
  run: async (context) => {
    const months = await missingMonths(context);
    for (const month of months) await insertShare(context.instance.database, await countMonth(context, month));
    return months.length;
  },
};

async function missingMonths({ instance: { database }, settings, at }: CleanupContext): Promise<MonthEnd[]> {
  const first = await firstKnownAt(database);
  if (first === null) return [];
  const stored = await storedShareMonths(database);
  const ended = monthEnds(first, at, settings.timeZone).filter(({ month }) => !stored.has(month));
  return ended.reverse().slice(0, MONTHS_A_RUN);
}

/** The ends of the months from that of the first instant on that are not after the last one; the oldest first. */
export function monthEnds(first: Date, last: Date, timeZone: string): MonthEnd[] {
  const starts = new Cron('0 0 0 1 * *', { timezone: timeZone, paused: true });
  const name = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit' });
  const ends: MonthEnd[] = [];
  for (let end = starts.nextRun(first); end !== null && end <= last; end = starts.nextRun(end)) {
    const parts = Object.fromEntries(name.formatToParts(new Date(end.getTime() - 1)).map(({ type, value }) => [type, value]));
    ends.push({ month: `${parts.year}-${parts.month}`, endedAt: end });
  }
  return ends.slice(-MONTHS_MAX);
}

async function countMonth(
  { instance: { database }, sliceSize, keepOn }: CleanupContext,
  { month, endedAt }: MonthEnd,
): Promise<StoredShare> {
  const tally = new ShareTally();
  for (let after = FIRST_KEY; after !== LAST_KEY; ) {
    await keepOn();
    const upTo = await shareSliceEnd(database, after, sliceSize);
    tally.add(await countShares(database, { after, upTo }, endedAt));
    after = upTo;
  }
  return { month, endedAt, ...tally.total, domains: tally.largest(DOMAINS_KEPT) };
}
