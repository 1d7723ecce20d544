import { InvalidInputError } from '../domain/errors.ts';
import { type CountedResult, type DomainFigures, domainFigures } from '../domain/statistics/domain-figures.ts';
import { dayOfSlot, foldedBefore, SLOTS_A_DAY, slotFrom, slotOf, startOfSlot } from '../domain/statistics/result-slot.ts';
import type { Channel, FailureReason } from '../domain/vocabulary.ts';
import { countFailures, readDomainResults, type SlotRange } from '../store/domain-results.ts';
import { domainList } from '../store/filters/quarantine-filter.ts';
import type { Instance } from './instance.ts';

export const STATISTICS_PERIODS = ['HOUR', 'DAY'] as const;
export type StatisticsPeriod = (typeof STATISTICS_PERIODS)[number];

export interface DomainStatisticsInput {
  readonly channel: Channel;
  /** null = those with the most results. */
  readonly domains: readonly string[] | null;
  readonly from: Date;
  /** null = now. */
  readonly to: Date | null;
  /** null = the whole time in one. */
  readonly period: StatisticsPeriod | null;
  readonly first: number;
}

/** The figures of one domain in one period. */
export interface DomainStatistics extends DomainFigures {
  readonly channel: Channel;
  readonly domain: string;
  readonly from: Date;
  readonly to: Date;
}

const STEPS: Readonly<Record<StatisticsPeriod, number>> = { HOUR: 6, DAY: SLOTS_A_DAY };
export const MOST_DOMAINS = 100;
const MOST_DAYS = 400;
const MOST_PERIODS = 400;

/**
 * What became of messages by receiving domain and period (MON-2, SUP-7, R15), from the roll-up and never by counting logs. Sees what was recorded a
 * second or two ago. Results count by when they happened; a message that was delivered and bounced later has two.
 *
 * Ten minutes are kept apart for three days, then days (UTC): times further back are widened to whole days.
 *
 * @throws InvalidInputError
 */
export async function domainStatistics(instance: Instance, input: DomainStatisticsInput): Promise<DomainStatistics[]> {
  const { channel, period, first } = input;
  const range = checkedRange(input, instance.now());
  if (!(first >= 1 && first <= MOST_DOMAINS)) throw new InvalidInputError(`The number of domains is 1 to ${MOST_DOMAINS}.`, 'first');
  const domains = domainList(input.domains) ?? null;
  if (domains !== null && (domains.length === 0 || domains.length > MOST_DOMAINS)) {
    throw new InvalidInputError(`Name 1 to ${MOST_DOMAINS} domains, or none to mean those with the most results.`, 'domain');
  }
  const step = period === null ? null : STEPS[period];
  const found = await readDomainResults(instance.database, { channel, domains, ...range, step, first });
  const groups = new Map<string, CountedResult[]>();
  const statistics = new Map<string, Omit<DomainStatistics, keyof DomainFigures>>();
  for (const { domain, slot, result, count } of found) {
    const name = `${slot} ${domain}`;
    // The time that was asked for may begin and end within a period.
    const { from, to } = step === null ? range : { from: Math.max(slot, range.from), to: Math.min(slot + step, range.to) };
    statistics.set(name, { channel, domain, from: startOfSlot(from), to: startOfSlot(to) });
    const results = groups.get(name) ?? [];
    groups.set(name, results);
    results.push({ reason: result === 'DELIVERED' ? null : (result as FailureReason), count });
  }
  return [...statistics].map(([name, place]) => ({ ...place, ...domainFigures(groups.get(name) ?? []) }));
}

/** Failures at all domains of the channel in that time, which the failures of one domain are a share of. */
export function failuresOfAllDomains({ database }: Instance, { channel, from, to }: DomainStatistics): Promise<number> {
  return countFailures(database, channel, { from: slotOf(from), to: slotOf(to) });
}

function checkedRange({ from, to, period }: DomainStatisticsInput, now: Date): SlotRange {
  const end = to ?? now;
  if (from >= end) throw new InvalidInputError('The time is upside down: "from" lies before "to".', 'from');
  const folded = foldedBefore(now);
  const range = { from: slotOf(from), to: slotFrom(end) };
  const wide = { from: dayOfSlot(range.from), to: dayOfSlot(range.to + SLOTS_A_DAY - 1) };
  if ((wide.to - wide.from) / SLOTS_A_DAY > MOST_DAYS) throw new InvalidInputError(`The time is ${MOST_DAYS} days at most.`, 'from');
  if (period === 'HOUR' && range.from < folded) {
    throw new InvalidInputError(`Hours are kept for three days; before ${startOfSlot(folded).toISOString()} ask for days.`, 'period');
  }
  if (period !== null && (range.to - range.from) / STEPS[period] > MOST_PERIODS) {
    throw new InvalidInputError(`${MOST_PERIODS} periods are told at most: ask for a shorter time or longer periods.`, 'period');
  }
  return { from: range.from < folded ? wide.from : range.from, to: range.to < folded ? wide.to : range.to };
}
